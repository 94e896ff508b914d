// A seed of the simulation always gives the same run: without that no finding could be replayed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../sim/run.ts'

test('the same seed gives the same trace, another one another', () => {
  const traces = [1, 2, 3].map((seed) => {
    const first: string[] = []
    const second: string[] = []
    const { hash } = run(seed, (line) => first.push(line))
    assert.equal(run(seed, (line) => second.push(line)).hash, hash)
    assert.deepEqual(second, first)
    assert.ok(first.length > 100)
    return hash
  })
  assert.equal(new Set(traces).size, 3)
})

// A seed of the simulation always gives the same run: without that no finding could be replayed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../sim/run.ts'

test('the same seed gives the same trace, another one another', async () => {
  const traces: number[] = []
  for (const seed of [1, 2, 3, 4]) {
    const first: string[] = []
    const second: string[] = []
    const { hash } = await run(seed, (line) => first.push(line))
    const again = await run(seed, (line) => second.push(line))
    assert.equal(again.hash, hash)
    assert.deepEqual(second, first)
    assert.ok(first.length > 100)
    traces.push(hash)
  }
  assert.equal(new Set(traces).size, 4)
})

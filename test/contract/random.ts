// What every Random must do. The bounds of the counts are so wide that chance alone never breaks
// them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '../../src/base/random.ts'

export function randomContract(name: string, create: () => Random): void {
  test(`${name}: integers below the bound, all of them, evenly`, () => {
    const random = create()
    const counts = new Array<number>(6).fill(0)
    for (let index = 0; index < 12_000; index++) {
      const drawn = random.below(6)
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < 6)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    for (const count of counts) assert.ok(count > 1600 && count < 2400, String(counts))
  })

  test(`${name}: the smallest and the largest bound`, () => {
    const random = create()
    let isLarge = false
    for (let index = 0; index < 200; index++) {
      assert.equal(random.below(1), 0)
      const drawn = random.below(2 ** 31)
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < 2 ** 31)
      isLarge ||= drawn > 2 ** 30
    }
    assert.ok(isLarge)
  })

  test(`${name}: ids of the asked length, from the alphabet, never the same`, () => {
    const random = create()
    assert.equal(random.id(0), '')
    const ids = Array.from({ length: 500 }, () => random.id(16))
    for (const id of ids) assert.match(id, /^[0-9a-z]{16}$/)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(new Set(ids.join('')).size, 36)
  })
}

// The counts that CI shows, and that silence never counts as success.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failures, sum, tally } from './tally.ts'

const SPEC = '✔ a (1ms)\nℹ tests 9\nℹ pass 5\nℹ fail 1\nℹ cancelled 2\nℹ skipped 1\n'
const TAP = 'ok 1 - a\n# tests 4\n# pass 4\n# fail 0\n# cancelled 0\n# skipped 0\n'

test("node's summary counts, cancelled tests as failed", () => {
  assert.deepEqual(tally({ output: SPEC, code: 1 }), { passed: 5, failed: 3 })
  assert.deepEqual(tally({ output: TAP, code: 0 }), { passed: 4, failed: 0 })
})

test('the last plain line counts, and only when it stands alone', () => {
  const output = '1 passed, 1 failed\nseed 7: 9 passed, 9 failed\n100 passed, 0 failed\n'
  assert.deepEqual(tally({ output, code: 0 }), { passed: 100, failed: 0 })
})

test('an error exit is a failure whatever was counted', () => {
  assert.deepEqual(tally({ output: '7 passed, 0 failed\n', code: 3 }), { passed: 7, failed: 1 })
  assert.deepEqual(tally({ output: TAP, code: null }), { passed: 4, failed: 1 })
})

test('a suite that counted nothing failed', () => {
  assert.deepEqual(tally({ output: '', code: 0 }), { passed: 0, failed: 1 })
  assert.deepEqual(tally({ output: '0 passed, 0 failed', code: 0 }), { passed: 0, failed: 1 })
})

test('the sum is over all suites', () => {
  const all = [
    { passed: 2, failed: 0 },
    { passed: 3, failed: 1 },
  ]
  assert.deepEqual(sum(all), { passed: 5, failed: 1 })
})

test('what failed is told again in few lines', () => {
  const errors = '✖ failing tests:\n\ntest at a.test.ts:1:1\n✖ a (1ms)\n  Error: 1 is not 2\n'
  assert.deepEqual(failures(`✔ b\n✖ a (1ms)\n${errors}`, 2), ['test at a.test.ts:1:1', '✖ a (1ms)'])
  assert.deepEqual(failures('ok: one\nFAIL: two\nok: three', 9), ['FAIL: two'])
  assert.deepEqual(failures('no\nword\nof\nit', 2), ['of', 'it'])
})

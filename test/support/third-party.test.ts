// The rule that a missing program skips at home and fails in CI.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireProgram } from './third-party.ts'

test('a program in the path is found', () => {
  const program = requireProgram('sh', { PATH: '/nowhere:/bin', CI: 'true' })
  assert.deepEqual(program, { path: '/bin/sh', skip: false })
})

test('a missing program skips outside CI, with a reason', () => {
  const program = requireProgram('no-such-program', { PATH: '/bin' })
  assert.equal(program.path, undefined)
  assert.match(String(program.skip), /no-such-program is not installed/)
})

test('a missing program fails in CI', () => {
  assert.throws(() => requireProgram('no-such-program', { PATH: '/bin', CI: 'true' }), /missing/)
})

// Keeping a message beyond its turn.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { keep, NO_MESSAGE_PROPERTIES } from './message.ts'

test('what is kept is a copy of its own, made once', () => {
  const buffer = new Uint8Array([0, 1, 2, 3, 0])
  const message = createMessage('a', { payload: buffer.subarray(1, 4) })
  assert.equal(keep(message), message)
  const { payload } = message
  buffer.fill(0xdb)
  assert.deepEqual(payload, Uint8Array.of(1, 2, 3))
  assert.equal(payload.buffer.byteLength, 3)
  assert.equal(keep(message).payload, payload)
})

test('no properties are frozen, since all messages share them', () => {
  assert.equal(Object.isFrozen(NO_MESSAGE_PROPERTIES), true)
})

// The receiving side of QoS 2 by itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Receiver } from './receiver.ts'

test('[MQTT-4.3.3-10] an id is known from the message until PUBREL', () => {
  const receiver = new Receiver()
  assert.equal(receiver.has(7), false)
  receiver.add(7)
  receiver.add(7)
  receiver.add(65_535)
  assert.equal(receiver.has(7), true)
  assert.equal(receiver.size, 2)
  assert.equal(receiver.release(7), true)
  assert.equal(receiver.has(7), false)
  assert.equal(receiver.size, 1)
})

test('[MQTT-4.3.3-12] after PUBREL the id is free again', () => {
  const receiver = new Receiver()
  receiver.add(1)
  receiver.release(1)
  assert.equal(receiver.release(1), false)
  receiver.add(1)
  assert.equal(receiver.has(1), true)
})

test('[MQTT-4.9.0-1] a new connection counts only what comes on it', () => {
  const receiver = new Receiver()
  receiver.attach()
  receiver.add(1)
  receiver.add(2)
  assert.equal(receiver.unreleased, 2)
  receiver.attach()
  assert.equal(receiver.unreleased, 0)
  assert.equal(receiver.size, 2)
  receiver.add(1)
  receiver.add(1)
  assert.equal(receiver.unreleased, 1)
  receiver.release(2)
  assert.equal(receiver.unreleased, 1)
  receiver.release(1)
  assert.equal(receiver.unreleased, 0)
})

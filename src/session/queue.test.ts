// The queue by itself: bounds, order and expiry.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { bytesOf, NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { Queue } from './queue.ts'

function deliveryOf(offset: number, bytes = 1, expiresAtMs?: number): Delivery {
  const payload = new Uint8Array(bytes)
  const fields = expiresAtMs === undefined ? {} : { expiresAtMs }
  return createDelivery(createMessage('t', { offset, payload, ...fields }), 1, false, [], undefined)
}

function drain(queue: Queue): number[] {
  const offsets: number[] = []
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    offsets.push(one.message.offset)
  }
  return offsets
}

test('first in, first out, and what is in it is counted', () => {
  const queue = new Queue(10, 100)
  for (const offset of [1, 2, 3]) queue.push(deliveryOf(offset, 10 * offset))
  assert.deepEqual([queue.length, queue.bytes], [3, 60])
  assert.equal(queue.shift()?.message.offset, 1)
  assert.deepEqual([queue.length, queue.bytes], [2, 50])
  assert.deepEqual(drain(queue), [2, 3])
  assert.deepEqual([queue.length, queue.bytes], [0, 0])
  assert.equal(queue.shift(), undefined)
})

test('there is room up to the bound in messages, and not beyond', () => {
  const queue = new Queue(2, 100)
  queue.push(deliveryOf(1))
  assert.equal(queue.hasRoom(1), true)
  queue.push(deliveryOf(2))
  assert.equal(queue.hasRoom(0), false)
  queue.shift()
  assert.equal(queue.hasRoom(0), true)
  assert.equal(new Queue(0, 100).hasRoom(0), false)
})

test('there is room up to the bound in bytes, and for one alone whatever its size', () => {
  const queue = new Queue(10, 100)
  assert.equal(queue.hasRoom(101), true)
  queue.push(deliveryOf(1, 60))
  assert.equal(queue.hasRoom(40), true)
  assert.equal(queue.hasRoom(41), false)
})

test('a long queue lets go of what was consumed', () => {
  const queue = new Queue(10_000, 1e6)
  for (let offset = 0; offset < 5000; offset++) queue.push(deliveryOf(offset))
  for (let offset = 0; offset < 4000; offset++) assert.equal(queue.shift()?.message.offset, offset)
  assert.equal(queue.length, 1000)
  queue.push(deliveryOf(5000))
  const rest = drain(queue)
  assert.deepEqual([rest.length, rest[0], rest.at(-1)], [1001, 4000, 5000])
})

test('what comes back stands in its place by age, past the bounds', () => {
  const queue = new Queue(3, 100)
  for (const offset of [1, 2, 4, 6]) queue.push(deliveryOf(offset))
  queue.shift()
  queue.putBack([deliveryOf(3), deliveryOf(5), deliveryOf(1)])
  assert.deepEqual([queue.length, queue.bytes], [6, 6])
  assert.equal(queue.hasRoom(0), false)
  assert.deepEqual(drain(queue), [1, 2, 3, 4, 5, 6])
})

test('[MQTT-3.3.2-5] a sweep takes out what expired, and only that', () => {
  const queue = new Queue(10, 100)
  queue.push(deliveryOf(1, 5, 100))
  queue.push(deliveryOf(2, 5))
  queue.push(deliveryOf(3, 5, 50))
  queue.push(deliveryOf(4, 5, 200))
  assert.deepEqual(queue.sweep(50), [])
  const swept = queue.sweep(101).map(({ message }) => message.offset)
  assert.deepEqual(swept, [1, 3])
  assert.deepEqual([queue.length, queue.bytes], [2, 10])
  assert.deepEqual(queue.sweep(200), [])
  assert.deepEqual(
    queue.sweep(201).map(({ message }) => message.offset),
    [4],
  )
  assert.deepEqual(drain(queue), [2])
})

test('a sweep leaves what expires in this very moment, beside what expired before', () => {
  const queue = new Queue(10, 100)
  queue.push(deliveryOf(1, 1, 100))
  queue.push(deliveryOf(2, 1, 200))
  const swept = queue.sweep(200).map(({ message }) => message.offset)
  assert.deepEqual(swept, [1])
  assert.deepEqual(drain(queue), [2])
})

test('a sweep heeds what came back, and leaves what was shifted alone', () => {
  const queue = new Queue(10, 100)
  queue.push(deliveryOf(1, 1, 10))
  queue.push(deliveryOf(2))
  queue.shift()
  queue.putBack([deliveryOf(0, 1, 20)])
  assert.equal(queue.sweep(30).length, 1)
  assert.deepEqual(drain(queue), [2])
})

test('cleared, it is empty and as new', () => {
  const queue = new Queue(1, 100)
  queue.push(deliveryOf(1, 9, 5))
  queue.clear()
  assert.deepEqual([queue.length, queue.bytes], [0, 0])
  assert.equal(queue.hasRoom(1), true)
  assert.deepEqual(queue.sweep(100), [])
})

test('properties count as payload does, and each of many empty ones counts', () => {
  const queue = new Queue(10, 1000)
  const userProperties = Array.from({ length: 100 }, () => ['', ''] as const)
  const properties = { ...NO_MESSAGE_PROPERTIES, userProperties }
  const message = createMessage('t', { payload: new Uint8Array(1), properties })
  assert.ok(bytesOf(message) > 1000)
  queue.push(deliveryOf(1))
  assert.equal(queue.hasRoom(bytesOf(message)), false)
  queue.push(createDelivery(message, 1, false, [], undefined))
  assert.equal(queue.bytes, 1 + bytesOf(message))
  drain(queue)
  assert.equal(queue.bytes, 0)
})

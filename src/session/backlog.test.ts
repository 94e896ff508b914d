// The bounded queue with its bookkeeping: what is dropped, counted, logged and stored.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionWorld, subscribe } from '../../test/support/session-world.ts'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { sessionQueue } from '../core/store.ts'
import { Backlog } from './backlog.ts'
import { createDelivery, type Delivery } from './delivery.ts'

function setUp(limits: { sessionQueueMax?: number; sessionQueueBytesMax?: number } = {}) {
  const world = new SessionWorld({ limits })
  world.turn.open()
  const owner = { isOut: () => false, pump: () => {} }
  const queue = sessionQueue('name')
  const parts = { name: 'name', queue, group: undefined, owner }
  return { world, backlog: new Backlog(world.world, parts) }
}

function deliveryOf(
  offset: number,
  fields: { bytes?: number; expiresAtMs?: number } = {},
): Delivery {
  const { bytes = 1, ...rest } = fields
  const message = createMessage('a', { offset, payload: new Uint8Array(bytes), ...rest })
  return createDelivery(message, 1, false, [], undefined)
}

function drain(backlog: Backlog): number[] {
  const offsets: number[] = []
  for (let one = backlog.shift(); one !== undefined; one = backlog.shift()) {
    offsets.push(one.message.offset)
  }
  return offsets
}

test('at the bound the newest is dropped, counted, and logged once per episode', () => {
  const { world, backlog } = setUp({ sessionQueueMax: 2 })
  for (const offset of [1, 2, 3, 4]) backlog.push(deliveryOf(offset))
  assert.equal(backlog.length, 2)
  assert.equal(world.counters.droppedQueueFull, 2)
  assert.equal(world.warnings.length, 1)
  assert.equal(backlog.shift()?.message.offset, 1)
  backlog.push(deliveryOf(5))
  backlog.push(deliveryOf(6))
  assert.equal(world.warnings.length, 1, 'still the same episode')
  assert.deepEqual(drain(backlog), [2, 5])
  assert.equal(world.warnings.length, 2, 'its end')
  for (const offset of [7, 8, 9]) backlog.push(deliveryOf(offset))
  assert.equal(world.warnings.length, 3)
  assert.equal(world.counters.droppedQueueFull, 4)
})

test('bytes are bounded as well', () => {
  const { world, backlog } = setUp({ sessionQueueBytesMax: 10 })
  backlog.push(deliveryOf(1, { bytes: 100 }))
  backlog.push(deliveryOf(2, { bytes: 1 }))
  assert.equal(backlog.bytes, 100)
  assert.equal(world.counters.droppedQueueFull, 1)
  assert.deepEqual(drain(backlog), [1])
})

test('what expired makes room before anything is dropped', () => {
  const { world, backlog } = setUp({ sessionQueueMax: 2 })
  backlog.push(deliveryOf(1, { expiresAtMs: world.turn.wallMs + 10 }))
  backlog.push(deliveryOf(2))
  world.advance(11)
  backlog.push(deliveryOf(3))
  assert.equal(world.counters.droppedExpired, 1)
  assert.equal(world.counters.droppedQueueFull, 0)
  assert.deepEqual(drain(backlog), [2, 3])
})

test('[MQTT-3.3.2-5] what expired is not handed out', () => {
  const { world, backlog } = setUp()
  const expiresAtMs = world.turn.wallMs + 10
  backlog.push(deliveryOf(1, { expiresAtMs }))
  backlog.push(deliveryOf(2, { expiresAtMs: expiresAtMs + 1 }))
  backlog.push(deliveryOf(3, { expiresAtMs }))
  world.advance(11)
  world.turn.open()
  assert.equal(backlog.peek()?.message.offset, 2)
  assert.equal(backlog.length, 2)
  assert.deepEqual(drain(backlog), [2])
  assert.equal(world.counters.droppedExpired, 2)
  assert.equal(backlog.peek(), undefined)
})

test('an episode ends too when all that is left expires', () => {
  for (const empty of [
    (backlog: Backlog) => backlog.sweep(),
    (backlog: Backlog) => assert.equal(backlog.shift(), undefined),
  ]) {
    const { world, backlog } = setUp({ sessionQueueMax: 1 })
    const expiresAtMs = world.turn.wallMs + 10
    backlog.push(deliveryOf(1, { expiresAtMs }))
    backlog.push(deliveryOf(2))
    world.advance(11)
    world.turn.open()
    empty(backlog)
    assert.equal(backlog.length, 0)
    assert.equal(world.warnings.length, 2)
    backlog.push(deliveryOf(3))
    backlog.push(deliveryOf(4))
    assert.equal(world.warnings.length, 3)
  }
})

test('what comes back is taken past the bound, in its place', () => {
  const { world, backlog } = setUp({ sessionQueueMax: 1 })
  backlog.push(deliveryOf(5))
  backlog.putBack([deliveryOf(3), deliveryOf(4)])
  assert.equal(backlog.length, 3)
  assert.equal(world.counters.droppedQueueFull, 0)
  assert.deepEqual(drain(backlog), [3, 4, 5])
})

test('a payload is copied before it waits, and not when it is dropped', () => {
  const { backlog } = setUp({ sessionQueueMax: 1 })
  const [kept, dropped] = [deliveryOf(1), deliveryOf(2)]
  backlog.push(kept)
  backlog.push(dropped)
  assert.deepEqual([kept.message.isKept, dropped.message.isKept], [true, false])
})

test('only a durable owner has records, and what waits when he becomes one is stored', () => {
  const { world, backlog } = setUp({ sessionQueueMax: 3 })
  backlog.push(deliveryOf(1))
  backlog.gone(deliveryOf(9))
  assert.deepEqual(world.takeKinds(), [])
  backlog.makeDurable()
  backlog.makeDurable()
  assert.equal(backlog.isDurable, true)
  assert.deepEqual(world.takeKinds(), ['queued'])
  backlog.push(deliveryOf(2))
  backlog.push(deliveryOf(3, { expiresAtMs: world.turn.wallMs + 1 }))
  assert.deepEqual(world.takeKinds(), ['queued', 'queued'])
  backlog.push(deliveryOf(4))
  assert.deepEqual(world.takeKinds(), [], 'what is dropped is not stored')
  world.advance(2)
  backlog.sweep()
  assert.deepEqual(world.takeKinds(), ['unqueued'])
  const taken = backlog.shift()
  if (taken !== undefined) backlog.gone(taken)
  assert.deepEqual(world.takeKinds(), ['unqueued'])
  backlog.clear()
  assert.deepEqual([backlog.length, backlog.bytes], [0, 0])
  assert.deepEqual(world.takeKinds(), [])
})

test('a session that is away holds as many as its bound, its neighbours are not touched', () => {
  const world = new SessionWorld({ limits: { sessionQueueMax: 3 } })
  const [away, there] = [world.connect('1'), world.connect('2')]
  subscribe(away, 'a')
  subscribe(there, 'a')
  away.close()
  for (let count = 1; count <= 10; count++) world.publish('a', String(count))
  assert.equal(away.session.waiting, 3)
  assert.equal(there.peer.sent.length, 10)
  assert.deepEqual(world.connect('1').peer.texts, ['1', '2', '3'])
})

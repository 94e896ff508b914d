// Retained messages at subscribe: at the receiver's pace, outside its queue, and none twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  optionsOf,
  parsed,
  SessionWorld,
  subscribe,
  TestPeer,
} from '../../test/support/session-world.ts'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { Replay } from './replay.ts'

function setUp(states: readonly string[], qos: 0 | 1 | 2 = 1) {
  const world = new SessionWorld({ limits: { sessionQueueMax: 1 } })
  for (const topic of states) world.publish(topic, topic, { retain: true, qos })
  return world
}

test('the next one stays the next until it is taken', () => {
  const messages = [1, 2, 3].map((offset) => createMessage('a', { offset }))
  const replay = new Replay(messages.values(), 2, optionsOf({ qos: 1, id: 4 }))
  assert.equal(replay.next, messages[0])
  assert.equal(replay.next, messages[0])
  replay.advance()
  assert.equal(replay.next, messages[1])
  replay.advance()
  assert.equal(replay.next, undefined, 'newer than the subscription')
  assert.deepEqual([replay.qos, replay.ids], [1, [4]])
  assert.deepEqual(new Replay([].values(), 0, optionsOf()).ids, [])
})

test('[MQTT-3.8.4-4] retained messages come at the end of the turn, with RETAIN and the id', () => {
  const world = setUp(['a', 'b/c'])
  const client = world.connect('c')
  subscribe(client, '#', { qos: 0, id: 3 })
  assert.deepEqual(client.peer.sent, [])
  world.settle()
  assert.deepEqual(client.peer.texts.toSorted(), ['a', 'b/c'])
  assert.ok(client.peer.sent.every(({ retain, qos, ids }) => retain && qos === 0 && ids[0] === 3))
})

test('[U5-22] they come at the lower QoS of both', () => {
  const world = setUp(['a'], 1)
  const client = world.connect('c')
  subscribe(client, 'a', { qos: 2 })
  world.settle()
  assert.equal(client.peer.sent[0]?.qos, 1)
})

test('[MQTT-3.3.1-10] [MQTT-3.3.1-11] only as the subscription asks', () => {
  const world = setUp(['a'])
  const client = world.connect('c')
  const got = (retainHandling: 0 | 1 | 2): number => {
    client.peer.sent.length = 0
    subscribe(client, 'a', { qos: 0, retainHandling })
    world.settle()
    return client.peer.sent.length
  }
  assert.equal(got(2), 0)
  assert.equal(got(1), 0, 'it exists already')
  assert.equal(got(0), 1)
  client.session.subscriptions.remove(parsed('a'))
  assert.equal(got(1), 1)
})

test('they come through the window, not through the queue', () => {
  const topics = Array.from({ length: 50 }, (_, index) => `t/${index}`)
  const world = setUp(topics)
  const client = world.connect('c', {}, 3)
  subscribe(client, '#')
  world.settle()
  assert.equal(client.peer.sent.length, 3)
  assert.equal(client.session.waiting, 0)
  for (let id = 1; id <= 50; id++) client.session.puback(id)
  assert.deepEqual(client.peer.texts.toSorted(), topics.toSorted())
  assert.equal(world.counters.droppedQueueFull, 0)
})

test('they wait for the socket, at QoS 0 too', () => {
  const world = setUp(['a', 'b'])
  const client = world.connect('c')
  client.peer.isWritable = false
  subscribe(client, '#', { qos: 0 })
  world.settle()
  assert.deepEqual(client.peer.texts, [])
  client.peer.isWritable = true
  client.session.pump()
  assert.equal(client.peer.sent.length, 2)
  assert.equal(world.counters.droppedSlow, 0)
})

test('what is set after subscribing comes as an event, and not twice', () => {
  const world = setUp(['a', 'b'])
  const client = world.connect('c', {}, 1)
  subscribe(client, '#')
  world.publish('b', 'new b', { retain: true })
  world.publish('d', 'new d', { retain: true })
  world.settle()
  for (let id = 1; id <= 5; id++) client.session.puback(id)
  const seen = client.peer.sent.map(({ text, retain }) => `${text}${retain ? ' r' : ''}`)
  assert.deepEqual(seen.toSorted(), ['a r', 'new b', 'new d'])
})

test('[U5-19] what expires or is cleared while it waits does not come', () => {
  const world = setUp(['first'])
  const expiresAtMs = world.clock.wall() + 1000
  world.publish('z/expires', 'x', { retain: true, expiresAtMs })
  world.publish('z/cleared', 'x', { retain: true })
  world.publish('z/stays', 'stays', { retain: true })
  const client = world.connect('c')
  client.peer.isWritable = false
  subscribe(client, '#')
  world.publish('z/cleared', '', { retain: true, qos: 0 })
  world.advance(1000)
  client.peer.isWritable = true
  client.session.pump()
  assert.deepEqual(client.peer.texts.toSorted(), ['first', 'stays'])
})

test('[MQTT-3.10.4-2] who unsubscribes is owed nothing more', () => {
  const world = setUp(['a', 'b'])
  const client = world.connect('c', {}, 1)
  subscribe(client, '#')
  world.settle()
  client.session.subscriptions.remove(parsed('#'))
  client.session.puback(1)
  assert.equal(client.peer.sent.length, 1)
})

test('who subscribes again gets all again, once', () => {
  const world = setUp(['a', 'b'])
  const client = world.connect('c', {}, 1)
  subscribe(client, '#')
  subscribe(client, '#', { id: 2 })
  world.settle()
  for (let id = 1; id <= 4; id++) client.session.puback(id)
  assert.deepEqual(client.peer.texts.toSorted(), ['a', 'b'])
  assert.ok(client.peer.sent.every(({ ids }) => ids[0] === 2))
})

test('what a lost connection did not get comes on the next one', () => {
  const world = setUp(['a', 'b', 'd'])
  const client = world.connect('c', {}, 1)
  subscribe(client, '#')
  world.settle()
  client.close()
  const peer = new TestPeer()
  world.sessions.open({
    principal: client.session.principal,
    cleanStart: false,
    expiryS: 10,
    will: undefined,
  })
  client.session.attach(peer)
  assert.deepEqual(peer.texts.toSorted(), ['a', 'b', 'd'])
})

test('a search that finds little leaves the turn to others, and goes on in later ones', () => {
  const world = setUp([])
  for (let number = 0; number < 30_000; number += 1) {
    world.publish(`a/${number}/x`, 'x', { retain: true, qos: 0 })
  }
  world.publish('a/last/y', 'y', { retain: true, qos: 0 })
  const client = world.connect('c')
  subscribe(client, 'a/+/y', { qos: 0 })
  world.settle()
  assert.deepEqual(client.peer.sent, [])
  // Nothing that wakes the session makes it search more often.
  for (let count = 0; count < 1000; count += 1) client.session.pump()
  assert.deepEqual(client.peer.sent, [])
  world.advance(100)
  assert.deepEqual(client.peer.texts, ['y'])
  assert.equal(world.clock.pending, 0)
})

test('so does one that finds much, and each comes once and in order', () => {
  const topics = Array.from({ length: 5000 }, (_, number) => `a/${number}`)
  const world = setUp(topics, 0)
  const client = world.connect('c')
  subscribe(client, '#', { qos: 0 })
  world.settle()
  const { length } = client.peer.sent
  assert.ok(length > 0 && length < 5000, `${length} in one turn`)
  client.peer.isWritable = false
  world.advance(10)
  assert.equal(client.peer.sent.length, length, 'its peer takes no more')
  client.peer.isWritable = true
  client.session.resume()
  world.advance(100)
  assert.deepEqual(client.peer.texts, topics)
})

test('who has gone is not searched for any more', () => {
  const world = setUp(
    Array.from({ length: 5000 }, (_, number) => `a/${number}`),
    0,
  )
  const client = world.connect('c')
  subscribe(client, '#', { qos: 0 })
  world.settle()
  const { length } = client.peer.sent
  world.sessions.remove(client.session)
  world.advance(100)
  assert.equal(client.peer.sent.length, length)
  assert.equal(world.clock.pending, 0)
})

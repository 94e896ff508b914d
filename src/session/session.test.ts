// One session: what it sends when, what waits, what is sent again, and what it records.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  principalOf,
  SessionWorld,
  storeWith,
  subscribe,
  TestPeer,
  parsed,
} from '../../test/support/session-world.ts'
import { Reason } from '../base/reason.ts'
import { ALLOW_ALL } from '../core/access.ts'
import type { StoreRecord } from '../core/store.ts'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { createDelivery } from './delivery.ts'

function setUp(options: ConstructorParameters<typeof SessionWorld>[0] = {}) {
  const world = new SessionWorld(options)
  return world
}

/** `text@qos#id`, with `r` for RETAIN and `d` for DUP. */
function show(peer: TestPeer): string[] {
  return peer.sent.map(
    ({ text, qos, packetId, retain, dup }) =>
      `${text}@${qos}#${packetId}${retain ? 'r' : ''}${dup ? 'd' : ''}`,
  )
}

test('[MQTT-3.8.4-8] a message comes at the lower QoS of both', () => {
  const world = setUp()
  const client = world.connect('c')
  subscribe(client, 'a', { qos: 1 })
  for (const qos of [0, 1, 2] as const) world.publish('a', `${qos}`, { qos })
  assert.deepEqual(show(client.peer), ['0@0#0', '1@1#1', '2@1#2'])
})

test('[MQTT-3.3.1-12] RETAIN is passed on only as asked', () => {
  const world = setUp()
  const [plain, kept] = [world.connect('p'), world.connect('k')]
  subscribe(plain, 'a')
  subscribe(kept, 'a', { retainAsPublished: true })
  world.publish('a', '1', { retain: true })
  world.publish('a', '2', { retain: false })
  assert.deepEqual(show(plain.peer), ['1@1#1', '2@1#2'])
  assert.deepEqual(show(kept.peer), ['1@1#1r', '2@1#2'])
})

test('[MQTT-3.3.4-4] one copy for overlapping subscriptions, with all their ids', () => {
  const world = setUp()
  const client = world.connect('c')
  subscribe(client, 'a/#', { qos: 1, id: 7 })
  subscribe(client, 'a/+', { qos: 2, id: 9 })
  world.publish('a/b', 'x', { qos: 2 })
  assert.deepEqual(show(client.peer), ['x@2#1'])
  assert.deepEqual(client.peer.sent[0]?.ids, [7, 9])
})

test('the window bounds what is in flight, the rest waits in order', () => {
  const world = setUp()
  const { session, peer } = world.connect('c', {}, 2)
  subscribe({ session }, 'a')
  for (const text of ['1', '2', '3', '4']) world.publish('a', text)
  world.publish('a', 'zero', { qos: 0 })
  assert.deepEqual(peer.texts, ['1', '2', 'zero'])
  assert.deepEqual([session.inflight, session.waiting], [2, 2])
  assert.equal(session.puback(1), true)
  assert.deepEqual(peer.texts, ['1', '2', 'zero', '3'])
  session.puback(2)
  session.puback(3)
  session.puback(4)
  assert.deepEqual([session.inflight, session.waiting], [0, 0])
})

test('[MQTT-4.4.0-1] what is unfinished is sent again with its id and DUP, then what waits', () => {
  const world = setUp()
  const first = world.connect('c', {}, 3)
  subscribe(first, 'a')
  for (const text of ['1', '2', '3', '4']) world.publish('a', text, { qos: 2 })
  first.session.puback(99)
  assert.equal(first.session.pubrec(2, Reason.success), true)
  assert.deepEqual(first.peer.released, [2])
  first.close()
  world.publish('a', '5')
  world.publish('a', 'lost', { qos: 0 })
  const second = world.connect('c')
  assert.equal(second.isPresent, true)
  assert.deepEqual(show(second.peer), ['1@2#1d', '3@2#3d', '4@2#4', '5@1#5'])
  assert.deepEqual(second.peer.released, [2])
})

test('a smaller window on the new connection holds for what is sent again', () => {
  const world = setUp()
  const first = world.connect('c')
  subscribe(first, 'a')
  for (const text of ['1', '2', '3']) world.publish('a', text)
  first.close()
  const second = world.connect('c', {}, 1)
  assert.deepEqual(show(second.peer), ['1@1#1d'])
  world.publish('a', '4')
  second.session.puback(1)
  second.session.puback(2)
  second.session.puback(3)
  assert.deepEqual(show(second.peer), ['1@1#1d', '2@1#2d', '3@1#3d', '4@1#4'])
})

test('an acknowledgement that does not fit is told', () => {
  const world = setUp()
  const { session, peer } = world.connect('c')
  subscribe({ session }, 'a')
  world.publish('a', '1')
  world.publish('a', '2', { qos: 2 })
  assert.equal(session.pubrec(1, Reason.success), false)
  assert.equal(session.pubcomp(1), false)
  assert.equal(session.puback(2), false)
  assert.equal(session.isInFlight(2), true)
  assert.equal(session.isInFlight(3), false)
  assert.equal(session.puback(3), true)
  assert.equal(session.pubcomp(3), true)
  assert.equal(session.pubrec(2, Reason.success), true)
  assert.equal(session.pubcomp(2), true)
  assert.deepEqual(peer.released, [2])
  assert.equal(session.inflight, 1)
})

test('[MQTT-4.4.0-2] a refusing PUBREC ends the delivery', () => {
  const world = setUp()
  const { session, peer } = world.connect('c', {}, 1)
  subscribe({ session }, 'a')
  world.publish('a', '1', { qos: 2 })
  world.publish('a', '2', { qos: 2 })
  session.pubrec(1, Reason.unspecifiedError)
  assert.deepEqual(peer.texts, ['1', '2'])
  assert.deepEqual(peer.released, [])
})

test('[MQTT-3.1.2-25] what is too large for the client counts as delivered', () => {
  const world = setUp()
  const { session, peer } = world.connect('c')
  peer.payloadBytesMax = 2
  subscribe({ session }, 'a')
  for (const qos of [0, 1, 2] as const) world.publish('a', 'large', { qos })
  world.publish('a', 'ok')
  assert.deepEqual(peer.texts, ['ok'])
  assert.equal(session.inflight, 1)
  assert.equal(world.counters.droppedTooLarge, 3)
  assert.equal(world.counters.publishesSent, 1)
})

test('what has become too large for the new connection is not sent again', () => {
  const world = setUp()
  const first = world.connect('c')
  subscribe(first, 'a')
  world.publish('a', 'large')
  world.publish('a', 'ok')
  first.close()
  const peer = new TestPeer()
  peer.payloadBytesMax = 2
  world.takeKinds()
  first.session.attach(peer)
  assert.deepEqual(show(peer), ['ok@1#2d'])
  assert.equal(first.session.inflight, 1)
  assert.deepEqual(world.takeKinds(), ['settled'])
})

test('a slow client loses QoS 0 and has the rest wait', () => {
  const world = setUp()
  const { session, peer } = world.connect('c')
  subscribe({ session }, 'a')
  peer.isWritable = false
  world.publish('a', 'zero', { qos: 0 })
  world.publish('a', 'one')
  assert.deepEqual(peer.texts, [])
  assert.equal(world.counters.droppedSlow, 1)
  assert.equal(session.waiting, 1)
  peer.isWritable = true
  session.pump()
  assert.deepEqual(peer.texts, ['one'])
})

test('each episode of slow reading is logged once, with what it cost', () => {
  const world = setUp()
  const client = world.connect('c')
  subscribe(client, 'a')
  for (const count of [1, 3]) {
    client.peer.isWritable = false
    for (let index = 0; index < count; index++) world.publish('a', 'zero', { qos: 0 })
    client.peer.isWritable = true
    client.session.resume()
  }
  client.session.resume()
  client.peer.isWritable = false
  world.publish('a', 'zero', { qos: 0 })
  client.close()
  const begin = 'client reads too slowly, dropping QoS 0'
  const end = 'end of dropping QoS 0'
  assert.deepEqual(world.warnings, [begin, end, begin, end, begin, end])
  assert.equal(world.counters.droppedSlow, 5)
})

test('nothing new passes what waits, also before the session was told that there is room', () => {
  const world = setUp()
  const { session, peer } = world.connect('c')
  subscribe({ session }, 'a')
  peer.isWritable = false
  world.publish('a', '1')
  peer.isWritable = true
  world.publish('a', '2')
  assert.deepEqual(peer.texts, [])
  session.pump()
  assert.deepEqual(peer.texts, ['1', '2'])
})

test('what is sent again waits for the socket too', () => {
  const world = setUp()
  const first = world.connect('c')
  subscribe(first, 'a')
  world.publish('a', '1')
  first.close()
  const peer = new TestPeer()
  peer.isWritable = false
  first.session.attach(peer)
  assert.deepEqual(peer.texts, [])
  peer.isWritable = true
  first.session.pump()
  assert.deepEqual(show(peer), ['1@1#1d'])
})

test('away, QoS 0 is lost and not counted as slow', () => {
  const world = setUp()
  const client = world.connect('c')
  subscribe(client, 'a')
  client.close()
  world.publish('a', 'zero', { qos: 0 })
  assert.equal(world.counters.droppedSlow, 0)
  assert.equal(client.session.waiting, 0)
})

test('nothing is begun for a client that is not there', () => {
  const world = setUp()
  const client = world.connect('c')
  client.close()
  client.session.take(createDelivery(createMessage('a'), 1, false, [], undefined))
  assert.equal(client.session.inflight, 0)
})

test('the payload of what waits or is in flight outlives the read buffer', () => {
  const world = setUp()
  const client = world.connect('c', {}, 1)
  subscribe(client, 'a')
  for (const text of ['sent', 'wait']) {
    const payload = new TextEncoder().encode(text)
    world.publish('a', '', { payload })
    payload.fill(0xdb)
  }
  client.close()
  const { peer, session } = world.connect('c')
  assert.deepEqual(peer.texts, ['sent', 'wait'])
  assert.equal(session.inflight, 2)
})

test('rules narrower than the filter are heeded, for events and for states', () => {
  const world = setUp({
    access: { ...ALLOW_ALL, mayRead: (_, topic) => topic !== 'a/secret' },
  })
  world.publish('a/secret', 'state', { retain: true })
  const client = world.connect('c')
  subscribe(client, 'a/#')
  world.publish('a/secret', 'event')
  world.publish('a/open', 'yes')
  world.settle()
  assert.deepEqual(client.peer.texts, ['yes'])
})

test('QoS 2 ids that came are remembered across connections', () => {
  const world = setUp()
  const first = world.connect('c')
  first.session.receive(5)
  first.close()
  const { session } = world.connect('c')
  assert.equal(session.receiver.has(5), true)
  assert.equal(session.release(5), true)
  assert.equal(session.release(5), false)
})

test('a durable session records each step, once', () => {
  const world = setUp()
  const client = world.connect('c', {}, 1)
  assert.deepEqual(world.takeKinds(), ['opened'])
  subscribe(client, 'a')
  subscribe(client, '$share/g/b')
  assert.deepEqual(world.takeKinds(), ['subscribed', 'subscribed'])
  world.publish('a', '1', { qos: 2 })
  assert.deepEqual(world.takeKinds(), ['sent'])
  world.publish('a', '2')
  assert.deepEqual(world.takeKinds(), ['queued'])
  client.session.pubrec(1, Reason.success)
  assert.deepEqual(world.takeKinds(), ['released'])
  client.session.pubcomp(1)
  assert.deepEqual(world.takeKinds(), ['settled', 'sent'])
  client.session.receive(3)
  client.session.release(3)
  assert.deepEqual(world.takeKinds(), ['received', 'forgotten'])
  client.session.subscriptions.remove(parsed('$share/g/b'))
  client.session.subscriptions.remove(parsed('a'))
  client.session.subscriptions.remove(parsed('a'))
  assert.deepEqual(world.takeKinds(), ['unsubscribed', 'unsubscribed'])
  client.close()
  assert.deepEqual(world.takeKinds(), ['closed'])
})

test('a session that ends with its connection records nothing', () => {
  const world = setUp()
  world.publish('x', '')
  world.takeKinds()
  const client = world.connect('c', { expiryS: 0 }, 1)
  subscribe(client, 'a')
  world.publish('a', '1', { qos: 2 })
  world.publish('a', '2')
  client.session.pubrec(1, Reason.success)
  client.session.pubcomp(1)
  client.session.receive(3)
  client.session.release(3)
  client.session.subscriptions.remove(parsed('a'))
  client.peer.payloadBytesMax = 0
  client.session.puback(2)
  client.close()
  assert.deepEqual(world.takeKinds(), [])
})

test('[MQTT-3.10.4-1] unsubscribing ends deliveries, and says whether there was anything', () => {
  const world = setUp()
  const client = world.connect('c')
  const { subscriptions } = client.session
  subscribe(client, 'a')
  subscribe(client, '$share/g/a')
  assert.equal(subscriptions.size, 2)
  assert.equal(subscriptions.remove(parsed('b')), false)
  assert.equal(subscriptions.remove(parsed('$share/h/a')), false)
  assert.equal(subscriptions.remove(parsed('a')), true)
  world.publish('a', '1')
  assert.deepEqual(client.peer.texts, ['1'], 'the shared one goes on')
  assert.equal(subscriptions.remove(parsed('$share/g/a')), true)
  world.publish('a', '2')
  assert.deepEqual(client.peer.texts, ['1'])
  assert.equal(world.tree.size, 0)
})

test('subscriptions are bounded, and replacing one takes no room', () => {
  const world = setUp({ limits: { subscriptionsPerSessionMax: 2 } })
  const client = world.connect('c')
  assert.equal(subscribe(client, 'a', { qos: 1 }), Reason.grantedQos1)
  assert.equal(subscribe(client, '$share/g/a'), Reason.grantedQos2)
  assert.equal(subscribe(client, 'b'), Reason.quotaExceeded)
  assert.equal(subscribe(client, 'a', { qos: 0 }), Reason.success)
  assert.equal(subscribe(client, '$share/g/a', { qos: 1 }), Reason.grantedQos1)
  world.publish('b', 'x')
  assert.deepEqual(client.peer.texts, [])
})

test('ending a session leaves nothing behind', () => {
  const world = setUp()
  const client = world.connect('c', { expiryS: 0 })
  subscribe(client, 'a')
  subscribe(client, '$share/g/a')
  client.close()
  assert.equal(world.tree.size, 0)
  assert.equal(world.publish('a', '1').reason, Reason.noMatchingSubscribers)
  assert.deepEqual(world.told, ['+a', '-a', '>a'])
})

test('a principal is the owner, whoever opened last', () => {
  const world = setUp()
  const { session } = world.connect('c', { principal: principalOf('c', 'ann') })
  assert.equal(session.principal.user, 'ann')
})

test('what waited and may not be read any more is not sent, and leaves the queue', () => {
  const forbidden = new Set<string>()
  const world = setUp({ access: { ...ALLOW_ALL, mayRead: (_, topic) => !forbidden.has(topic) } })
  const client = world.connect('c', { expiryS: 60 }, 1)
  subscribe(client, '#')
  for (const topic of ['a', 'b', 'c']) world.publish(topic, topic)
  assert.deepEqual(client.peer.texts, ['a'])
  forbidden.add('b')
  client.session.puback(1)
  assert.deepEqual(client.peer.texts, ['a', 'c'])
  assert.equal(client.session.waiting, 0)
  const gone = world.records.filter(({ kind }) => kind === 'unqueued')
  assert.equal(gone.length, 1)
})

test('a message for several durable sessions is shared by those who wait for it', () => {
  const world = new SessionWorld()
  for (const clientId of ['1', '2', '3']) {
    const client = world.connect(clientId)
    subscribe(client, 'a')
    if (clientId !== '1') client.close()
  }
  world.takeKinds()
  world.publish('a', 'x')
  const records = world.records.splice(0)
  assert.deepEqual(
    records.map((record) => [record.kind, 'isOwn' in record && record.isOwn]),
    [
      ['sent', true],
      ['queued', false],
      ['queued', false],
    ],
  )
})

test('a store that refuses work refuses subscriptions that it would have to keep', () => {
  let refusal: Reason | undefined = Reason.quotaExceeded
  const records: StoreRecord[] = []
  const store = storeWith({ refusal: () => refusal, append: (record) => void records.push(record) })
  const world = new SessionWorld({ createStore: () => store })
  const [ann, bob] = [world.connect('ann'), world.connect('bob', { expiryS: 0 })]
  records.length = 0
  assert.equal(subscribe(ann, 'a'), Reason.quotaExceeded)
  assert.equal(subscribe(ann, '$share/g/a'), Reason.quotaExceeded)
  assert.equal(subscribe(bob, 'a'), 2)
  assert.deepEqual([ann.session.subscriptions.size, records.length], [0, 0])
  refusal = undefined
  assert.equal(subscribe(ann, 'a'), 2)
  assert.deepEqual(
    records.map(({ kind }) => kind),
    ['subscribed'],
  )
})

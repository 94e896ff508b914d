// The front as a whole, where its parts meet within one turn: what may pass what, aliases, bounds
// and takeover. Clause by clause it is tested by test/conformance.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelayingStore } from '../../../test/support/delaying-store.ts'
import { FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { setUpFront as setUp } from '../../../test/support/front-world.ts'
import { Reason } from '../../base/reason.ts'
import { PacketType } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { ALLOW_ALL } from '../../core/access.ts'
import type { Access, Authentication } from '../../core/ports.ts'
import { createMemoryStore } from '../../storage/memory.ts'
import { CONNECTIONS_SPARE_MAX } from './front.ts'
import type { MqttSettings } from './settings.ts'

const COMMIT_MS = 50

/** Each commit takes {@link COMMIT_MS}. */
function setUpSlow(settings: Partial<MqttSettings> = {}) {
  const found = setUp({
    world: {
      createStore: (clock) =>
        new DelayingStore(createMemoryStore(clock), clock, { delayMs: () => COMMIT_MS }),
    },
    settings,
  })
  found.world.advance(COMMIT_MS) // The first offsets are reserved.
  return found
}

const DURABLE = { sessionExpiry: 3600 }

test('[MQTT-3.2.0-1] nothing passes a CONNACK that waits for its commit', () => {
  const { world, open } = setUpSlow()
  const client = open()
  client.connect('c', {}, DURABLE)
  client.send({ type: PacketType.pingreq })
  client.subscribe('a', 0)
  client.publish('a', 'x')
  world.settle()
  assert.deepEqual(client.types, [])
  world.advance(COMMIT_MS)
  world.advance(COMMIT_MS)
  assert.equal(client.types[0], 'connack')
  assert.deepEqual(new Set(client.types), new Set(['connack', 'pingresp', 'publish', 'suback']))
})

test('QoS 0 and PINGRESP pass what waits for a commit, the rest keeps its order', () => {
  const { world, join } = setUpSlow()
  const client = join('c', {}, DURABLE)
  world.advance(COMMIT_MS)
  client.subscribe('a')
  world.settle()
  world.advance(COMMIT_MS)
  client.packets.length = 0
  client.publish('a', '1', { qos: 1, packetId: 1 })
  client.publish('a', '0')
  client.publish('a', '2', { qos: 2, packetId: 2 })
  client.send({ type: PacketType.pingreq })
  world.settle()
  assert.deepEqual(client.types, ['publish', 'pingresp'])
  assert.equal(client.publishes[0]?.qos, 0)
  world.advance(COMMIT_MS)
  const rest = client.types.slice(2)
  assert.deepEqual(rest, ['publish', 'puback', 'publish', 'pubrec'])
})

test('[MQTT-4.3.3-10] a repeated QoS 2 PUBLISH joins the PUBREC that waits', () => {
  const { world, join } = setUpSlow()
  const client = join('c', {}, DURABLE)
  world.advance(COMMIT_MS)
  client.packets.length = 0
  client.publish('a', 'x', { qos: 2, packetId: 5 })
  world.settle()
  client.publish('a', 'x', { qos: 2, packetId: 5, dup: true })
  world.settle()
  assert.deepEqual(client.types, [])
  world.advance(COMMIT_MS)
  assert.deepEqual(client.types, ['pubrec', 'pubrec'])
  assert.equal(world.counters.publishesReceived, 1)
})

test('[MQTT-3.3.4-7] publishes whose PUBACK is held back count for Receive Maximum', () => {
  const { world, join } = setUpSlow({ receiveMax: 2 })
  const watcher = join('w', {}, DURABLE)
  watcher.subscribe('a')
  const client = join('c', {}, DURABLE)
  world.advance(COMMIT_MS)
  world.advance(COMMIT_MS)
  client.publish('a', '1', { qos: 1, packetId: 1 })
  client.publish('a', '2', { qos: 2, packetId: 2 })
  world.settle()
  assert.equal(client.isEnded, false)
  client.publish('a', '3', { qos: 1, packetId: 3 })
  world.settle()
  world.advance(COMMIT_MS)
  assert.equal(reasonOf(client, PacketType.disconnect), Reason.receiveMaximumExceeded)
})

test('[MQTT-3.1.4-3] a takeover says no DISCONNECT before the first CONNACK', () => {
  for (const properties of [{}, DURABLE]) {
    const { world, open } = setUp()
    const [first, second] = [open(), open()]
    first.connect('c', {}, properties)
    second.connect('c', {}, properties)
    world.settle()
    assert.notEqual(first.types[0], 'disconnect')
    assert.equal(first.isEnded, true)
    assert.deepEqual(second.types, ['connack'])
  }
})

test('a takeover tells the one who has his CONNACK, and drops what waited for him', () => {
  const { world, join, open } = setUp()
  const first = join('c')
  first.subscribe('a')
  world.settle()
  const second = open()
  world.publish('a', 'x', { qos: 0 })
  second.connect('c')
  world.settle()
  assert.deepEqual(first.types, ['connack', 'suback', 'disconnect'])
  assert.equal(reasonOf(first, PacketType.disconnect), Reason.sessionTakenOver)
})

test('[MQTT-3.1.2-24] who takes no CONNACK gets nothing and leaves nothing', () => {
  for (const properties of [{}, DURABLE]) {
    const { world, join } = setUp()
    const will = {
      topic: 'will',
      payload: new Uint8Array(1),
      qos: 0,
      retain: true,
      properties: NO_PROPERTIES,
    } as const
    const client = join('c', { will }, { ...properties, maximumPacketSize: 5 })
    assert.deepEqual(client.types, [])
    assert.equal(client.isEnded, true)
    world.advance(3600 * 1000)
    assert.equal(world.sessions.size, 0)
    assert.equal(world.retained.count, 0, 'the will was never armed')
  }
})

test('[MQTT-3.3.2-7] aliases towards a client save the topic from its second message on', () => {
  const { world, join } = setUp()
  const client = join('c', {}, { topicAliasMaximum: 1 })
  client.subscribe('#', 0)
  for (const topic of ['a/b', 'a/b', 'c', 'a/b']) world.publish(topic, 'x', { qos: 0 })
  world.settle()
  assert.deepEqual(
    client.publishes.map(({ topic, properties }) => [topic, properties.topicAlias]),
    [
      ['a/b', 1],
      ['', 1],
      ['c', undefined],
      ['', 1],
    ],
  )
})

test('what waits for a commit leans on no alias, since it may be passed', () => {
  const { world, join } = setUpSlow()
  const client = join('c', {}, { ...DURABLE, topicAliasMaximum: 5 })
  world.advance(COMMIT_MS)
  client.subscribe('a')
  world.settle()
  world.advance(COMMIT_MS)
  world.publish('a', 'held', { qos: 1 })
  world.publish('a', 'passes', { qos: 0 })
  world.settle()
  world.advance(COMMIT_MS)
  assert.deepEqual(
    client.publishes.map(({ qos, topic, properties }) => [qos, topic, properties.topicAlias]),
    [
      [0, 'a', undefined],
      [1, 'a', undefined],
    ],
  )
})

test('an alias makes no message too large that would have fitted', () => {
  // Header 2, topic 3, properties 1, payload 10.
  const bytes = 16
  for (const aliases of [0, 5]) {
    const { world, join } = setUp({ settings: { topicAliasMax: 5 } })
    const client = join('c', {}, { maximumPacketSize: 40, topicAliasMaximum: aliases })
    client.subscribe('#', 0)
    const fits = 'x'.repeat(40 - bytes + 10)
    for (const text of ['small', fits, 'small', fits, `${fits}!`]) {
      world.publish('a', text, { qos: 0 })
    }
    world.settle()
    const lengths = client.publishes.map(({ payload }) => payload.length)
    assert.deepEqual(lengths, [5, fits.length, 5, fits.length], `${aliases} aliases`)
    assert.equal(world.counters.droppedTooLarge, 1)
  }
})

test('aliases of a client end with its connection', () => {
  const { world, join } = setUp()
  const watcher = join('w')
  watcher.subscribe('#')
  const first = join('c')
  first.publish('a', '1', {}, { topicAlias: 1 })
  first.publish('', '2', {}, { topicAlias: 1 })
  world.settle()
  assert.deepEqual(
    watcher.publishes.map(({ topic }) => topic),
    ['a', 'a'],
  )
  const second = join('c')
  second.publish('', '3', {}, { topicAlias: 1 })
  world.settle()
  assert.equal(reasonOf(second, PacketType.disconnect), Reason.protocolError)
})

test('a client that does not read is bounded, paused, and goes on when it reads', () => {
  const { world, join } = setUp({ world: { limits: { outboxBytesMax: 1000 } } })
  const [slow, fast] = [join('slow'), join('fast')]
  slow.subscribe('a')
  fast.subscribe('a')
  world.settle()
  slow.isReading = false
  for (let count = 0; count < 50; count++) {
    world.publish('a', 'x'.repeat(100), { qos: count % 2 === 0 ? 0 : 1 })
    world.settle()
  }
  slow.send({ type: PacketType.pingreq })
  world.settle()
  assert.equal(fast.publishes.length, 50)
  assert.ok(world.counters.droppedSlow > 10)
  assert.equal(slow.isPaused, false)
  for (let count = 0; count < 500; count++) slow.send({ type: PacketType.pingreq })
  assert.equal(slow.isPaused, true)
  slow.read()
  world.settle()
  assert.equal(slow.isPaused, false)
  assert.equal(slow.publishes.filter(({ qos }) => qos === 1).length, 25)
  assert.equal(slow.types.at(-1) === 'pingresp' || slow.types.includes('pingresp'), true)
})

test('a client that publishes to itself and does not read yet is read on', () => {
  const { world, join } = setUp({ world: { limits: { outboxBytesMax: 1000 } } })
  const client = join('c')
  client.subscribe('a')
  world.settle()
  client.isReading = false
  // Each alone is more than the outbox holds.
  for (let count = 0; count < 50; count++) {
    client.publish('a', 'x'.repeat(1500))
    world.settle()
  }
  for (let packetId = 1; packetId <= 50; packetId++) {
    client.publish('b', 'x'.repeat(100), { qos: 1, packetId })
    world.settle()
  }
  assert.equal(client.isPaused, false)
  assert.equal(world.counters.publishesReceived, 100)
})

test('[MQTT-3.1.2-25] a message that no packet holds any more is dropped for that client', () => {
  const { world, join } = setUp()
  const client = join('c')
  client.subscribe('a')
  // As large as a 3.1.1 client may send it: in 5.0 the empty properties take one byte more.
  const payload = new Uint8Array(268_435_455 - 3)
  world.publish('a', '', { payload, qos: 0 })
  world.settle()
  assert.deepEqual(client.publishes, [])
  assert.equal(world.counters.droppedTooLarge, 1)
})

test('draining tells each client, and is over when the last one is gone', async () => {
  const { world, front, join } = setUp()
  const clients = [join('1'), join('2')]
  let isDrained = false
  const drained = front.drain().then(() => {
    isDrained = true
  })
  const late = new FrontClient(world, front)
  late.connect('3')
  world.settle()
  for (const client of clients) {
    assert.equal(reasonOf(client, PacketType.disconnect), Reason.serverShuttingDown)
  }
  assert.equal(reasonOf(late, PacketType.connack), Reason.serverUnavailable)
  await drained
  assert.equal(isDrained, true)
  assert.equal(front.size, 0)
})

test('[MQTT-3.3.4-7] what an old connection left does not count against Receive Maximum', () => {
  const { world, join } = setUp({ settings: { receiveMax: 2 } })
  const first = join('c', {}, DURABLE)
  first.publish('t', 'a', { qos: 2, packetId: 1 })
  first.publish('t', 'b', { qos: 2, packetId: 2 })
  world.settle()
  first.lose()
  const second = join('c', { cleanStart: false }, DURABLE)
  second.publish('t', 'c', { qos: 2, packetId: 3 })
  second.publish('t', 'd', { qos: 2, packetId: 4 })
  world.settle()
  assert.deepEqual(second.types, ['connack', 'pubrec', 'pubrec'])
  second.publish('t', 'e', { qos: 2, packetId: 5 })
  world.settle()
  assert.equal(reasonOf(second, PacketType.disconnect), Reason.receiveMaximumExceeded)
})

test('a repeated QoS 2 PUBLISH takes its place in Receive Maximum', () => {
  const { world, join } = setUp({ settings: { receiveMax: 1 } })
  const first = join('c', {}, DURABLE)
  first.publish('t', 'a', { qos: 2, packetId: 1 })
  world.settle()
  first.lose()
  const second = join('c', { cleanStart: false }, DURABLE)
  second.publish('t', 'a', { qos: 2, packetId: 1, dup: true })
  second.publish('t', 'b', { qos: 2, packetId: 2 })
  world.settle()
  assert.equal(reasonOf(second, PacketType.disconnect), Reason.receiveMaximumExceeded)
})

test('[MQTT-2.2.1-3] a 3.1.1 client that reuses the id of a QoS 2 message is cut off', () => {
  const { world, front } = setUp()
  const client = new FrontClient(world, front, 4)
  client.connect('c')
  client.publish('t', 'a', { qos: 2, packetId: 1 })
  client.publish('t', 'b', { qos: 1, packetId: 1 })
  world.settle()
  assert.deepEqual(client.types, ['connack', 'pubrec'])
  assert.equal(client.isEnded, true)
})

test('[MQTT-3.3.2-4] a Payload Format Indicator of 0 is forwarded too', () => {
  const { world, join } = setUp()
  const client = join('c')
  client.subscribe('t')
  client.publish('t', 'said', {}, { payloadFormat: 0 })
  client.publish('t', 'unsaid')
  world.settle()
  assert.deepEqual(
    client.publishes.map(({ properties }) => properties.payloadFormat),
    [0, undefined],
  )
})

test('connectionsMax counts clients, not those who have said nothing', () => {
  const { world, open, join } = setUp({ world: { limits: { connectionsMax: 2 } } })
  const silent = [open(), open(), open()]
  const first = join('a')
  join('b')
  assert.equal(reasonOf(join('c'), PacketType.connack), Reason.quotaExceeded)
  first.lose()
  const next = join('d')
  assert.equal(reasonOf(next, PacketType.connack), Reason.success)
  for (const client of silent) client.lose()
  world.settle()
  assert.equal(next.isEnded, false)
})

test('who comes while another is being authenticated may take the last place', async () => {
  const asked: ((authentication: Authentication) => void)[] = []
  const access: Access = {
    ...ALLOW_ALL,
    authenticate: () => new Promise((resolve) => asked.push(resolve)),
  }
  const { world, open } = setUp({ world: { limits: { connectionsMax: 1 }, access } })
  const clients = ['a', 'b'].map((clientId) => {
    const client = open()
    client.connect(clientId)
    world.settle()
    return client
  })
  for (const [index, clientId] of ['a', 'b'].entries()) {
    const principal = { clientId, user: undefined, front: 'mqtt', address: 'local' } as const
    asked[index]!({ reason: Reason.success, principal })
  }
  await new Promise(setImmediate)
  world.settle()
  const reasons = clients.map((client) => reasonOf(client, PacketType.connack))
  assert.deepEqual(reasons, [Reason.success, Reason.quotaExceeded])
})

test('far above connectionsMax a wire is cut off at once, which is logged once', () => {
  const { world, open, join } = setUp({ world: { limits: { connectionsMax: 1 } } })
  const [client, ...silent] = [join('a'), ...Array.from({ length: CONNECTIONS_SPARE_MAX }, open)]
  const late = [open(), open()]
  assert.deepEqual(
    late.map(({ isEnded }) => isEnded),
    [true, true],
  )
  assert.deepEqual(world.warnings, ['too many connections, new ones are cut off'])
  assert.equal(world.counters.connectionsRefused, 2)
  world.settle()
  assert.equal(client?.isEnded, false)

  for (const one of silent) one.lose()
  assert.equal(open().isEnded, false)
  assert.deepEqual(world.warnings.slice(1), ['connections are taken again'])
})

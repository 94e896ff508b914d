// Clients of a server whose store cannot write: each is told why at once, as far as nothing that it
// is told of waits for the disk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelayingStore } from '../../../test/support/delaying-store.ts'
import { createFront, FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { SessionWorld } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'
import { type Packet, PacketType, type Version } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { createMemoryStore } from '../../storage/memory.ts'

const DURABLE = { sessionExpiry: 3600 }
const WILL: Extract<Packet, { type: typeof PacketType.connect }>['will'] = {
  topic: 'w',
  payload: new Uint8Array(1),
  qos: 0,
  retain: false,
  properties: NO_PROPERTIES,
}

/** `disk.reason` is why commits fail. */
function setUp() {
  const disk: { reason: Reason | undefined } = { reason: undefined }
  const world = new SessionWorld({
    createStore: (clock) =>
      new DelayingStore(createMemoryStore(clock), clock, {
        delayMs: () => 1,
        failure: () => (disk.reason === undefined ? undefined : new Error('no room')),
        refusal: () => disk.reason,
      }),
  })
  const front = createFront(world)
  const open = (version: Version = 5): FrontClient => new FrontClient(world, front, version)
  world.advance(10) // The first offsets are reserved.
  /** From now on a commit fails again and again, and something waits behind it. */
  const breakDown = (reason: Reason): void => {
    const [first, second] = [open(), open()]
    first.connect('first', {}, DURABLE)
    world.settle()
    disk.reason = reason
    world.advance(1)
    world.turn.append({ kind: 'reserved', bound: 10 ** 9 })
    world.turn.ticket()
    world.settle()
    second.connect('second', {}, DURABLE)
    world.settle()
    assert.deepEqual(first.types, [], 'what was admitted before waits')
    assert.equal(reasonOf(second, PacketType.connack), reason)
  }
  return { world, disk, open, breakDown }
}

for (const reason of [Reason.quotaExceeded, Reason.implementationSpecificError]) {
  test(`while the store refuses with ${reason}, who needs it is refused at CONNECT`, () => {
    const { world, open, breakDown, disk } = setUp()
    const before = open()
    before.connect('before', {}, DURABLE)
    world.advance(10)
    breakDown(reason)
    const asked: [string, Parameters<FrontClient['connect']>[1], object][] = [
      ['new', {}, DURABLE],
      ['willing', { will: WILL }, {}],
      ['before', {}, {}],
    ]
    for (const [clientId, fields, properties] of asked) {
      const client = open()
      client.connect(clientId, fields, properties)
      world.settle()
      assert.equal(reasonOf(client, PacketType.connack), reason, clientId)
      assert.equal(client.isEnded, true)
    }
    assert.equal(before.isEnded, false, 'nobody took its session over')
    for (const version of [3, 4] as const) {
      const client = open(version)
      client.connect('old', { cleanStart: false })
      world.settle()
      assert.equal(reasonOf(client, PacketType.connack), Reason.serverUnavailable)
    }
    disk.reason = undefined
    world.advance(10_000)
    const after = open()
    after.connect('before', { cleanStart: false }, DURABLE)
    world.advance(10)
    assert.equal(reasonOf(after, PacketType.connack), Reason.success)
  })
}

test('while the store refuses, who does not need it connects and hears each refusal', () => {
  for (const version of [3, 4, 5] as const) {
    const { world, open, breakDown } = setUp()
    breakDown(Reason.quotaExceeded)
    const client = open(version)
    client.connect('c')
    client.subscribe('a')
    world.settle()
    assert.deepEqual(client.types, ['connack', 'suback'])
    client.publish('a', '0')
    world.settle()
    assert.equal(client.types[2], 'publish')
    client.publish('a', '1', { qos: 1, packetId: 1 })
    world.settle()
    if (version < 5) {
      assert.equal(client.isEnded, true, 'there is no word for it')
      continue
    }
    client.publish('a', '2', { qos: 2, packetId: 2 })
    world.settle()
    assert.deepEqual(client.types.slice(3), ['puback', 'pubrec'])
    assert.equal(reasonOf(client, PacketType.puback), Reason.quotaExceeded)
    assert.equal(reasonOf(client, PacketType.pubrec), Reason.quotaExceeded)
  }
})

test('[MQTT-4.6.0-2] a refusal keeps its place behind what waits for the disk', () => {
  const { world, open, disk } = setUp()
  const watcher = open()
  watcher.connect('w')
  watcher.subscribe('a')
  const client = open()
  client.connect('c')
  world.advance(10)
  client.packets.length = 0
  world.turn.append({ kind: 'reserved', bound: 10 ** 9 })
  client.publish('a', '1', { qos: 1, packetId: 1 })
  world.settle()
  disk.reason = Reason.quotaExceeded
  world.advance(1)
  client.publish('a', '2', { qos: 1, packetId: 2 })
  world.settle()
  assert.deepEqual(client.types, [])
  disk.reason = undefined
  world.advance(10_000)
  const told = client.packets.map((packet) => 'packetId' in packet && packet.packetId)
  assert.deepEqual(told, [1, 2])
  const reasons = client.packets.map((packet) => 'reason' in packet && packet.reason)
  assert.deepEqual(reasons, [Reason.success, Reason.quotaExceeded])
})

// Packets with too many of what may repeat: who sends one is told and cut off, and it is not even
// read to its end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFront, FrontClient } from '../../../test/support/front-client.ts'
import { SessionWorld } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'
import { PacketType, type UserProperty, type Version } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'

const MAX = 5

function join(version: Version): { world: SessionWorld; client: FrontClient } {
  const limits = { filtersPerPacketMax: MAX, propertiesPerPacketMax: MAX }
  const world = new SessionWorld({ limits })
  const client = new FrontClient(world, createFront(world), version)
  client.connect('c')
  world.settle()
  client.packets.length = 0
  return { world, client }
}

function subscribe(client: FrontClient, count: number): void {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const filters = Array.from({ length: count }, (_, index) => ({
    filter: `f/${index}`,
    ...options,
  }))
  client.send({ type: PacketType.subscribe, packetId: 1, filters, properties: NO_PROPERTIES })
}

function unsubscribe(client: FrontClient, count: number): void {
  const filters = Array.from({ length: count }, (_, index) => `f/${index}`)
  client.send({ type: PacketType.unsubscribe, packetId: 2, filters, properties: NO_PROPERTIES })
}

function publish(client: FrontClient, count: number): void {
  const userProperties = Array.from({ length: count }, (): UserProperty => ['a', 'b'])
  client.publish('t', 'x', { qos: 1, packetId: 3 }, { userProperties })
}

const REQUESTS = [
  { name: 'SUBSCRIBE', send: subscribe, answer: 'suback', what: 'filters' },
  { name: 'UNSUBSCRIBE', send: unsubscribe, answer: 'unsuback', what: 'filters' },
  { name: 'PUBLISH', send: publish, answer: 'puback', what: 'User Properties' },
] as const

for (const { name, send, answer, what } of REQUESTS) {
  test(`${name} with as many ${what} as are allowed is answered, with one more refused`, () => {
    const { world, client } = join(5)
    send(client, MAX)
    world.settle()
    assert.deepEqual(client.types, [answer])
    assert.equal(client.isEnded, false)
    client.packets.length = 0
    send(client, MAX + 1)
    world.settle()
    assert.deepEqual(client.types, ['disconnect'])
    const [goodbye] = client.packets
    assert.ok(goodbye?.type === PacketType.disconnect)
    assert.equal(goodbye.reason, Reason.quotaExceeded)
    assert.equal(goodbye.properties.reasonString, `more than ${MAX} ${what} in one packet`)
    assert.equal(client.isEnded, true)
  })
}

for (const version of [3, 4] as const) {
  for (const { name, send, what } of REQUESTS.slice(0, 2)) {
    test(`${name} with too many ${what} closes without a word, level ${version}`, () => {
      const { world, client } = join(version)
      send(client, MAX + 1)
      world.settle()
      assert.deepEqual(client.types, [])
      assert.equal(client.isEnded, true)
    })
  }
}

test('nothing of a SUBSCRIBE with too many filters comes about', () => {
  const { world, client } = join(5)
  subscribe(client, MAX + 1)
  world.settle()
  assert.equal(world.tree.size, 0)
})

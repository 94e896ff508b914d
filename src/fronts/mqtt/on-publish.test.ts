// What becomes of a PUBLISH that the server does not take: who is told, who is cut off, and what is
// remembered of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFront, FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { SessionWorld, storeWith } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'
import { PacketType, type Version } from '../../codec/mqtt/packets.ts'

/** A store that takes nothing durable, where `refusal` says so. */
function setUp(version: Version, refusal?: Reason) {
  const world = new SessionWorld({
    createStore: () =>
      storeWith({
        commit: (done) => done(undefined),
        refusal: () => refusal,
      }),
  })
  const front = createFront(world)
  const open = (): FrontClient => new FrontClient(world, front, version)
  const client = open()
  return { world, client, open }
}

test('what cannot be kept now is refused where that can be told, and else not acknowledged', () => {
  for (const qos of [1, 2] as const) {
    for (const version of [3, 4, 5] as const) {
      const { world, client } = setUp(version, Reason.implementationSpecificError)
      client.connect('c')
      client.publish('t', 'x', { qos, packetId: 1 })
      world.settle()
      const answer = qos === 1 ? PacketType.puback : PacketType.pubrec
      const reason = version === 5 ? Reason.implementationSpecificError : undefined
      assert.equal(reasonOf(client, answer), reason)
      assert.equal(client.isEnded, version !== 5)
    }
  }
})

test('[U5-13] a payload that is not the text it says is refused, and not delivered', () => {
  const { world, client, open } = setUp(5)
  const other = open()
  other.connect('other')
  other.subscribe('a')
  client.connect('c')
  const payload = Uint8Array.of(0xff)
  client.publish('a', '', { qos: 1, packetId: 1, payload }, { payloadFormat: 1 })
  world.settle()
  assert.equal(reasonOf(client, PacketType.puback), Reason.payloadFormatInvalid)
  assert.equal(other.publishes.length, 0)
  client.publish('a', '', { payload }, { payloadFormat: 0 })
  client.publish('a', 'é', {}, { payloadFormat: 1 })
  world.settle()
  assert.equal(other.publishes.length, 2)
})

test('[MQTT-4.3.3-10] before 5.0 a dropped QoS 2 message keeps its id all the same', () => {
  const { world, client } = setUp(4)
  client.connect('c')
  client.publish('$a', 'x', { qos: 2, packetId: 1 })
  client.publish('$a', 'x', { qos: 2, packetId: 1, dup: true })
  world.settle()
  assert.deepEqual(client.types, ['connack', 'pubrec', 'pubrec'])
  assert.equal(world.counters.publishesRefused, 1)
})

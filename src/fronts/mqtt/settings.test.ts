// What the operator's settings make of packets, where conformance leaves the server a choice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFront, FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { SessionWorld } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'
import { type Connack, PacketType, type Suback } from '../../codec/mqtt/packets.ts'
import type { MqttSettings } from './settings.ts'

function setUp(settings: Partial<MqttSettings>) {
  const world = new SessionWorld()
  const client = new FrontClient(world, createFront(world, settings))
  return { world, client }
}

test('[MQTT-3.8.4-7] a subscription above Maximum QoS is granted Maximum QoS', () => {
  for (const qosMax of [0, 1] as const) {
    const { world, client } = setUp({ qosMax })
    client.connect('c')
    client.subscribe('a', 2)
    world.settle()
    const suback = client.packets.find((packet): packet is Suback => {
      return packet.type === PacketType.suback
    })
    assert.deepEqual(suback?.reasons, [qosMax])
  }
})

test('[U5-09] without retained messages RETAIN is refused at every QoS', () => {
  for (const qos of [0, 1, 2] as const) {
    const { world, client } = setUp({ retainAvailable: false })
    client.connect('c')
    client.publish('a', 'x', { retain: true, qos, packetId: qos === 0 ? 0 : 1 })
    world.settle()
    assert.equal(reasonOf(client, PacketType.disconnect), Reason.retainNotSupported, `QoS ${qos}`)
  }
})

test('[MQTT-3.1.2-28] Response Information is told to whoever asks, if there is any', () => {
  const rows = [
    [{ requestResponseInformation: 1 }, 'here', 'here'],
    [{ requestResponseInformation: 0 }, 'here', undefined],
    [{}, 'here', undefined],
    [{ requestResponseInformation: 1 }, '', undefined],
  ] as const
  for (const [asked, responseInformation, told] of rows) {
    const { world, client } = setUp({ responseInformation })
    client.connect('c', {}, asked)
    world.settle()
    const [connack] = client.packets as Connack[]
    assert.equal(connack?.properties.responseInformation, told)
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AssertionError } from '../../base/assert.ts'
import { Reason } from '../../base/reason.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import {
  encodeAck,
  PINGRESP_BYTES,
  PublishEncoder,
  type PublishHead,
  TOO_LONG,
} from './encode-publish.ts'
import { PacketType, type Properties, type Publish, type Qos, type Version } from './packets.ts'
import { makeProperties, NO_PROPERTIES } from './properties.ts'

const PROPERTIES = makeProperties({ messageExpiry: 7, userProperties: [['a', 'b']] })

interface Case {
  readonly topic: string
  readonly qos: Qos
  readonly properties: Readonly<Properties>
  readonly payloadLength: number
  readonly version: Version
}

/** Each after each other on one encoder, so that what one leaves behind would harm the next. */
function* cases(): Generator<Case> {
  for (const topic of ['a/b', '', 'a', 'ä/日/🎉', 't'.repeat(7000), 'a/b']) {
    for (const payloadLength of [0, 1, 114, 130, 20_000, 3_000_000]) {
      for (const qos of [0, 1, 2] as const) {
        yield { topic, qos, properties: NO_PROPERTIES, payloadLength, version: 4 }
        yield { topic, qos, properties: NO_PROPERTIES, payloadLength, version: 5 }
        yield { topic, qos, properties: PROPERTIES, payloadLength, version: 5 }
      }
    }
  }
}

suite('PublishEncoder', () => {
  test('writes what decode reads, whatever it wrote before', () => {
    const encoder = new PublishEncoder()
    for (const { topic, qos, properties, payloadLength, version } of cases()) {
      const packetId = qos === 0 ? 0 : 0x1234
      const { bytes, packetIdAt } = encoder.head(
        topic,
        qos,
        qos > 0,
        true,
        packetId,
        properties,
        payloadLength,
        version,
      )
      if (topic === '') continue // Only there so that the next topic follows an empty one.
      const whole = new Uint8Array(bytes.length + payloadLength)
      whole.set(bytes)
      const headerBytes = whole.findIndex((byte, at) => at > 0 && byte < 0x80) + 1
      const packet = decode(whole[0]!, whole, headerBytes, whole.length, version) as Publish
      assert.equal(packet.payload.length, payloadLength)
      assert.deepEqual(
        { ...packet, payload: undefined },
        {
          type: PacketType.publish,
          qos,
          dup: qos > 0,
          retain: true,
          topic,
          packetId,
          properties,
          payload: undefined,
        },
      )
      if (qos === 0) assert.equal(packetIdAt, -1)
      else assert.deepEqual([...bytes.subarray(packetIdAt, packetIdAt + 2)], [0x12, 0x34])
    }
  })

  test('[MQTT-3.3.1-1] DUP, QoS and RETAIN stand in the first byte', () => {
    const encoder = new PublishEncoder()
    const first = (qos: Qos, dup: boolean, retain: boolean): number | undefined =>
      encoder.head('a', qos, dup, retain, 1, NO_PROPERTIES, 0, 4).bytes[0]
    assert.equal(first(0, false, false), 0x30)
    assert.equal(first(0, false, true), 0x31)
    assert.equal(first(1, false, false), 0x32)
    assert.equal(first(2, true, true), 0x3d)
  })

  test('heads of one length share their view, and a refused topic harms nobody', () => {
    const encoder = new PublishEncoder()
    const one = encoder.head('a/b', 1, false, false, 1, NO_PROPERTIES, 5, 5).bytes
    const two = encoder.head('c/d', 1, false, false, 2, NO_PROPERTIES, 5, 5).bytes
    assert.equal(one, two)
    assert.deepEqual([...two], [0x32, 13, 0, 3, 0x63, 0x2f, 0x64, 0, 2, 0])
    const long = 'x'.repeat(65_536)
    assert.throws(() => encoder.head(long, 0, false, false, 0, NO_PROPERTIES, 0, 4), AssertionError)
    const three = encoder.head('e/f', 1, false, false, 3, NO_PROPERTIES, 5, 5).bytes
    assert.deepEqual([...three], [0x32, 13, 0, 3, 0x65, 0x2f, 0x66, 0, 3, 0])
    const { bytes } = encoder.head('c/d', 0, false, false, 0, NO_PROPERTIES, 0, 4)
    assert.deepEqual([...bytes], [0x30, 5, 0, 3, 0x63, 0x2f, 0x64])
  })

  test('there is no head for more than a packet may hold', () => {
    const encoder = new PublishEncoder()
    const head = (payloadLength: number): PublishHead =>
      encoder.head('a', 0, false, false, 0, NO_PROPERTIES, payloadLength, 4)
    assert.equal(head(268_435_455 - 3).bytes.length, 8)
    assert.equal(head(268_435_455 - 2), TOO_LONG)
  })
})

suite('encodeAck', () => {
  const types = [
    PacketType.puback,
    PacketType.pubrec,
    PacketType.pubrel,
    PacketType.pubcomp,
  ] as const
  for (const type of types) {
    test(`writes packet type ${type} as encode does`, () => {
      for (const version of [3, 4, 5] as const) {
        for (const reason of [Reason.success, Reason.packetIdentifierNotFound]) {
          const into = new Uint8Array(5)
          const length = encodeAck(into, type, 0xfedc, reason, version)
          const packet = { type, packetId: 0xfedc, reason, properties: NO_PROPERTIES }
          assert.deepEqual(into.subarray(0, length), encode(packet, version))
        }
      }
    })
  }

  test('PINGRESP is two bytes', () => {
    assert.deepEqual(PINGRESP_BYTES, encode({ type: PacketType.pingresp }, 5))
  })
})

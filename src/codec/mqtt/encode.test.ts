import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AssertionError } from '../../base/assert.ts'
import { Reason } from '../../base/reason.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { type Packet, PacketType, type Properties, type Version } from './packets.ts'
import { makeProperties, NO_PROPERTIES } from './properties.ts'

function ack(properties: Readonly<Properties>, reason: Reason = Reason.success): Packet {
  return { type: PacketType.puback, packetId: 10, reason, properties }
}

function reread(bytes: Uint8Array, version: Version): Packet {
  const headerBytes = bytes.findIndex((byte, at) => at > 0 && byte < 0x80) + 1
  return decode(bytes[0]!, bytes, headerBytes, bytes.length, version)
}

suite('what 3.x does not have', () => {
  test('properties, options, reasons and Session Present are left out', () => {
    const properties = makeProperties({ reasonString: 'why', userProperties: [['a', 'b']] })
    assert.deepEqual([...encode(ack(properties, Reason.quotaExceeded), 4)], [0x40, 2, 0, 10])
    const disconnect = { type: PacketType.disconnect, reason: Reason.serverBusy, properties }
    assert.deepEqual([...encode(disconnect, 3)], [0xe0, 0])
    const filter = { filter: 'a', qos: 1, noLocal: true, retainAsPublished: true } as const
    const filters = [{ ...filter, retainHandling: 2 }] as const
    const subscribe = { type: PacketType.subscribe, packetId: 1, filters, properties }
    assert.deepEqual([...encode(subscribe, 4)], [0x82, 6, 0, 1, 0, 1, 0x61, 1])
    const reasons = [Reason.success, Reason.noSubscriptionExisted]
    const unsuback = { type: PacketType.unsuback, packetId: 1, reasons, properties }
    assert.deepEqual([...encode(unsuback, 4)], [0xb0, 2, 0, 1])
    const connack = {
      type: PacketType.connack,
      sessionPresent: true,
      reason: 0,
      properties,
    } as const
    assert.deepEqual([...encode(connack, 4)], [0x20, 2, 1, 0])
    assert.deepEqual([...encode(connack, 3)], [0x20, 2, 0, 0])
  })

  test('SUBACK says 0x80 for every failure', () => {
    const reasons = [Reason.grantedQos2, Reason.notAuthorized, Reason.topicFilterInvalid]
    const suback = { type: PacketType.suback, packetId: 1, reasons, properties: NO_PROPERTIES }
    assert.deepEqual([...encode(suback, 4)], [0x90, 5, 0, 1, 2, 0x80, 0x80])
  })

  test('a CONNACK or AUTH that 3.x cannot say is our bug', () => {
    const reason = Reason.packetTooLarge
    const properties = NO_PROPERTIES
    const connack = { type: PacketType.connack, sessionPresent: false, reason, properties }
    assert.throws(() => encode(connack, 4), AssertionError)
    const auth = { type: PacketType.auth, reason: Reason.success, properties }
    assert.throws(() => encode(auth, 4), AssertionError)
  })
})

suite('short forms', () => {
  test('properties of which none is present take no bytes', () => {
    assert.deepEqual([...encode(ack(makeProperties({})), 5)], [0x40, 2, 0, 10])
    const refused = ack(makeProperties({}), Reason.notAuthorized)
    assert.deepEqual([...encode(refused, 5)], [0x40, 3, 0, 10, 0x87])
  })

  test('success with properties needs the long one', () => {
    const bytes = encode(ack(makeProperties({ reasonString: '' })), 5)
    assert.deepEqual([...bytes], [0x40, 7, 0, 10, 0, 3, 0x1f, 0, 0])
  })
})

suite('lengths', () => {
  test('a property block and a packet may take lengths of two and three bytes', () => {
    for (const length of [120, 125, 126, 127, 128, 129, 16_370, 16_380, 16_384, 60_000]) {
      const packet = ack(makeProperties({ reasonString: 'r'.repeat(length) }))
      assert.deepEqual(reread(encode(packet, 5), 5), packet)
    }
  })

  test('a packet may take a length of four bytes', () => {
    const filters = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(65_535, 'x'))
    const properties = NO_PROPERTIES
    const packet = { type: PacketType.unsubscribe, packetId: 1, filters, properties }
    const bytes = encode(packet, 5)
    assert.equal(bytes.length, 1 + 4 + 2 + 1 + 40 * 65_537)
    assert.deepEqual(reread(bytes, 5), packet)
  })

  test('a string or binary above 65,535 bytes is our bug', () => {
    const reasonString = 'ä'.repeat(32_768)
    assert.throws(() => encode(ack(makeProperties({ reasonString })), 5), AssertionError)
    const authenticationData = new Uint8Array(65_536)
    const properties = makeProperties({ authenticationMethod: 'm', authenticationData })
    const auth = { type: PacketType.auth, reason: Reason.success, properties }
    assert.throws(() => encode(auth, 5), AssertionError)
  })

  test('a lone surrogate becomes U+FFFD, so that the string is well formed', () => {
    const bytes = encode(ack(makeProperties({ reasonString: 'a\ud800b' })), 5)
    assert.deepEqual([...bytes.subarray(-5)], [0x61, 0xef, 0xbf, 0xbd, 0x62])
  })
})

suite('a packet above the limit', () => {
  const userProperties = [['name', 'value']] as const
  const full = makeProperties({ reasonString: 'why', userProperties })
  const noUser = makeProperties({ reasonString: 'why' })
  const reason = Reason.notAuthorized

  /** The packets that may carry both, each with a clause for either. */
  const packets: readonly (readonly [string, (properties: Properties) => Packet])[] = [
    [
      '[MQTT-3.2.2-19] [MQTT-3.2.2-20] CONNACK',
      (properties) => ({ type: PacketType.connack, sessionPresent: false, reason, properties }),
    ],
    ['[MQTT-3.4.2-2] [MQTT-3.4.2-3] PUBACK', (properties) => ack(properties, reason)],
    [
      '[MQTT-3.5.2-2] [MQTT-3.5.2-3] PUBREC',
      (properties) => ({ type: PacketType.pubrec, packetId: 1, reason, properties }),
    ],
    [
      '[MQTT-3.6.2-2] [MQTT-3.6.2-3] PUBREL',
      (properties) => ({ type: PacketType.pubrel, packetId: 1, reason: 0x92, properties }),
    ],
    [
      '[MQTT-3.7.2-2] [MQTT-3.7.2-3] PUBCOMP',
      (properties) => ({ type: PacketType.pubcomp, packetId: 1, reason: 0x92, properties }),
    ],
    [
      '[MQTT-3.9.2-1] [MQTT-3.9.2-2] SUBACK',
      (properties) => ({ type: PacketType.suback, packetId: 1, reasons: [reason], properties }),
    ],
    [
      '[MQTT-3.11.2-1] [MQTT-3.11.2-2] UNSUBACK',
      (properties) => ({ type: PacketType.unsuback, packetId: 1, reasons: [reason], properties }),
    ],
    [
      '[MQTT-3.14.2-3] [MQTT-3.14.2-4] DISCONNECT',
      (properties) => ({ type: PacketType.disconnect, reason, properties }),
    ],
    [
      '[MQTT-3.15.2-2] [MQTT-3.15.2-3] AUTH',
      (properties) => ({
        type: PacketType.auth,
        reason: Reason.continueAuthentication,
        properties: { ...properties, authenticationMethod: 'm' },
      }),
    ],
  ]
  for (const [name, make] of packets) {
    test(`${name} loses its User Properties, then its Reason String`, () => {
      const bytes = encode(make(full), 5)
      const bytesNoUser = encode(make(noUser), 5)
      const bytesBare = encode(make(makeProperties({})), 5)
      assert.deepEqual(encode(make(full), 5, bytes.length), bytes)
      assert.deepEqual(encode(make(full), 5, bytes.length - 1), bytesNoUser)
      assert.deepEqual(encode(make(full), 5, bytesNoUser.length), bytesNoUser)
      assert.deepEqual(encode(make(full), 5, bytesNoUser.length - 1), bytesBare)
      assert.deepEqual(encode(make(full), 5, 1), bytesBare)
    })
  }

  test('loses nothing where the standard lets nothing be left out', () => {
    const will = undefined
    const requests: readonly Packet[] = [
      { type: PacketType.subscribe, packetId: 1, filters: [], properties: full },
      { type: PacketType.unsubscribe, packetId: 1, filters: ['a'], properties: full },
      {
        type: PacketType.publish,
        qos: 0,
        dup: false,
        retain: false,
        topic: 'a',
        packetId: 0,
        properties: makeProperties({ userProperties }),
        payload: new Uint8Array(3),
      },
      {
        type: PacketType.connect,
        version: 5,
        cleanStart: true,
        keepAlive: 0,
        clientId: '',
        will,
        userName: undefined,
        password: undefined,
        properties: makeProperties({ userProperties }),
      },
      { type: PacketType.pingreq },
      { type: PacketType.pingresp },
    ]
    for (const packet of requests) assert.deepEqual(encode(packet, 5, 1), encode(packet, 5))
  })
})

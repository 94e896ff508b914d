// The table of properties, against one written down by packet rather than by property, and that
// both directions keep to it.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeProperties } from './decode-properties.ts'
import { encodeProperties } from './encode-properties.ts'
import { PacketType, type Properties } from './packets.ts'
import { makeProperties, NO_PROPERTIES, PROPERTY_SPECS, packetBit, WILL } from './properties.ts'
import { ProtocolError } from './protocol-error.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const USER_PROPERTY = 0x26
const EXPLAINED = [0x1f, USER_PROPERTY]

/** Identifiers by the bit of what carries them. */
const ALLOWED: readonly (readonly [name: string, packet: number, ids: readonly number[]])[] = [
  ['Will', WILL, [0x01, 0x02, 0x03, 0x08, 0x09, 0x18, USER_PROPERTY]],
  ...(
    [
      ['connect', [0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, USER_PROPERTY, 0x27]],
      [
        'connack',
        [
          ...[0x11, 0x12, 0x13, 0x15, 0x16, 0x1a, 0x1c, 0x1f, 0x21, 0x22, 0x24, 0x25],
          ...[USER_PROPERTY, 0x27, 0x28, 0x29, 0x2a],
        ],
      ],
      ['publish', [0x01, 0x02, 0x03, 0x08, 0x09, 0x0b, 0x23, USER_PROPERTY]],
      ['puback', EXPLAINED],
      ['pubrec', EXPLAINED],
      ['pubrel', EXPLAINED],
      ['pubcomp', EXPLAINED],
      ['subscribe', [0x0b, USER_PROPERTY]],
      ['suback', EXPLAINED],
      ['unsubscribe', [USER_PROPERTY]],
      ['unsuback', EXPLAINED],
      ['disconnect', [0x11, 0x1c, ...EXPLAINED]],
      ['auth', [0x15, 0x16, ...EXPLAINED]],
    ] as const
  ).map(([name, ids]) => [name, packetBit(PacketType[name]), ids] as const),
]

const EVERYTHING = makeProperties({
  payloadFormat: 1,
  messageExpiry: 0xffff_fffe,
  contentType: 'c',
  responseTopic: 'r',
  correlationData: Uint8Array.of(1),
  subscriptionIds: [1],
  sessionExpiry: 0xffff_ffff,
  assignedClientId: 'a',
  serverKeepAlive: 1,
  authenticationMethod: 'm',
  authenticationData: Uint8Array.of(2),
  requestProblemInformation: 1,
  willDelay: 1,
  requestResponseInformation: 1,
  responseInformation: 'i',
  serverReference: 's',
  reasonString: 'w',
  receiveMaximum: 1,
  topicAliasMaximum: 1,
  topicAlias: 1,
  maximumQos: 1,
  retainAvailable: 1,
  userProperties: [['n', 'v']],
  maximumPacketSize: 0x8000_0000,
  wildcardSubscriptionAvailable: 1,
  subscriptionIdAvailable: 1,
  sharedSubscriptionAvailable: 1,
})

function written(properties: Readonly<Properties>, packet: number): Uint8Array {
  const writer = new Writer(8)
  encodeProperties(writer, properties, packet)
  return writer.bytes.slice(0, writer.at)
}

function read(bytes: Uint8Array, packet: number): Readonly<Properties> {
  return decodeProperties(new Reader(bytes, 0, bytes.length), packet)
}

suite('each packet', () => {
  for (const [name, packet, ids] of ALLOWED) {
    test(`${name} may carry these properties and no other`, () => {
      const found = PROPERTY_SPECS.filter((spec) => (spec.packets & packet) !== 0)
      assert.deepEqual(
        found.map(({ id }) => id),
        ids,
      )
    })

    test(`${name} is written with them alone, and read with them alone`, () => {
      const back = read(written(EVERYTHING, packet), packet)
      for (const { id, name: property } of PROPERTY_SPECS) {
        const expected = ids.includes(id) ? EVERYTHING[property] : NO_PROPERTIES[property]
        assert.deepEqual(back[property], expected, property)
      }
    })

    test(`${name} is refused with any other`, () => {
      for (const spec of PROPERTY_SPECS) {
        if (ids.includes(spec.id)) continue
        const bytes = written(makeProperties({ [spec.name]: EVERYTHING[spec.name] }), spec.packets)
        assert.throws(() => read(bytes, packet), ProtocolError, spec.name)
      }
    })
  }
})

test('[MQTT-3.3.2-14] a Response Topic has no wildcard anywhere', () => {
  for (const responseTopic of ['#', 'a/#', '+', 'a/+/b']) {
    const bytes = written(makeProperties({ responseTopic }), packetBit(PacketType.publish))
    assert.throws(() => read(bytes, packetBit(PacketType.publish)), /wildcard/, responseTopic)
  }
})

test('four byte integers have no sign', () => {
  for (const sessionExpiry of [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const bytes = written(makeProperties({ sessionExpiry }), packetBit(PacketType.connect))
    assert.equal(read(bytes, packetBit(PacketType.connect)).sessionExpiry, sessionExpiry)
  }
})

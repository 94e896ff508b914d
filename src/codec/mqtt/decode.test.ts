import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Reason } from '../../base/reason.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { type Connect, type Packet, PacketType, type Publish, type Version } from './packets.ts'
import { makeProperties, NO_PROPERTIES } from './properties.ts'
import { ProtocolError } from './protocol-error.ts'

function decodeBody(firstByte: number, body: readonly number[], version: Version): Packet {
  return decode(firstByte, Uint8Array.from(body), 0, body.length, version)
}

function errorOf(run: () => unknown): ProtocolError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  assert.fail('nothing was thrown')
}

const MQTT = [0, 4, 0x4d, 0x51, 0x54, 0x54]
const MQISDP = [0, 6, 0x4d, 0x51, 0x49, 0x73, 0x64, 0x70]

suite('a refused CONNECT', () => {
  const answers: readonly (readonly [readonly number[], Version | undefined])[] = [
    [[...MQTT, 3], 4],
    [[...MQTT, 0x84], 4],
    [[...MQTT, 6], 5],
    [[...MQTT, 0x85], 5],
    [[...MQISDP, 4], 3],
    [[...MQISDP, 0x83], 3],
    [[0, 4, 0x48, 0x54, 0x54, 0x50, 4], undefined],
    [[...MQTT], undefined],
  ]
  for (const [body, version] of answers) {
    test(`[MQTT-3.1.2-2] ${body.join(' ')} can be answered as level ${version}`, () => {
      assert.equal(errorOf(() => decodeBody(0x10, body, 5)).version, version)
    })
  }

  test('tells its version once that is read', () => {
    for (const level of [4, 5] as const) {
      const error = errorOf(() => decodeBody(0x10, [...MQTT, level, 3, 0, 0], 4))
      assert.equal(error.version, level)
      assert.equal(error.clause, 'MQTT-3.1.2-3')
    }
    assert.equal(errorOf(() => decodeBody(0x10, [...MQISDP, 3, 3, 0, 0], 4)).version, 3)
    assert.equal(errorOf(() => decodeBody(0x30, [0], 4)).version, undefined)
  })
})

test('an error of our own is no ProtocolError, and is passed on as it is', () => {
  const ours = new RangeError('ours')
  const body = Uint8Array.from([...MQTT, 4, 2, 0, 0, 0, 0])
  const broken = new Proxy(body, {
    get(bytes, key): unknown {
      if (key === '7') throw ours
      if (key === 'subarray') return bytes.subarray.bind(bytes)
      return Reflect.get(bytes, key, bytes)
    },
  })
  assert.throws(
    () => decode(0x10, broken, 0, body.length, 4),
    (error) => error === ours,
  )
})

suite('what 3.1 allows and the others do not', () => {
  const connect31 = [...MQISDP, 3]

  test('[Q31-7] a flagged user name or password that is missing', () => {
    const without = decodeBody(0x10, [...connect31, 0xc2, 0, 0, 0, 1, 0x63], 4)
    assert.deepEqual((without as Connect).userName, undefined)
    assert.deepEqual((without as Connect).password, undefined)
    const half = decodeBody(0x10, [...connect31, 0xc2, 0, 0, 0, 1, 0x63, 0, 1, 0x75], 4)
    assert.deepEqual((half as Connect).userName, 'u')
    assert.deepEqual((half as Connect).password, undefined)
  })

  test('[Q31-7] but no password without a user name', () => {
    const error = errorOf(() => decodeBody(0x10, [...connect31, 0x42, 0, 0, 0, 1, 0x63, 0, 0], 4))
    assert.equal(error.clause, 'MQTT311-3.1.2-22')
  })

  test('[Q31-5] DUP on PUBREL, SUBSCRIBE and UNSUBSCRIBE', () => {
    assert.equal(decodeBody(0x6a, [0, 10], 3).type, PacketType.pubrel)
    assert.equal(decodeBody(0x8a, [0, 10, 0, 1, 0x61, 1], 3).type, PacketType.subscribe)
    assert.equal(decodeBody(0xaa, [0, 10, 0, 1, 0x61], 3).type, PacketType.unsubscribe)
    assert.equal(errorOf(() => decodeBody(0x4a, [0, 10], 3)).clause, 'MQTT-2.1.3-1')
    assert.equal(errorOf(() => decodeBody(0x66, [0, 10], 3)).clause, 'MQTT-2.1.3-1')
  })

  test('[Q31-11] DUP at QoS 0', () => {
    const packet = decodeBody(0x38, [0, 1, 0x61], 3) as Publish
    assert.deepEqual([packet.dup, packet.qos], [true, 0])
  })

  test('[Q31-3] anything in the reserved byte of CONNACK', () => {
    for (const flags of [0, 1, 0xff]) {
      const packet = decodeBody(0x20, [flags, 5], 3)
      assert.ok(packet.type === PacketType.connack)
      assert.deepEqual([packet.sessionPresent, packet.reason], [false, Reason.notAuthorized])
    }
  })

  test('[Q31-8] but topic names only of up to 32,767 characters', () => {
    const publish = (length: number): readonly number[] => [
      length >> 8,
      length & 0xff,
      ...new Array<number>(length).fill(0x61),
    ]
    assert.equal((decodeBody(0x30, publish(32_767), 3) as Publish).topic.length, 32_767)
    assert.equal(errorOf(() => decodeBody(0x30, publish(32_768), 3)).clause, 'Q31-8')
    assert.equal((decodeBody(0x30, publish(32_768), 4) as Publish).topic.length, 32_768)
    const will = [...connect31, 0x06, 0, 0, 0, 1, 0x63, ...publish(32_768), 0, 0]
    assert.equal(errorOf(() => decodeBody(0x10, will, 3)).clause, 'Q31-8')
    assert.equal(errorOf(() => decodeBody(0x10, will, 3)).version, 3)
  })
})

suite('what is a view and what is a copy', () => {
  const properties = makeProperties({ correlationData: Uint8Array.of(1, 2) })
  const payload = Uint8Array.of(3, 4)
  const bytes = encode(
    {
      type: PacketType.publish,
      qos: 0,
      dup: false,
      retain: false,
      topic: 'a',
      packetId: 0,
      properties,
      payload,
    },
    5,
  )

  test('the payload is a view, as a plain array also of a Buffer', () => {
    const buffer = Buffer.from(bytes)
    const packet = decode(0x30, buffer, 2, buffer.length, 5) as Publish
    assert.equal(packet.payload.buffer, buffer.buffer)
    assert.equal(packet.payload.constructor, Uint8Array)
    assert.deepEqual(packet.payload, payload)
  })

  test('an empty payload holds on to nothing', () => {
    const packet = decodeBody(0x30, [0, 1, 0x61], 4) as Publish
    assert.equal(packet.payload.length, 0)
    assert.equal(packet.payload.buffer.byteLength, 0)
  })

  test('binary properties are copies', () => {
    const chunk = Uint8Array.from(bytes)
    const packet = decode(0x30, chunk, 2, chunk.length, 5) as Publish
    chunk.fill(0xff)
    assert.deepEqual(packet.properties.correlationData, Uint8Array.of(1, 2))
  })
})

suite('properties', () => {
  test('a packet without any has the shared empty ones', () => {
    assert.equal((decodeBody(0x30, [0, 1, 0x61, 0], 5) as Publish).properties, NO_PROPERTIES)
    assert.ok(Object.isFrozen(NO_PROPERTIES))
    assert.ok(Object.isFrozen(NO_PROPERTIES.userProperties))
    assert.ok(Object.isFrozen(NO_PROPERTIES.subscriptionIds))
  })

  test('[MQTT-3.3.2-18] user properties keep their order and repeats', () => {
    const userProperties = [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['', ''],
    ] as const
    const packet: Packet = {
      type: PacketType.disconnect,
      reason: Reason.success,
      properties: makeProperties({ userProperties }),
    }
    const bytes = encode(packet, 5)
    assert.deepEqual(decode(0xe0, bytes, 2, bytes.length, 5), packet)
  })

  test('a million user properties are read in linear time', () => {
    const count = 1_000_000
    const bytes = new Uint8Array(5 + 5 * count)
    bytes.set([0, 0xc0, 0x96, 0xb1, 0x02])
    for (let at = 5; at < bytes.length; at += 5) bytes[at] = 0x26
    const packet = decode(0xe0, bytes, 0, bytes.length, 5)
    assert.ok(packet.type === PacketType.disconnect)
    assert.equal(packet.properties.userProperties.length, count)
  })
})

test('AUTH is reserved before 5.0, and type 0 always', () => {
  assert.equal(errorOf(() => decodeBody(0xf0, [], 4)).clause, 'U5-31')
  assert.equal(errorOf(() => decodeBody(0x00, [], 5)).clause, 'U5-31')
})

test('as many identifiers and User Properties as are allowed, and not one more', () => {
  const bounds = { filtersPerPacketMax: 1, propertiesPerPacketMax: 2 }
  const read = (property: readonly number[], count: number): Packet => {
    const block = Array.from({ length: count }, () => property).flat()
    const body = [0, 1, 0x61, block.length, ...block]
    return decode(0x30, Uint8Array.from(body), 0, body.length, 5, undefined, bounds)
  }
  const identifier = [0x0b, 1]
  assert.deepEqual((read(identifier, 2) as Publish).properties.subscriptionIds, [1, 1])
  const error = errorOf(() => read(identifier, 3))
  assert.equal(error.message, 'more than 2 Subscription Identifiers in one packet')
  assert.equal(error.reason, Reason.quotaExceeded)
  const property = [0x26, 0, 0, 0, 0]
  assert.equal((read(property, 2) as Publish).properties.userProperties.length, 2)
  const message = 'more than 2 User Properties in one packet'
  assert.equal(errorOf(() => read(property, 3)).message, message)
})

// Arbitrary packets that a version can say, for fast-check.

import fc from 'fast-check'
import {
  type Packet,
  PacketType,
  type Properties,
  type Version,
  type Will,
} from '../../src/codec/mqtt/packets.ts'
import {
  makeProperties,
  NO_PROPERTIES,
  PROPERTY_SPECS,
  type PropertySpec,
  packetBit,
  WILL,
} from '../../src/codec/mqtt/properties.ts'
import { connackReason, mayCarry } from '../../src/codec/mqtt/reasons.ts'
import { Reason } from '../../src/base/reason.ts'

/** Objects such as literals make, which deepEqual tells from others. */
function shape<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

export const versions: fc.Arbitrary<Version> = fc.constantFrom(3, 4, 5)

/** Any code point but U+0000, which no string may have. */
const texts: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
    { weight: 1, arbitrary: fc.nat(300).map((length) => 'x'.repeat(length)) },
    { weight: 1, arbitrary: fc.constantFrom('\ufeff', '\uffff', 'ä'.repeat(100)) },
  )
  .map((text) => text.replaceAll('\0', 'o'))

const filters: fc.Arbitrary<string> = texts.map((text) => text || '#')
const topicNames: fc.Arbitrary<string> = texts.map((text) => {
  return text.replaceAll('+', 'p').replaceAll('#', 'h') || '/'
})
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const packetIds = fc.integer({ min: 1, max: 0xffff })
const qos = fc.constantFrom(0, 1, 2)
const binaries: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 40 })

/** A value that the property may have. */
function valueOf(spec: PropertySpec): fc.Arbitrary<unknown> {
  switch (spec.kind) {
    case 'flag':
      return fc.constantFrom(0, 1)
    case 'u16':
      return fc.integer({ min: spec.name.endsWith('Alias') ? 1 : 0, max: 0xffff })
    case 'u32':
      return u32
    case 'text':
      return spec.name === 'responseTopic' ? topicNames : texts
    case 'binary':
      return binaries
    case 'subscriptionId':
      return fc.array(fc.integer({ min: 1, max: 268_435_455 }), { minLength: 1, maxLength: 1 })
    case 'userProperty':
      return fc.array(fc.tuple(texts, texts), { minLength: 1, maxLength: 4 })
  }
}

/** Those that the packet may carry, each present or not; before 5.0 none. */
function propertiesOf(packet: number, version: Version): fc.Arbitrary<Readonly<Properties>> {
  if (version !== 5) return fc.constant(NO_PROPERTIES)
  const model: Record<string, fc.Arbitrary<unknown>> = {}
  for (const spec of PROPERTY_SPECS) {
    if ((spec.packets & packet) !== 0) model[spec.name] = valueOf(spec)
  }
  return fc
    .record(model, { requiredKeys: [], noNullPrototype: true })
    .map((some: Partial<Properties>) => {
      const properties = makeProperties(some)
      properties.receiveMaximum ||= undefined
      properties.maximumPacketSize ||= undefined
      if (properties.authenticationMethod === undefined) properties.authenticationData = undefined
      // What is absent everywhere decodes to the shared empty ones.
      return JSON.stringify(properties) === JSON.stringify(NO_PROPERTIES)
        ? NO_PROPERTIES
        : properties
    })
}

function reasonsOf(type: PacketType): fc.Arbitrary<Reason> {
  return fc.constantFrom(...Object.values(Reason).filter((reason) => mayCarry(type, reason)))
}

function connects(version: Version): fc.Arbitrary<Packet> {
  const wills: fc.Arbitrary<Will> = shape({
    topic: topicNames,
    payload: binaries,
    qos,
    retain: fc.boolean(),
    properties: propertiesOf(WILL, version),
  })
  return shape({
    type: fc.constant(PacketType.connect),
    version: fc.constant(version),
    cleanStart: fc.boolean(),
    keepAlive: u16,
    clientId: texts,
    will: fc.option(wills, { nil: undefined }),
    userName: fc.option(texts, { nil: undefined }),
    password: fc.option(binaries, { nil: undefined }),
    properties: propertiesOf(packetBit(PacketType.connect), version),
  }).map((packet) => {
    const mayHavePassword = version === 5 || packet.userName !== undefined
    return mayHavePassword ? packet : { ...packet, password: undefined }
  })
}

function connacks(version: Version): fc.Arbitrary<Packet> {
  const reasons =
    version === 5 ? reasonsOf(PacketType.connack) : fc.nat(5).map((code) => connackReason(code))
  return shape({
    type: fc.constant(PacketType.connack),
    sessionPresent: fc.boolean(),
    reason: reasons,
    properties: propertiesOf(packetBit(PacketType.connack), version),
  }).map((packet) => {
    const mayBePresent = version !== 3 && packet.reason === Reason.success
    return { ...packet, sessionPresent: packet.sessionPresent && mayBePresent }
  })
}

function publishes(version: Version): fc.Arbitrary<Packet> {
  return shape({
    type: fc.constant(PacketType.publish),
    qos,
    dup: fc.boolean(),
    retain: fc.boolean(),
    topic: topicNames,
    packetId: packetIds,
    properties: propertiesOf(packetBit(PacketType.publish), version),
    payload: binaries,
    isByAlias: fc.boolean(),
  }).map(({ isByAlias, ...packet }) => ({
    ...packet,
    dup: packet.dup && packet.qos > 0,
    packetId: packet.qos > 0 ? packet.packetId : 0,
    topic: isByAlias && packet.properties.topicAlias !== undefined ? '' : packet.topic,
  }))
}

function acks(version: Version): fc.Arbitrary<Packet> {
  const types = [PacketType.puback, PacketType.pubrec, PacketType.pubrel, PacketType.pubcomp]
  return fc.constantFrom(...types).chain((type) =>
    shape({
      type: fc.constant(type),
      packetId: packetIds,
      reason: version === 5 ? reasonsOf(type) : fc.constant(Reason.success),
      properties: propertiesOf(packetBit(type), version),
    }),
  )
}

function subscribes(version: Version): fc.Arbitrary<Packet> {
  const is5 = version === 5
  const filter = shape({
    filter: fc.oneof(filters, fc.constant('$share/group/a/#')),
    qos,
    noLocal: is5 ? fc.boolean() : fc.constant(false),
    retainAsPublished: is5 ? fc.boolean() : fc.constant(false),
    retainHandling: is5 ? qos : fc.constant(0 as const),
  }).map((one) => ({ ...one, noLocal: one.noLocal && !one.filter.startsWith('$share/') }))
  return shape({
    type: fc.constant(PacketType.subscribe),
    packetId: packetIds,
    filters: fc.array(filter, { minLength: 1, maxLength: 4 }),
    properties: propertiesOf(packetBit(PacketType.subscribe), version),
  })
}

function subacks(version: Version): fc.Arbitrary<Packet> {
  const before5 = fc.constantFrom<Reason>(0, 1, 2, 0x80)
  return shape({
    type: fc.constant(PacketType.suback),
    packetId: packetIds,
    reasons: fc.array(version === 5 ? reasonsOf(PacketType.suback) : before5, {
      minLength: 1,
      maxLength: 5,
    }),
    properties: propertiesOf(packetBit(PacketType.suback), version),
  })
}

function unsubscribes(version: Version): fc.Arbitrary<Packet> {
  return shape({
    type: fc.constant(PacketType.unsubscribe),
    packetId: packetIds,
    filters: fc.array(filters, { minLength: 1, maxLength: 4 }),
    properties: propertiesOf(packetBit(PacketType.unsubscribe), version),
  })
}

function unsubacks(version: Version): fc.Arbitrary<Packet> {
  const reasons = fc.array(reasonsOf(PacketType.unsuback), { minLength: 1, maxLength: 5 })
  return shape({
    type: fc.constant(PacketType.unsuback),
    packetId: packetIds,
    reasons: version === 5 ? reasons : fc.constant([]),
    properties: propertiesOf(packetBit(PacketType.unsuback), version),
  })
}

function disconnects(version: Version): fc.Arbitrary<Packet> {
  return shape({
    type: fc.constant(PacketType.disconnect),
    reason: version === 5 ? reasonsOf(PacketType.disconnect) : fc.constant(Reason.success),
    properties: propertiesOf(packetBit(PacketType.disconnect), version),
  })
}

function auths(): fc.Arbitrary<Packet> {
  return shape({
    type: fc.constant(PacketType.auth),
    reason: reasonsOf(PacketType.auth),
    properties: propertiesOf(packetBit(PacketType.auth), 5).map((properties) =>
      makeProperties({ ...properties, authenticationMethod: 'method' }),
    ),
  })
}

/** Every packet type that the version has, all alike often. */
export function packets(version: Version): fc.Arbitrary<Packet> {
  const pings = fc.constantFrom<Packet>({ type: PacketType.pingreq }, { type: PacketType.pingresp })
  const all = [connects, connacks, publishes, acks, subscribes, subacks, unsubscribes, unsubacks]
  const some = [...all, disconnects].map((make) => make(version))
  return fc.oneof(...some, pings, ...(version === 5 ? [auths()] : []))
}

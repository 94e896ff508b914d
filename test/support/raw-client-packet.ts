// Packets as the wire scripts write them: a type, named fields, a list of properties. Independent
// of src/codec on purpose: the server's codec checked with itself would prove nothing. Loose on
// purpose too, so that a script can send what the standard forbids.

export const TYPES: readonly string[] = [
  'RESERVED',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]

/** How a property's value stands on the wire. */
export type Kind = 'byte' | 'u16' | 'u32' | 'vbi' | 'string' | 'binary' | 'pair'

/** Every property of 5.0 by the name that scripts use: its identifier and its form. */
export const PROPERTIES: ReadonlyMap<string, readonly [id: number, kind: Kind]> = new Map([
  ['payload-format', [0x01, 'byte']],
  ['message-expiry', [0x02, 'u32']],
  ['content-type', [0x03, 'string']],
  ['response-topic', [0x08, 'string']],
  ['correlation-data', [0x09, 'binary']],
  ['subscription-id', [0x0b, 'vbi']],
  ['session-expiry', [0x11, 'u32']],
  ['assigned-id', [0x12, 'string']],
  ['server-keep-alive', [0x13, 'u16']],
  ['auth-method', [0x15, 'string']],
  ['auth-data', [0x16, 'binary']],
  ['problem-info', [0x17, 'byte']],
  ['will-delay', [0x18, 'u32']],
  ['request-response', [0x19, 'byte']],
  ['response-info', [0x1a, 'string']],
  ['server-reference', [0x1c, 'string']],
  ['reason-string', [0x1f, 'string']],
  ['receive-max', [0x21, 'u16']],
  ['alias-max', [0x22, 'u16']],
  ['alias', [0x23, 'u16']],
  ['qos-max', [0x24, 'byte']],
  ['retain-available', [0x25, 'byte']],
  ['user-property', [0x26, 'pair']],
  ['packet-max', [0x27, 'u32']],
  ['wildcard-available', [0x28, 'byte']],
  ['subscription-id-available', [0x29, 'byte']],
  ['shared-available', [0x2a, 'byte']],
])

export const PROPERTY_NAMES: ReadonlyMap<number, string> = new Map(
  [...PROPERTIES].map(([name, [id]]) => [id, name]),
)

/** Strings are text; binary fields and payloads are bytes. */
export type Value = string | number | boolean | Uint8Array

/** A pair is one string, its halves joined by `=`; a script never needs a name with `=` in it. */
export type Property = readonly [name: string, value: Value]

export interface SubscriptionRequest {
  readonly filter: string
  /** The whole options byte. */
  readonly options: number
}

export interface RawPacket {
  readonly type: string
  /** The low half of the first byte. */
  readonly flags: number
  readonly id: number
  readonly reason: number
  readonly sessionPresent: boolean
  readonly topic: string
  readonly payload: Uint8Array
  readonly reasons: readonly number[]
  readonly filters: readonly SubscriptionRequest[]
  readonly properties: readonly Property[]
  readonly connect: RawConnect | undefined
}

export interface RawConnect {
  readonly name: string
  readonly level: number
  readonly flags: number
  readonly keepAlive: number
  readonly clientId: string
  readonly willProperties: readonly Property[]
  readonly willTopic: string
  readonly willPayload: Uint8Array
  readonly userName: string
  readonly password: Uint8Array
}

/** A packet of `type` with nothing in it, to be spread into others. */
export function blank(type: string): RawPacket {
  return {
    type,
    flags: type === 'PUBREL' || type === 'SUBSCRIBE' || type === 'UNSUBSCRIBE' ? 2 : 0,
    id: 0,
    reason: 0,
    sessionPresent: false,
    topic: '',
    payload: new Uint8Array(0),
    reasons: [],
    filters: [],
    properties: [],
    connect: undefined,
  }
}

/** One line that names all that is set, for failure reports. */
export function describe(packet: RawPacket): string {
  const words = [packet.type]
  if (packet.flags !== blank(packet.type).flags) words.push(`flags=${packet.flags.toString(2)}`)
  if (packet.id !== 0) words.push(`id=${packet.id}`)
  if (packet.type === 'CONNACK') words.push(`session-present=${packet.sessionPresent ? 1 : 0}`)
  if (packet.reason !== 0) words.push(`reason=${hex(packet.reason)}`)
  if (packet.reasons.length > 0) words.push(`reasons=${packet.reasons.map(hex).join(',')}`)
  if (packet.topic !== '') words.push(`topic='${shorten(packet.topic)}'`)
  if (packet.type === 'PUBLISH') words.push(`payload='${shorten(toText(packet.payload))}'`)
  for (const { filter, options } of packet.filters) words.push(`'${shorten(filter)}'/${options}`)
  for (const [name, value] of packet.properties) words.push(`${name}=${shorten(toText(value))}`)
  return words.join(' ')
}

export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

function toText(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 50)}…(${text.length})`
}

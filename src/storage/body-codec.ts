// Messages, wills and principals as bytes, the same in the journal and in the table.

import {
  type Message,
  type MessageProperties,
  NEVER,
  NO_MESSAGE_PROPERTIES,
} from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import type { StoredWill } from '../core/store.ts'
import type { Topic } from '../core/topic.ts'
import { type FieldReader, type FieldWriter, textBytesMax } from './fields.ts'
import { UnreadableError } from './storage-errors.ts'

const QOS = 0b11
const RETAIN = 0b100
const HAS_PROPERTIES = 0b1000
const HAS_PUBLISHER = 0b1_0000
const EXPIRES = 0b10_0000

const HAS_FORMAT = 0b1
const IS_TEXT = 0b10
const HAS_TYPE = 0b100
const HAS_RESPONSE = 0b1000
const HAS_CORRELATION = 0b1_0000

const HAS_USER = 0b1
const HAS_RULES = 0b10
const HAS_ROLES = 0b100
const HAS_CLAIMS = 0b1000

type Claims = NonNullable<Principal['claims']>

const FRONTS: readonly Principal['front'][] = ['mqtt', 'http', 'coap', 'embedded']

/** Length, flags, offset and times, and the lengths within. */
const FIXED_BYTES = 64
/** A body's length comes first, in so many bytes. */
export const BODY_LENGTH_BYTES = 4

/** No more than this is written for the message's body. */
export function bodyBytesMax(message: Message): number {
  const { topic, publisher, properties, payload } = message
  let bytes = FIXED_BYTES + textBytesMax(topic) + payload.length
  if (publisher !== undefined) bytes += textBytesMax(publisher)
  if (properties !== NO_MESSAGE_PROPERTIES) bytes += propertyBytesMax(properties)
  return bytes
}

export function writeBody(writer: FieldWriter, message: Message): void {
  const start = writer.at
  const { properties, publisher, expiresAtMs } = message
  const hasProperties = properties !== NO_MESSAGE_PROPERTIES
  let flags: number = message.qos
  if (message.retain) flags |= RETAIN
  if (hasProperties) flags |= HAS_PROPERTIES
  if (publisher !== undefined) flags |= HAS_PUBLISHER
  if (expiresAtMs !== NEVER) flags |= EXPIRES
  writer.at = start + BODY_LENGTH_BYTES
  writer.u8(flags)
  writer.ordered(message.offset)
  writer.f64(message.arrivedAtMs)
  if (expiresAtMs !== NEVER) writer.f64(expiresAtMs)
  writer.text(message.topic)
  if (publisher !== undefined) writer.text(publisher)
  if (hasProperties) writeProperties(writer, properties)
  writer.raw(message.payload)
  writer.setU32(start, writer.at - start - BODY_LENGTH_BYTES)
}

/** The whole body, its length included, as it stands. */
export function bodyView(reader: FieldReader): Uint8Array {
  const start = reader.at
  reader.skip(reader.u32())
  return reader.view(start, reader.at)
}

/** The offset of the message whose body stands here, which is not passed over. */
export function peekOffset(reader: FieldReader): number {
  const start = reader.at
  reader.skip(BODY_LENGTH_BYTES + 1)
  const offset = reader.ordered()
  reader.at = start
  return offset
}

export function readBody(reader: FieldReader): Message {
  const length = reader.u32()
  const end = reader.at + length
  if (end > reader.end) throw new UnreadableError('a message ends too early')
  const flags = reader.u8()
  const offset = reader.ordered()
  const arrivedAtMs = reader.f64()
  const expiresAtMs = (flags & EXPIRES) === 0 ? NEVER : reader.f64()
  const topic = parseStoredTopic(reader.text())
  const publisher = (flags & HAS_PUBLISHER) === 0 ? undefined : reader.text()
  const properties = (flags & HAS_PROPERTIES) === 0 ? NO_MESSAGE_PROPERTIES : readProperties(reader)
  const payload = reader.raw(end - reader.at)
  return {
    offset,
    topic,
    payload,
    isKept: true,
    qos: parseStoredQos(flags & QOS),
    retain: (flags & RETAIN) !== 0,
    properties,
    publisher,
    arrivedAtMs,
    expiresAtMs,
  }
}

export function willBytesMax({ topic, payload, properties, principal }: StoredWill): number {
  const bytes = FIXED_BYTES + textBytesMax(topic) + payload.length
  return bytes + propertyBytesMax(properties) + principalBytesMax(principal)
}

export function writeWill(writer: FieldWriter, will: StoredWill): void {
  writer.u8(will.qos | (will.retain ? RETAIN : 0))
  writer.f64(will.delayS)
  writer.f64(will.expiryS)
  writer.text(will.topic)
  writeProperties(writer, will.properties)
  writePrincipal(writer, will.principal)
  writer.binary(will.payload)
}

export function readWill(reader: FieldReader): StoredWill {
  const flags = reader.u8()
  const delayS = reader.f64()
  const expiryS = reader.f64()
  const topic = parseStoredTopic(reader.text())
  const properties = readProperties(reader)
  const principal = readPrincipal(reader)
  return {
    topic,
    payload: reader.binary(),
    qos: parseStoredQos(flags & QOS),
    retain: (flags & RETAIN) !== 0,
    properties,
    delayS,
    expiryS,
    principal,
  }
}

export function principalBytesMax(principal: Principal): number {
  const { user, clientId, address, rules, roles, claims } = principal
  let bytes = FIXED_BYTES + textBytesMax(clientId) + textBytesMax(address)
  bytes += textBytesMax(user ?? '') + textBytesMax(rules ?? '')
  for (const role of roles ?? []) bytes += textBytesMax(role)
  if (claims !== undefined) bytes += textBytesMax(claimsText(claims))
  return bytes
}

export function writePrincipal(writer: FieldWriter, principal: Principal): void {
  const { user, rules, roles, claims } = principal
  let flags = user === undefined ? 0 : HAS_USER
  if (rules !== undefined) flags |= HAS_RULES
  if (roles !== undefined) flags |= HAS_ROLES
  if (claims !== undefined) flags |= HAS_CLAIMS
  writer.u8(flags)
  writer.u8(FRONTS.indexOf(principal.front))
  writer.text(principal.clientId)
  writer.text(principal.address)
  if (user !== undefined) writer.text(user)
  if (rules !== undefined) writer.text(rules)
  if (roles !== undefined) {
    writer.integer(roles.length)
    for (const role of roles) writer.text(role)
  }
  if (claims !== undefined) writer.text(claimsText(claims))
}

export function readPrincipal(reader: FieldReader): Principal {
  const flags = reader.u8()
  const front = FRONTS[reader.u8()]
  if (front === undefined) throw new UnreadableError('a front is unknown')
  const clientId = reader.text()
  const address = reader.text()
  const user = (flags & HAS_USER) === 0 ? undefined : reader.text()
  const principal = { user, clientId, address, front }
  if (flags <= HAS_USER) return principal
  return {
    ...principal,
    ...((flags & HAS_RULES) === 0 ? {} : { rules: reader.text() }),
    ...((flags & HAS_ROLES) === 0 ? {} : { roles: readTexts(reader) }),
    ...((flags & HAS_CLAIMS) === 0 ? {} : { claims: parseClaims(reader.text()) }),
  }
}

/** As JSON, from where they came; what JSON has no words for is no claim that a rule knows. */
function claimsText(claims: Claims): string {
  try {
    return JSON.stringify(claims)
  } catch {
    // A program that embeds the server may put anything there, and appending never fails.
    return JSON.stringify(Object.fromEntries(Object.entries(claims).filter(isPlain)))
  }
}

function isPlain([, value]: readonly [string, unknown]): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function parseClaims(text: string): Claims {
  let claims: unknown
  try {
    claims = JSON.parse(text)
  } catch {
    throw new UnreadableError('claims are no JSON')
  }
  if (typeof claims !== 'object' || claims === null) throw new UnreadableError('claims are none')
  return claims as Claims
}

function readTexts(reader: FieldReader): string[] {
  const texts: string[] = []
  for (let count = reader.integer(); count > 0; count--) texts.push(reader.text())
  return texts
}

function propertyBytesMax(properties: MessageProperties): number {
  const { contentType, responseTopic, correlationData, userProperties } = properties
  let bytes = FIXED_BYTES + textBytesMax(contentType ?? '') + textBytesMax(responseTopic ?? '')
  bytes += correlationData?.length ?? 0
  for (const [name, value] of userProperties) bytes += textBytesMax(name) + textBytesMax(value)
  return bytes
}

function writeProperties(writer: FieldWriter, properties: MessageProperties): void {
  const { payloadFormat, contentType, responseTopic, correlationData, userProperties } = properties
  let flags = 0
  if (payloadFormat !== undefined) flags |= HAS_FORMAT
  if (payloadFormat === 1) flags |= IS_TEXT
  if (contentType !== undefined) flags |= HAS_TYPE
  if (responseTopic !== undefined) flags |= HAS_RESPONSE
  if (correlationData !== undefined) flags |= HAS_CORRELATION
  writer.u8(flags)
  if (contentType !== undefined) writer.text(contentType)
  if (responseTopic !== undefined) writer.text(responseTopic)
  if (correlationData !== undefined) writer.binary(correlationData)
  writer.integer(userProperties.length)
  for (const [name, value] of userProperties) {
    writer.text(name)
    writer.text(value)
  }
}

function readProperties(reader: FieldReader): MessageProperties {
  const flags = reader.u8()
  const contentType = (flags & HAS_TYPE) === 0 ? undefined : reader.text()
  const responseTopic = (flags & HAS_RESPONSE) === 0 ? undefined : reader.text()
  const correlationData = (flags & HAS_CORRELATION) === 0 ? undefined : reader.binary()
  const count = reader.integer()
  if (flags === 0 && count === 0) return NO_MESSAGE_PROPERTIES
  const userProperties: (readonly [string, string])[] = []
  for (let index = 0; index < count; index++) userProperties.push([reader.text(), reader.text()])
  return {
    payloadFormat: (flags & HAS_FORMAT) === 0 ? undefined : (flags & IS_TEXT) === 0 ? 0 : 1,
    contentType,
    responseTopic,
    correlationData,
    userProperties,
  }
}

export function parseStoredQos(qos: number): 0 | 1 | 2 {
  if (qos > 2) throw new UnreadableError('a QoS is 3')
  return qos as 0 | 1 | 2
}

/** It was checked when it came, under limits that may have changed since. */
export function parseStoredTopic(text: string): Topic {
  return text as Topic
}

// What MQTT sends along with a message, in header fields and query parameters, both ways. Nothing
// that a device said reaches a field as it is: all is encoded as printable ASCII or left out.

import { isUtf8 } from '../../base/utf8.ts'
import {
  lower,
  type Message,
  type MessageProperties,
  NEVER,
  NO_MESSAGE_PROPERTIES,
  type Qos,
} from '../../core/message.ts'
import { parseTopic } from '../../core/topic.ts'
import { parseMediaType } from './accept.ts'
import type { Asked } from './exchange.ts'
import { percentDecode, percentEncode, type Query } from './query.ts'
import { Refusal } from './refusal.ts'
import { parseBytes, parsePairs, writeBytes, writePairs } from './structured-fields.ts'

/** What a request says of the message that it publishes. */
export interface Said {
  readonly qos: Qos
  /** Seconds; never where absent. */
  readonly expiryS: number | undefined
  readonly contentType: string | undefined
  readonly payloadFormat: 0 | 1 | undefined
  readonly responseTopic: string | undefined
  readonly correlationData: Uint8Array | undefined
  readonly userProperties: readonly (readonly [string, string])[]
}

/** What MQTT can say in four bytes. */
const EXPIRY_S_MAX = 2 ** 32 - 1
/** One field is at most so long; what is longer is left out, and `Mqtt-Omitted` says so. */
const FIELD_LENGTH_MAX = 4096

/** Who says no QoS is promised that it arrives, where the server promises that at all. */
export function parseSaid(
  { field }: Pick<Asked, 'field'>,
  query: Query,
  qosMax: Qos,
): Said | Refusal {
  const qos = once(query.get('qos'), field('mqtt-qos')) ?? `${lower(1, qosMax)}`
  if (qos !== '0' && qos !== '1' && qos !== '2') return invalid('the QoS is 0, 1 or 2, said once')
  const expiry = once(query.get('expiry'), field('mqtt-message-expiry'))
  if (expiry !== undefined && !(/^\d{1,10}$/.test(expiry) && Number(expiry) <= EXPIRY_S_MAX)) {
    return invalid('the expiry is a number of seconds, said once')
  }
  const format = field('mqtt-payload-format-indicator')?.trim()
  if (format !== undefined && format !== '0' && format !== '1') {
    return invalid('Mqtt-Payload-Format-Indicator is 0 or 1')
  }
  const response = field('mqtt-response-topic')
  const responseTopic = response === undefined ? undefined : percentDecode(response.trim())
  if (response !== undefined && !isTopic(responseTopic)) {
    return invalid('Mqtt-Response-Topic is no topic, percent-encoded')
  }
  const correlation = field('mqtt-correlation-data')
  const correlationData = correlation === undefined ? undefined : parseBytes(correlation)
  if (correlation !== undefined && correlationData === undefined) {
    return invalid('Mqtt-Correlation-Data is no :base64:')
  }
  const userProperties = parsePairs(field('mqtt-user-property') ?? '')
  if (userProperties === undefined || userProperties.flat().some((text) => text.includes('\0'))) {
    return invalid('Mqtt-User-Property is no list of "name"="value"')
  }
  return {
    qos: qos === '0' ? 0 : qos === '1' ? 1 : 2,
    expiryS: expiry === undefined ? undefined : Number(expiry),
    contentType: field('content-type'),
    payloadFormat: format === undefined ? undefined : format === '1' ? 1 : 0,
    ...{ responseTopic, correlationData, userProperties },
  }
}

function isTopic(text: string | undefined): boolean {
  return text !== undefined && parseTopic(text, Number.POSITIVE_INFINITY) !== undefined
}

/** One of the two, or both where they say the same; else a text that nothing takes. */
function once(one: string | undefined, other: string | undefined): string | undefined {
  const [first, second] = [one?.trim(), other?.trim()]
  if (first === undefined || second === undefined) return first ?? second
  return first === second ? first : ''
}

function invalid(detail: string): Refusal {
  return new Refusal('request-invalid', detail)
}

/** The properties of the message; refused where the payload is not the text that it says. */
export function propertiesOf(said: Said, payload: Uint8Array): MessageProperties | Refusal {
  const { contentType, responseTopic, correlationData, userProperties } = said
  if (said.payloadFormat === 1 && !isUtf8(payload)) {
    return new Refusal('payload-format', 'the payload is no UTF-8') // [U5-13]
  }
  //
  const payloadFormat =
    said.payloadFormat ?? (isText(contentType) && isUtf8(payload) ? 1 : undefined)
  const hasSome = contentType ?? payloadFormat ?? responseTopic ?? correlationData
  if (hasSome === undefined && userProperties.length === 0) return NO_MESSAGE_PROPERTIES
  return { payloadFormat, contentType, responseTopic, correlationData, userProperties }
}

function isText(contentType: string | undefined): boolean {
  const mediaType = contentType === undefined ? undefined : parseMediaType(contentType)
  if (mediaType === undefined) return false
  const { type, subtype, parameters } = mediaType
  if (type === 'application' && subtype === 'json') return true
  const charset = parameters.find((one) => one.startsWith('charset='))
  return type === 'text' && (charset === undefined || charset === 'charset=utf-8')
}

/** What a content type may look like to be sent as it is. */
const SENDABLE = /^[\x20-\x7e]+$/

/** The Content-Type of the state as it came, or the one for bytes that nobody named. [H-10] */
export function contentTypeOf({ properties }: Message): string {
  const { contentType, payloadFormat } = properties
  if (
    contentType !== undefined &&
    contentType.length <= FIELD_LENGTH_MAX &&
    SENDABLE.test(contentType) &&
    parseMediaType(contentType) !== undefined
  ) {
    return contentType
  }
  return payloadFormat === 1 ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

/** Whole seconds that the message is still of use, as MQTT clients are told; undefined for ever. */
export function remainingS({ expiresAtMs }: Message, wallMs: number): number | undefined {
  if (expiresAtMs === NEVER) return undefined
  return Math.max(0, Math.ceil((expiresAtMs - wallMs) / 1000))
}

/** The fields that tell of the message beside its content. */
export function propertyFields(message: Message, wallMs: number): Record<string, string> {
  const { qos, retain, properties } = message
  const { payloadFormat, responseTopic, correlationData, userProperties } = properties
  const said: [string, string | undefined][] = [
    ['mqtt-message-expiry', remainingS(message, wallMs)?.toString()],
    ['mqtt-payload-format-indicator', payloadFormat?.toString()],
    ['mqtt-response-topic', responseTopic && percentEncode(responseTopic)],
    ['mqtt-correlation-data', correlationData && writeBytes(correlationData)],
    ['mqtt-user-property', userProperties.length > 0 ? writePairs(userProperties) : undefined],
  ]
  const fields: Record<string, string> = {
    'mqtt-qos': `${qos}`,
    'mqtt-retain': retain ? '?1' : '?0',
  }
  const omitted: string[] = []
  for (const [name, value] of said) {
    if (value === undefined) continue
    if (value.length <= FIELD_LENGTH_MAX) fields[name] = value
    else omitted.push(name)
  }
  if (omitted.length > 0) fields['mqtt-omitted'] = omitted.join(', ')
  return fields
}

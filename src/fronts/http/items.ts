// A message as JSON shows it, in lists and in event streams: payloads that are UTF-8 as text,
// others in base64.

import { type Message, NO_MESSAGE_PROPERTIES } from '../../core/message.ts'
import { contentTypeOf } from './properties.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An item of a list. */
export function toItem(message: Message): Readonly<Record<string, unknown>> {
  const { topic, offset, payload, arrivedAtMs, expiresAtMs } = message
  return {
    topic,
    offset,
    contentType: contentTypeOf(message),
    ...payloadOf(payload),
    time: timeOf(arrivedAtMs),
    expiresAt: timeOf(expiresAtMs),
    properties: { qos: message.qos, ...propertiesOf(message) },
  }
}

/** What a stream tells of a message: nothing that depends on who reads it, or when. */
export function toEventItem(message: Message): Readonly<Record<string, unknown>> {
  const { topic, offset, payload, qos, retain, arrivedAtMs, expiresAtMs } = message
  return {
    ...{ topic, offset, contentType: contentTypeOf(message) },
    ...payloadOf(payload),
    ...{ time: timeOf(arrivedAtMs), expiresAt: timeOf(expiresAtMs), qos, retain },
    properties: message.properties === NO_MESSAGE_PROPERTIES ? undefined : propertiesOf(message),
  }
}

/** Undefined for never, and for what no calendar has. */
function timeOf(wallMs: number): string | undefined {
  return Math.abs(wallMs) <= CALENDAR_MS_MAX ? new Date(wallMs).toISOString() : undefined
}

/** The last moment that a Date can be. */
const CALENDAR_MS_MAX = 8.64e15

/** As text where it is UTF-8, and so stays the same. */
function payloadOf(payload: Uint8Array): Readonly<Record<string, string>> {
  try {
    return { payload: strict.decode(payload) }
  } catch {
    return { payload_base64: base64Of(payload) }
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function propertiesOf({ properties }: Message): Readonly<Record<string, unknown>> {
  const { payloadFormat, responseTopic, correlationData, userProperties } = properties
  return {
    payloadFormat,
    responseTopic,
    correlationData: correlationData && base64Of(correlationData),
    userProperties: userProperties.length > 0 ? userProperties : undefined,
  }
}

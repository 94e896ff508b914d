// From what a program wants published to a message: the checks that a packet's decoder and a
// front's admit make for clients.

import { Reason } from '../../base/reason.ts'
import { isUtf8 } from '../../base/utf8.ts'
import type { Limits } from '../../core/limits.ts'
import {
  type Message,
  type MessageProperties,
  NEVER,
  NO_MESSAGE_PROPERTIES,
  type Qos,
} from '../../core/message.ts'
import type { Principal } from '../../core/ports.ts'
import { parseTopic } from '../../core/topic.ts'
import { PROGRAM } from './reader.ts'

/** A message to publish. */
export interface NewMessage {
  readonly topic: string
  /** A text is sent as UTF-8. */
  readonly payload: string | Uint8Array
  /** 0 by default. */
  readonly qos?: Qos
  readonly retain?: boolean
  readonly properties?: Partial<MessageProperties>
  /** Seconds until it is of no use any more; never by default. */
  readonly expiryS?: number
  /** Whose rights count; by default the program may do everything. */
  readonly as?: Principal
}

/** What MQTT can carry of one text, and of binary data. */
const TEXT_BYTES_MAX = 65_535
/** The server alone says these, and nobody could subscribe to the last. */
const RESERVED = /^\$(SYS|presence|share)(\/|$)/
const encoder = new TextEncoder()

/** The message, or why it is none. */
export function toMessage(
  fields: NewMessage,
  wallMs: number,
  { topicLevelsMax, packetBytesMax }: Limits,
): Message | Reason {
  const { qos = 0, retain = false, expiryS } = fields
  const topic = parseTopic(fields.topic, topicLevelsMax)
  if (topic === undefined) return Reason.topicNameInvalid
  if (RESERVED.test(topic)) return Reason.notAuthorized
  const isText = typeof fields.payload === 'string'
  const payload = isText ? encoder.encode(fields.payload) : fields.payload
  const properties: MessageProperties =
    fields.properties === undefined
      ? NO_MESSAGE_PROPERTIES
      : { ...NO_MESSAGE_PROPERTIES, ...fields.properties }
  const bytes = bytesOf(properties)
  if (bytes === undefined) return Reason.malformedPacket
  if (bytes + topic.length + payload.length > packetBytesMax) return Reason.packetTooLarge
  const isSaidText = properties.payloadFormat === 1 && !isText
  if (isSaidText && !isUtf8(payload)) return Reason.payloadFormatInvalid
  return {
    offset: 0,
    topic,
    payload,
    // The program may go on using its own bytes.
    isKept: isText,
    qos,
    retain,
    properties,
    publisher: PROGRAM,
    arrivedAtMs: wallMs,
    expiresAtMs: expiryS === undefined ? NEVER : wallMs + expiryS * 1000,
  }
}

/** Undefined where something is longer than MQTT can carry, or has a U+0000 [MQTT-1.5.4-2]. */
function bytesOf(properties: MessageProperties): number | undefined {
  const { contentType, responseTopic, correlationData, userProperties } = properties
  let bytes = correlationData?.length ?? 0
  if (bytes > TEXT_BYTES_MAX) return undefined
  for (const text of [contentType ?? '', responseTopic ?? '', ...userProperties.flat()]) {
    const length = encoder.encode(text).length
    if (length > TEXT_BYTES_MAX || text.includes('\0')) return undefined
    bytes += length
  }
  return bytes
}

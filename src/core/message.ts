// The protocol-neutral thing that travels the topic tree. A packet becomes a message in a front's
// `admit`; from there on nobody asks which protocol it came by.

import type { Topic } from './topic.ts'

export type Qos = 0 | 1 | 2

/** The QoS of a delivery: what was published and what was granted, whichever is lower. */
export function lower(published: Qos, granted: Qos): Qos {
  return published < granted ? published : granted
}

/** A name and a value, passed on unaltered and in order [MQTT-3.3.2-17] [MQTT-3.3.2-18]. */
export type UserProperty = readonly [name: string, value: string]

/** What MQTT 5 sends along with a message; forwarded unchanged by everyone. */
export interface MessageProperties {
  /** 1: the payload is UTF-8 text; 0: bytes; undefined: not said. [MQTT-3.3.2-4] */
  readonly payloadFormat: 0 | 1 | undefined
  /** A MIME type by convention; opaque to the server. [MQTT-3.3.2-20] */
  readonly contentType: string | undefined
  /** Where an answer is expected. [MQTT-3.3.2-15] */
  readonly responseTopic: string | undefined
  /** What the answer must repeat. [MQTT-3.3.2-16] */
  readonly correlationData: Uint8Array | undefined
  readonly userProperties: readonly UserProperty[]
}

/** The properties of a message that has none: one frozen object, compared by identity. */
export const NO_MESSAGE_PROPERTIES: MessageProperties = Object.freeze({
  payloadFormat: undefined,
  contentType: undefined,
  responseTopic: undefined,
  correlationData: undefined,
  userProperties: [],
})

/** `expiresAtMs` of a message that never expires. */
export const NEVER: number = Number.POSITIVE_INFINITY

export interface Message {
  /** Given out by `hub.publish`; only grows, never reused, a safe integer. 0 before that. */
  offset: number
  readonly topic: Topic
  /**
   * May be a view of the transport's read buffer, which is overwritten after the turn's receive:
   * whoever keeps a message longer calls {@link keep} first.
   */
  payload: Uint8Array
  /** True once `payload` is a copy of our own. */
  isKept: boolean
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: MessageProperties
  /** The publisher's client id, for No Local [MQTT-3.8.3-3]; undefined for the server itself. */
  readonly publisher: string | undefined
  /** Wall clock, ms since 1970. */
  readonly arrivedAtMs: number
  /** Wall clock, ms since 1970, or {@link NEVER}. */
  readonly expiresAtMs: number
}

/** What a user property counts for beside its texts: about what its objects occupy. */
export const USER_PROPERTY_BYTES = 80

/** Counted once for all who keep the message. */
const propertyBytes = new WeakMap<MessageProperties, number>()

/** What the message counts for wherever it waits: its payload and its properties. */
export function bytesOf({ payload, properties }: Message): number {
  if (properties === NO_MESSAGE_PROPERTIES) return payload.length
  let bytes = propertyBytes.get(properties)
  if (bytes === undefined) {
    bytes = countBytes(properties)
    propertyBytes.set(properties, bytes)
  }
  return payload.length + bytes
}

function countBytes(properties: MessageProperties): number {
  const { contentType, responseTopic, correlationData, userProperties } = properties
  let bytes = userProperties.length * USER_PROPERTY_BYTES
  bytes += contentType?.length ?? 0
  bytes += responseTopic?.length ?? 0
  bytes += correlationData?.length ?? 0
  for (const [name, value] of userProperties) bytes += name.length + value.length
  return bytes
}

/** Makes the message safe to keep beyond this turn: copies its payload, once. */
export function keep(message: Message): Message {
  if (!message.isKept) {
    // Not `slice`, which on a Buffer is another view.
    message.payload = new Uint8Array(message.payload)
    message.isKept = true
  }
  return message
}

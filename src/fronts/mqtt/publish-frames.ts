// Messages as PUBLISH frames. A fan-out encodes once per dialect and QoS: what was encoded last is
// kept, and only the packet id differs from one receiver to the next.

import { PublishEncoder, type PublishHead } from '../../codec/mqtt/encode-publish.ts'
import type { Properties, Version } from '../../codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES, type Qos } from '../../core/message.ts'

interface Slot {
  readonly encoder: PublishEncoder
  head: PublishHead | undefined
  message: Message | undefined
  ids: readonly number[]
  retain: boolean
  dup: boolean
  wallMs: number
}

export class PublishFrames {
  /** One for each version and QoS. */
  readonly #slots: readonly Slot[] = Array.from({ length: 3 * 3 }, () => ({
    encoder: new PublishEncoder(),
    head: undefined,
    message: undefined,
    ids: [],
    retain: false,
    dup: false,
    wallMs: 0,
  }))
  readonly #aliased = new PublishEncoder()

  /** All of the frame but packet id and payload; valid until the next call. */
  head(
    message: Message,
    qos: Qos,
    dup: boolean,
    retain: boolean,
    ids: readonly number[],
    version: Version,
    wallMs: number,
  ): PublishHead {
    const slot = this.#slots[(version - 3) * 3 + qos]
    if (slot === undefined) throw new RangeError('version and QoS have a slot')
    if (
      slot.head !== undefined &&
      slot.message === message &&
      slot.ids === ids &&
      slot.retain === retain &&
      slot.dup === dup &&
      (slot.wallMs === wallMs || message.expiresAtMs === NEVER)
    ) {
      return slot.head
    }
    slot.head = slot.encoder.head(
      message.topic,
      qos,
      dup,
      retain,
      0,
      propertiesOf(message, ids, 0, wallMs),
      message.payload.length,
      version,
    )
    slot.message = message
    slot.ids = ids
    slot.retain = retain
    slot.dup = dup
    slot.wallMs = wallMs
    return slot.head
  }

  /** The same with a Topic Alias (5.0); `topic` is empty where the client knows the alias. */
  aliased(
    message: Message,
    qos: Qos,
    dup: boolean,
    retain: boolean,
    ids: readonly number[],
    topic: string,
    alias: number,
    wallMs: number,
  ): PublishHead {
    const properties = propertiesOf(message, ids, alias, wallMs)
    return this.#aliased.head(topic, qos, dup, retain, 0, properties, message.payload.length, 5)
  }
}

function propertiesOf(
  message: Message,
  ids: readonly number[],
  alias: number,
  wallMs: number,
): Readonly<Properties> {
  const own = message.properties
  const expires = message.expiresAtMs !== NEVER
  if (own === NO_MESSAGE_PROPERTIES && !expires && ids.length === 0 && alias === 0) {
    return NO_PROPERTIES
  }
  return makeProperties({
    payloadFormat: own.payloadFormat, // [MQTT-3.3.2-4]
    // [MQTT-3.3.2-6]
    messageExpiry: expires
      ? Math.max(0, Math.ceil((message.expiresAtMs - wallMs) / 1000))
      : undefined,
    contentType: own.contentType, // [MQTT-3.3.2-20]
    responseTopic: own.responseTopic, // [MQTT-3.3.2-15]
    correlationData: own.correlationData, // [MQTT-3.3.2-16]
    subscriptionIds: ids, // [MQTT-3.3.4-3]
    topicAlias: alias === 0 ? undefined : alias,
    userProperties: own.userProperties, // [MQTT-3.3.2-17] [MQTT-3.3.2-18]
  })
}

// Decodes PUBLISH, section 3.3: most of what a server does, so without a Reader as long as there
// are no properties.

import { byteAt, threeOf, u16At } from './bytes.ts'
import { decodeProperties } from './decode-properties.ts'
import { type PacketBounds, UNBOUNDED } from './packet-bounds.ts'
import { PacketType, type Properties, type Publish, type Version } from './packets.ts'
import { NO_PROPERTIES, packetBit } from './properties.ts'
import { forbidden, malformed } from './protocol-error.ts'
import { pastEnd, Reader } from './reader.ts'
import type { TopicCache } from './topic-cache.ts'
import { checkTopicLength, decodeTopicName } from './topic-name.ts'

const RETAIN = 0b0001
const DUP = 0b1000

const EMPTY = new Uint8Array(0)

export function decodePublish(
  firstByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: Version,
  topics: TopicCache | undefined,
  bounds: PacketBounds = UNBOUNDED,
): Publish {
  const qos = threeOf((firstByte >> 1) & 0b11)
  if (qos === undefined) throw malformed('the QoS is 3', 'MQTT-3.3.1-4')
  const dup = (firstByte & DUP) !== 0
  // 3.1 does not forbid it [Q31-11].
  if (dup && qos === 0 && version !== 3) throw malformed('DUP at QoS 0', 'MQTT-3.3.1-2')

  const topicStart = start + 2
  if (topicStart > end) throw pastEnd()
  const topicEnd = topicStart + u16At(bytes, start)
  let at = qos === 0 ? topicEnd : topicEnd + 2
  if (at > end) throw pastEnd()
  const packetId = qos === 0 ? 0 : u16At(bytes, topicEnd)
  if (packetId === 0 && qos !== 0) throw forbidden('the packet identifier is 0', 'U5-06')

  let properties: Readonly<Properties> = NO_PROPERTIES
  if (version === 5) {
    if (at < end && byteAt(bytes, at) === 0) {
      at += 1
    } else {
      const reader = new Reader(bytes, at, end, bounds)
      properties = decodeProperties(reader, packetBit(PacketType.publish))
      at = reader.at
    }
  }

  let topic = ''
  // With an alias, and only then, the topic may be left empty.
  if (topicEnd > topicStart || properties.topicAlias === undefined) {
    topic =
      topics === undefined
        ? decodeTopicName(bytes, topicStart, topicEnd)
        : topics.lookup(bytes, topicStart, topicEnd)
    if (version === 3) checkTopicLength(topic)
  }
  return {
    type: PacketType.publish,
    qos,
    dup,
    retain: (firstByte & RETAIN) !== 0,
    topic,
    packetId,
    properties,
    payload: view(bytes, at, end),
  }
}

/** A plain array over the same bytes: `bytes` may be a Buffer, whose `slice` would not copy. */
function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (start === end) return EMPTY
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

// Decodes one whole frame: bytes and version in, packet out. No I/O, no clock, no state. Whether
// the packet may come from this peer at this time is the front's to say.

import { Reason } from '../../base/reason.ts'
import { u16At } from './bytes.ts'
import { decodeConnect } from './decode-connect.ts'
import { decodeProperties } from './decode-properties.ts'
import { decodePublish } from './decode-publish.ts'
import {
  decodeSuback,
  decodeSubscribe,
  decodeUnsuback,
  decodeUnsubscribe,
} from './decode-subscribe.ts'
import type { PacketBounds } from './packet-bounds.ts'
import {
  type Ack,
  type Auth,
  type Connack,
  type Disconnect,
  type Packet,
  PacketType,
  type Pingreq,
  type Pingresp,
  type Version,
} from './packets.ts'
import { NO_PROPERTIES, packetBit } from './properties.ts'
import { forbidden, malformed } from './protocol-error.ts'
import { Reader } from './reader.ts'
import { checkReason, connackReason } from './reasons.ts'
import type { TopicCache } from './topic-cache.ts'

const PINGREQ: Pingreq = Object.freeze({ type: PacketType.pingreq })
const PINGRESP: Pingresp = Object.freeze({ type: PacketType.pingresp })

/**
 * The packet in a frame with this first byte, whose body is `bytes` from `start` up to `end`. A
 * PUBLISH payload is a view of `bytes`; all else is copied. CONNECT ignores `version` and tells its
 * own. Throws ProtocolError on what the version forbids, and nothing else.
 */
export function decode(
  firstByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: Version,
  topics?: TopicCache,
  bounds?: PacketBounds,
): Packet {
  const type = firstByte >> 4
  if (type === PacketType.publish) {
    return decodePublish(firstByte, bytes, start, end, version, topics, bounds)
  }
  checkFlags(firstByte, version)
  switch (type) {
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return decodeAck(type, bytes, start, end, version, bounds)
    case PacketType.pingreq:
    case PacketType.pingresp:
      if (end > start) throw malformed('PINGREQ or PINGRESP with a body', 'U5-03')
      return type === PacketType.pingreq ? PINGREQ : PINGRESP
    default:
      return decodeOther(type, new Reader(bytes, start, end, bounds), version)
  }
}

function decodeOther(type: number, reader: Reader, version: Version): Packet {
  switch (type) {
    case PacketType.connect:
      return decodeConnect(reader)
    case PacketType.connack:
      return decodeConnack(reader, version)
    case PacketType.subscribe:
      return decodeSubscribe(reader, version)
    case PacketType.suback:
      return decodeSuback(reader, version)
    case PacketType.unsubscribe:
      return decodeUnsubscribe(reader, version)
    case PacketType.unsuback:
      return decodeUnsuback(reader, version)
    case PacketType.disconnect:
      return decodeDisconnect(reader, version)
    case PacketType.auth:
      if (version === 5) return decodeAuth(reader)
  }
  throw malformed(`packet type ${type} is reserved`, 'U5-31')
}

/** The low half of the first byte of all packets but PUBLISH, section 2.1.3. */
function checkFlags(firstByte: number, version: Version): void {
  const flags = firstByte & 0x0f
  const type = firstByte >> 4
  const isRequest =
    type === PacketType.pubrel || type === PacketType.subscribe || type === PacketType.unsubscribe
  if (flags === (isRequest ? 0b0010 : 0b0000)) return
  // 3.1 sends these three at QoS 1, and so may set DUP on a retry [Q31-5].
  if (isRequest && flags === 0b1010 && version === 3) return
  throw malformed(`flags ${flags} in packet type ${type}`, 'MQTT-2.1.3-1')
}

function decodeAck(
  type: Ack['type'],
  bytes: Uint8Array,
  start: number,
  end: number,
  version: Version,
  bounds: PacketBounds | undefined,
): Ack {
  if (end - start === 2) {
    const packetId = u16At(bytes, start)
    if (packetId === 0) throw forbidden('the packet identifier is 0', 'U5-06')
    return { type, packetId, reason: Reason.success, properties: NO_PROPERTIES }
  }
  const reader = new Reader(bytes, start, end, bounds)
  const packetId = reader.packetId()
  if (version !== 5) throw malformed('an acknowledgement is longer than two bytes', 'U5-03')
  const reason = checkReason(reader.u8(), type)
  const properties = reader.isAtEnd ? NO_PROPERTIES : decodeProperties(reader, packetBit(type))
  reader.finish()
  return { type, packetId, reason, properties }
}

function decodeConnack(reader: Reader, version: Version): Connack {
  const flags = reader.u8()
  // In 3.1 the byte is reserved and says nothing [Q31-3].
  if (flags > 1 && version !== 3) throw malformed('reserved flags are set', 'MQTT-3.2.2-1')
  const sessionPresent = version !== 3 && flags === 1
  const code = reader.u8()
  const reason = version === 5 ? checkReason(code, PacketType.connack) : connackReason(code)
  if (sessionPresent && reason !== Reason.success) {
    throw forbidden('Session Present with a refusal', 'MQTT-3.2.2-6')
  }
  const properties =
    version === 5 ? decodeProperties(reader, packetBit(PacketType.connack)) : NO_PROPERTIES
  reader.finish()
  return { type: PacketType.connack, sessionPresent, reason, properties }
}

function decodeDisconnect(reader: Reader, version: Version): Disconnect {
  const type = PacketType.disconnect
  if (version !== 5 || reader.isAtEnd) {
    reader.finish()
    return { type, reason: Reason.success, properties: NO_PROPERTIES }
  }
  const reason = checkReason(reader.u8(), type)
  const properties = reader.isAtEnd ? NO_PROPERTIES : decodeProperties(reader, packetBit(type))
  reader.finish()
  return { type, reason, properties }
}

function decodeAuth(reader: Reader): Auth {
  const type = PacketType.auth
  const reason = reader.isAtEnd ? Reason.success : checkReason(reader.u8(), type)
  const properties = reader.isAtEnd ? NO_PROPERTIES : decodeProperties(reader, packetBit(type))
  reader.finish()
  if (properties.authenticationMethod === undefined) {
    throw forbidden('AUTH without an Authentication Method', 'U5-52')
  }
  return { type, reason, properties }
}

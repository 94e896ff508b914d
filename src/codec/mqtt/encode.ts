// Encodes packets: the inverse of decode, with a fresh array for each. Where many are written, see
// encode-publish.

import { assert } from '../../base/assert.ts'
import { Reason } from '../../base/reason.ts'
import { encodeConnect } from './encode-connect.ts'
import { encodeProperties } from './encode-properties.ts'
import { PublishEncoder, TOO_LONG } from './encode-publish.ts'
import {
  type Ack,
  type Auth,
  type Connack,
  type Disconnect,
  type Packet,
  PacketType,
  type Pingreq,
  type Pingresp,
  type Publish,
  type Suback,
  type Subscribe,
  type Unsuback,
  type Version,
} from './packets.ts'
import { NO_PROPERTIES, packetBit } from './properties.ts'
import { connackReturnCode, subackCode } from './reasons.ts'
import { HEADER_BYTES_MAX, variableIntegerBytes, Writer, writeVariableInteger } from './writer.ts'

/** Enough for all but requests with many filters or long properties. */
const BYTES_MIN = 128

/**
 * The packet's bytes in the form of `version` (CONNECT: its own), a fresh array. What would exceed
 * `bytesMax` is written without its User Properties, then without its Reason String too, where the
 * standard has these left out [MQTT-3.2.2-19] [MQTT-3.2.2-20]; what is still too large is returned
 * all the same, for the caller to decide.
 */
export function encode(packet: Packet, version: Version, bytesMax?: number): Uint8Array {
  const bytes = encodeWhole(packet, version)
  if (bytesMax === undefined || bytes.length <= bytesMax || !isTrimmable(packet)) return bytes
  const properties = { ...packet.properties, userProperties: NO_PROPERTIES.userProperties }
  const shorter = encodeWhole({ ...packet, properties }, version)
  if (shorter.length <= bytesMax) return shorter
  return encodeWhole({ ...packet, properties: { ...properties, reasonString: undefined } }, version)
}

/** The packets that answer or end: what only explains them may be left out. */
type Trimmable = Connack | Ack | Suback | Unsuback | Disconnect | Auth

function isTrimmable(packet: Packet): packet is Trimmable {
  switch (packet.type) {
    case PacketType.connect:
    case PacketType.publish:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
    case PacketType.pingreq:
    case PacketType.pingresp:
      return false
    default:
      return true
  }
}

function encodeWhole(packet: Packet, version: Version): Uint8Array {
  if (packet.type === PacketType.publish) return encodePublish(packet, version)
  const writer = new Writer(BYTES_MIN)
  // The longest header is left free; a shorter one stands at its end.
  writer.at = HEADER_BYTES_MAX
  writeBody(writer, packet, version)
  const remaining = writer.at - HEADER_BYTES_MAX
  const start = HEADER_BYTES_MAX - 1 - variableIntegerBytes(remaining)
  writer.bytes[start] = (packet.type << 4) | flagsOf(packet.type)
  writeVariableInteger(writer.bytes, start + 1, remaining)
  return writer.bytes.slice(start, writer.at)
}

/** The low half of the first byte, section 2.1.3. */
function flagsOf(type: PacketType): number {
  switch (type) {
    case PacketType.pubrel:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
      return 0b0010
    default:
      return 0b0000
  }
}

function encodePublish(packet: Publish, version: Version): Uint8Array {
  const { topic, qos, dup, retain, packetId, properties, payload } = packet
  const encoder = new PublishEncoder()
  const head = encoder.head(topic, qos, dup, retain, packetId, properties, payload.length, version)
  assert(head !== TOO_LONG, 'a PUBLISH longer than any packet may be')
  const bytes = new Uint8Array(head.bytes.length + payload.length)
  bytes.set(head.bytes)
  bytes.set(payload, head.bytes.length)
  return bytes
}

function writeBody(writer: Writer, packet: Exclude<Packet, Publish>, version: Version): void {
  switch (packet.type) {
    case PacketType.connect:
      return encodeConnect(writer, packet)
    case PacketType.connack:
      return writeConnack(writer, packet, version)
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      writer.u16(packet.packetId)
      if (version === 5) writeReason(writer, packet)
      return
    case PacketType.subscribe:
      return writeSubscribe(writer, packet, version)
    case PacketType.suback:
      writer.u16(packet.packetId)
      writeProperties(writer, packet, version)
      for (const reason of packet.reasons) writer.u8(subackCode(reason, version))
      return
    case PacketType.unsubscribe:
      writer.u16(packet.packetId)
      writeProperties(writer, packet, version)
      for (const filter of packet.filters) writer.text(filter)
      return
    case PacketType.unsuback:
      writer.u16(packet.packetId)
      writeProperties(writer, packet, version)
      if (version === 5) for (const reason of packet.reasons) writer.u8(reason)
      return
    case PacketType.disconnect:
      if (version === 5) writeReason(writer, packet)
      return
    case PacketType.auth:
      assert(version === 5, 'AUTH before 5.0')
      return writeReason(writer, packet)
    case PacketType.pingreq:
    case PacketType.pingresp:
  }
}

function writeConnack(writer: Writer, packet: Connack, version: Version): void {
  // In 3.1 the first byte is reserved [Q31-3].
  writer.u8(packet.sessionPresent && version !== 3 ? 1 : 0)
  if (version === 5) {
    writer.u8(packet.reason)
  } else {
    const returnCode = connackReturnCode(packet.reason)
    assert(returnCode !== undefined, 'a CONNACK of a reason for which 3.x has no return code')
    writer.u8(returnCode)
  }
  writeProperties(writer, packet, version)
}

function writeSubscribe(writer: Writer, packet: Subscribe, version: Version): void {
  writer.u16(packet.packetId)
  writeProperties(writer, packet, version)
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of packet.filters) {
    writer.text(filter)
    const options = (noLocal ? 0x04 : 0) | (retainAsPublished ? 0x08 : 0) | (retainHandling << 4)
    writer.u8(version === 5 ? qos | options : qos)
  }
}

/** In the short form where there is one: the packet's end stands for no properties and success. */
function writeReason(writer: Writer, packet: Ack | Disconnect | Auth): void {
  const start = writer.at
  writer.u8(packet.reason)
  encodeProperties(writer, packet.properties, packetBit(packet.type))
  if (writer.at > start + 2) return
  writer.at = packet.reason === Reason.success ? start : start + 1
}

function writeProperties(
  writer: Writer,
  packet: Exclude<Packet, Publish | Pingreq | Pingresp>,
  version: Version,
): void {
  if (version === 5) encodeProperties(writer, packet.properties, packetBit(packet.type))
}

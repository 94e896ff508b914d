// Writes CONNECT, section 3.1.

import { encodeProperties } from './encode-properties.ts'
import { type Connect, PacketType, type Will } from './packets.ts'
import { packetBit, WILL } from './properties.ts'
import type { Writer } from './writer.ts'

/** In the form of the version that the packet names. */
export function encodeConnect(writer: Writer, packet: Connect): void {
  const { version, will, userName, password } = packet
  writer.text(version === 3 ? 'MQIsdp' : 'MQTT')
  writer.u8(version)
  const flags =
    (packet.cleanStart ? 0x02 : 0) |
    willFlags(will) |
    (password === undefined ? 0 : 0x40) |
    (userName === undefined ? 0 : 0x80)
  writer.u8(flags)
  writer.u16(packet.keepAlive)
  if (version === 5) encodeProperties(writer, packet.properties, packetBit(PacketType.connect))
  writer.text(packet.clientId)
  if (will !== undefined) {
    if (version === 5) encodeProperties(writer, will.properties, WILL)
    writer.text(will.topic)
    writer.binary(will.payload)
  }
  if (userName !== undefined) writer.text(userName)
  if (password !== undefined) writer.binary(password)
}

function willFlags(will: Will | undefined): number {
  if (will === undefined) return 0
  return 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0)
}

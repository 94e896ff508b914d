// Decodes CONNECT, section 3.1, whose first fields say in which version the rest is written.

import { Reason } from '../../base/reason.ts'
import { threeOf } from './bytes.ts'
import { decodeProperties } from './decode-properties.ts'
import { type Connect, PacketType, type Version, type Will } from './packets.ts'
import { NO_PROPERTIES, packetBit, WILL } from './properties.ts'
import { malformed, ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import { checkTopicLength, checkTopicName } from './topic-name.ts'

const RESERVED = 0x01
const CLEAN_START = 0x02
const WILL_FLAG = 0x04
const WILL_RETAIN = 0x20
const PASSWORD = 0x40
const USER_NAME = 0x80

/** A ProtocolError tells the version, once it was read, so that a CONNACK may answer. */
export function decodeConnect(reader: Reader): Connect {
  const version = decodeVersion(reader)
  try {
    return decodeRest(reader, version)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new ProtocolError(error.message, error.reason, error.clause, version)
  }
}

function decodeVersion(reader: Reader): Version {
  const name = reader.text()
  const level = reader.u8()
  if (name === 'MQTT') {
    if (level === 4 || level === 5) return level
    // 0x80 marks a bridge, which we do not serve as such: the answer has the form of what is left.
    throw unsupported(`level ${level} of MQTT`, 'MQTT-3.1.2-2', (level & 0x7f) < 5 ? 4 : 5)
  }
  if (name === 'MQIsdp') {
    if (level === 3) return level
    throw unsupported(`level ${level} of MQIsdp`, 'MQTT-3.1.2-2', 3)
  }
  throw unsupported('the protocol name is not MQTT', 'MQTT-3.1.2-1', undefined)
}

function unsupported(message: string, clause: string, version: Version | undefined): ProtocolError {
  return new ProtocolError(message, Reason.unsupportedProtocolVersion, clause, version)
}

function decodeRest(reader: Reader, version: Version): Connect {
  const flags = reader.u8()
  checkFlags(flags, version)
  const keepAlive = reader.u16()
  const properties =
    version === 5 ? decodeProperties(reader, packetBit(PacketType.connect)) : NO_PROPERTIES
  const clientId = reader.text()
  const will = (flags & WILL_FLAG) !== 0 ? decodeWill(reader, flags, version) : undefined
  const userName = hasField(reader, flags & USER_NAME, version) ? reader.text() : undefined
  const password = hasField(reader, flags & PASSWORD, version) ? reader.binary() : undefined
  reader.finish()
  return {
    type: PacketType.connect,
    version,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive,
    clientId,
    will,
    userName,
    password,
    properties,
  }
}

function checkFlags(flags: number, version: Version): void {
  if ((flags & RESERVED) !== 0) throw malformed('the reserved flag is set', 'MQTT-3.1.2-3')
  const willQos = willQosBits(flags)
  if ((flags & WILL_FLAG) === 0) {
    if (willQos !== 0) throw malformed('Will QoS without a Will', 'MQTT-3.1.2-11')
    if ((flags & WILL_RETAIN) !== 0) throw malformed('Will Retain without a Will', 'MQTT-3.1.2-13')
  }
  if (version < 5 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {
    throw malformed('a password without a user name', 'MQTT311-3.1.2-22')
  }
}

function willQosBits(flags: number): number {
  return (flags >> 3) & 0b11
}

function decodeWill(reader: Reader, flags: number, version: Version): Will {
  const qos = threeOf(willQosBits(flags))
  if (qos === undefined) throw malformed('the Will QoS is 3', 'MQTT-3.1.2-12')
  const properties = version === 5 ? decodeProperties(reader, WILL) : NO_PROPERTIES
  const topic = checkTopicName(reader.text())
  if (version === 3) checkTopicLength(topic)
  const payload = reader.binary()
  const retain = (flags & WILL_RETAIN) !== 0
  return { topic, payload, qos, retain, properties }
}

/** 3.1 lets a user name or password that is flagged be missing at the packet's end [Q31-7]. */
function hasField(reader: Reader, flag: number, version: Version): boolean {
  return flag !== 0 && !(version === 3 && reader.isAtEnd)
}

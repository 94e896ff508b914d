// Writes packets for the wire scripts, as sections 2 and 3 of the standard print them and without
// asking whether they make sense. Simple and slow; shares nothing with src/codec.

import {
  PROPERTIES,
  type Property,
  type RawPacket,
  TYPES,
  type Value,
} from './raw-client-packet.ts'

/** The whole frame. `version` 5 writes property lists, 3 and 4 write none. */
export function encodeRaw(packet: RawPacket, version: number): Uint8Array {
  const type = TYPES.indexOf(packet.type)
  if (type < 0) throw new Error(`no such packet: ${packet.type}`)
  if (version !== 5 && packet.properties.length > 0)
    throw new Error(`${packet.type} has no properties before 5.0`)
  const body = encodeBody(packet, version)
  return bytes([(type << 4) | packet.flags], vbi(body.length), body)
}

function encodeBody(packet: RawPacket, version: number): Uint8Array {
  const properties = version === 5 ? propertyList(packet.properties) : bytes()
  switch (packet.type) {
    case 'CONNECT':
      return encodeConnect(packet, version, properties)
    case 'CONNACK':
      return bytes([packet.sessionPresent ? 1 : 0, packet.reason], properties)
    case 'PUBLISH': {
      const id = (packet.flags & 6) === 0 ? bytes() : u16(packet.id)
      return bytes(string(packet.topic), id, properties, packet.payload)
    }
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return bytes(u16(packet.id), reasonAndProperties(packet, version, properties))
    case 'SUBSCRIBE':
      return bytes(
        u16(packet.id),
        properties,
        ...packet.filters.map(({ filter, options }) => bytes(string(filter), [options])),
      )
    case 'UNSUBSCRIBE':
      return bytes(u16(packet.id), properties, ...packet.filters.map((f) => string(f.filter)))
    case 'SUBACK':
    case 'UNSUBACK':
      return bytes(u16(packet.id), properties, packet.reasons)
    case 'DISCONNECT':
    case 'AUTH':
      return reasonAndProperties(packet, version, properties)
    default:
      return bytes()
  }
}

/** The shortest form: nothing for success without properties, a lone reason without properties. */
function reasonAndProperties(packet: RawPacket, version: number, list: Uint8Array): Uint8Array {
  if (version !== 5) return bytes()
  if (packet.properties.length > 0) return bytes([packet.reason], list)
  return packet.reason === 0 ? bytes() : bytes([packet.reason])
}

function encodeConnect(packet: RawPacket, version: number, properties: Uint8Array): Uint8Array {
  const connect = packet.connect
  if (connect === undefined) throw new Error('a CONNECT without its fields')
  const parts = [
    string(connect.name),
    bytes([connect.level, connect.flags]),
    u16(connect.keepAlive),
    properties,
    string(connect.clientId),
  ]
  if ((connect.flags & 0x04) !== 0) {
    if (version === 5) parts.push(propertyList(connect.willProperties))
    parts.push(string(connect.willTopic), binary(connect.willPayload))
  }
  if ((connect.flags & 0x80) !== 0) parts.push(string(connect.userName))
  if ((connect.flags & 0x40) !== 0) parts.push(binary(connect.password))
  return bytes(...parts)
}

export function propertyList(properties: readonly Property[]): Uint8Array {
  const all = bytes(...properties.map(([name, value]) => property(name, value)))
  return bytes(vbi(all.length), all)
}

function property(name: string, value: Value): Uint8Array {
  const entry = PROPERTIES.get(name)
  if (entry === undefined) throw new Error(`no such property: ${name}`)
  const [id, kind] = entry
  switch (kind) {
    case 'byte':
      return bytes([id, Number(value)])
    case 'u16':
      return bytes([id], u16(Number(value)))
    case 'u32':
      return bytes([id], u32(Number(value)))
    case 'vbi':
      return bytes([id], vbi(Number(value)))
    case 'string':
      return bytes([id], string(String(value)))
    case 'binary':
      return bytes([id], binary(value instanceof Uint8Array ? value : utf8(String(value))))
    case 'pair': {
      const [first, ...rest] = String(value).split('=')
      return bytes([id], string(first ?? ''), string(rest.join('=')))
    }
  }
}

export function vbi(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    out.push(rest > 0 ? low | 128 : low)
  } while (rest > 0)
  return Uint8Array.from(out)
}

export function u16(value: number): Uint8Array {
  return Uint8Array.from([(value >> 8) & 255, value & 255])
}

export function u32(value: number): Uint8Array {
  return Uint8Array.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function string(text: string): Uint8Array {
  return binary(utf8(text))
}

export function binary(content: Uint8Array): Uint8Array {
  if (content.length > 65535)
    throw new Error(`${content.length} bytes do not fit a length of 16 bits`)
  return bytes(u16(content.length), content)
}

export function bytes(...parts: readonly (ArrayLike<number> & Iterable<number>)[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

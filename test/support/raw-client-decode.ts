// Reads what a server sent, strictly: anything that the standard does not allow is an
// UndecodableError, which fails the case that met it. Simple and slow; shares nothing with
// src/codec.

import {
  blank,
  type Kind,
  PROPERTIES,
  type Property,
  PROPERTY_NAMES,
  type RawPacket,
  TYPES,
  type Value,
} from './raw-client-packet.ts'

/** The server sent what no server may send. */
export class UndecodableError extends Error {}

export interface Frame {
  readonly first: number
  readonly body: Uint8Array
  /** Bytes of the whole frame. */
  readonly length: number
}

/** The first frame in `buffer`, or undefined while it is not whole. */
export function readFrame(buffer: Uint8Array): Frame | undefined {
  const first = buffer[0]
  if (first === undefined) return undefined
  let length = 0
  for (let at = 1; at <= 4; at++) {
    const byte = buffer[at]
    if (byte === undefined) return undefined
    length += (byte & 127) * 128 ** (at - 1)
    if (byte >= 128) continue
    if (at > 1 && byte === 0) throw new UndecodableError('a Remaining Length that is not minimal')
    const end = at + 1 + length
    if (buffer.length < end) return undefined
    return { first, body: buffer.subarray(at + 1, end), length: end }
  }
  throw new UndecodableError('a Remaining Length of more than four bytes')
}

/** Which properties a server may send in which packet. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  CONNACK: [
    'session-expiry',
    'receive-max',
    'qos-max',
    'retain-available',
    'packet-max',
    'assigned-id',
    'alias-max',
    'reason-string',
    'user-property',
    'wildcard-available',
    'subscription-id-available',
    'shared-available',
    'server-keep-alive',
    'response-info',
    'server-reference',
    'auth-method',
    'auth-data',
  ],
  PUBLISH: [
    'payload-format',
    'message-expiry',
    'alias',
    'response-topic',
    'correlation-data',
    'user-property',
    'subscription-id',
    'content-type',
  ],
  DISCONNECT: ['reason-string', 'user-property', 'server-reference'],
  AUTH: ['auth-method', 'auth-data', 'reason-string', 'user-property'],
}
const ALLOWED_IN_ACKS = ['reason-string', 'user-property']

/** Which reason codes a server may send in which packet (5.0). */
const REASONS: Readonly<Record<string, string>> = {
  CONNACK: '00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f',
  PUBACK: '00 10 80 83 87 90 91 97 99',
  PUBREC: '00 10 80 83 87 90 91 97 99',
  PUBREL: '00 92',
  PUBCOMP: '00 92',
  SUBACK: '00 01 02 80 83 87 8f 91 97 9e a1 a2',
  UNSUBACK: '00 11 80 83 87 8f 91',
  DISCONNECT:
    '00 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2',
  AUTH: '00 18',
}

/** A server's packet in `version`. */
export function decodeRaw(frame: Frame, version: number): RawPacket {
  const type = TYPES[frame.first >> 4] ?? 'RESERVED'
  const flags = frame.first & 15
  const body = new Body(frame.body, type)
  const packet = decodeBody(type, flags, body, version)
  if (!body.isEmpty) throw new UndecodableError(`${type} with bytes left over`)
  checkReasons(packet, version)
  return packet
}

function decodeBody(type: string, flags: number, body: Body, version: number): RawPacket {
  const packet = { ...blank(type) }
  if (type !== 'PUBLISH' && flags !== packet.flags)
    throw new UndecodableError(`${type} with flags ${flags}`)
  switch (type) {
    case 'CONNACK': {
      const ackFlags = body.byte()
      if (ackFlags > 1) throw new UndecodableError(`CONNACK with acknowledge flags ${ackFlags}`)
      const reason = body.byte()
      return {
        ...packet,
        sessionPresent: ackFlags === 1,
        reason,
        properties: version === 5 ? body.properties() : [],
      }
    }
    case 'PUBLISH':
      return decodePublish(packet, flags, body, version)
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return { ...packet, id: body.id(), ...reasonAndProperties(body, version) }
    case 'SUBACK':
    case 'UNSUBACK': {
      const id = body.id()
      const properties = version === 5 ? body.properties() : []
      const reasons = version === 5 || type === 'SUBACK' ? [...body.rest()] : []
      return { ...packet, id, properties, reasons }
    }
    case 'PINGRESP':
      return packet
    case 'DISCONNECT':
    case 'AUTH':
      if (version !== 5) throw new UndecodableError(`${type} from a server before 5.0`)
      return { ...packet, ...reasonAndProperties(body, version) }
    default:
      throw new UndecodableError(`${type} from a server`)
  }
}

function decodePublish(packet: RawPacket, flags: number, body: Body, version: number): RawPacket {
  const qos = (flags >> 1) & 3
  if (qos === 3) throw new UndecodableError('PUBLISH with QoS 3')
  if (qos === 0 && flags >= 8) throw new UndecodableError('PUBLISH with QoS 0 and DUP')
  const topic = body.string()
  if (/[+#]/.test(topic)) throw new UndecodableError('PUBLISH with a wildcard in its topic')
  const id = qos === 0 ? 0 : body.id()
  const properties = version === 5 ? body.properties() : []
  if (topic === '' && !properties.some(([name]) => name === 'alias'))
    throw new UndecodableError('PUBLISH without topic and alias')
  return { ...packet, flags, topic, id, properties, payload: body.rest() }
}

function reasonAndProperties(body: Body, version: number): Partial<RawPacket> {
  if (version !== 5 || body.isEmpty) return {}
  const reason = body.byte()
  return { reason, properties: body.isEmpty ? [] : body.properties() }
}

function checkReasons(packet: RawPacket, version: number): void {
  const legal = version === 5 ? REASONS[packet.type] : undefined
  if (version !== 5 && packet.type === 'SUBACK') {
    if (packet.reasons.some((reason) => reason > 2 && reason !== 0x80))
      throw new UndecodableError('SUBACK with an unknown return code')
  }
  if (legal === undefined) return
  const codes = packet.type.endsWith('SUBACK') ? packet.reasons : [packet.reason]
  for (const code of codes) {
    if (!legal.split(' ').includes(code.toString(16).padStart(2, '0')))
      throw new UndecodableError(`${packet.type} with reason 0x${code.toString(16)}`)
  }
}

/** Reads fields from the front of a packet's body. */
class Body {
  readonly #bytes: Uint8Array
  readonly #type: string
  #at = 0

  constructor(content: Uint8Array, type: string) {
    this.#bytes = content
    this.#type = type
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new UndecodableError(`${this.#type} that ends too early`)
    return byte
  }

  u16(): number {
    return this.byte() * 256 + this.byte()
  }

  u32(): number {
    return this.u16() * 65536 + this.u16()
  }

  id(): number {
    const id = this.u16()
    if (id === 0) throw new UndecodableError(`${this.#type} with Packet Identifier 0`)
    return id
  }

  vbi(): number {
    let value = 0
    for (let shift = 0; shift < 4; shift++) {
      const byte = this.byte()
      value += (byte & 127) * 128 ** shift
      if (byte < 128) {
        if (shift > 0 && byte === 0) throw new UndecodableError('a number that is not minimal')
        return value
      }
    }
    throw new UndecodableError('a Variable Byte Integer of more than four bytes')
  }

  binary(): Uint8Array {
    return this.take(this.u16())
  }

  string(): string {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.binary())
      if (text.includes('\0')) throw new UndecodableError('a string with U+0000')
      return text
    } catch (error) {
      if (error instanceof UndecodableError) throw error
      throw new UndecodableError(`${this.#type} with a string that is not UTF-8`)
    }
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at)
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.slice(this.#at, this.#at + length)
    if (taken.length !== length) throw new UndecodableError(`${this.#type} that ends too early`)
    this.#at += length
    return taken
  }

  properties(): readonly Property[] {
    const list = new Body(this.take(this.vbi()), this.#type)
    const found: Property[] = []
    const allowed = ALLOWED[this.#type] ?? ALLOWED_IN_ACKS
    while (!list.isEmpty) {
      const id = list.vbi()
      const name = PROPERTY_NAMES.get(id)
      const kind = name === undefined ? undefined : PROPERTIES.get(name)?.[1]
      if (name === undefined || kind === undefined)
        throw new UndecodableError(`${this.#type} with the unknown property ${id}`)
      if (!allowed.includes(name)) throw new UndecodableError(`${this.#type} with ${name}`)
      const isRepeatable = name === 'user-property' || name === 'subscription-id'
      if (!isRepeatable && found.some(([other]) => other === name))
        throw new UndecodableError(`${this.#type} with ${name} twice`)
      found.push([name, list.value(kind)])
    }
    return found
  }

  value(kind: Kind): Value {
    switch (kind) {
      case 'byte':
        return this.byte()
      case 'u16':
        return this.u16()
      case 'u32':
        return this.u32()
      case 'vbi':
        return this.vbi()
      case 'string':
        return this.string()
      case 'binary':
        return this.binary()
      case 'pair':
        return `${this.string()}=${this.string()}`
    }
  }
}

// Reads the fields of one packet in order, section 1.5. Never beyond the packet's end: bytes around
// it may belong to others, so every read is checked against `end` and not against the buffer.

import { byteAt, u16At } from './bytes.ts'
import { type PacketBounds, UNBOUNDED } from './packet-bounds.ts'
import { forbidden, malformed } from './protocol-error.ts'
import { decodeText } from './utf8.ts'

export class Reader {
  readonly bytes: Uint8Array
  /** Where the next field begins. */
  at: number
  /** Where the packet, or the property block that is being read, ends. */
  end: number
  /** How often what may repeat is taken. */
  readonly bounds: PacketBounds

  constructor(bytes: Uint8Array, start: number, end: number, bounds: PacketBounds = UNBOUNDED) {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.bounds = bounds
  }

  get isAtEnd(): boolean {
    return this.at >= this.end
  }

  u8(): number {
    return byteAt(this.bytes, this.take(1))
  }

  u16(): number {
    return u16At(this.bytes, this.take(2))
  }

  u32(): number {
    const high = this.u16()
    return high * 0x1_0000 + this.u16()
  }

  /** A Variable Byte Integer, section 1.5.5. */
  variableInteger(): number {
    let value = 0
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.u8()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) {
          throw malformed('a Variable Byte Integer is longer than need be', 'MQTT-1.5.5-1')
        }
        return value
      }
    }
    throw malformed('a Variable Byte Integer has more than four bytes', 'U5-02')
  }

  /** A UTF-8 Encoded String. */
  text(): string {
    const length = this.u16()
    const start = this.take(length)
    return decodeText(this.bytes, start, start + length)
  }

  /** Binary Data, copied: what it is for outlives the buffer. */
  binary(): Uint8Array {
    const length = this.u16()
    const start = this.take(length)
    const copy = new Uint8Array(length)
    copy.set(this.bytes.subarray(start, start + length))
    return copy
  }

  packetId(): number {
    const id = this.u16()
    if (id === 0) throw forbidden('the packet identifier is 0', 'U5-06')
    return id
  }

  /** Moves past `length` bytes and returns where they begin. */
  take(length: number): number {
    const start = this.at
    this.at += length
    if (this.at > this.end) throw pastEnd()
    return start
  }

  /** To be called after the last field. */
  finish(): void {
    if (this.at < this.end) {
      throw malformed(`${this.end - this.at} bytes after the last field`, 'U5-03')
    }
  }
}

/** For a field that does not end within its packet. */
export function pastEnd(): Error {
  return malformed('a field runs past the end of the packet', 'U5-03')
}

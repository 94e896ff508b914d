// Writes the fields of one packet in order, section 1.5, into storage that grows. What it is given
// has been checked by whoever made the packet: a value that does not fit is our bug.

import { assert } from '../../base/assert.ts'

/** The longest fixed header: the type and four bytes of Remaining Length. */
export const HEADER_BYTES_MAX = 5
const STRING_BYTES_MAX = 65_535
/** The most that a Variable Byte Integer holds, and so the longest Remaining Length. */
export const VARIABLE_INTEGER_MAX = 268_435_455

const encoder = new TextEncoder()

export class Writer {
  bytes: Uint8Array
  /** Where the next field goes. */
  at = 0

  constructor(bytesMin: number) {
    this.bytes = new Uint8Array(bytesMin)
  }

  u8(value: number): void {
    this.#reserve(1)
    this.bytes[this.at] = value
    this.at += 1
  }

  u16(value: number): void {
    this.#reserve(2)
    this.bytes[this.at] = value >> 8
    this.bytes[this.at + 1] = value
    this.at += 2
  }

  u32(value: number): void {
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  variableInteger(value: number): void {
    this.#reserve(4)
    this.at = writeVariableInteger(this.bytes, this.at, value)
  }

  text(text: string): void {
    // Three bytes for each UTF-16 unit is the most that UTF-8 takes.
    this.#reserve(2 + 3 * text.length)
    const start = this.at + 2
    const length = writeText(this.bytes, start, text)
    assert(length <= STRING_BYTES_MAX, 'a string has more than 65,535 bytes')
    this.u16(length)
    this.at += length
  }

  binary(bytes: Uint8Array): void {
    assert(bytes.length <= STRING_BYTES_MAX, 'binary data has more than 65,535 bytes')
    this.u16(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /**
   * Puts before what was written since `start` its length as a Variable Byte Integer, for which one
   * byte has been left free at `start`.
   */
  prefixLength(start: number): void {
    const length = this.at - start - 1
    const extra = variableIntegerBytes(length) - 1
    if (extra > 0) {
      this.#reserve(extra)
      this.bytes.copyWithin(start + 1 + extra, start + 1, this.at)
      this.at += extra
    }
    writeVariableInteger(this.bytes, start, length)
  }

  #reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
  }
}

/** How many bytes a Variable Byte Integer takes, section 1.5.5. */
export function variableIntegerBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x20_0000 ? 3 : 4
}

/** Writes it at `start` and returns where it ends. */
export function writeVariableInteger(into: Uint8Array, start: number, value: number): number {
  assert(value <= VARIABLE_INTEGER_MAX, 'more than a Variable Byte Integer holds')
  let at = start
  let rest = value
  while (rest >= 0x80) {
    into[at] = (rest & 0x7f) | 0x80
    at += 1
    rest >>>= 7
  }
  into[at] = rest
  return at + 1
}

/** Writes UTF-8 at `start`, where there is room, and returns how many bytes it took. */
export function writeText(into: Uint8Array, start: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return encoder.encodeInto(text, into.subarray(start)).written
    into[start + index] = unit
  }
  return text.length
}

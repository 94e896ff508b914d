// The fields that records, bodies and table entries are made of: numbers, texts and bytes, written
// and read in order. Knows no record.

import { UnreadableError } from './storage-errors.ts'

/** Text up to this long is written with a length of one byte, if it is ASCII. */
const SHORT_TEXT_MAX = 127
const LONG_LENGTH_BYTES = 4
const LONG_LENGTH_MAX = 2 ** 28
/** The most that an integer up to 2^53 takes. */
export const INTEGER_BYTES_MAX = 8
const TWO_32 = 2 ** 32

const encoder = new TextEncoder()

/** No more than this is written for the text, its length included. */
export function textBytesMax(text: string): number {
  return LONG_LENGTH_BYTES + 3 * text.length
}

/** Writes at `at`, where whoever calls it has made room by {@link ensure} or otherwise. */
export class FieldWriter {
  bytes: Uint8Array
  #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Goes on in other storage. */
  use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
  }

  /** Makes room in storage of its own, which grows. */
  ensure(count: number): void {
    const needed = this.at + count
    if (needed <= this.bytes.length) return
    const { bytes, at } = this
    this.use(new Uint8Array(Math.max(needed, 2 * bytes.length)))
    this.bytes.set(bytes.subarray(0, at))
    this.at = at
  }

  /** What was written. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }

  u8(value: number): void {
    this.bytes[this.at++] = value
  }

  u16(value: number): void {
    this.bytes[this.at] = value >> 8
    this.bytes[this.at + 1] = value
    this.at += 2
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value)
    this.at += 4
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value)
  }

  f64(value: number): void {
    this.#view.setFloat64(this.at, value)
    this.at += 8
  }

  /** A safe integer, 7 bits in each byte, the lowest first. */
  integer(value: number): void {
    let rest = value
    while (rest > 0x7fff_ffff) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  /** A safe integer in 8 bytes, so that the order of the bytes is that of the numbers. */
  ordered(value: number): void {
    const high = Math.floor(value / TWO_32)
    this.#view.setUint32(this.at, high)
    this.#view.setUint32(this.at + 4, value - high * TWO_32)
    this.at += 8
  }

  text(text: string): void {
    const { length } = text
    if (length > SHORT_TEXT_MAX) {
      this.#longText(text)
      return
    }
    const { bytes, at } = this
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) {
        this.#longText(text)
        return
      }
      bytes[at + 1 + index] = unit
    }
    bytes[at] = length
    this.at = at + 1 + length
  }

  /** Their number, then the bytes. */
  binary(bytes: Uint8Array): void {
    this.integer(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** UTF-8 without a length. */
  rawText(text: string): void {
    this.at += encoder.encodeInto(text, this.bytes.subarray(this.at)).written
  }

  #longText(text: string): void {
    const start = this.at + LONG_LENGTH_BYTES
    const length = encoder.encodeInto(text, this.bytes.subarray(start)).written
    // A length that is padded to four bytes, since it is known only now.
    let rest = length
    for (let index = 0; index < LONG_LENGTH_BYTES - 1; index++) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at] = rest
    this.at = start + length
  }
}

/** Reads what a {@link FieldWriter} wrote; throws {@link UnreadableError} where it cannot be. */
export class FieldReader {
  #bytes: Buffer = Buffer.alloc(0)
  at = 0
  end = 0

  use(bytes: Uint8Array, at = 0, end: number = bytes.length): void {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.end = end
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  integer(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < INTEGER_BYTES_MAX; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new UnreadableError('a number is too long')
  }

  ordered(): number {
    const high = this.u32()
    return high * TWO_32 + this.u32()
  }

  text(): string {
    const length = this.integer()
    if (length > LONG_LENGTH_MAX) throw new UnreadableError('a text is too long')
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  restText(): string {
    const start = this.#take(this.end - this.at)
    return this.#bytes.toString('utf8', start, this.end)
  }

  /** A copy. */
  binary(): Uint8Array {
    return this.raw(this.integer())
  }

  /** A copy. */
  raw(count: number): Uint8Array {
    const start = this.#take(count)
    const copy = new Uint8Array(count)
    copy.set(this.#bytes.subarray(start, start + count))
    return copy
  }

  /** The very bytes, valid as long as what they are part of. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end)
  }

  skip(count: number): void {
    this.#take(count)
  }

  #take(count: number): number {
    const { at } = this
    if (count > this.end - at) throw new UnreadableError('it ends too early')
    this.at = at + count
    return at
  }
}

// The bytes of one epoch: everything that was written to the journal since the table was last
// begun to be brought up to date. They are kept until the table has it, and what the overlay knows
// it knows by its place in here. Knows frames and places, no records.

import { FieldReader, FieldWriter } from './fields.ts'
import { FRAME_HEAD_BYTES } from './frame.ts'
import { UnreadableError } from './storage-errors.ts'

const CHUNK_BYTES = 1024 * 1024
/** Beside the journal's head: the epoch's number and the place of the frame's first byte. */
const FRAME_BEGIN_BYTES = FRAME_HEAD_BYTES + 16

interface Chunk {
  /** The place of its first byte. */
  readonly start: number
  readonly bytes: Uint8Array
}

export class EpochBytes {
  readonly number: number
  readonly writer: FieldWriter
  readonly #chunks: Chunk[] = []
  readonly #reader = new FieldReader()
  /** Where the chunk that is written begins. */
  #start = 0
  #isFrameOpen = false
  /** Where the frame that is open begins: a chunk's index, and the byte in it. */
  #frameChunk = 0
  #frameAt = 0

  constructor(number: number) {
    this.number = number
    this.writer = new FieldWriter(new Uint8Array(0))
  }

  /** The place of the next byte, and how many bytes there are. */
  get position(): number {
    return this.#start + this.writer.at
  }

  /** Whether something was written since the last frame was taken. */
  get isFrameOpen(): boolean {
    return this.#isFrameOpen
  }

  /** Makes room for `count` bytes in one piece. */
  reserve(count: number): void {
    if (!this.#isFrameOpen) this.#beginFrame(count)
    else if (this.writer.at + count > this.writer.bytes.length) this.#grow(count)
  }

  /** What was written since the last frame, as the journal wants it; the next one is begun. */
  takeFrame(): Uint8Array[] {
    const pieces: Uint8Array[] = []
    for (let index = this.#frameChunk; index < this.#chunks.length; index++) {
      const isFirst = index === this.#frameChunk
      const next = this.#chunks[index + 1]
      const chunk = this.#chunks[index]
      if (chunk === undefined) break
      const end = next === undefined ? this.writer.at : next.start - chunk.start
      pieces.push(chunk.bytes.subarray(isFirst ? this.#frameAt : 0, end))
    }
    this.#isFrameOpen = false
    return pieces
  }

  /** Takes a frame back that an earlier run wrote; `start` is the place of its first byte. */
  adopt(payload: Uint8Array, start: number): void {
    this.#chunks.push({ start, bytes: payload })
  }

  /** A reader at `place`, valid until the next call. */
  at(place: number): FieldReader {
    const chunk = this.#find(place)
    const at = place - chunk.start
    if (at >= chunk.bytes.length) throw new UnreadableError('it refers to what was lost')
    this.#reader.use(chunk.bytes, at)
    return this.#reader
  }

  #find(place: number): Chunk {
    let low = 0
    let high = this.#chunks.length - 1
    const last = this.#chunks[high]
    if (last !== undefined && place >= last.start) return last
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const chunk = this.#chunks[middle]
      if (chunk !== undefined && chunk.start <= place) low = middle
      else high = middle - 1
    }
    const found = this.#chunks[low]
    if (found === undefined || place < found.start) {
      throw new UnreadableError('it refers to what was lost')
    }
    return found
  }

  #beginFrame(count: number): void {
    const needed = FRAME_BEGIN_BYTES + count
    if (this.writer.at + needed > this.writer.bytes.length) this.#grow(needed)
    this.#isFrameOpen = true
    this.#frameChunk = this.#chunks.length - 1
    this.#frameAt = this.writer.at
    this.writer.at += FRAME_HEAD_BYTES
    const start = this.position
    this.writer.integer(this.number)
    this.writer.integer(start)
  }

  #grow(count: number): void {
    this.#start = this.position
    this.writer.use(new Uint8Array(Math.max(CHUNK_BYTES, count)))
    this.#chunks.push({ start: this.#start, bytes: this.writer.bytes })
  }
}

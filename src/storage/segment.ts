// A segment: one file of the journal, named by its id. Read here from its beginning to its end,
// slice by slice: whole frames and what lies between them. Which of the frames count is for the
// recovery to say.

import { asked, type Disk, type DiskError, type DiskFile } from './disk.ts'
import { FRAME_HEAD_BYTES, FRAME_MAGIC, isSealed, parseHead, type SealedHead } from './frame.ts'

const SUFFIX = '.seg'
const ID_DIGITS = 12

/** The id changes with each use of a file, and none is used twice. */
export function segmentName(id: number): string {
  return `${String(id).padStart(ID_DIGITS, '0')}${SUFFIX}`
}

/** The id in a file's name, or undefined where it is no segment. */
export function parseSegmentName(name: string): number | undefined {
  const id = name.endsWith(SUFFIX) ? Number(name.slice(0, -SUFFIX.length)) : Number.NaN
  return Number.isSafeInteger(id) && segmentName(id) === name ? id : undefined
}

/** A whole frame at byte `at`. */
export interface FoundFrame {
  readonly at: number
  readonly head: SealedHead
  readonly payload: Uint8Array
}

/** Bytes that are no whole frame: never written, stale, torn or damaged. */
export interface Gap {
  readonly at: number
  readonly endAt: number
  /** Whether a whole head stands there, whose payload is not the one it was written with. */
  readonly hasHead: boolean
}

/** Read at once. A frame that is larger is read whole. */
const SLICE_BYTES = 256 * 1024
/** Where a slice cannot be read, it is read in such pieces, and those that fail count as zeros. */
const PIECE_BYTES = 4096
const NONE = new Uint8Array(0)

/** Reads a segment once, in order. */
export class SegmentReader {
  readonly #file: DiskFile
  readonly #id: number
  readonly #bytes: number
  /** What is read and not yet looked at; it stands at byte `#at`. A new one for each slice. */
  #ahead: Uint8Array = NONE
  #at = 0
  #gapAt: number | undefined
  #gapHasHead = false
  #unreadableBytes = 0

  constructor(file: DiskFile, id: number, bytes: number) {
    this.#file = file
    this.#id = id
    this.#bytes = bytes
  }

  /** How many bytes so far the disk failed to give. */
  get unreadableBytes(): number {
    return this.#unreadableBytes
  }

  /**
   * What is found in the next slice; undefined at the end. Fails only where nothing at all of the
   * segment can be read.
   */
  async next(): Promise<readonly (FoundFrame | Gap)[] | undefined> {
    const found: (FoundFrame | Gap)[] = []
    if (this.#at >= this.#bytes) return undefined
    let wanted = await this.#readOn(SLICE_BYTES)
    for (;;) {
      wanted = this.#scan(found)
      if (wanted === 0 || found.length > 0) break
      await this.#readOn(wanted)
    }
    if (this.#at >= this.#bytes) this.#endGap(found)
    return found
  }

  /** Finds what is ahead; returns how many more bytes it takes to go on, or 0 at the end. */
  #scan(found: (FoundFrame | Gap)[]): number {
    for (;;) {
      const left = this.#bytes - this.#at
      if (left < FRAME_HEAD_BYTES) {
        if (left > 0) this.#skip(left)
        return 0
      }
      if (this.#ahead.length < FRAME_HEAD_BYTES) return SLICE_BYTES
      const head = parseHead(this.#ahead, this.#id, this.#at)
      if (head === undefined || FRAME_HEAD_BYTES + head.payloadBytes > left) {
        this.#seek()
        continue
      }
      const bytes = FRAME_HEAD_BYTES + head.payloadBytes
      if (this.#ahead.length < bytes) return Math.max(SLICE_BYTES, bytes - this.#ahead.length)
      const payload = this.#ahead.subarray(FRAME_HEAD_BYTES, bytes)
      if (isSealed(head, payload, this.#id, this.#at)) {
        this.#endGap(found)
        found.push({ at: this.#at, head, payload })
        this.#step(bytes)
      } else {
        // Stepped over whole: no frame begins within what a head claims, whatever somebody may
        // have put into a message to look like one.
        this.#skip(bytes)
        this.#gapHasHead = true
      }
    }
  }

  /** Goes to the next byte at which a head may begin. */
  #seek(): void {
    const { buffer, byteOffset, length } = this.#ahead
    const next = Buffer.from(buffer, byteOffset, length).indexOf(FRAME_MAGIC, 1)
    this.#skip(next === -1 ? Math.max(1, length - FRAME_MAGIC.length + 1) : next)
  }

  #skip(bytes: number): void {
    this.#gapAt ??= this.#at
    this.#step(bytes)
  }

  #step(bytes: number): void {
    this.#at += bytes
    this.#ahead = this.#ahead.subarray(bytes)
  }

  #endGap(found: (FoundFrame | Gap)[]): void {
    if (this.#gapAt === undefined) return
    found.push({ at: this.#gapAt, endAt: this.#at, hasHead: this.#gapHasHead })
    this.#gapAt = undefined
    this.#gapHasHead = false
  }

  async #readOn(bytes: number): Promise<number> {
    const readAt = this.#at + this.#ahead.length
    const more = Math.min(bytes, this.#bytes - readAt)
    const ahead = new Uint8Array(this.#ahead.length + more)
    ahead.set(this.#ahead)
    const into = ahead.subarray(this.#ahead.length)
    try {
      await this.#fill(into, readAt)
    } catch (error) {
      await this.#fillPieces(into, readAt, error as DiskError)
    }
    this.#ahead = ahead
    return more
  }

  async #fillPieces(into: Uint8Array, at: number, error: DiskError): Promise<void> {
    let failedBytes = 0
    for (let done = 0; done < into.length; done += PIECE_BYTES) {
      const piece = into.subarray(done, done + PIECE_BYTES)
      try {
        await this.#fill(piece, at + done)
      } catch {
        piece.fill(0)
        failedBytes += piece.length
      }
    }
    this.#unreadableBytes += failedBytes
    // Nothing at all: that is a disk that is gone, not one with a bad spot.
    if (this.#unreadableBytes === this.#bytes) throw error
  }

  /** The file may have become shorter than its folder said: what lacks is zeros. */
  async #fill(into: Uint8Array, at: number): Promise<void> {
    if (into.length > 0) await asked<number>((done) => this.#file.read(into, at, done))
  }
}

/** Writes zeros over a part of a segment, durably. */
export async function eraseBytes(
  disk: Disk,
  path: string,
  at: number,
  endAt: number,
): Promise<void> {
  const file = await asked<DiskFile>((done) => disk.open(path, 'synced', done))
  try {
    for (let next = at; next < endAt; next += SLICE_BYTES) {
      const zeros = new Uint8Array(Math.min(SLICE_BYTES, endAt - next))
      await asked<void>((done) => file.write([zeros], next, (error) => done(error, undefined)))
    }
  } finally {
    await asked<void>((done) => file.close(() => done(undefined, undefined)))
  }
}

// One frame of the journal: a head of 44 bytes and a payload. The head's checksum is seeded with
// the place of the frame, segment and byte, so that what an earlier use of a segment left behind
// never passes. Nothing here knows what a payload holds.

import { crc32 } from 'node:zlib'

/**
 * Bytes that the first chunk of each write leaves free at its beginning: the journal writes the
 * frame's head there, so that head and payload go to the disk as one piece.
 */
export const FRAME_HEAD_BYTES = 44

/** `RJF1` in the file: what a search for the next frame goes by. The 1 is the format's version. */
export const FRAME_MAGIC: Uint8Array = Uint8Array.of(0x52, 0x4a, 0x46, 0x31)
const MAGIC = 0x52_4a_46_31

// Big-endian: magic u32, payload length u32, position f64, wall time f64, era u32, previous era
// u32, behind u32, checksum of the payload u32, checksum of the head u32.
const LENGTH_AT = 4
const POSITION_AT = 8
const WALL_AT = 16
const ERA_AT = 24
const PREVIOUS_ERA_AT = 28
const BEHIND_AT = 32
const PAYLOAD_CRC_AT = 36
const HEAD_CRC_AT = 40

const UINT32_MAX = 0xffff_ffff

/** A frame, as it is replayed. */
export interface JournalFrame {
  /** The number of the frame: 1 for the first ever written. */
  readonly position: number
  /** Wall time of its writing, ms. */
  readonly wallMs: number
  /**
   * A view of a larger buffer, which is not used again: it may be kept, but what is kept for long
   * should be copied.
   */
  readonly payload: Uint8Array
}

/** What a head says, the payload's length excepted. */
export interface FrameHead {
  readonly position: number
  readonly wallMs: number
  /** The number of its segment in the order of writing. */
  readonly era: number
  /** The era of the frame before, of which there may be an earlier attempt in another one. */
  readonly previousEra: number
  /** How far beyond the last frame that was durable when this one was written: 1 with `commit`. */
  readonly behind: number
}

/** Writes the head of a frame that will stand at byte `at` of segment `id` over `chunks`' start. */
export function sealFrame(
  chunks: readonly Uint8Array[],
  head: FrameHead,
  id: number,
  at: number,
): void {
  const [first] = chunks
  if (first === undefined || first.length < FRAME_HEAD_BYTES) throw new RangeError('no head room')
  let length = first.length - FRAME_HEAD_BYTES
  let crc = crc32(first.subarray(FRAME_HEAD_BYTES), seedOf(id, at))
  for (let index = 1; index < chunks.length; index++) {
    const chunk = chunks[index]
    if (chunk === undefined) continue
    length += chunk.length
    crc = crc32(chunk, crc)
  }
  const view = new DataView(first.buffer, first.byteOffset, FRAME_HEAD_BYTES)
  view.setUint32(0, MAGIC)
  view.setUint32(LENGTH_AT, length)
  view.setFloat64(POSITION_AT, head.position)
  view.setFloat64(WALL_AT, head.wallMs)
  view.setUint32(ERA_AT, head.era)
  view.setUint32(PREVIOUS_ERA_AT, head.previousEra)
  view.setUint32(BEHIND_AT, Math.min(head.behind, UINT32_MAX))
  view.setUint32(PAYLOAD_CRC_AT, crc)
  view.setUint32(HEAD_CRC_AT, crc32(first.subarray(0, HEAD_CRC_AT), seedOf(id, at)))
}

/** A head that was found whole; whether the payload is, is another matter. */
export interface SealedHead extends FrameHead {
  readonly payloadBytes: number
  readonly payloadCrc: number
}

/** The head at the beginning of `bytes`, which stand at byte `at` of segment `id`, if it is one. */
export function parseHead(bytes: Uint8Array, id: number, at: number): SealedHead | undefined {
  if (bytes.length < FRAME_HEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEAD_BYTES)
  if (view.getUint32(0) !== MAGIC) return undefined
  const crc = crc32(bytes.subarray(0, HEAD_CRC_AT), seedOf(id, at))
  if (view.getUint32(HEAD_CRC_AT) !== crc) return undefined
  return {
    position: view.getFloat64(POSITION_AT),
    wallMs: view.getFloat64(WALL_AT),
    era: view.getUint32(ERA_AT),
    previousEra: view.getUint32(PREVIOUS_ERA_AT),
    behind: view.getUint32(BEHIND_AT),
    payloadBytes: view.getUint32(LENGTH_AT),
    payloadCrc: view.getUint32(PAYLOAD_CRC_AT),
  }
}

/** Whether `payload` is the one that the head at byte `at` of segment `id` was sealed with. */
export function isSealed(head: SealedHead, payload: Uint8Array, id: number, at: number): boolean {
  return crc32(payload, seedOf(id, at)) === head.payloadCrc
}

/** Two uses of a segment have different ids, hence different seeds at the same byte. */
function seedOf(id: number, at: number): number {
  return (Math.imul(id, 0x9e37_79b1) ^ at) >>> 0
}

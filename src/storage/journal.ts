// The journal: one append-only sequence of frames, each one commit of the store, in segments that
// are preallocated. A frame is one write, durable when it is done. What a frame holds, and when it
// is needed no longer, is the durable store's business.

import type { Clock } from '../base/clock.ts'
import type { Disk, DiskError } from './disk.ts'

/**
 * Bytes that the first chunk of each write leaves free at its beginning: the journal writes the
 * frame's head there, so that head and payload go to the disk as one piece.
 */
export const FRAME_HEAD_BYTES = 40

export interface JournalOptions {
  readonly disk: Disk
  readonly clock: Clock
  /** Where the segments lie, and where damaged ones go; folders of `disk`. */
  readonly folder: string
  readonly quarantine: string
  /** Default 32 MiB. At least 4 KiB; a larger frame gets a segment of its own. */
  readonly segmentBytes?: number
  /**
   * `commit`: a frame is durable when its write is done. `relaxed`: it is written then, and durable
   * within about `syncMs` (default 1000); after a power cut the journal ends at one point within
   * that time, without gaps.
   */
  readonly durability?: 'commit' | 'relaxed'
  readonly syncMs?: number
  /** Frames up to this position are not replayed. Their absence is no loss. */
  readonly after: number
  /**
   * Gets each frame beyond `after`, in order; the next one comes when what it returns is settled.
   * What it throws makes the opening fail.
   */
  readonly replay: (frame: JournalFrame) => void | Promise<void>
}

export interface JournalFrame {
  /** The number of the frame: 1 for the first ever written, never given twice. */
  readonly position: number
  /** Wall time of its first attempt, ms. */
  readonly wallMs: number
  /**
   * A view of a larger buffer, which is not used again: it may be kept, but what is kept for long
   * should be copied.
   */
  readonly payload: Uint8Array
}

/** Frames that are known to have been written and cannot be read any more. */
export interface Damage {
  /** The file that is damaged, or where the frames lie between two files, the one before. */
  readonly path: string
  /** Where it will be kept from the next `release` beyond it on, or undefined if nothing is left. */
  readonly quarantinePath: string | undefined
  readonly fromByte: number
  readonly toByte: number
  /** Positions, both included. */
  readonly firstLost: number
  readonly lastLost: number
}

/** What opening found, for the log. */
export interface JournalReport {
  readonly replayedFrames: number
  readonly replayedBytes: number
  readonly damages: readonly Damage[]
  /**
   * Whether the journal ended in a frame that was not written to its end, as a crash during a
   * commit leaves it. Nobody was told that it was durable; it is no loss.
   */
  readonly isTorn: boolean
  /** Frames of `relaxed` that came to the disk although one before them did not: not replayed. */
  readonly unsyncedFrames: number
}

/** What was given to the disk since opening; what wears it. */
export interface JournalWear {
  readonly frames: number
  /** Frames with their heads. */
  readonly frameBytes: number
  /** The 4 KiB pages that those frames touch, in bytes: about what the device is given. */
  readonly pageBytes: number
  /** Zeros that were written ahead. */
  readonly zeroBytes: number
}

/**
 * Opens the journal and replays it. Fails with a {@link DiskError} where the disk cannot be read or
 * written at all, and with what `replay` throws; nothing has been changed then that was needed.
 */
export declare function openJournal(
  options: JournalOptions,
): Promise<{ journal: Journal; report: JournalReport }>

export interface Journal {
  /**
   * The position of the last frame whose write is done (0: none ever). Strictly growing, also over
   * restarts.
   */
  readonly position: number
  /** As `position`, of the last frame that is durable: less than it with `relaxed` alone. */
  readonly durablePosition: number
  /** Bytes of frames that are beyond the last `release`, about what a restart would replay. */
  readonly heldBytes: number
  readonly wear: JournalWear
  /**
   * Why no new work should be admitted: the last attempt to write or to make room failed. While it
   * is set the journal tries once a second to make room anew; it is unset once there is room and
   * no write is owed. Undefined: what was admitted will find room.
   */
  readonly trouble: DiskError | undefined
  /**
   * Writes one frame, whose payload is `chunks` without the first {@link FRAME_HEAD_BYTES} bytes of
   * the first one. `done` is called later, once. One write at a time; the chunks belong to the
   * journal until it is done.
   *
   * After an error the caller writes again, whenever it likes: the same payload, or a longer one
   * that begins with it (the failed one may have come to the disk all the same, and is replayed if
   * a crash comes first). It gets the same position, in a segment other than one that failed.
   */
  write(chunks: readonly Uint8Array[], done: (error: DiskError | undefined) => void): void
  /**
   * Frames up to this position are needed no longer. Segments wholly below are used again or
   * removed, in the background; damaged ones go to the quarantine. Whoever calls it must have made
   * durable elsewhere what he needs of them.
   */
  release(upTo: number): void
  /** Ends it after the write that is under way and a sync. No write may come after. */
  close(): Promise<void>
}

// The journal: one append-only sequence of frames, each one commit of the store, in segments that
// are preallocated. A frame is one write, durable when it is done. What a frame holds, and when it
// is needed no longer, is the durable store's business.

import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { DEFAULT_LIMITS } from '../core/limits.ts'
import { asked, type Disk, type DiskError, type DiskFile, type Done } from './disk.ts'
import { type JournalFrame, sealFrame } from './frame.ts'
import { type Damage, recoverFrames, type Recovered } from './recovery.ts'
import { Reserve, type Segment } from './reserve.ts'
import { eraseBytes, segmentName } from './segment.ts'
import { Syncer } from './syncer.ts'

export interface JournalOptions {
  readonly disk: Disk
  readonly clock: Clock
  /** Where the segments lie, and where damaged ones go; folders of `disk`. */
  readonly folder: string
  readonly quarantine: string
  /** As limits has it by default. A larger frame gets a segment of its own. */
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

/** What opening found, for the log. */
export interface JournalReport {
  readonly replayedFrames: number
  readonly replayedBytes: number
  /** Frames that were lost; what the files hold goes to the quarantine with the next `release`. */
  readonly damages: readonly Damage[]
  /**
   * Whether a frame was seen that was not written to its end, as a crash during a commit leaves it.
   * Nobody was told that it was durable; it is no loss.
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

const SYNC_MS = 1000
const PAGE_BYTES = 4096
/** How often a segment that holds nothing is tried, before another one is. */
const TRIES_MAX = 3
/** A new segment is filled from this part of the current one on, or an old one is there sooner. */
const PREPARE_PART = 1 / 8
/** Without a next segment no work is admitted from this part of the current one on. */
const REFUSE_PART = 1 / 2

/**
 * Opens the journal and replays it. Fails with a {@link DiskError} where the disk cannot be read,
 * and with what `replay` throws; nothing has been changed then. A disk that cannot be written is
 * no failure, the journal opens in `trouble`; unless frames of `relaxed` must be erased.
 */
export async function openJournal(
  options: JournalOptions,
): Promise<{ journal: Journal; report: JournalReport }> {
  const { disk, folder, after, replay } = options
  const found = await recoverFrames(disk, folder, after, replay)
  for (const { path, at, endAt } of found.unsynced) await eraseBytes(disk, path, at, endAt)
  const journal = new Journal(options, found)
  await journal.prepared
  const { replayedFrames, replayedBytes, damages, isTorn, unsyncedFrames } = found
  return { journal, report: { replayedFrames, replayedBytes, damages, isTorn, unsyncedFrames } }
}

/** A segment that is not written any more. */
interface Sealed {
  readonly path: string
  readonly bytes: number
  readonly last: number
  readonly usedBytes: number
  readonly isDamaged: boolean
}

/** The segment that is written. */
interface Current extends Segment {
  readonly era: number
  /** Where the next frame goes. */
  at: number
  /** The position of its last frame; 0 if it has none. */
  last: number
  failures: number
}

/** A frame whose write is under way, or waits for a segment. */
interface Pending {
  readonly chunks: readonly Uint8Array[]
  readonly bytes: number
  readonly done: Done
}

export class Journal {
  /** Resolves when the first segment is ready or could not be made. */
  readonly prepared: Promise<void>
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #folder: string
  readonly #quarantine: string
  readonly #segmentBytes: number
  readonly #reserve: Reserve
  /** With `relaxed`. */
  readonly #syncer: Syncer | undefined
  readonly #onWritten: Done = (error) => this.#endWrite(error)
  #sealed: Sealed[]
  #current: Current | undefined
  /** Of the last frame. */
  #lastEra: number
  #nextEra: number
  #position: number
  #pending: Pending | undefined
  /** Whether what is pending waits for the reserve. */
  #isWaiting = false
  #isClosed = false
  #writeError: DiskError | undefined
  #frames = 0
  #frameBytes = 0
  #pageBytes = 0
  #prepare: (() => void) | undefined
  #drained: (() => void) | undefined

  constructor(options: JournalOptions, found: Recovered) {
    const {
      disk,
      clock,
      folder,
      quarantine,
      segmentBytes = DEFAULT_LIMITS.storeSegmentBytes,
    } = options
    const isRelaxed = options.durability === 'relaxed'
    this.#disk = disk
    this.#clock = clock
    this.#folder = folder
    this.#quarantine = quarantine
    this.#segmentBytes = segmentBytes
    this.#position = found.position
    this.#lastEra = found.era
    this.#nextEra = found.nextEra
    this.#sealed = found.segments.map(({ path, bytes, last, frameBytes, isDamaged }) => {
      return { path, bytes, last, usedBytes: frameBytes, isDamaged }
    })
    this.#syncer = isRelaxed
      ? new Syncer(clock, options.syncMs ?? SYNC_MS, found.position, () => this.#onUnsynced())
      : undefined
    const mode = isRelaxed ? 'cached' : 'synced'
    this.prepared = new Promise((resolve) => (this.#prepare = resolve))
    this.#reserve = new Reserve(
      { disk, clock, folder, segmentBytes, mode, nextId: found.nextId },
      () => this.#onReserve(),
    )
    // What never held a frame, the reserve of the run before, is there to be used.
    this.#retire((sealed) => sealed.usedBytes === 0 && !sealed.isDamaged)
    this.#reserve.prepare(true)
  }

  /**
   * The position of the last frame whose write is done (0: none ever). Strictly growing, also over
   * restarts.
   */
  get position(): number {
    return this.#position
  }

  /** As `position`, of the last frame that is durable: less than it with `relaxed` alone. */
  get durablePosition(): number {
    return this.#syncer?.position ?? this.#position
  }

  /** Bytes of frames in segments that are still held. */
  get heldBytes(): number {
    let bytes = this.#current?.at ?? 0
    for (const sealed of this.#sealed) bytes += sealed.usedBytes
    return bytes
  }

  get wear(): JournalWear {
    const { zeroBytes } = this.#reserve
    return {
      ...{ frames: this.#frames, frameBytes: this.#frameBytes },
      ...{ pageBytes: this.#pageBytes, zeroBytes },
    }
  }

  /**
   * Why no new work should be admitted: the last attempt to write, to sync or to make room failed.
   * While room is what lacks, the journal tries once a second to make some; a write is tried again
   * by the caller alone. Undefined: what was admitted will find room.
   */
  get trouble(): DiskError | undefined {
    return (
      this.#writeError ??
      this.#syncer?.trouble ??
      (this.#isShort ? this.#reserve.trouble : undefined)
    )
  }

  /**
   * Writes one frame, whose payload is `chunks` without the first `FRAME_HEAD_BYTES` bytes of
   * the first one. `done` is called later, once. One write at a time; the chunks belong to the
   * journal until it is done.
   *
   * After an error the caller writes again, whenever it likes: the same payload, or a longer one
   * that begins with it (the failed one may have come to the disk all the same, and is replayed if
   * a crash comes first). It gets the same position, in a segment other than one that holds frames
   * and failed.
   */
  write(chunks: readonly Uint8Array[], done: Done): void {
    assert(this.#pending === undefined, 'a journal writes one frame at a time')
    assert(!this.#isClosed, 'the journal is closed')
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.length
    this.#pending = { chunks, bytes, done }
    this.#advance()
  }

  /**
   * Frames up to this position are needed no longer. Segments wholly below are used again or
   * removed, in the background; damaged ones go to the quarantine. Whoever calls it must have made
   * durable elsewhere what he needs of them.
   */
  release(upTo: number): void {
    if (this.#isClosed) return
    this.#retire((sealed) => sealed.last <= upTo)
  }

  /** Ends it after the write that is under way and a sync. No write may come after. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#pending !== undefined) {
      await new Promise<void>((resolve) => (this.#drained = resolve))
    }
    await this.#reserve.close()
    await this.#syncer?.close()
    const file = this.#current?.file
    this.#current = undefined
    if (file !== undefined) await closed(file)
  }

  /** Whether a frame may find no room soon. */
  get #isShort(): boolean {
    const current = this.#current
    if (this.#reserve.isReady) return false
    return current === undefined || current.at >= current.bytes * REFUSE_PART
  }

  /** Takes what is pending one step on. */
  #advance(): void {
    const pending = this.#pending
    if (pending === undefined) return
    const current = this.#fitting(pending.bytes)
    if (current !== undefined) return this.#send(current, pending)
    if (pending.bytes > this.#segmentBytes) return this.#openOwn(pending)
    const segment = this.#reserve.take()
    if (segment !== undefined) return this.#send(this.#begin(segment), pending)
    const { trouble } = this.#reserve
    this.#reserve.prepare(true)
    this.#isWaiting = trouble === undefined
    // A caller may not be called back before its call has returned.
    if (trouble !== undefined) this.#clock.after(0, () => this.#onWritten(trouble))
  }

  /** The current segment if the frame may go there; else it is sealed. */
  #fitting(bytes: number): Current | undefined {
    const current = this.#current
    if (current === undefined) return undefined
    const isSpent = current.failures >= (current.last === 0 ? TRIES_MAX : 1)
    if (!isSpent && current.at + bytes <= current.bytes) return current
    this.#seal(current)
    return undefined
  }

  #seal(current: Current): void {
    const { path, bytes, last, at: usedBytes, file } = current
    this.#current = undefined
    if (last === 0) {
      file.close(() => {})
      this.#reserve.discard(path)
      return
    }
    this.#sealed.push({ path, bytes, last, usedBytes, isDamaged: false })
    if (this.#syncer === undefined) file.close(() => {})
    else this.#syncer.end(file)
  }

  #begin(segment: Segment): Current {
    const current = { ...segment, era: this.#nextEra++, at: 0, last: 0, failures: 0 }
    this.#current = current
    this.#syncer?.begin(segment.file)
    return current
  }

  #send(current: Current, { chunks }: Pending): void {
    const position = this.#position + 1
    const behind = position - this.durablePosition
    const { era } = current
    const head = { position, wallMs: this.#clock.wall(), era, previousEra: this.#lastEra, behind }
    sealFrame(chunks, head, current.id, current.at)
    current.file.write(chunks, current.at, this.#onWritten)
  }

  /** A frame that is larger than a segment gets a file of its size, which nothing follows. */
  #openOwn(pending: Pending): void {
    const id = this.#reserve.takeId()
    const path = `${this.#folder}/${segmentName(id)}`
    const mode = this.#syncer === undefined ? 'synced' : 'cached'
    this.#disk.open(path, mode, (error, file) => {
      if (file === undefined) return this.#onWritten(error)
      this.#disk.syncFolder(this.#folder, (failed) => {
        if (failed === undefined) {
          return this.#send(this.#begin({ id, path, bytes: pending.bytes, file }), pending)
        }
        file.close(() => {})
        this.#reserve.discard(path)
        this.#onWritten(failed)
      })
    })
  }

  #endWrite(error: DiskError | undefined): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    const current = this.#current
    this.#writeError = error
    if (error !== undefined) {
      if (current !== undefined) current.failures++
    } else if (current !== undefined) {
      this.#count(current.at, pending.bytes)
      this.#position++
      this.#lastEra = current.era
      current.at += pending.bytes
      current.last = this.#position
      current.failures = 0
      this.#syncer?.wrote(this.#position)
    }
    this.#prepareNext()
    pending.done(error)
    this.#drained?.()
  }

  #prepareNext(): void {
    const current = this.#current
    const usedPart = current === undefined ? 1 : current.at / current.bytes
    if (this.#isClosed || (!this.#reserve.hasUsed && usedPart < PREPARE_PART)) return
    this.#reserve.prepare(usedPart >= REFUSE_PART)
  }

  #count(at: number, bytes: number): void {
    this.#frames++
    this.#frameBytes += bytes
    const pages = Math.ceil((at + bytes) / PAGE_BYTES) - Math.floor(at / PAGE_BYTES)
    this.#pageBytes += pages * PAGE_BYTES
  }

  #onReserve(): void {
    this.#prepare?.()
    if (!this.#isWaiting) return
    this.#isWaiting = false
    if (this.#reserve.isReady) this.#advance()
    else this.#endWrite(this.#reserve.trouble)
  }

  /** What the disk keeps of the segment is unknown: nothing more is written to it. */
  #onUnsynced(): void {
    if (this.#current !== undefined) this.#current.failures++
  }

  #retire(isOver: (sealed: Sealed) => boolean): void {
    const kept: Sealed[] = []
    for (const sealed of this.#sealed) {
      if (!isOver(sealed)) kept.push(sealed)
      else if (sealed.isDamaged) this.#moveAway(sealed.path)
      else if (sealed.bytes === this.#segmentBytes) this.#reserve.offer(sealed.path)
      else this.#reserve.discard(sealed.path)
    }
    this.#sealed = kept
  }

  /** Where it fails, the file is found again at the next opening, and moved then. */
  #moveAway(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1)
    this.#disk.rename(path, `${this.#quarantine}/${name}`, (error) => {
      if (error === undefined) this.#disk.syncFolder(this.#quarantine, () => {})
    })
  }
}

function closed(file: DiskFile): Promise<void> {
  return asked<void>((done) => file.close(() => done(undefined, undefined)))
}

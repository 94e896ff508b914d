// Keeps the next segment ready, so that a commit never waits for room: a segment that is needed no
// longer is renamed, else a new one is filled with zeros, little by little, and synced once. One
// that is ready is never given to two; what cannot be made is tried again once a second.

import type { Clock, Timer } from '../base/clock.ts'
import { type Disk, DiskError, type DiskFile, type FileMode } from './disk.ts'
import { segmentName } from './segment.ts'

/** A file that is open and has room. */
export interface Segment {
  readonly id: number
  readonly path: string
  readonly bytes: number
  readonly file: DiskFile
}

export interface ReserveOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly folder: string
  readonly segmentBytes: number
  readonly mode: FileMode
  /** Above every id in use. */
  readonly nextId: number
}

/** Given to the system at once when a segment is filled. */
const PIECE_BYTES = 1024 * 1024
/** How long after a failure it is tried again. */
const RETRY_MS = 1000
/** Files kept to be used again, at most; others are removed. */
const USED_MAX = 1

export class Reserve {
  readonly #options: ReserveOptions
  readonly #zeros: Uint8Array
  /** Called when a segment has become ready or could not be made. */
  readonly #changed: () => void
  readonly #used: string[] = []
  #nextId: number
  #ready: Segment | undefined
  #isMaking = false
  #isHurried = false
  #isClosed = false
  #trouble: DiskError | undefined
  #retry: Timer | undefined
  /** Between two pieces. */
  #pause: { readonly timer: Timer; readonly next: () => void } | undefined
  #zeroBytes = 0
  /** Resolves `close` when what is under way is over. */
  #idle: (() => void) | undefined

  constructor(options: ReserveOptions, changed: () => void) {
    this.#options = options
    this.#nextId = options.nextId
    this.#changed = changed
    this.#zeros = new Uint8Array(Math.min(PIECE_BYTES, options.segmentBytes))
  }

  get isReady(): boolean {
    return this.#ready !== undefined
  }

  /** Whether a segment can be made ready without filling one. */
  get hasUsed(): boolean {
    return this.#used.length > 0
  }

  /** Why the last attempt failed, until one succeeds. */
  get trouble(): DiskError | undefined {
    return this.#trouble
  }

  get zeroBytes(): number {
    return this.#zeroBytes
  }

  /** An id for a segment that is made elsewhere. */
  takeId(): number {
    return this.#nextId++
  }

  /** The segment that is ready, which is the caller's from now on. */
  take(): Segment | undefined {
    const segment = this.#ready
    this.#ready = undefined
    return segment
  }

  /** Gets one ready, unless one is. `isHurried` where somebody waits, or soon will. */
  prepare(isHurried: boolean): void {
    if (this.#isClosed || this.isReady || this.#retry !== undefined) return
    if (isHurried) {
      this.#isHurried = true
      this.#endPause()
    }
    if (this.#isMaking) return
    this.#isMaking = true
    const used = this.#used.pop()
    if (used === undefined) this.#checkRoom()
    else this.#renew(used)
  }

  /** A file that nobody needs any more: it is used again or removed. Its size must be right. */
  offer(path: string): void {
    if (this.#isClosed) return
    if (this.#used.length < USED_MAX) this.#used.push(path)
    else this.discard(path)
  }

  /** Removes a file. Where that fails, it is found at the next opening. */
  discard(path: string): void {
    this.#options.disk.remove(path, () => {})
  }

  /** Ends it; a segment that is ready stays for the next run. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retry?.cancel()
    this.#endPause()
    if (this.#isMaking) await new Promise<void>((resolve) => (this.#idle = resolve))
    const segment = this.take()
    if (segment !== undefined) {
      await new Promise<void>((resolve) => segment.file.close(() => resolve()))
    }
  }

  /** The new name has a new id: what stands in it is nothing from then on. */
  #renew(used: string): void {
    const { disk, folder, mode, segmentBytes } = this.#options
    const id = this.takeId()
    const path = `${folder}/${segmentName(id)}`
    disk.rename(used, path, (error) => {
      // A file that cannot be renamed is none the less in nobody's way.
      if (error !== undefined) return this.#checkRoom()
      disk.open(path, mode, (failed, file) => {
        if (file === undefined) return this.#fail(failed, path, undefined)
        this.#settleName({ id, path, bytes: segmentBytes, file })
      })
    })
  }

  /** Not begun where it could not be ended: the last bytes of a disk are for who makes room. */
  #checkRoom(): void {
    const { disk, folder, segmentBytes } = this.#options
    disk.room((error, room = 0) => {
      if (error !== undefined) return this.#fail(error, undefined, undefined)
      if (room < segmentBytes) return this.#fail(noRoom(segmentBytes, room), undefined, undefined)
      const id = this.takeId()
      const path = `${folder}/${segmentName(id)}`
      // Not each piece is synced: where a sync takes long, commits would wait for seconds.
      disk.open(path, 'cached', (failed, file) => {
        if (file === undefined) return this.#fail(failed, undefined, undefined)
        this.#fill({ id, path, bytes: segmentBytes, file }, 0)
      })
    })
  }

  #fill(segment: Segment, at: number): void {
    const { clock } = this.#options
    if (this.#isClosed) return this.#fail(undefined, segment.path, segment.file)
    if (at >= segment.bytes) return this.#sync(segment)
    const piece = this.#zeros.subarray(0, Math.min(this.#zeros.length, segment.bytes - at))
    const beganMs = clock.now()
    segment.file.write([piece], at, (error) => {
      if (error !== undefined) return this.#fail(error, segment.path, segment.file)
      this.#zeroBytes += piece.length
      const next = (): void => this.#fill(segment, at + piece.length)
      if (this.#isHurried || this.#isClosed) return next()
      // As long a pause as the piece took leaves commits at least half of the disk.
      const timer = clock.after(Math.ceil(clock.now() - beganMs), () => this.#endPause())
      this.#pause = { timer, next }
    })
  }

  /** Once the zeros are durable the file is opened as commits write it. */
  #sync({ file, ...segment }: Segment): void {
    const { disk, mode } = this.#options
    const { path } = segment
    file.sync((error) => {
      if (error !== undefined) return this.#fail(error, path, file)
      if (mode === 'cached') return this.#settleName({ ...segment, file })
      file.close(() => {})
      disk.open(path, mode, (failed, opened) => {
        if (opened === undefined) return this.#fail(failed, path, undefined)
        this.#settleName({ ...segment, file: opened })
      })
    })
  }

  #endPause(): void {
    const pause = this.#pause
    this.#pause = undefined
    pause?.timer.cancel()
    pause?.next()
  }

  /** Once the name is durable no commit has to care for it. */
  #settleName(segment: Segment): void {
    this.#options.disk.syncFolder(this.#options.folder, (error) => {
      if (error !== undefined) return this.#fail(error, segment.path, segment.file)
      this.#ready = segment
      this.#end(undefined)
    })
  }

  #fail(error: DiskError | undefined, path: string | undefined, file: DiskFile | undefined): void {
    file?.close(() => {})
    // What was filled in part only takes the room that others need.
    if (path !== undefined) this.discard(path)
    this.#end(error)
  }

  #end(error: DiskError | undefined): void {
    this.#isMaking = false
    this.#isHurried = false
    this.#trouble = error
    this.#idle?.()
    if (this.#isClosed) return
    if (error !== undefined) {
      this.#retry = this.#options.clock.after(RETRY_MS, () => {
        this.#retry = undefined
        this.prepare(false)
      })
    }
    this.#changed()
  }
}

function noRoom(neededBytes: number, room: number): DiskError {
  return new DiskError(
    `no room for the journal: ${neededBytes} bytes needed, ${room} left`,
    'ENOSPC',
  )
}

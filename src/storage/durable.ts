// The store on disk. What is appended goes to the journal, one frame for each commit, and from time
// to time to the table, as what became of it all; a restart reads the table and replays the rest of
// the journal. docs/architecture.md tells how the parts come together.

import { assert } from '../base/assert.ts'
import { Reason } from '../base/reason.ts'
import type { Scheduler } from '../base/scheduler.ts'
import type {
  QueueName,
  Recovery,
  Store,
  StoredDelivery,
  StoreFigures,
  StoreRecord,
} from '../core/store.ts'
import { DEFAULT_BOUNDS, type StoreBounds } from './bounds.ts'
import { deliver } from './delivering.ts'
import type { JournalWear } from './journal.ts'
import { type Opened, type OpeningOptions, openParts } from './opening.ts'
import { Overlay } from './overlay.ts'
import { RecordWriter } from './record-codec.ts'
import { Registry } from './registry.ts'
import { Slices } from './slices.ts'
import { isFull, toError } from './storage-errors.ts'
import { EpochJob } from './table-jobs.ts'
import { readQueue } from './table-read.ts'

/** What nobody waits for is written after this time, or when it comes to so many bytes. */
const UNASKED_MS = 1000
const UNASKED_BYTES = 4 * 1024 * 1024

export interface DurableStoreOptions extends OpeningOptions {
  readonly scheduler: Scheduler
  readonly bounds?: Partial<StoreBounds>
}

/** What the store has done and holds, for `$SYS` and the operator. */
export interface StoreStat {
  readonly commits: number
  readonly commitsFailed: number
  /** What was written to the journal. */
  readonly wear: JournalWear
  /** Bytes of records that the table has not yet. */
  readonly unappliedBytes: number
  readonly tableBatches: number
  readonly tableFailures: number
  /** Sessions and queues that ended and of which something is left. */
  readonly dead: number
}

type Done = (error: Error | undefined) => void

/** One write to the journal. */
interface Frame {
  readonly chunks: readonly Uint8Array[]
  /** The epoch whose last frame it is. */
  readonly ends: Overlay | undefined
}

export class DurableStore implements Store {
  readonly holdsQueues = true
  readonly #options: DurableStoreOptions
  readonly #bounds: StoreBounds
  readonly #slices: Slices
  readonly #registry = new Registry()
  readonly #writer: RecordWriter
  #parts: Opened | undefined
  /** Of the present epoch, and of the one that is on its way to the table. */
  #current: Overlay
  #frozen: Overlay | undefined
  /** What the journal has not taken yet, in order. */
  readonly #frames: Frame[] = []
  #isWriting = false
  #done: Done | undefined
  /** A commit whose frames are written, and which waits for the table. */
  #held: Done | undefined
  #isArmed = false
  #isFlushing = false
  /** Whether the last write to the journal failed. */
  #hasFailed = false
  /** What the log says. */
  #isRefusing = false
  #isRecovered = false
  /** The place in the present epoch up to which frames were cut. */
  #cutAt = 0
  /** Called when no epoch is on its way to the table, or that failed. */
  #onTable: Done | undefined
  #commits = 0
  #commitsFailed = 0
  readonly #onWritten: Done = (error) => this.#written(error)

  constructor(options: DurableStoreOptions) {
    this.#options = options
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds }
    this.#slices = new Slices(options.scheduler, options.clock)
    this.#current = new Overlay(0, this.#registry)
    this.#writer = new RecordWriter(this.#registry, this.#current)
  }

  recover(into: Recovery, done: Done): void {
    const { scheduler } = this.#options
    const tell = (error: Error | undefined): void => scheduler.defer(() => done(error))
    this.#recover(into).then(
      () => tell(undefined),
      (error: unknown) => tell(toError(error)),
    )
  }

  append(record: StoreRecord): void {
    this.#writer.write(this.#current, record)
    if (!this.#isArmed) this.#arm()
    if (this.#current.bytes.position - this.#cutAt > UNASKED_BYTES) this.#flushSoon()
  }

  commit(done: Done): void {
    assert(this.#done === undefined && this.#held === undefined, 'one commit at a time')
    this.#done = done
    this.#cut()
    this.#advance()
  }

  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: (error: Error | undefined, found: readonly StoredDelivery[], isEnd: boolean) => void,
  ): void {
    const state = this.#registry.queues.get(queue)
    if (state === undefined) {
      done(undefined, [], true)
      return
    }
    const overlays = this.#frozen === undefined ? [] : [this.#frozen]
    overlays.push(this.#current)
    const { kv, log } = this.#options
    readQueue(
      kv,
      state,
      overlays,
      { after, countMax, bytesMax },
      (reason) => {
        log.error('an entry of a queue cannot be read', { queue, reason })
      },
      done,
    )
  }

  refusal(): Reason | undefined {
    const trouble = this.#parts?.journal.trouble ?? this.#parts?.table.trouble
    if (this.#isRefusing !== (trouble !== undefined)) this.#sayTrouble(trouble)
    if (trouble === undefined) return undefined
    return isFull(trouble) ? Reason.quotaExceeded : Reason.implementationSpecificError
  }

  /** Once at its begin, unless who commits or the table says it, and once at its end. */
  #sayTrouble(trouble: Error | undefined): void {
    const { log } = this.#options
    this.#isRefusing = trouble !== undefined
    if (trouble === undefined) log.info('the disk can be written again')
    else if (!this.#hasFailed && trouble !== this.#parts?.table.trouble) {
      log.error('the disk cannot be written, refusing what must be kept', {
        error: trouble.message,
      })
    }
  }

  get isCongested(): boolean {
    return this.#unappliedBytes >= this.#bounds.congestedBytes
  }

  get figures(): StoreFigures | undefined {
    if (this.#parts === undefined) return undefined
    const { frameBytes: journalBytes } = this.#parts.journal.wear
    return { commits: this.#commits, commitsFailed: this.#commitsFailed, journalBytes }
  }

  get stat(): StoreStat {
    const { journal, table, dead } = this.#opened()
    return {
      commits: this.#commits,
      commitsFailed: this.#commitsFailed,
      wear: journal.wear,
      unappliedBytes: this.#unappliedBytes,
      tableBatches: table.batches,
      tableFailures: table.failures,
      dead: dead.length,
    }
  }

  /** Leaves nothing to be replayed, unless the disk fails: then it ends with that error. */
  async close(): Promise<void> {
    const parts = this.#parts
    try {
      if (parts !== undefined) await this.#finish(parts)
    } finally {
      if (parts !== undefined) await closeParts(parts)
      await this.#options.kv.close()
    }
  }

  async #recover(into: Recovery): Promise<void> {
    const { kv, log } = this.#options
    const parts = await openParts(this.#options, this.#registry, this.#slices)
    parts.table.onFailed = (error) => this.#tableFailed(error)
    this.#current = new Overlay(parts.epoch, this.#registry)
    this.#parts = parts
    try {
      const ends = await deliver(kv, this.#registry, parts, into, log)
      for (const end of ends) this.append(end)
    } catch (error) {
      this.#parts = undefined
      await closeParts(parts)
      throw error
    }
    this.#registry.forgetIds()
    this.#isRecovered = true
    parts.table.wake()
  }

  #opened(): Opened {
    assert(this.#parts !== undefined, 'the store was not recovered')
    return this.#parts
  }

  get #unappliedBytes(): number {
    return this.#current.bytes.position + (this.#frozen?.bytes.position ?? 0)
  }

  /** Makes a frame of what was appended, and ends the epoch where it is long enough. */
  #cut(): void {
    const { bytes } = this.#current
    if (!bytes.isFrameOpen) return
    const chunks = bytes.takeFrame()
    this.#cutAt = bytes.position
    const ends = this.#mayFreeze(bytes.position) ? this.#freeze() : undefined
    this.#frames.push({ chunks, ends })
  }

  #mayFreeze(bytes: number): boolean {
    return bytes >= this.#bounds.epochBytes && this.#frozen === undefined && this.#isRecovered
  }

  #freeze(): Overlay {
    const frozen = this.#current
    this.#frozen = frozen
    this.#current = new Overlay(frozen.number + 1, this.#registry)
    this.#cutAt = 0
    return frozen
  }

  #advance(): void {
    if (this.#isWriting) return
    const [frame] = this.#frames
    if (frame === undefined) {
      this.#committed()
      return
    }
    // Where opening failed nothing is written any more, whoever asks for it before he hears.
    const journal = this.#parts?.journal
    if (journal === undefined) return
    this.#isWriting = true
    journal.write(frame.chunks, this.#onWritten)
  }

  #written(error: Error | undefined): void {
    this.#isWriting = false
    this.#hasFailed = error !== undefined
    if (error !== undefined) {
      this.#commitsFailed += 1
      const done = this.#done
      this.#done = undefined
      if (done === undefined) this.#arm()
      else done(error)
      return
    }
    this.#commits += 1
    const frame = this.#frames.shift()
    if (frame?.ends !== undefined) this.#apply(frame.ends)
    this.#advance()
  }

  #committed(): void {
    const done = this.#done
    if (done === undefined) return
    this.#done = undefined
    const mustWait = this.#frozen !== undefined && this.#isPastBound
    if (mustWait) this.#held = done
    else done(undefined)
  }

  get #isPastBound(): boolean {
    return this.#unappliedBytes >= this.#bounds.unappliedBytesMax
  }

  /** Brings an epoch, all of whose frames are written, into the table. */
  #apply(overlay: Overlay): void {
    const { journal, table, shared, dead } = this.#opened()
    const { position } = journal
    const end = { position, nextId: this.#registry.nextId, wallMs: this.#options.clock.wall() }
    const job = new EpochJob(overlay, end, shared, dead, () => {
      this.#frozen = undefined
      journal.release(position)
      const held = this.#held
      this.#held = undefined
      held?.(undefined)
      this.#onTable?.(undefined)
    })
    table.write(job)
  }

  #tableFailed(error: Error): void {
    if (this.#opened().table.failures === 1) {
      this.#options.log.error('the table cannot be written, trying again', { error: error.message })
    }
    this.#onTable?.(error)
  }

  /** What nobody asks to be committed is written all the same, after a while. */
  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#options.clock.after(UNASKED_MS, () => {
      this.#isArmed = false
      this.#flushSoon()
    })
  }

  /** Writes after the turn that is under way, if one is, since its records belong together. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#options.scheduler.defer(() => {
      this.#isFlushing = false
      this.#cut()
      this.#advance()
    })
  }

  async #finish(parts: Opened): Promise<void> {
    await this.#committedAll()
    await this.#tableWritten()
    if (this.#current.isEmpty) return
    this.#apply(this.#freeze())
    await this.#tableWritten()
    await parts.table.end()
  }

  /** Commits what was appended, after a commit that is under way. */
  #committedAll(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle: Done = (error) => (error === undefined ? resolve() : reject(error))
      const under = this.#done ?? this.#held
      if (under === undefined) {
        this.commit(settle)
        return
      }
      const next: Done = (error) => {
        under(error)
        if (error === undefined) this.commit(settle)
        else reject(error)
      }
      if (this.#held === undefined) this.#done = next
      else this.#held = next
    })
  }

  /** Resolves when no epoch is on its way to the table; rejects where that fails. */
  async #tableWritten(): Promise<void> {
    if (this.#frozen === undefined) return
    const { trouble } = this.#opened().table
    if (trouble !== undefined) throw trouble
    await new Promise<void>((resolve, reject) => {
      this.#onTable = (error) => (error === undefined ? resolve() : reject(error))
    })
    this.#onTable = undefined
  }
}

async function closeParts({ table, journal }: Opened): Promise<void> {
  await table.end()
  await journal.close()
}

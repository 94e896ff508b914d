// Writes batches to the table, one at a time, until each is on the disk: the epochs first, then
// what is left of dead sessions and queues. A batch that failed is built again after the engine was
// opened anew, since only then it is known what of it came to the disk.

import type { Clock, Timer } from '../base/clock.ts'
import type { Kv, KvBatch, KvDone, KvSnapshot } from './kv.ts'
import type { Slices } from './slices.ts'
import { META_KEY } from './table-keys.ts'
import { putMeta, readMeta, type TableMeta } from './table-state.ts'

/** A failed batch is tried again after so long, then after twice as long, up to the max. */
const RETRY_MS = 100
const RETRY_MS_MAX = 5000

/** What one batch does. All of it is called again where the batch failed. */
export interface TableJob {
  /** Asks the table for what `build` needs. */
  prepare(table: KvSnapshot, done: KvDone): void
  /** Fills the batch, and sets in `meta` what the table will say of itself. */
  build(batch: KvBatch, meta: TableMeta): Iterator<void>
  /** The batch is on the disk: brings what is known in memory to it. Called once. */
  applied(): Iterator<void>
  readonly done: () => void
}

export class TableWriter {
  readonly #kv: Kv
  readonly #clock: Clock
  readonly #slices: Slices
  readonly #idle: () => TableJob | undefined
  /** Hears of each failure. */
  onFailed: (error: Error) => void = () => {}
  /** What the table says of itself. */
  meta: TableMeta
  /** Why the last batch failed, until one has succeeded. */
  trouble: Error | undefined
  batches = 0
  failures = 0
  /** Nothing is begun or tried again any more. */
  #isEnded = false
  /** The last attempt failed, and waits for the next one. */
  #rest: Timer | undefined
  #onIdle: (() => void) | undefined
  #waiting: TableJob | undefined
  #isBusy = false
  #retryMs = RETRY_MS

  /** `idle` gives the next thing to do where no epoch waits. */
  constructor(
    kv: Kv,
    clock: Clock,
    slices: Slices,
    meta: TableMeta,
    idle: () => TableJob | undefined,
  ) {
    this.#kv = kv
    this.#clock = clock
    this.#slices = slices
    this.meta = meta
    this.#idle = idle
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Does the job as the next one; there is at most one that waits. */
  write(job: TableJob): void {
    this.#waiting = job
    this.wake()
  }

  /** Looks for something to do. */
  wake(): void {
    if (this.#isBusy || this.#isEnded) return
    const job = this.#waiting ?? this.#idle()
    this.#waiting = undefined
    if (job === undefined) return
    this.#isBusy = true
    this.#attempt(job)
  }

  /** Begins nothing any more; resolves when the table is left alone. */
  async end(): Promise<void> {
    this.#isEnded = true
    const isResting = this.#rest !== undefined
    this.#rest?.cancel()
    if (!this.#isBusy || isResting) return
    await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  #attempt(job: TableJob): void {
    const table = this.#kv.snapshot()
    job.prepare(table, (error) => {
      table.close()
      if (error !== undefined) {
        this.#failed(job, this.meta, error)
        return
      }
      const meta = { ...this.meta, batch: this.meta.batch + 1 }
      const batch = this.#kv.batch()
      this.#slices.run(filled(job, batch, meta), () => {
        batch.write((failure) => {
          if (failure === undefined) this.#succeeded(job, meta)
          else this.#failed(job, meta, failure)
        })
      })
    })
  }

  #succeeded(job: TableJob, meta: TableMeta): void {
    this.meta = meta
    this.batches += 1
    this.trouble = undefined
    this.#retryMs = RETRY_MS
    this.#slices.run(job.applied(), () => {
      this.#isBusy = false
      job.done()
      this.wake()
      this.#onIdle?.()
    })
  }

  #failed(job: TableJob, meta: TableMeta, error: Error): void {
    this.trouble = error
    this.failures += 1
    this.onFailed(error)
    if (this.#isEnded) {
      this.#isBusy = false
      this.#onIdle?.()
      return
    }
    this.#rest = this.#clock.after(this.#retryMs, () => this.#reopen(job, meta))
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  #reopen(job: TableJob, meta: TableMeta): void {
    this.#rest = undefined
    this.#kv.reopen((error) => {
      if (error !== undefined) {
        this.#failed(job, meta, error)
        return
      }
      const table = this.#kv.snapshot()
      table.get([META_KEY], (failure, [value]) => {
        table.close()
        if (failure !== undefined) this.#failed(job, meta, failure)
        else this.#compare(job, meta, value)
      })
    })
  }

  #compare(job: TableJob, meta: TableMeta, value: Uint8Array | undefined): void {
    const batch = value === undefined ? 0 : (readMeta(value).meta?.batch ?? -1)
    if (batch === meta.batch && batch !== this.meta.batch) {
      this.#succeeded(job, meta)
    } else if (batch === this.meta.batch) {
      this.#attempt(job)
    } else {
      // What was on the disk is there no more: nothing may be built on it.
      this.#failed(job, this.meta, new Error('the table lost what it had written'))
    }
  }
}

function* filled(job: TableJob, batch: KvBatch, meta: TableMeta): Generator<void, undefined> {
  const steps = job.build(batch, meta)
  while (steps.next().done !== true) yield
  putMeta(batch, meta)
  return undefined
}

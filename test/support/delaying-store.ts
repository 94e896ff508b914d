// A store in front of another one, whose commits take a while and may fail: what a disk does to
// whoever waits for it. What is kept in the end is the other store's.

import type { Clock } from '../../src/base/clock.ts'
import type { Reason } from '../../src/base/reason.ts'
import type { QueueName, Recovery, Store, StoreRecord } from '../../src/core/store.ts'

export interface DelayingStoreOptions {
  /** How long the next commit takes; 0 is later all the same, never at once. */
  readonly delayMs: () => number
  /** Why the next commit fails, if it does. */
  readonly failure?: () => Error | undefined
  /** Hears of each record, in order, in the moment in which it is durable. */
  readonly durable?: (record: StoreRecord) => void
  readonly refusal?: () => Reason | undefined
}

export class DelayingStore implements Store {
  readonly #inner: Store
  readonly #clock: Clock
  readonly #options: DelayingStoreOptions
  /** Appended and not durable yet. */
  #batch: StoreRecord[] = []
  #isCommitting = false
  /** Commits that were asked for, failed ones and their repetitions included. */
  commits = 0

  constructor(inner: Store, clock: Clock, options: DelayingStoreOptions) {
    this.#inner = inner
    this.#clock = clock
    this.#options = options
  }

  get holdsQueues(): boolean {
    return this.#inner.holdsQueues
  }

  get isCongested(): boolean {
    return this.#inner.isCongested
  }

  recover(into: Recovery, done: (error: Error | undefined) => void): void {
    this.#inner.recover(into, done)
  }

  append(record: StoreRecord): void {
    this.#inner.append(record)
    this.#batch.push(record)
  }

  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: Parameters<Store['read']>[4],
  ): void {
    this.#inner.read(queue, after, countMax, bytesMax, done)
  }

  commit(done: (error: Error | undefined) => void): void {
    if (this.#isCommitting) throw new Error('a commit while another is under way')
    this.#isCommitting = true
    this.commits += 1
    // What comes while the disk is busy is the next commit's.
    const count = this.#batch.length
    this.#clock.after(this.#options.delayMs(), () => {
      this.#isCommitting = false
      const error = this.#options.failure?.()
      if (error !== undefined) {
        done(error)
        return
      }
      for (const record of this.#batch.splice(0, count)) this.#options.durable?.(record)
      this.#inner.commit(done)
    })
  }

  refusal(): Reason | undefined {
    return this.#options.refusal?.() ?? this.#inner.refusal()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

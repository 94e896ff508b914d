// A store that really keeps and reads back, in plain memory: with a clock its pages take a while,
// without one they come at once. `crash` and `reopen` give what a restart would find.

import type { Clock } from '../../src/base/clock.ts'
import type { Reason } from '../../src/base/reason.ts'
import type { QueueName, Recovery, Store, StoreRecord } from '../../src/core/store.ts'
import { KeptState } from './kept-state.ts'

export interface KeepingOptions {
  readonly clock: Clock
  /** How long a page takes; undefined for none of it: it comes before `read` returns. */
  readonly readMs?: number | undefined
  /** Why the next page cannot be read, if so. */
  readonly failure?: () => Error | undefined
  /** Offsets begin there where nothing was kept. */
  readonly firstOffset?: number
}

export class KeepingStore implements Store {
  readonly holdsQueues = true
  isCongested = false
  readonly state: KeptState = new KeptState()
  /** Pages that were asked for. */
  reads = 0
  reason: Reason | undefined
  readonly #options: KeepingOptions
  /** All that was ever appended, and how much of it is committed. */
  readonly #records: StoreRecord[] = []
  #committed = 0
  readonly #reading = new Set<QueueName>()

  constructor(options: KeepingOptions, records: readonly StoreRecord[] = []) {
    this.#options = options
    for (const record of records) this.append(record)
    this.#committed = this.#records.length
  }

  get records(): readonly StoreRecord[] {
    return this.#records
  }

  recover(into: Recovery, done: (error: Error | undefined) => void): void {
    const { clock, firstOffset = 1000 } = this.#options
    this.state.bringBack(into, Math.max(this.state.bound, firstOffset), clock.wall())
    done(undefined)
  }

  append(record: StoreRecord): void {
    this.state.apply(record)
    this.#records.push(record)
  }

  commit(done: (error: Error | undefined) => void): void {
    this.#committed = this.#records.length
    done(undefined)
  }

  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: Parameters<Store['read']>[4],
  ): void {
    if (this.#reading.has(queue)) throw new Error('two pages of one queue at once')
    this.reads += 1
    const { clock, readMs, failure } = this.#options
    const { found, isEnd } = this.state.read(queue, after, countMax, bytesMax)
    const finish = (): void => {
      this.#reading.delete(queue)
      const error = failure?.()
      if (error === undefined) done(undefined, found, isEnd)
      else done(error, [], false)
    }
    if (readMs === undefined) return finish()
    this.#reading.add(queue)
    clock.after(readMs, finish)
  }

  refusal(): Reason | undefined {
    return this.reason
  }

  /** What a restart finds after a crash: what was committed. */
  crash(options: Partial<KeepingOptions> = {}): KeepingStore {
    return this.#again(options, this.#committed)
  }

  /** What a restart finds after an orderly end. */
  reopen(options: Partial<KeepingOptions> = {}): KeepingStore {
    return this.#again(options, this.#records.length)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #again(options: Partial<KeepingOptions>, count: number): KeepingStore {
    return new KeepingStore({ ...this.#options, ...options }, this.#records.slice(0, count))
  }
}

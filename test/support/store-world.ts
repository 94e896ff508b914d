// A durable store on a disk and a table in memory, on a clock of its own that goes on whenever
// nothing else can: crashes and restarts, as many as a test likes.

import assert from 'node:assert/strict'
import type { Clock } from '../../src/base/clock.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Log } from '../../src/core/ports.ts'
import type { QueueName, StoredDelivery } from '../../src/core/store.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { DurableStore, type DurableStoreOptions } from '../../src/storage/durable.ts'
import { FaultyDisk, type FaultyDiskOptions } from './faulty-disk.ts'
import { MemoryKvDisk } from './kv-memory.ts'
import { RecoveredState, type StoreState } from './store-model.ts'

const STEPS_MAX = 200_000

/** Nothing happens any more, whatever one waits for. */
export class StoppedError extends Error {}

export class StoreWorld {
  readonly random: Random
  readonly clock: Clock
  readonly disk: FaultyDisk
  readonly table: MemoryKvDisk = new MemoryKvDisk()
  /** What the store logged, errors and warnings alone. */
  readonly logged: string[] = []
  /** Comes between a store and its disk. */
  wrapDisk: (disk: Disk) => Disk = (disk) => disk
  readonly #options: Partial<DurableStoreOptions>
  #stops: () => boolean = () => false
  #nowMs = 0
  #wallMs = Date.UTC(2030, 0, 1)
  #serial = 0
  #timers: { atMs: number; serial: number; run: () => void }[] = []
  #tasks: (() => void)[] = []

  constructor(
    seed: number,
    options: Partial<DurableStoreOptions> = {},
    disk: Partial<FaultyDiskOptions> = {},
  ) {
    this.random = seededRandom(seed)
    this.#options = options
    this.clock = {
      now: () => this.#nowMs,
      wall: () => this.#wallMs + this.#nowMs,
      after: (delayMs, run) => {
        const timer = { atMs: this.#nowMs + delayMs, serial: this.#serial++, run }
        this.#timers.push(timer)
        return { cancel: () => (this.#timers = this.#timers.filter((one) => one !== timer)) }
      },
    }
    this.disk = new FaultyDisk({ clock: this.clock, random: this.random, ...disk })
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length
  }

  setWall(wallMs: number): void {
    this.#wallMs = wallMs - this.#nowMs
  }

  /** A store that was not recovered yet. */
  create(): DurableStore {
    const scheduler = { defer: (run: () => void) => void this.#tasks.push(run) }
    const note = (event: string): void => void this.logged.push(event)
    const log: Log = { debug: () => {}, info: () => {}, warn: note, error: note }
    return new DurableStore({
      ...{ disk: this.wrapDisk(this.disk.mount()), kv: this.table.open(scheduler) },
      ...{ clock: this.clock, scheduler },
      ...{ log, directory: 'rameau-data', segmentBytes: 64 * 1024 },
      ...this.#options,
    })
  }

  /** Opens what is there. */
  async open(): Promise<{ store: DurableStore; recovered: RecoveredState }> {
    const store = this.create()
    const recovered = new RecoveredState()
    const error = await this.ended<Error | undefined>((done) => store.recover(recovered, done))
    if (error !== undefined) throw error
    return { store, recovered }
  }

  /** The power goes: timers, tasks and whatever was not durable are gone. */
  crash(): void {
    this.disk.crash()
    this.table.crash()
    this.#timers = []
    this.#tasks = []
  }

  /** Runs everything until `start` called back. */
  async ended<T>(start: (done: (answer: T) => void) => void): Promise<T> {
    const answers: T[] = []
    start((answer) => answers.push(answer))
    await this.until(() => answers.length > 0)
    assert.equal(answers.length, 1)
    return answers[0] as T
  }

  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const end = (): void => void (isSettled = true)
    promise.then(end, end)
    await this.until(() => isSettled)
    return promise
  }

  /** Lets things happen one by one until it is so. */
  async until(isSo: () => boolean): Promise<void> {
    for (let steps = 0; !isSo(); steps++) {
      assert.ok(steps < STEPS_MAX, 'it never comes to an end')
      await this.step()
    }
  }

  /** Lets so much time pass. */
  async passes(delayMs: number): Promise<void> {
    let isOver = false
    this.clock.after(delayMs, () => (isOver = true))
    await this.until(() => isOver)
  }

  /** Goes on with `life` until it ends, or it is so: then nothing happens any more. */
  async unless(life: () => Promise<void>, isSo: () => boolean): Promise<void> {
    this.#stops = isSo
    try {
      await life()
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
    } finally {
      this.#stops = () => false
    }
  }

  /** What is ready runs; if nothing is, the clock goes on to the next timer. */
  async step(): Promise<void> {
    if (this.#stops()) throw new StoppedError('the power went')
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) task()
    await new Promise((resolve) => setImmediate(resolve))
    if (tasks.length > 0 || this.#tasks.length > 0) return
    let next = this.#timers[0]
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs) next = timer
    }
    if (next === undefined) return
    this.#timers = this.#timers.filter((timer) => timer !== next)
    this.#nowMs = Math.max(this.#nowMs, next.atMs)
    next.run()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async commit(store: DurableStore): Promise<Error | undefined> {
    return this.ended<Error | undefined>((done) => store.commit(done))
  }

  /** All that stands in a queue, read in pages of `countMax`. */
  async standing(
    store: DurableStore,
    queue: QueueName,
    countMax: number,
    bytesMax: number = Number.POSITIVE_INFINITY,
  ): Promise<StoredDelivery[]> {
    const all: StoredDelivery[] = []
    for (let after = -1; ; after = all.at(-1)?.message.offset ?? after) {
      const page = await this.ended<
        readonly [Error | undefined, readonly StoredDelivery[], boolean]
      >((done) => store.read(queue, after, countMax, bytesMax, (...answer) => done(answer)))
      if (page[0] !== undefined) throw page[0]
      all.push(...page[1])
      assert.ok(page[1].length <= countMax)
      if (page[2]) return all
      assert.ok(page[1].length > 0, 'nothing was read, and it was not the end')
    }
  }

  /** What a store brought back, its queues read by the names. */
  async state(
    store: DurableStore,
    recovered: RecoveredState,
    names: Iterable<QueueName>,
  ): Promise<StoreState> {
    const queues: { name: QueueName; deliveries: StoredDelivery[] }[] = []
    for (const name of [...names].sort()) {
      const deliveries = await this.standing(store, name, 1 + this.random.below(5))
      if (deliveries.length > 0) queues.push({ name, deliveries })
    }
    return recovered.state(queues)
  }
}

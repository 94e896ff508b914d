// The table's engine in memory, for simulations: it takes its time, fails when told to, and at a
// crash keeps what was on its disk. One MemoryKvDisk outlives the engines that are opened on it.

import type { Scheduler } from '../../src/base/scheduler.ts'
import type {
  Kv,
  KvAnswer,
  KvBatch,
  KvDone,
  KvEntry,
  KvRange,
  KvSnapshot,
} from '../../src/storage/kv.ts'

/** What an operation is about to do; a test may make it fail, or die with it. */
export type KvOperation = 'get' | 'next' | 'write' | 'reopen'

/** How a write ends: as it should, with an error and nothing written, or all of it. */
export type KvFault = 'none' | 'error' | 'error but written'

type Table = ReadonlyMap<string, Uint8Array>

export class MemoryKvDisk {
  /** By hexadecimal key, in no order. */
  table: Table = new Map()
  /** Asked before each operation. */
  fault: (operation: KvOperation) => KvFault = () => 'none'
  /** Batches that were written. */
  batches = 0
  /**
   * Whether a write comes to the disk only when it is answered; else as soon as it is asked for.
   */
  isLate: () => boolean = () => false
  /** Counts lives: what was asked for in an earlier one is never answered. */
  life = 0

  open(scheduler: Scheduler): Kv {
    return new MemoryKv(this, scheduler)
  }

  /** What is under way is not answered any more; an engine opened before is dead. */
  crash(): void {
    this.life += 1
  }

  get entries(): readonly KvEntry[] {
    return sorted(this.table).map(([key, value]) => [fromHex(key), value])
  }

  /** Changes one value as a failing medium would. */
  damage(choose: (key: Uint8Array) => boolean): void {
    const table = new Map(this.table)
    for (const [key, value] of table) {
      if (!choose(fromHex(key))) continue
      const damaged = new Uint8Array(value)
      damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 0x40
      table.set(key, damaged)
    }
    this.table = table
  }
}

class MemoryKv implements Kv {
  readonly #disk: MemoryKvDisk
  readonly #scheduler: Scheduler
  readonly #life: number
  #needsReopening = false
  #isClosed = false

  constructor(disk: MemoryKvDisk, scheduler: Scheduler) {
    this.#disk = disk
    this.#scheduler = scheduler
    this.#life = disk.life
  }

  snapshot(): KvSnapshot {
    const { table } = this.#disk
    let keys: readonly string[] | undefined
    return {
      get: (wanted, done) => {
        this.#answer('get', done, [], () => wanted.map((key) => table.get(toHex(key))))
      },
      range: (from, to) => {
        keys ??= [...table.keys()].sort()
        return this.#range(table, keys, toHex(from), toHex(to))
      },
      close: () => {},
    }
  }

  batch(): KvBatch {
    const changes = new Map<string, Uint8Array | undefined>()
    return {
      put: (key, value) => changes.set(toHex(key), new Uint8Array(value)),
      del: (key) => changes.set(toHex(key), undefined),
      write: (done) => this.#write(changes, done),
      discard: () => changes.clear(),
    }
  }

  reopen(done: KvDone): void {
    this.#needsReopening = false
    this.#answer(
      'reopen',
      (error) => done(error),
      undefined,
      () => undefined,
    )
  }

  close(): Promise<void> {
    this.#isClosed = true
    return Promise.resolve()
  }

  get #isAlive(): boolean {
    return !this.#isClosed && this.#life === this.#disk.life
  }

  #range(table: Table, keys: readonly string[], from: string, to: string): KvRange {
    let at = lowerBound(keys, from)
    return {
      next: (countMax, done: KvAnswer<readonly KvEntry[]>) => {
        this.#answer('next', done, [], () => {
          const page: KvEntry[] = []
          for (; page.length < countMax; at += 1) {
            const key = keys[at]
            const value = key === undefined ? undefined : table.get(key)
            if (key === undefined || value === undefined || key >= to) break
            page.push([fromHex(key), value])
          }
          return page
        })
      },
      close: () => {},
    }
  }

  #write(changes: ReadonlyMap<string, Uint8Array | undefined>, done: KvDone): void {
    const fault = this.#needsReopening ? 'error' : this.#disk.fault('write')
    const apply = (): void => {
      if (fault === 'error') return
      const table = new Map(this.#disk.table)
      for (const [key, value] of changes) {
        if (value === undefined) table.delete(key)
        else table.set(key, value)
      }
      this.#disk.table = table
      this.#disk.batches += 1
    }
    const isLate = this.#disk.isLate()
    if (!isLate) apply()
    if (fault !== 'none') this.#needsReopening = true
    const error = fault === 'none' ? undefined : new Error('the table fails')
    this.#scheduler.defer(() => {
      if (!this.#isAlive) return
      if (isLate) apply()
      done(error)
    })
  }

  #answer<T>(operation: KvOperation, done: KvAnswer<T>, none: T, answer: () => T): void {
    const fault = this.#disk.fault(operation)
    this.#scheduler.defer(() => {
      if (!this.#isAlive) return
      if (fault === 'none') done(undefined, answer())
      else done(new Error('the table fails'), none)
    })
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function sorted(table: Table): [string, Uint8Array][] {
  return [...table].sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The first index whose key is not below. */
function lowerBound(keys: readonly string[], from: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < from) low = middle + 1
    else high = middle
  }
  return low
}

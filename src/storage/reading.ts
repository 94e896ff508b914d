// Reads the store of a data directory that no server has open, and changes nothing in it. What it
// gives is what a server would find: the table with the rest of the journal in it.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { StoreOpenError } from '../base/errors.ts'
import type { Scheduler } from '../base/scheduler.ts'
import type { Message } from '../core/message.ts'
import { asked, type Disk, type FileEntry } from './disk.ts'
import { FieldReader } from './fields.ts'
import type { KvEntry, KvSnapshot } from './kv.ts'
import { createNodeDisk } from './node-disk.ts'
import { checkFormat, TABLE_FOLDER, unusable } from './open-durable.ts'
import { JOURNAL_FOLDER, openTable, QUARANTINE_FOLDER } from './opening.ts'
import { type Recovered, recoverFrames } from './recovery.ts'
import { Registry } from './registry.ts'
import { type LoadedSession, SessionLoader } from './session-load.ts'
import { Slices } from './slices.ts'
import { UnreadableError } from './storage-errors.ts'
import type { Dead } from './table-jobs.ts'
import { type KeyRange, RANGES } from './table-keys.ts'
import { pages, type TableIndex } from './table-load.ts'
import type { TableQuarantine } from './table-quarantine.ts'
import type { SharedBodies, TableMeta } from './table-state.ts'
import { readBodyValue } from './table-entry.ts'
import { openTableView, type TableView } from './table-view.ts'

/** Where a store lies, and what it is read with. */
export interface ReadingOptions {
  readonly directory: string
  readonly clock: Clock
  readonly scheduler: Scheduler
}

/** An entry of the table that cannot be read, and why. */
export type OnUnreadable = (key: Uint8Array, reason: string) => void

interface Parts {
  readonly view: TableView
  readonly disk: Disk
  readonly registry: Registry
  readonly shared: SharedBodies
  readonly index: TableIndex
  readonly quarantine: TableQuarantine
  readonly journal: Recovered
  readonly lostRecords: number
  readonly meta: TableMeta
}

/** What is said of an entry goes to `onUnreadable`, now and as long as it is read. */
export async function openReading(
  { directory, clock, scheduler }: ReadingOptions,
  onUnreadable: OnUnreadable,
): Promise<StoreReading> {
  const path = join(directory, TABLE_FOLDER)
  await checkFormat(directory)
  if (!(await isFolder(path, directory))) {
    throw new StoreOpenError('ERR_STORE_MISSING', `there is no store in ${directory}`)
  }
  const view = await openTableView(path, directory, scheduler)
  try {
    const { kv } = view
    const registry = new Registry()
    // What was never written has no time, and each reading gives the same.
    const still: Clock = {
      now: () => clock.now(),
      wall: () => 0,
      after: (delayMs, callback) => clock.after(delayMs, callback),
    }
    const inView = { disk: createNodeDisk(view.folder), kv, clock: still, directory }
    const slices = new Slices(scheduler, clock)
    const opened = await openTable({ ...inView, onAdded: onUnreadable }, registry, slices, false)
    const { table, shared, index, quarantine, replay } = opened
    const disk = createNodeDisk(directory)
    const { position } = table.meta
    const journal = await recoverFrames(disk, JOURNAL_FOLDER, position, (frame) =>
      replay.frame(frame),
    )
    await replay.end()
    for (const state of replay.queues) await index.recount(state)
    const { meta } = table
    // As a server does where no offset was ever given out.
    if (meta.reservedBound === 0) meta.reservedBound = Math.floor(clock.wall() * 1000)
    const parts = { view, disk, registry, shared, index, quarantine, journal, meta }
    return new StoreReading({ ...parts, lostRecords: replay.lost })
  } catch (error) {
    await view.close()
    throw error
  }
}

/** The sizes of the files of a data directory, in bytes. */
export interface DiskUse {
  readonly table: number
  readonly journal: number
  readonly quarantine: number
}

/** Nothing changes while it is open. */
export class StoreReading {
  readonly #parts: Parts
  readonly #table: KvSnapshot

  constructor(parts: Parts) {
    this.#parts = parts
    this.#table = parts.view.kv.snapshot()
  }

  get journal(): Recovered {
    return this.#parts.journal
  }

  /** Records of the journal that refer to what is lost. */
  get lostRecords(): number {
    return this.#parts.lostRecords
  }

  get meta(): TableMeta {
    return this.#parts.meta
  }

  get registry(): Registry {
    return this.#parts.registry
  }

  /** How often each body that lies by itself is referred to, as the store counts. */
  get shared(): SharedBodies {
    return this.#parts.shared
  }

  get index(): TableIndex {
    return this.#parts.index
  }

  get dead(): readonly Dead[] {
    return this.#parts.index.dead
  }

  pages(range: KeyRange): AsyncGenerator<readonly KvEntry[], undefined> {
    return pages(this.#table, range)
  }

  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      this.#table.get(keys, (error, values) => {
        if (error === undefined) resolve(values)
        else reject(error)
      })
    })
  }

  /** Takes each entry of a range; what `take` cannot read is told. */
  async each(range: KeyRange, take: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    for await (const page of this.pages(range)) {
      for (const [key, value] of page) this.tried(key, () => take(key, value))
    }
  }

  /** What `read` makes of an entry; undefined where it cannot be read, which is told. */
  tried<T>(key: Uint8Array, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      this.#parts.quarantine.onAdded(key, error.message)
      return undefined
    }
  }

  /** By topic. */
  async *retained(): AsyncGenerator<Message, undefined> {
    const reader = new FieldReader()
    for await (const page of this.pages(RANGES.retained)) {
      for (const [key, value] of page) {
        const message = this.tried(key, () => readBodyValue(reader, key, value))
        if (message !== undefined) yield message
      }
    }
    return undefined
  }

  /** In the order in which they began. */
  async *sessions(): AsyncGenerator<LoadedSession, undefined> {
    const { registry, quarantine } = this.#parts
    const loader = new SessionLoader(this.#table, registry, quarantine)
    for await (const page of this.pages(RANGES.sessions)) {
      for (const [key, value] of page) this.tried(key, () => loader.take(key, value))
      yield* await loader.loaded()
      if (quarantine.isFull) await quarantine.flush()
    }
    loader.end()
    yield* await loader.loaded()
    return undefined
  }

  async diskUse(): Promise<DiskUse> {
    const [table, journal, quarantine] = await Promise.all(
      [TABLE_FOLDER, JOURNAL_FOLDER, QUARANTINE_FOLDER].map((folder) => this.#bytesOf(folder)),
    )
    return { table: table ?? 0, journal: journal ?? 0, quarantine: quarantine ?? 0 }
  }

  async close(): Promise<void> {
    this.#table.close()
    await this.#parts.view.close()
  }

  async #bytesOf(folder: string): Promise<number> {
    const { disk } = this.#parts
    const files = await asked<readonly FileEntry[]>((done) => disk.list(folder, done))
    return files.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

async function isFolder(path: string, directory: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw unusable(directory, error)
  }
}

// Opens what lies in the data directory: reads what must be known of the table, and brings the rest
// of the journal into it, so that from there on the table alone is read.

import type { Clock } from '../base/clock.ts'
import type { Log } from '../core/ports.ts'
import type { QueueState } from './changes.ts'
import type { Disk } from './disk.ts'
import { FORMAT, formatError } from './format.ts'
import type { JournalFrame } from './frame.ts'
import { type Journal, type JournalReport, openJournal } from './journal.ts'
import type { Kv } from './kv.ts'
import { Overlay } from './overlay.ts'
import { readFrameBegin, RecordReplay } from './record-replay.ts'
import type { Registry } from './registry.ts'
import type { Slices } from './slices.ts'
import { type Dead, EpochJob, SweepJob } from './table-jobs.ts'
import { META_KEY } from './table-keys.ts'
import { TableIndex } from './table-load.ts'
import { TableQuarantine } from './table-quarantine.ts'
import { createMeta, readMeta, SharedBodies, type TableMeta } from './table-state.ts'
import { TableWriter } from './table-writer.ts'

export const JOURNAL_FOLDER = 'journal'
export const QUARANTINE_FOLDER = 'quarantine'

export interface OpeningOptions {
  readonly disk: Disk
  readonly kv: Kv
  readonly clock: Clock
  readonly log: Log
  readonly directory: string
  readonly durability?: 'commit' | 'relaxed'
  readonly segmentBytes?: number
}

export interface Opened {
  readonly journal: Journal
  readonly table: TableWriter
  readonly shared: SharedBodies
  readonly dead: Dead[]
  readonly index: TableIndex
  readonly quarantine: TableQuarantine
  /** Of the present run. */
  readonly epoch: number
  readonly firstOffset: number
  readonly wallMs: number
}

interface TableOptions extends Pick<OpeningOptions, 'disk' | 'kv' | 'clock' | 'directory'> {
  /** Hears of each entry that cannot be read. */
  readonly onAdded?: TableQuarantine['onAdded']
}

/** The table as it was found, and what brings the journal into it. */
interface OpenTable {
  readonly table: TableWriter
  readonly shared: SharedBodies
  readonly index: TableIndex
  readonly quarantine: TableQuarantine
  readonly replay: EpochReplay
}

/** Opens all of it; where it fails, nothing but the engine stays open. */
export async function openParts(
  options: OpeningOptions,
  registry: Registry,
  slices: Slices,
): Promise<Opened> {
  const opened = await openTable(options, registry, slices)
  try {
    return await openRest(options, opened)
  } catch (error) {
    await opened.table.end()
    throw error
  }
}

async function openRest(options: OpeningOptions, opened: OpenTable): Promise<Opened> {
  const { disk, clock, log, durability } = options
  const { table, replay } = opened
  const segments = options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }
  const { journal, report } = await openJournal({
    ...{ disk, clock, folder: JOURNAL_FOLDER, quarantine: QUARANTINE_FOLDER },
    ...{ after: table.meta.position, durability: durability ?? 'commit', ...segments },
    replay: (frame) => replay.frame(frame),
  })
  try {
    await replay.end()
    reportJournal(log, report, replay.lost)
    journal.release(table.meta.position)
    return await describe(opened, journal, clock)
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function describe(opened: OpenTable, journal: Journal, clock: Clock): Promise<Opened> {
  const { table, index, replay } = opened
  for (const state of replay.queues) await index.recount(state)
  // Opening may have taken long.
  const wallMs = Math.max(clock.wall(), table.meta.wallMs)
  return {
    ...{ journal, table, shared: opened.shared, dead: index.dead, index },
    quarantine: opened.quarantine,
    epoch: table.meta.epoch + 1,
    // A run that ended at its very beginning may have given out offsets of a lot whose reservation
    // did not become durable. It gave out fewer than microseconds have passed.
    firstOffset: Math.max(table.meta.reservedBound, Math.ceil(wallMs * 1000)),
    wallMs,
  }
}

/** Reads what must be known of the table; what is left of the dead is cleared away, if so. */
export async function openTable(
  { disk, kv, clock, directory, onAdded }: TableOptions,
  registry: Registry,
  slices: Slices,
  sweeps = true,
): Promise<OpenTable> {
  const nowMs = clock.wall()
  const meta = (await findMeta(kv, directory)) ?? createMeta(nowMs)
  registry.nextId = meta.nextId
  const shared = new SharedBodies()
  const quarantine = new TableQuarantine(disk, kv, `${QUARANTINE_FOLDER}/table-${nowMs}.jsonl`)
  if (onAdded !== undefined) quarantine.onAdded = onAdded
  const index = new TableIndex(kv, registry, shared, quarantine)
  await index.learn()
  const { dead } = index
  const sweep = (): SweepJob | undefined => {
    const [first] = sweeps ? dead : []
    return first === undefined ? undefined : new SweepJob(first, shared, dead)
  }
  const table = new TableWriter(kv, clock, slices, meta, sweep)
  const replay = new EpochReplay(registry, table, shared, dead)
  return { table, shared, index, quarantine, replay }
}

async function findMeta(kv: Kv, directory: string): Promise<TableMeta | undefined> {
  const snapshot = kv.snapshot()
  const value = await new Promise<Uint8Array | undefined>((resolve, reject) => {
    snapshot.get([META_KEY], (error, [found]) => {
      if (error === undefined) resolve(found)
      else reject(error)
    })
  }).finally(() => snapshot.close())
  if (value === undefined) return undefined
  const { format, meta } = readMeta(value)
  if (format !== FORMAT || meta === undefined) throw formatError(directory, String(format))
  return meta
}

/** Replays the frames epoch by epoch; each is in the table before the next is begun. */
class EpochReplay {
  readonly #registry: Registry
  readonly #table: TableWriter
  readonly #shared: SharedBodies
  readonly #dead: Dead[]
  #overlay: Overlay | undefined
  #replay: RecordReplay | undefined
  #position = 0
  #wallMs = 0
  readonly queues: Set<QueueState> = new Set()
  /** Records that were void because of what was lost. */
  lost = 0

  constructor(registry: Registry, table: TableWriter, shared: SharedBodies, dead: Dead[]) {
    this.#registry = registry
    this.#table = table
    this.#shared = shared
    this.#dead = dead
  }

  async frame({ position, wallMs, payload }: JournalFrame): Promise<void> {
    const { epoch, start } = readFrameBegin(payload)
    if (this.#overlay !== undefined && this.#overlay.number !== epoch) await this.end()
    if (this.#overlay === undefined || this.#replay === undefined) {
      this.#overlay = new Overlay(epoch, this.#registry)
      this.#replay = new RecordReplay(this.#registry, this.#overlay)
    }
    this.#replay.frame(payload, start)
    this.#position = position
    this.#wallMs = wallMs
  }

  async end(): Promise<void> {
    const overlay = this.#overlay
    if (overlay === undefined) return
    for (const { state, isDead } of overlay.queues) {
      if (isDead) this.queues.delete(state)
      else this.queues.add(state)
    }
    this.lost += this.#replay?.lost ?? 0
    this.#overlay = undefined
    const end = {
      position: this.#position,
      nextId: this.#registry.nextId,
      wallMs: this.#wallMs,
    }
    await new Promise<void>((resolve, reject) => {
      this.#table.onFailed = reject
      this.#table.write(new EpochJob(overlay, end, this.#shared, this.#dead, resolve))
    })
  }
}

function reportJournal(log: Log, report: JournalReport, lost: number): void {
  const { damages, replayedFrames, replayedBytes, unsyncedFrames } = report
  if (replayedFrames > 0) log.info('journal replayed', { replayedFrames, replayedBytes })
  if (unsyncedFrames > 0) log.warn('commits of the last moment are lost', { unsyncedFrames })
  for (const { path, firstLost, lastLost } of damages) {
    log.error('the journal is damaged', { path, firstLost, lastLost })
  }
  if (lost > 0) log.error('records are void, since what they refer to is lost', { records: lost })
}

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

const JOURNAL_FOLDER = 'journal'
const QUARANTINE_FOLDER = 'quarantine'

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

/** Opens all of it. */
export async function openParts(
  options: OpeningOptions,
  registry: Registry,
  slices: Slices,
): Promise<Opened> {
  const { disk, kv, clock, log, durability } = options
  const nowMs = clock.wall()
  const meta = (await findMeta(kv, options.directory)) ?? createMeta(nowMs)
  registry.nextId = meta.nextId
  const shared = new SharedBodies()
  const quarantine = new TableQuarantine(disk, kv, `${QUARANTINE_FOLDER}/table-${nowMs}.jsonl`)
  const index = new TableIndex(kv, registry, shared, quarantine)
  await index.learn()
  const { dead } = index
  const sweep = (): SweepJob | undefined => {
    const [first] = dead
    return first === undefined ? undefined : new SweepJob(first, shared, dead)
  }
  const table = new TableWriter(kv, clock, slices, meta, sweep)
  const replay = new EpochReplay(registry, table, shared, dead)
  const segments = options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }
  const { journal, report } = await openJournal({
    ...{ disk, clock, folder: JOURNAL_FOLDER, quarantine: QUARANTINE_FOLDER },
    ...{ after: meta.position, durability: durability ?? 'commit', ...segments },
    replay: (frame) => replay.frame(frame),
  })
  await replay.end()
  reportJournal(log, report, replay.lost)
  journal.release(table.meta.position)
  for (const state of replay.queues) await index.recount(state)
  return {
    ...{ journal, table, shared, dead, index, quarantine },
    epoch: table.meta.epoch + 1,
    firstOffset: table.meta.reservedBound,
    wallMs: Math.max(nowMs, table.meta.wallMs),
  }
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
  readonly queues = new Set<QueueState>()
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

// The two things that are written to the table: an epoch's overlay, and the absence of what is left
// of sessions and queues that ended.

import type { KvBatch, KvDone, KvEntry, KvSnapshot } from './kv.ts'
import type { Overlay } from './overlay.ts'
import { IS_ELSEWHERE } from './record-codec.ts'
import {
  DEAD_QUEUE,
  DEAD_SESSION,
  type Overwritten,
  overwrittenIn,
  overwrittenName,
  TableBatch,
} from './table-batch.ts'
import { openValue } from './table-entry.ts'
import {
  bodyKey,
  deadKey,
  entryOffset,
  kept,
  queueEntryKey,
  queueRange,
  sessionRange,
} from './table-keys.ts'
import type { SharedBodies, TableMeta } from './table-state.ts'
import type { TableJob } from './table-writer.ts'
import { FieldReader } from './fields.ts'
import { UnreadableError } from './storage-errors.ts'

/** Entries of a dead session or queue that one batch clears away. */
const SWEEP_ENTRIES = 1000

/** What is dead and not yet cleared away, the first ones first. */
export interface Dead {
  readonly id: number
  readonly kind: number
}

export interface EpochEnd {
  /** All up to this position of the journal is in the overlay or was before. */
  readonly position: number
  readonly nextId: number
  readonly wallMs: number
}

export class EpochJob implements TableJob {
  readonly done: () => void
  readonly #overlay: Overlay
  readonly #end: EpochEnd
  readonly #shared: SharedBodies
  readonly #dead: Dead[]
  #replaced = new Set<string>()
  #batch: TableBatch | undefined

  constructor(
    overlay: Overlay,
    end: EpochEnd,
    shared: SharedBodies,
    dead: Dead[],
    done: () => void,
  ) {
    this.#overlay = overlay
    this.#end = end
    this.#shared = shared
    this.#dead = dead
    this.done = done
  }

  prepare(table: KvSnapshot, done: KvDone): void {
    const overwritten = overwrittenIn(this.#overlay)
    if (overwritten.length === 0) return done(undefined)
    const keys = overwritten.map(({ queue, offset }) => kept(queueEntryKey(queue, offset)))
    table.get(keys, (error, values) => {
      if (error === undefined) this.#replaced = namesElsewhere(overwritten, keys, values)
      done(error)
    })
  }

  build(batch: KvBatch, meta: TableMeta): Iterator<void> {
    const { position, nextId, wallMs } = this.#end
    meta.position = position
    meta.nextId = nextId
    meta.wallMs = wallMs
    meta.epoch = this.#overlay.number
    meta.reservedBound = Math.max(meta.reservedBound, this.#overlay.reservedBound)
    this.#batch = new TableBatch(this.#overlay, batch, meta, this.#shared, this.#replaced)
    return this.#batch.build()
  }

  *applied(): Generator<void, undefined> {
    for (const id of this.#overlay.deadQueues) this.#dead.push({ id, kind: DEAD_QUEUE })
    for (const id of this.#overlay.deadSessions) this.#dead.push({ id, kind: DEAD_SESSION })
    if (this.#batch !== undefined) yield* this.#batch.applied()
    return undefined
  }
}

/** Clears away some of what is left of a dead session or queue; its mark goes with the last. */
export class SweepJob implements TableJob {
  readonly done: () => void = () => {}
  readonly #target: Dead
  readonly #shared: SharedBodies
  readonly #dead: Dead[]
  #entries: readonly KvEntry[] = []
  #released = new Map<number, number>()
  #isLast = false

  /** `target` is the first of `dead`, and taken from there when nothing is left of it. */
  constructor(target: Dead, shared: SharedBodies, dead: Dead[]) {
    this.#target = target
    this.#shared = shared
    this.#dead = dead
  }

  prepare(table: KvSnapshot, done: KvDone): void {
    const { id, kind } = this.#target
    const { from, to } = kind === DEAD_QUEUE ? queueRange(id, -1) : sessionRange(id)
    const range = table.range(from, to)
    range.next(SWEEP_ENTRIES, (error, entries) => {
      range.close()
      this.#entries = entries
      this.#isLast = entries.length === 0
      done(error)
    })
  }

  *build(batch: KvBatch): Generator<void, undefined> {
    const { id, kind } = this.#target
    this.#released = new Map()
    const reader = new FieldReader()
    for (const [key, value] of this.#entries) {
      batch.del(key)
      if (kind === DEAD_QUEUE && isElsewhere(reader, key, value)) {
        const offset = entryOffset(key)
        this.#released.set(offset, (this.#released.get(offset) ?? 0) + 1)
      }
      yield
    }
    for (const [offset, count] of this.#released) {
      if (this.#shared.count(offset) <= count) batch.del(bodyKey(offset))
      yield
    }
    if (this.#isLast) batch.del(deadKey(id))
    return undefined
  }

  *applied(): Generator<void, undefined> {
    for (const [offset, count] of this.#released) {
      this.#shared.add(offset, -count)
      yield
    }
    if (this.#isLast) this.#dead.shift()
    return undefined
  }
}

function namesElsewhere(
  overwritten: readonly Overwritten[],
  keys: readonly Uint8Array[],
  values: readonly (Uint8Array | undefined)[],
): Set<string> {
  const names = new Set<string>()
  const reader = new FieldReader()
  for (const [index, entry] of overwritten.entries()) {
    const key = keys[index]
    const value = values[index]
    if (key === undefined || value === undefined) continue
    if (isElsewhere(reader, key, value)) names.add(overwrittenName(entry))
  }
  return names
}

/** Whether an entry's body lies by itself; false where it cannot be read, and was not counted. */
export function isElsewhere(reader: FieldReader, key: Uint8Array, value: Uint8Array): boolean {
  try {
    openValue(reader, key, value)
    return (reader.u8() & IS_ELSEWHERE) !== 0
  } catch (error) {
    if (error instanceof UnreadableError) return false
    throw error
  }
}

// What is known in memory of the table, learnt when it is opened: the numbers of sessions and
// queues, how much stands in each queue, which bodies are shared, what is in flight.

import { NEVER } from '../core/message.ts'
import type { StoredQueue } from '../core/store.ts'
import type { QueueState } from './changes.ts'
import { FieldReader } from './fields.ts'
import type { Kv, KvEntry, KvSnapshot } from './kv.ts'
import { IS_ELSEWHERE } from './record-codec.ts'
import type { Registry } from './registry.ts'
import { UnreadableError } from './storage-errors.ts'
import { DEAD_SESSION } from './table-batch.ts'
import { openValue, readDeliveryHead } from './table-entry.ts'
import type { Dead } from './table-jobs.ts'
import {
  entryOffset,
  type KeyRange,
  numberOf,
  queueRange,
  RANGES,
  sessionKeyRest,
  SessionPart,
} from './table-keys.ts'
import type { TableQuarantine } from './table-quarantine.ts'
import type { SharedBodies } from './table-state.ts'

const PAGE_ENTRIES = 1000

/** Entries of a range, page by page, between which the event loop turns. */
export async function* pages(
  table: KvSnapshot,
  { from, to }: KeyRange,
): AsyncGenerator<readonly KvEntry[], undefined> {
  const range = table.range(from, to)
  try {
    for (;;) {
      const page = await new Promise<readonly KvEntry[]>((resolve, reject) => {
        range.next(PAGE_ENTRIES, (error, entries) => {
          if (error === undefined) resolve(entries)
          else reject(error)
        })
      })
      if (page.length === 0) return undefined
      yield page
    }
  } finally {
    range.close()
  }
}

/** Visits all entries of a range; those that `visit` cannot read go to the quarantine. */
export async function visitAll(
  table: KvSnapshot,
  range: KeyRange,
  quarantine: TableQuarantine,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Promise<void> {
  for await (const page of pages(table, range)) {
    for (const [key, value] of page) {
      try {
        visit(key, value)
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error
        quarantine.add(key, value, error.message)
      }
    }
    if (quarantine.isFull) await quarantine.flush()
  }
}

interface Sum {
  count: number
  bytes: number
  expiresAtMs: number
}

export class TableIndex {
  readonly #kv: Kv
  readonly #registry: Registry
  readonly #shared: SharedBodies
  readonly #quarantine: TableQuarantine
  readonly #sums = new Map<QueueState, Sum>()
  readonly #reader = new FieldReader()
  readonly dead: Dead[] = []

  constructor(kv: Kv, registry: Registry, shared: SharedBodies, quarantine: TableQuarantine) {
    this.#kv = kv
    this.#registry = registry
    this.#shared = shared
    this.#quarantine = quarantine
  }

  /** Reads all but the retained messages, before anything is replayed. */
  async learn(): Promise<void> {
    const table = this.#kv.snapshot()
    try {
      const visit = (range: KeyRange, each: (key: Uint8Array, value: Uint8Array) => void) =>
        visitAll(table, range, this.#quarantine, each)
      await visit(RANGES.dead, (key, value) => {
        openValue(this.#reader, key, value)
        this.dead.push({ id: numberOf(key), kind: this.#reader.u8() })
      })
      await visit(RANGES.queueNames, (key, value) => {
        openValue(this.#reader, key, value)
        this.#registry.addQueue(numberOf(key), this.#reader.restText(), 0)
      })
      await visit(RANGES.queueEntries, (key, value) => this.#entry(key, value))
      const dead = new Set<number>()
      for (const { id, kind } of this.dead) if (kind === DEAD_SESSION) dead.add(id)
      await visit(RANGES.sessions, (key, value) => {
        if (!dead.has(numberOf(key))) this.#sessionPart(key, value)
      })
      await this.#quarantine.flush()
    } finally {
      table.close()
    }
  }

  /** Counts anew what stands in a queue, after what was replayed has been written. */
  async recount(state: QueueState): Promise<void> {
    const table = this.#kv.snapshot()
    try {
      this.#sums.delete(state)
      await visitAll(table, queueRange(state.id, -1), this.#quarantine, (key, value) => {
        openValue(this.#reader, key, value)
        this.#add(state, key)
      })
    } finally {
      table.close()
    }
  }

  queue(state: QueueState | undefined): StoredQueue {
    const sum = state === undefined ? undefined : this.#sums.get(state)
    return sum ?? { count: 0, bytes: 0, expiresAtMs: NEVER }
  }

  #entry(key: Uint8Array, value: Uint8Array): void {
    openValue(this.#reader, key, value)
    const state = this.#registry.queueOf(numberOf(key))
    // One that is dead still has its share of the bodies.
    const flags = this.#add(state, key)
    if ((flags & IS_ELSEWHERE) !== 0) this.#shared.add(entryOffset(key), 1)
  }

  #add(state: QueueState | undefined, key: Uint8Array): number {
    const { flags, bytes, expiresAtMs } = readDeliveryHead(this.#reader)
    if (state === undefined) return flags
    let sum = this.#sums.get(state)
    if (sum === undefined) {
      sum = { count: 0, bytes: 0, expiresAtMs: NEVER }
      this.#sums.set(state, sum)
    }
    sum.count += 1
    sum.bytes += bytes
    if (expiresAtMs < sum.expiresAtMs) sum.expiresAtMs = expiresAtMs
    const offset = entryOffset(key)
    if (offset > state.tableMax) state.tableMax = offset
    if (offset > state.offsetMax) state.offsetMax = offset
    return flags
  }

  #sessionPart(key: Uint8Array, value: Uint8Array): void {
    const id = numberOf(key)
    const rest = sessionKeyRest(key)
    const part = rest.u8()
    if (part === SessionPart.opened) {
      openValue(this.#reader, key, value)
      this.#registry.addSession(id, this.#reader.text(), 0)
      return
    }
    const session = this.#registry.sessionOf(id)
    if (session === undefined) throw new UnreadableError('its session is missing')
    if (part === SessionPart.received) {
      session.received ??= new Set()
      session.received.add(rest.u16())
    } else if (part === SessionPart.flight) {
      const packetId = rest.u16()
      if (rest.u8() !== 0) return
      openValue(this.#reader, key, value)
      session.flights ??= new Map()
      session.flights.set(packetId, this.#reader.ordered())
    }
  }
}

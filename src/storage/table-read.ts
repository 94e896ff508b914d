// Reads a queue back: what the table holds, less what went since, and what came since. The tail of
// a queue, which the table has not yet, is read without waiting.

import type { StoredDelivery } from '../core/store.ts'
import { readBody } from './body-codec.ts'
import type { QueueState } from './changes.ts'
import type { EpochBytes } from './epoch-bytes.ts'
import { FieldReader } from './fields.ts'
import type { Kv, KvEntry, KvRange, KvSnapshot } from './kv.ts'
import type { Overlay } from './overlay.ts'
import { IS_ELSEWHERE } from './record-codec.ts'
import { UnreadableError } from './storage-errors.ts'
import { type DeliveryHead, deliveryOf, openValue, readDeliveryHead } from './table-entry.ts'
import { bodyKey, entryOffset, kept, queueRange } from './table-keys.ts'

const PAGE_ENTRIES = 512

export type ReadDone = (
  error: Error | undefined,
  found: readonly StoredDelivery[],
  isEnd: boolean,
) => void

export type OnUnreadable = (reason: string) => void

/** An entry of a queue that the table has not yet. */
interface Put {
  readonly offset: number
  readonly bytes: EpochBytes
  readonly place: number
}

/** What a queue's overlays say beyond an offset, at one moment. */
interface Captured {
  /** In order. */
  readonly puts: readonly Put[]
  /** Whether there are more. */
  readonly hasMore: boolean
  /** Offsets whose entry in the table no longer stands. */
  readonly gone: ReadonlySet<number>
}

export interface ReadBounds {
  readonly after: number
  readonly countMax: number
  readonly bytesMax: number
}

/** `overlays`: the one that is being written to the table, if any, and the present one. */
export function readQueue(
  kv: Kv,
  state: QueueState,
  overlays: readonly Overlay[],
  bounds: ReadBounds,
  onUnreadable: OnUnreadable,
  done: ReadDone,
): void {
  const captured = capture(state, overlays, bounds)
  if (bounds.after < state.tableMax) {
    new TableReading(kv, state, captured, bounds, onUnreadable, done).next()
    return
  }
  const page = new Page(captured, bounds)
  page.takePuts(Number.POSITIVE_INFINITY)
  done(undefined, page.decoded([]), !page.hasMore)
}

function capture(
  state: QueueState,
  overlays: readonly Overlay[],
  { after, countMax }: ReadBounds,
): Captured {
  const puts: Put[] = []
  const gone = new Set<number>()
  let hasMore = false
  for (const changes of [state.frozen, state.changes]) {
    if (changes === undefined) continue
    const overlay = overlays.find(({ number }) => number === changes.epoch)
    if (overlay === undefined) continue
    const newer = changes === state.changes ? undefined : state.changes
    let count = 0
    for (const [offset, place] of changes.puts.beyond(after)) {
      if (newer?.gone.get(offset) !== undefined) continue
      if (count === countMax) {
        hasMore = true
        break
      }
      count += 1
      puts.push({ offset, bytes: overlay.bytes, place })
    }
    for (const [offset] of changes.gone.beyond(after)) gone.add(offset)
  }
  puts.sort((one, other) => one.offset - other.offset)
  return { puts, hasMore, gone }
}

/** An entry of the table that will be handed out. */
interface Entry {
  readonly head: DeliveryHead
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** Where the body begins in the value; undefined where it lies by itself. */
  readonly bodyAt: number | undefined
}

/** Gathers, in order, what will be handed out, and knows when it is enough. */
class Page {
  readonly #captured: Captured
  readonly #bounds: ReadBounds
  readonly #reader = new FieldReader()
  #items: (Put | Entry)[] = []
  #count = 0
  #bytes = 0
  #nextPut = 0
  /** Something stands beyond what was gathered. */
  hasMore = false

  constructor(captured: Captured, bounds: ReadBounds) {
    this.#captured = captured
    this.#bounds = bounds
  }

  /** Takes the puts below the offset. */
  takePuts(below: number): void {
    const { puts } = this.#captured
    for (;;) {
      const put = puts[this.#nextPut]
      if (put === undefined) break
      if (put.offset >= below || !this.#hasRoom()) return
      this.#nextPut += 1
      const { bytes } = readDeliveryHead(put.bytes.at(put.place))
      this.#add(put, bytes)
    }
    if (below === Number.POSITIVE_INFINITY && this.#captured.hasMore) this.hasMore = true
  }

  /**
   * Takes an entry of the table, unless it is gone or put anew; a put may be in the table already
   * which is not yet known to be there. Throws where it cannot be read.
   */
  takeEntry(key: Uint8Array, value: Uint8Array): void {
    const offset = entryOffset(key)
    this.takePuts(offset)
    if (this.#captured.puts[this.#nextPut]?.offset === offset) return
    if (this.hasMore || this.#captured.gone.has(offset) || !this.#hasRoom()) return
    const reader = this.#reader
    openValue(reader, key, value)
    const head = readDeliveryHead(reader)
    const bodyAt = (head.flags & IS_ELSEWHERE) === 0 ? reader.at : undefined
    this.#add({ head, key, value, bodyAt }, head.bytes)
  }

  /** The keys of the bodies that lie by themselves. */
  bodyKeys(): Uint8Array[] {
    const keys: Uint8Array[] = []
    for (const item of this.#items) {
      if (isLone(item)) keys.push(kept(bodyKey(entryOffset(item.key))))
    }
    return keys
  }

  /** What was gathered since the last call; `bodies` are those of `bodyKeys`. */
  decoded(
    bodies: readonly (Uint8Array | undefined)[],
    onUnreadable?: OnUnreadable,
  ): StoredDelivery[] {
    const found: StoredDelivery[] = []
    let next = 0
    for (const item of this.#items) {
      if ('place' in item) {
        found.push(decodePut(item))
        continue
      }
      const body = isLone(item) ? bodies[next++] : undefined
      try {
        found.push(this.#decodeEntry(item, body))
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error
        onUnreadable?.(error.message)
      }
    }
    this.#items = []
    return found
  }

  #decodeEntry({ head, key, value, bodyAt }: Entry, body: Uint8Array | undefined): StoredDelivery {
    if (bodyAt !== undefined) {
      this.#reader.use(value, bodyAt)
    } else {
      if (body === undefined) throw new UnreadableError('its message is missing')
      openValue(this.#reader, kept(bodyKey(entryOffset(key))), body)
    }
    return deliveryOf(head, readBody(this.#reader))
  }

  #hasRoom(): boolean {
    const { countMax, bytesMax } = this.#bounds
    if (this.#count < countMax && (this.#count === 0 || this.#bytes < bytesMax)) return true
    this.hasMore = true
    return false
  }

  #add(item: Put | Entry, bytes: number): void {
    this.#items.push(item)
    this.#count += 1
    this.#bytes += bytes
  }
}

/** Reads page by page from a snapshot of the table, until it is enough. */
class TableReading {
  readonly #page: Page
  readonly #found: StoredDelivery[] = []
  readonly #snapshot: KvSnapshot
  readonly #range: KvRange
  readonly #countMax: number
  readonly #onUnreadable: OnUnreadable
  readonly #done: ReadDone

  constructor(
    kv: Kv,
    state: QueueState,
    captured: Captured,
    bounds: ReadBounds,
    onUnreadable: OnUnreadable,
    done: ReadDone,
  ) {
    const { from, to } = queueRange(state.id, bounds.after)
    this.#page = new Page(captured, bounds)
    this.#snapshot = kv.snapshot()
    this.#range = this.#snapshot.range(from, to)
    this.#countMax = Math.min(bounds.countMax + 1, PAGE_ENTRIES)
    this.#onUnreadable = onUnreadable
    this.#done = done
  }

  next(): void {
    this.#range.next(this.#countMax, (error, entries) => {
      if (error !== undefined) this.#finish(error)
      else this.#gather(entries)
    })
  }

  #gather(entries: readonly KvEntry[]): void {
    for (const [key, value] of entries) {
      try {
        this.#page.takeEntry(key, value)
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error
        this.#onUnreadable(error.message)
      }
      if (this.#page.hasMore) break
    }
    const isLast = entries.length === 0
    if (isLast) this.#page.takePuts(Number.POSITIVE_INFINITY)
    const keys = this.#page.bodyKeys()
    if (keys.length === 0) {
      this.#decode([], isLast)
      return
    }
    this.#snapshot.get(keys, (error, bodies) => {
      if (error !== undefined) this.#finish(error)
      else this.#decode(bodies, isLast)
    })
  }

  #decode(bodies: readonly (Uint8Array | undefined)[], isLast: boolean): void {
    this.#found.push(...this.#page.decoded(bodies, this.#onUnreadable))
    if (isLast || this.#page.hasMore) this.#finish(undefined)
    else this.next()
  }

  #finish(error: Error | undefined): void {
    this.#range.close()
    this.#snapshot.close()
    if (error !== undefined) this.#done(error, [], false)
    else this.#done(undefined, this.#found, !this.#page.hasMore)
  }
}

function decodePut({ bytes, place }: Put): StoredDelivery {
  const reader = bytes.at(place)
  const head = readDeliveryHead(reader)
  const isElsewhere = (head.flags & IS_ELSEWHERE) !== 0
  return deliveryOf(head, readBody(isElsewhere ? bytes.at(reader.integer()) : reader))
}

function isLone(item: Put | Entry): item is Entry {
  return 'head' in item && item.bodyAt === undefined
}

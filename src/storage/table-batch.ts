// One overlay as one batch of the table, built in small steps. What it changes in memory is changed
// only when the batch is on the disk, so that a failed one can be built again.

import { bodyView } from './body-codec.ts'
import { GONE, GONE_SHARED, type QueueChanges, UNSAID } from './changes.ts'
import { textBytesMax } from './fields.ts'
import type { KvBatch } from './kv.ts'
import type { Overlay } from './overlay.ts'
import { IS_ELSEWHERE, IS_OWN } from './record-codec.ts'
import { SessionBatch, settleSession, writtenBody } from './session-batch.ts'
import { readDeliveryHead, ValueWriter } from './table-entry.ts'
import { bodyKey, deadKey, queueEntryKey, queueNameKey, retainedKey } from './table-keys.ts'
import type { SharedBodies, TableMeta } from './table-state.ts'

/** Of a number that is dead: what it was the number of. */
export const DEAD_SESSION = 0
export const DEAD_QUEUE = 1

/** An entry that was put over another one, of which this epoch does not know what it was. */
export interface Overwritten {
  readonly queue: number
  readonly offset: number
}

export function overwrittenIn(overlay: Overlay): Overwritten[] {
  const found: Overwritten[] = []
  for (const { isDead, hasUnsaid, gone, state } of overlay.queues) {
    if (isDead || !hasUnsaid) continue
    for (const [offset, how] of gone.beyond(-1)) {
      if (how === UNSAID) found.push({ queue: state.id, offset })
    }
  }
  return found
}

export function overwrittenName({ queue, offset }: Overwritten): string {
  return `${queue}/${offset}`
}

export class TableBatch {
  readonly #overlay: Overlay
  readonly #batch: KvBatch
  readonly #meta: TableMeta
  readonly #shared: SharedBodies
  /** Of the entries that were overwritten, by name: those whose body lies by itself. */
  readonly #replaced: ReadonlySet<string>
  readonly #values = new ValueWriter()
  /** How many entries of this epoch, not their own, there are of each offset. */
  readonly #owners = new Map<number, number>()
  readonly #bodiesPut = new Set<number>()
  /** How many entries with a body by itself went, of each offset. */
  readonly #released = new Map<number, number>()

  /** `meta` is what the table will hold then; the place of the next flight is set in it. */
  constructor(
    overlay: Overlay,
    batch: KvBatch,
    meta: TableMeta,
    shared: SharedBodies,
    replaced: ReadonlySet<string>,
  ) {
    this.#overlay = overlay
    this.#batch = batch
    this.#meta = meta
    this.#shared = shared
    this.#replaced = replaced
  }

  *build(): Generator<void, undefined> {
    const { retained, bytes, queues, sessions, deadQueues, deadSessions } = this.#overlay
    yield* this.#countOwners()
    for (const [topic, place] of retained) {
      const key = retainedKey(topic)
      if (place === GONE) this.#batch.del(key)
      else this.#putBody(key, bodyView(bytes.at(place)))
      yield
    }
    for (const changes of queues) yield* this.#queue(changes)
    const sessionBatch = new SessionBatch(this.#overlay, this.#batch, this.#values, this.#meta)
    for (const changes of sessions) yield* sessionBatch.put(changes)
    for (const [offset, count] of this.#released) {
      if (this.#shared.count(offset) <= count) this.#batch.del(bodyKey(offset))
      yield
    }
    for (const id of deadQueues) {
      this.#batch.del(queueNameKey(id))
      this.#dead(id, DEAD_QUEUE)
      yield
    }
    for (const id of deadSessions) {
      this.#dead(id, DEAD_SESSION)
      yield
    }
    return undefined
  }

  /** Brings what is known in memory of the table to what the batch made of it. */
  *applied(): Generator<void, undefined> {
    for (const [offset, count] of this.#released) {
      this.#shared.add(offset, -count)
      yield
    }
    for (const [offset, count] of this.#owners) {
      if (count > 1) this.#shared.add(offset, count)
      yield
    }
    for (const { state, epoch, puts } of this.#overlay.queues) {
      state.tableMax = Math.max(state.tableMax, puts.last)
      if (state.frozen?.epoch === epoch) state.frozen = undefined
      if (state.changes?.epoch === epoch) state.changes = undefined
      yield
    }
    for (const changes of this.#overlay.sessions) {
      settleSession(changes)
      yield
    }
    return undefined
  }

  *#countOwners(): Generator<void, undefined> {
    for (const { isDead, puts } of this.#overlay.queues) {
      if (isDead) continue
      for (const [offset, place] of puts.beyond(-1)) {
        const flags = this.#overlay.bytes.at(place).u8()
        if ((flags & IS_OWN) === 0) this.#owners.set(offset, (this.#owners.get(offset) ?? 0) + 1)
        yield
      }
    }
    return undefined
  }

  *#queue({ state, isDead, puts, gone }: QueueChanges): Generator<void, undefined> {
    if (isDead) return undefined
    if (state.bornIn === this.#overlay.number) {
      const key = queueNameKey(state.id)
      this.#values.begin(textBytesMax(state.name)).rawText(state.name)
      this.#batch.put(key, this.#values.sealed(key))
    }
    for (const [offset, how] of gone.beyond(-1)) {
      this.#releaseBody(state.id, offset, how)
      if (puts.get(offset) === undefined) this.#batch.del(queueEntryKey(state.id, offset))
      yield
    }
    for (const [offset, place] of puts.beyond(-1)) {
      this.#putEntry(state.id, offset, place)
      yield
    }
    return undefined
  }

  #releaseBody(queue: number, offset: number, how: number): void {
    const wasElsewhere =
      how === UNSAID
        ? this.#replaced.has(overwrittenName({ queue, offset }))
        : how === GONE_SHARED && this.#shared.has(offset)
    if (wasElsewhere) this.#released.set(offset, (this.#released.get(offset) ?? 0) + 1)
  }

  #putEntry(queue: number, offset: number, place: number): void {
    const reader = this.#overlay.bytes.at(place)
    const start = reader.at
    const { flags } = readDeliveryHead(reader)
    const head = reader.view(start, reader.at)
    const body = writtenBody(this.#overlay, reader, flags)
    const isShared = (flags & IS_OWN) === 0 && (this.#owners.get(offset) ?? 0) > 1
    if (isShared && !this.#bodiesPut.has(offset)) {
      this.#bodiesPut.add(offset)
      this.#putBody(bodyKey(offset), body)
    }
    const writer = this.#values.begin(head.length + body.length)
    writer.u8(isShared ? flags | IS_ELSEWHERE : flags & ~IS_ELSEWHERE)
    writer.raw(head.subarray(1))
    if (!isShared) writer.raw(body)
    const key = queueEntryKey(queue, offset)
    this.#batch.put(key, this.#values.sealed(key))
  }

  #putBody(key: Uint8Array, body: Uint8Array): void {
    this.#values.begin(body.length).raw(body)
    this.#batch.put(key, this.#values.sealed(key))
  }

  #dead(id: number, kind: number): void {
    const key = deadKey(id)
    this.#values.begin(1).u8(kind)
    this.#batch.put(key, this.#values.sealed(key))
  }
}

// What waits to be written to one peer, in the two lanes of a turn: bytes that leave with its
// flush, and bytes that leave, in order, after the commit they depend on. All fronts use it; it
// knows no protocol, only that what is added between two `begin` calls is one whole.

import type { Flushable, Turn, Waiter } from './turn.ts'
import { Lane, type SlabPool } from './slabs.ts'
import type { Wire } from './wire.ts'

/** A lane that has grown so long is written at once rather than at the end of the turn. */
export const EARLY_FLUSH_BYTES: number = 256 * 1024
/** A whole of this size or more is taken by reference, if it may be. */
export const REFERENCE_BYTES_MIN: number = 16 * 1024

/** Whose outbox it is. */
export interface OutboxOwner {
  /** It was full and is half empty again. */
  writable(): void
}

interface HeldLane {
  readonly ticket: number
  readonly lane: Lane
  weight: number
}

export class Outbox implements Flushable, Waiter {
  readonly #turn: Turn<never>
  readonly #wire: Wire
  readonly #pool: SlabPool
  readonly #bytesMax: number
  readonly #owner: OutboxOwner

  readonly #ready: Lane
  /** At most two: for the commit under way and for the next one. */
  #held: HeldLane[] = []
  #lane: Lane
  #writing: Uint8Array[] | undefined
  #writingBytes = 0
  /** All bytes ever given to the wire. */
  bytesWritten = 0
  #isDirty = false
  #wasFull = false
  #isEnding = false
  #isClosed = false

  constructor(turn: Turn<never>, wire: Wire, pool: SlabPool, bytesMax: number, owner: OutboxOwner) {
    this.#turn = turn
    this.#wire = wire
    this.#pool = pool
    this.#bytesMax = bytesMax
    this.#owner = owner
    this.#ready = new Lane(pool)
    this.#lane = this.#ready
  }

  /** Bytes that were added and not yet passed on by the wire. */
  get bytes(): number {
    let bytes = this.#ready.bytes + this.#writingBytes
    for (const { lane } of this.#held) bytes += lane.bytes
    return bytes
  }

  /** True at the bound: whoever can wait waits for `writable`, whoever cannot drops. */
  get isFull(): boolean {
    const isFull = this.bytes >= this.#bytesMax
    if (isFull) this.#wasFull = true
    return isFull
  }

  /** True while something waits for a commit, so that what is in order must wait behind it. */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** True while something waits for the commit of `ticket` or an earlier one. */
  holds(ticket: number): boolean {
    const first = this.#held[0]
    return first !== undefined && first.ticket <= ticket
  }

  /** The weight of all that waits for a commit. */
  get heldWeight(): number {
    let weight = 0
    for (const held of this.#held) weight += held.weight
    return weight
  }

  /** Begins a whole that leaves with this turn's flush, past whatever waits for a commit. */
  beginNow(): void {
    this.#lane = this.#ready
    this.#mark()
  }

  /**
   * Begins a whole that keeps its place among those begun so, and leaves only when `ticket` is
   * durable; 0 waits for nothing but its predecessors. `weight` counts for `heldWeight` meanwhile.
   */
  beginInOrder(ticket: number, weight = 0): void {
    let last = this.#held.at(-1)
    if (last === undefined && this.#turn.isDurable(ticket)) {
      this.beginNow()
      return
    }
    if (last === undefined || ticket > last.ticket) {
      last = { ticket, lane: new Lane(this.#pool), weight: 0 }
      this.#held.push(last)
      this.#turn.whenDurable(ticket, this)
    }
    last.weight += weight
    this.#lane = last.lane
  }

  /**
   * Begins a whole that leaves right behind what waits for `ticket`, past what waits for later
   * commits.
   */
  beginBehind(ticket: number): void {
    const held = this.#held.findLast((each) => each.ticket <= ticket)
    if (held === undefined) this.beginNow()
    else this.#lane = held.lane
  }

  /** Copies bytes into the whole that was begun last. */
  add(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#lane.add(bytes)
  }

  /** Adds bytes that nobody will change any more: by reference where they are many. */
  addKept(bytes: Uint8Array): void {
    if (this.#isClosed) return
    if (bytes.length >= REFERENCE_BYTES_MIN) this.#lane.addByReference(bytes)
    else this.#lane.add(bytes)
  }

  /** Drops all that the wire has not taken yet. */
  discard(): void {
    this.#ready.clear()
    for (const { lane } of this.#held) lane.clear()
    this.#held = []
    this.#lane = this.#ready
  }

  /** Ends the wire once all that was added, held or not, was passed on. */
  end(): void {
    this.#isEnding = true
    if (this.#held.length === 0) this.#mark()
  }

  /** The wire is gone: forgets all, takes no more. */
  close(): void {
    this.#isClosed = true
    this.discard()
    this.#release()
  }

  /** From the wire: the write under way was passed on. */
  written(): void {
    this.#release()
    if (this.#ready.bytes > 0 || this.#isEnding) this.flush()
    if (!this.#wasFull || this.bytes * 2 > this.#bytesMax) return
    this.#wasFull = false
    this.#owner.writable()
  }

  durable(ticket: number): void {
    for (let held = this.#held[0]; held !== undefined; held = this.#held[0]) {
      if (held.ticket > ticket) break
      this.#held.shift()
      if (this.#lane === held.lane) this.#lane = this.#ready
      this.#ready.addLane(held.lane)
    }
    this.#mark()
  }

  flush(): void {
    this.#isDirty = false
    if (this.#writing !== undefined || this.#isClosed) return
    if (this.#ready.bytes > 0) {
      this.#writingBytes = this.#ready.bytes
      const { chunks, slabs } = this.#ready.take()
      this.#writing = slabs
      this.bytesWritten += this.#writingBytes
      this.#wire.write(chunks)
    } else if (this.#isEnding && this.#held.length === 0) {
      this.#isEnding = false
      this.#wire.end()
    }
  }

  #mark(): void {
    if (this.#ready.bytes >= EARLY_FLUSH_BYTES && this.#writing === undefined) this.flush()
    if (this.#isDirty || this.#isClosed) return
    this.#isDirty = true
    this.#turn.wrote(this)
  }

  #release(): void {
    for (const slab of this.#writing ?? []) this.#pool.give(slab)
    this.#writing = undefined
    this.#writingBytes = 0
  }
}

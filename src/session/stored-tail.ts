// What of one queue stands in the store alone: how much it is, and reading it back page by page,
// one page at a time. What is done with a page is backlog's.

import type { Timer } from '../base/clock.ts'
import { bytesOf, type Message, NEVER } from '../core/message.ts'
import type { QueueName, StoredDelivery, StoredQueue } from '../core/store.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { World } from './world.ts'

/** A page that could not be read is asked for again after so long. */
export const READ_RETRY_MS = 1000
/** Expired entries are looked for in pages of so many. */
export const SWEEP_PAGE_MAX = 512

/** Whose tail it is. */
export interface TailOwner {
  /** True for what is in flight, though it stands in the queue: it is not loaded. */
  isOut(offset: number): boolean
  /** It stands in memory from now on. */
  loaded(delivery: Delivery): void
  /** It expired where it stood, and is gone. */
  expired(delivery: Delivery): void
  /** A page has come, or may be asked for again: whoever waits for it goes on. */
  filled(): void
}

/** One call of the store. */
interface Reading {
  /** The queue was released or ended meanwhile: what comes is not loaded. */
  isStale: boolean
  /** What was queued meanwhile, which is not among what comes. */
  addedCount: number
  addedBytes: number
  /** What was given back meanwhile, perhaps within the page. */
  readonly late: Map<number, Delivery>
  /** What was in flight and is settled meanwhile, though it may be on the page. */
  readonly settled: Set<number>
}

type Taker = (reading: Reading, found: readonly StoredDelivery[], isEnd: boolean) => void

export class StoredTail {
  readonly #world: World
  readonly #queue: QueueName
  readonly #group: string | undefined
  readonly #owner: TailOwner
  #count = 0
  #bytes = 0
  /** No entry expires before this wall time. */
  #expiresAtMs = NEVER
  /** The same for those that a sweep has passed. */
  #sweptExpiresAtMs = NEVER
  #reading: Reading | undefined
  #retry: Timer | undefined
  #isGone = false
  /** What stands up to this offset is in memory or in flight; beyond it, in the store alone. */
  cursor = 0

  constructor(world: World, queue: QueueName, group: string | undefined, owner: TailOwner) {
    this.#world = world
    this.#queue = queue
    this.#group = group
    this.#owner = owner
  }

  get count(): number {
    return this.#count
  }

  /** Of payloads and properties. */
  get bytes(): number {
    return this.#bytes
  }

  /** True while a page is awaited. */
  get isBusy(): boolean {
    return this.#reading !== undefined || this.#retry !== undefined
  }

  /** True when something here may have expired. */
  get isSweepDue(): boolean {
    return this.#count > 0 && this.#expiresAtMs < this.#world.turn.wallMs
  }

  /** What an earlier run left. */
  restore({ count, bytes, expiresAtMs }: StoredQueue): void {
    this.#count = count
    this.#bytes = bytes
    this.#expiresAtMs = expiresAtMs
  }

  /** A message stands here from now on. */
  add(message: Message): void {
    const bytes = bytesOf(message)
    this.#count += 1
    this.#bytes += bytes
    this.#expiresAtMs = Math.min(this.#expiresAtMs, message.expiresAtMs)
    this.#sweptExpiresAtMs = Math.min(this.#sweptExpiresAtMs, message.expiresAtMs)
    if (this.#reading === undefined) return
    this.#reading.addedCount += 1
    this.#reading.addedBytes += bytes
  }

  /** The same for one that was in flight: it may belong within the page that is being read. */
  addLate(delivery: Delivery): void {
    this.add(delivery.message)
    this.#reading?.late.set(delivery.message.offset, delivery)
  }

  /** A message stands here no more, or is in flight. */
  remove(message: Message): void {
    this.#count -= 1
    this.#bytes -= bytesOf(message)
  }

  /** What stood here while it was in flight stands here no more. */
  settled(offset: number): void {
    this.#reading?.settled.add(offset)
  }

  /** What is being read is not wanted any more. */
  abandon(): void {
    if (this.#reading !== undefined) this.#reading.isStale = true
    this.#retry?.cancel()
    this.#retry = undefined
  }

  /** The queue is gone. */
  end(): void {
    this.abandon()
    this.#isGone = true
    this.#count = 0
    this.#bytes = 0
  }

  /** Reads on from the cursor; nothing while a page is awaited. */
  read(countMax: number, bytesMax: number): void {
    this.#ask(this.cursor, countMax, bytesMax, (reading, found, isEnd) => {
      if (!reading.isStale) this.#load(reading, found, isEnd || found.length === 0)
    })
  }

  /**
   * Takes out what expired on one page beyond the offset `after`, then says where to go on, or
   * undefined at the end.
   */
  sweep(after: number, done: (next: number | undefined) => void): void {
    if (this.isBusy) return done(after)
    if (after === 0) this.#sweptExpiresAtMs = NEVER
    const { queueWindowBytesMax } = this.#world.limits
    const from = Math.max(after, this.cursor)
    const swept: Taker = (reading, found, isEnd) => {
      if (this.#isGone) return done(undefined)
      this.#sweepPage(found, reading)
      const last = found.at(-1)
      if (!isEnd && last !== undefined) return done(last.message.offset)
      this.#expiresAtMs = this.#sweptExpiresAtMs
      done(undefined)
    }
    this.#ask(from, SWEEP_PAGE_MAX, queueWindowBytesMax, swept, () => done(undefined))
  }

  #ask(after: number, countMax: number, bytesMax: number, take: Taker, failed?: () => void): void {
    if (this.isBusy) return
    const reading: Reading = {
      isStale: false,
      addedCount: 0,
      addedBytes: 0,
      late: new Map(),
      settled: new Set(),
    }
    this.#reading = reading
    let isCalling = true
    this.#world.store.read(this.#queue, after, countMax, bytesMax, (error, found, isEnd) => {
      this.#reading = undefined
      this.#world.turn.open()
      if (error === undefined) take(reading, found, isEnd)
      else {
        this.#failed(error, reading)
        failed?.()
      }
      if (!isCalling && !this.#isGone && !this.isBusy) this.#owner.filled()
    })
    isCalling = false
  }

  #load(reading: Reading, found: readonly StoredDelivery[], isEnd: boolean): void {
    for (const stored of found) {
      const { offset } = stored.message
      if (reading.late.delete(offset)) this.#forget(reading, stored.message)
      if (!this.#isOut(offset, reading)) this.#take(this.#delivery(stored))
      this.cursor = Math.max(this.cursor, offset)
    }
    for (const [offset, delivery] of reading.late) {
      if (offset > this.cursor) continue
      this.#forget(reading, delivery.message)
      this.#take(delivery)
    }
    if (isEnd && this.#count !== reading.addedCount) this.#recount(reading)
  }

  #isOut(offset: number, { settled }: Reading): boolean {
    return settled.has(offset) || this.#owner.isOut(offset)
  }

  #forget(reading: Reading, message: Message): void {
    reading.addedCount -= 1
    reading.addedBytes -= bytesOf(message)
  }

  /** The store could not keep all that it counted, or brought back less than it said. */
  #recount({ addedCount, addedBytes }: Reading): void {
    this.#world.log.warn('a queue holds less than was counted', {
      queue: this.#queue,
      counted: this.#count,
      found: addedCount,
    })
    this.#count = addedCount
    this.#bytes = addedBytes
  }

  #take(delivery: Delivery): void {
    this.remove(delivery.message)
    this.#owner.loaded(delivery)
  }

  #sweepPage(found: readonly StoredDelivery[], reading: Reading): void {
    const { wallMs } = this.#world.turn
    for (const stored of found) {
      const { offset, expiresAtMs } = stored.message
      if (offset <= this.cursor || this.#isOut(offset, reading)) continue
      if (expiresAtMs >= wallMs) {
        this.#sweptExpiresAtMs = Math.min(this.#sweptExpiresAtMs, expiresAtMs)
        continue
      }
      this.remove(stored.message)
      this.#owner.expired(this.#delivery(stored))
    }
  }

  #delivery({ message, qos, retain, ids, isOwn }: StoredDelivery): Delivery {
    const delivery = createDelivery(message, qos, retain, ids, this.#group)
    delivery.queue = this.#queue
    delivery.isOwn = isOwn
    return delivery
  }

  #failed(error: Error, reading: Reading): void {
    this.#world.counters.readsFailed += 1
    this.#world.log.error('a queue could not be read, trying again', {
      queue: this.#queue,
      error: error.message,
    })
    if (reading.isStale) return
    this.#retry = this.#world.deadlines.after(READ_RETRY_MS, () => {
      this.#retry = undefined
      this.#world.turn.open()
      this.#owner.filled()
    })
  }
}

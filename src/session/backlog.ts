// The bounded queue of one session or shared group, with its bookkeeping: what is dropped at the
// bound is counted and logged once per episode, what expires is counted, and what a durable owner
// waits for is in the store.
//
// Where the store holds queues, memory has a window of it: all of it while it is *live*, its oldest
// part while it is *behind*, and nothing while nobody is there to take it. What is new then goes to
// the store only. Otherwise all of it is in memory.

import { bytesOf, keep, type Message } from '../core/message.ts'
import type { QueueName, StoredQueue } from '../core/store.ts'
import type { Delivery } from './delivery.ts'
import { Queue } from './queue.ts'
import { StoredTail, type TailOwner } from './stored-tail.ts'
import type { World } from './world.ts'

/** Whose queue it is. */
export interface BacklogOwner {
  /** True for what is in flight, though it stands in the queue. */
  isOut(offset: number): boolean
  /** More was read: takes what it can. */
  pump(): void
}

export interface BacklogParts {
  /** The client id, or the whole name of the shared subscription. */
  readonly name: string
  readonly queue: QueueName
  /** The same name again for a shared subscription's. */
  readonly group: string | undefined
  readonly owner: BacklogOwner
}

export class Backlog implements TailOwner {
  readonly #world: World
  readonly #parts: BacklogParts
  readonly #queue: Queue
  readonly #tail: StoredTail
  #isDurable = false
  /** Somebody is there who may take what waits. */
  #isOpen = false
  /** Something was stored under its name. */
  #isStored = false
  /** Messages dropped in the present episode. */
  #dropped = 0

  constructor(world: World, parts: BacklogParts) {
    const { sessionQueueMax, sessionQueueBytesMax } = world.limits
    this.#world = world
    this.#parts = parts
    this.#queue = new Queue(sessionQueueMax, sessionQueueBytesMax)
    this.#tail = new StoredTail(world, parts.queue, parts.group, this)
  }

  /** True once its entries must survive the process. */
  get isDurable(): boolean {
    return this.#isDurable
  }

  get length(): number {
    return this.#queue.length + this.#tail.count
  }

  get bytes(): number {
    return this.#queue.bytes + this.#tail.bytes
  }

  /** True when `sweepStored` may find something. */
  get isSweepDue(): boolean {
    return this.#tail.isSweepDue
  }

  /** From now on its entries must survive the process; those that wait are stored. */
  makeDurable(): void {
    if (this.#isDurable) return
    this.#isDurable = true
    const waiting = this.#queue.waiting()
    for (const delivery of waiting) this.#store(delivery, true)
    this.#tail.cursor = waiting.at(-1)?.message.offset ?? 0
    if (!this.#isOpen) this.release()
  }

  /** What an earlier run left, without what is in flight; `after` is below all that waits. */
  restore(stored: StoredQueue, after: number): void {
    this.#isDurable = true
    this.#isStored = true
    this.#tail.restore(stored)
    this.#tail.cursor = after
  }

  /** One that an earlier run left is in flight. */
  restoreOut(message: Message): void {
    this.#tail.remove(message)
  }

  /** Somebody is there who may take what waits. */
  open(): void {
    this.#isOpen = true
  }

  /** Nobody is there any more: what the store holds is not held in memory. */
  release(): void {
    this.#isOpen = false
    if (!this.#isPaged) return
    this.#tail.abandon()
    const waiting = this.#queue.waiting()
    const first = waiting[0]
    if (first !== undefined) this.#tail.cursor = first.message.offset - 1
    for (const { message } of waiting) this.#tail.add(message)
    this.#queue.clear()
  }

  /** Takes a delivery at the end, or drops it at the bound: the newest goes, and only here. */
  push(delivery: Delivery): void {
    const { message } = delivery
    const bytes = bytesOf(message)
    if (!this.#queue.hasRoom(bytes, this.#tail)) this.sweep()
    if (!this.#queue.hasRoom(bytes, this.#tail)) {
      this.#drop(delivery)
      return
    }
    keep(message)
    this.#store(delivery, false)
    if (!this.#isPaged) this.#queue.push(delivery)
    else if (this.#isLive && this.#windowHasRoom(bytes)) {
      this.#queue.push(delivery)
      this.#tail.cursor = message.offset
    } else this.#tail.add(message)
  }

  /** Stores a delivery which goes past the queue to somebody who cannot keep it himself. */
  stand(delivery: Delivery): void {
    this.#store(delivery, false)
  }

  /**
   * Takes back what was in flight, past the bound if need be: it was accepted. Never more than what
   * `inflightMax` let out.
   */
  putBack(deliveries: readonly Delivery[]): void {
    const sorted = deliveries.toSorted((one, other) => one.message.offset - other.message.offset)
    for (const delivery of sorted) if (delivery.queue === undefined) this.#store(delivery, true)
    this.#queue.putBack(this.#isPaged ? sorted.filter((each) => this.#mayHold(each)) : sorted)
  }

  /** The next one that has not expired [MQTT-3.3.2-5]; those before it are taken out. */
  peek(): Delivery | undefined {
    for (;;) {
      this.#fill()
      const delivery = this.#queue.first
      if (delivery === undefined) {
        // A page of nothing but what is in flight.
        if (this.#mayRead) continue
        return undefined
      }
      if (delivery.message.expiresAtMs >= this.#world.turn.wallMs) return delivery
      this.#take()
      this.expired(delivery)
    }
  }

  /**
   * Takes the next one out that has not expired. The caller records where it went; what it cannot
   * use it gives to `gone`.
   */
  shift(): Delivery | undefined {
    const delivery = this.peek()
    if (delivery !== undefined) this.#take()
    return delivery
  }

  /** What stood in the queue while it was in flight stands there no more. */
  settled(offset: number): void {
    this.#tail.settled(offset)
  }

  /** Records that a delivery which was taken out will not be sent. */
  gone({ queue, message, isOwn }: Delivery): void {
    if (queue === undefined) return
    this.#world.turn.append({ kind: 'unqueued', queue, offset: message.offset, isOwn })
  }

  /** Takes out what expired in memory. */
  sweep(): void {
    this.#world.turn.open()
    const expired = this.#queue.sweep(this.#world.turn.wallMs)
    for (const delivery of expired) this.expired(delivery)
    if (expired.length > 0 && this.length === 0) this.#endEpisode()
  }

  /**
   * Takes out what expired in the store, on one page beyond the offset `after`, 0 at first; then
   * says where to go on, or undefined at the end.
   */
  sweepStored(after: number, done: (next: number | undefined) => void): void {
    this.#world.turn.open()
    this.#tail.sweep(after, (next) => {
      if (this.length === 0) this.#endEpisode()
      done(next)
    })
  }

  /** Forgets all; the record of the owner's end covers it. */
  clear(): void {
    this.#queue.clear()
    this.#tail.end()
  }

  /** Forgets all, of which nothing else tells. */
  end(): void {
    if (this.#isStored) this.#world.turn.append({ kind: 'emptied', queue: this.#parts.queue })
    this.clear()
  }

  isOut(offset: number): boolean {
    return this.#parts.owner.isOut(offset)
  }

  loaded(delivery: Delivery): void {
    const last = this.#queue.last
    if (last !== undefined && last.message.offset > delivery.message.offset) {
      this.#queue.putBack([delivery])
    } else this.#queue.push(delivery)
  }

  filled(): void {
    if (this.#isOpen) this.#parts.owner.pump()
  }

  /** An entry that was taken out has expired. */
  expired(delivery: Delivery): void {
    this.#world.counters.droppedExpired += 1
    this.#world.observer.dropped(this.#parts.name, delivery.message.topic, 'expired')
    this.gone(delivery)
  }

  get #isPaged(): boolean {
    return this.#isDurable && this.#world.store.holdsQueues
  }

  /** Nothing stands in the store alone, and what is new may be held in memory as well. */
  get #isLive(): boolean {
    return this.#isOpen && this.#tail.count === 0 && !this.#tail.isBusy
  }

  get #mayRead(): boolean {
    return this.#isOpen && this.#tail.count > 0 && !this.#tail.isBusy
  }

  #windowHasRoom(bytes: number): boolean {
    const { queueWindowMax, queueWindowBytesMax } = this.#world.limits
    if (this.#queue.length >= queueWindowMax) return false
    return this.#queue.length === 0 || this.#queue.bytes + bytes <= queueWindowBytesMax
  }

  /** Reads on once half of the window is free. */
  #fill(): void {
    if (!this.#mayRead) return
    const { queueWindowMax, queueWindowBytesMax } = this.#world.limits
    const { length, bytes } = this.#queue
    if (length * 2 > queueWindowMax || (length > 0 && bytes * 2 > queueWindowBytesMax)) return
    this.#tail.read(queueWindowMax - length, Math.max(1, queueWindowBytesMax - bytes))
  }

  /** Whether what comes back belongs in memory; if not, it stands in the store alone. */
  #mayHold(delivery: Delivery): boolean {
    const { message } = delivery
    const { offset } = message
    const tail = this.#tail
    if (this.#isOpen && offset <= tail.cursor) return true
    if (this.#isLive && this.#windowHasRoom(bytesOf(message))) {
      tail.cursor = offset
      return true
    }
    if (!this.#isOpen) tail.cursor = Math.min(tail.cursor, offset - 1)
    tail.addLate(delivery)
    return false
  }

  #store(delivery: Delivery, isOwn: boolean): void {
    if (!this.#isDurable) return
    const { message, qos, retain, ids } = delivery
    const { queue } = this.#parts
    delivery.queue = queue
    delivery.isOwn = isOwn
    this.#isStored = true
    const record = { queue, message: keep(message), qos, retain, ids, isOwn }
    this.#world.turn.append({ kind: 'queued', ...record })
  }

  #take(): void {
    this.#queue.shift()
    this.#fill()
    if (this.length === 0) this.#endEpisode()
  }

  #drop({ message }: Delivery): void {
    this.#world.counters.droppedQueueFull += 1
    this.#world.observer.dropped(this.#parts.name, message.topic, 'queueFull')
    this.#dropped += 1
    if (this.#dropped > 1) return
    this.#world.log.warn('queue full, dropping the newest messages', {
      queue: this.#parts.name,
      messages: this.length,
      bytes: this.bytes,
    })
  }

  #endEpisode(): void {
    if (this.#dropped === 0) return
    this.#world.log.warn('queue empty again', { queue: this.#parts.name, dropped: this.#dropped })
    this.#dropped = 0
  }
}

// A bounded queue with its bookkeeping: what is dropped at the bound is counted and logged once per
// episode, what expires is counted, and what a durable owner waits for is in the store.

import { storeOnce } from '../core/hub.ts'
import { keep } from '../core/message.ts'
import type { Delivery } from './delivery.ts'
import { Queue } from './queue.ts'
import type { World } from './world.ts'

export class Backlog {
  readonly #world: World
  readonly #name: string
  readonly #queue: Queue
  #isDurable = false
  /** Messages dropped in the present episode. */
  #dropped = 0

  /** `name` is the client id, or the whole name of the shared subscription. */
  constructor(world: World, name: string) {
    const { sessionQueueMax, sessionQueueBytesMax } = world.limits
    this.#world = world
    this.#name = name
    this.#queue = new Queue(sessionQueueMax, sessionQueueBytesMax)
  }

  /** True once its entries must survive the process. */
  get isDurable(): boolean {
    return this.#isDurable
  }

  get length(): number {
    return this.#queue.length
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  /** From now on its entries must survive the process; those that wait are stored. */
  makeDurable(): void {
    if (this.#isDurable) return
    this.#isDurable = true
    for (const delivery of this.#queue.waiting()) this.#store(delivery)
  }

  /** Takes a delivery at the end, or drops it at the bound: the newest goes, and only here. */
  push(delivery: Delivery): void {
    const bytes = delivery.message.payload.length
    if (!this.#queue.hasRoom(bytes)) this.sweep()
    if (!this.#queue.hasRoom(bytes)) {
      this.#drop()
      return
    }
    keep(delivery.message)
    this.#queue.push(delivery)
    this.#store(delivery)
  }

  /** Takes back what was taken out, past the bound if need be: it was accepted. */
  putBack(deliveries: readonly Delivery[]): void {
    this.#queue.putBack(deliveries)
    for (const delivery of deliveries) {
      // The store may have let go of a message that nobody waited for.
      delivery.message.isStored = false
      this.#store(delivery)
    }
  }

  /**
   * Takes the next one out that has not expired. The caller records where it went; what it cannot
   * use it gives to `gone`.
   */
  shift(): Delivery | undefined {
    for (;;) {
      const delivery = this.#queue.shift()
      if (delivery === undefined) return undefined
      if (this.#queue.length === 0) this.#endEpisode()
      // [MQTT-3.3.2-5]
      if (delivery.message.expiresAtMs >= this.#world.turn.wallMs) return delivery
      this.#expired(delivery)
    }
  }

  /** Records that a delivery which was taken out will not be sent. */
  gone(delivery: Delivery): void {
    if (!this.#isDurable) return
    this.#world.turn.append({
      kind: 'unqueued',
      queue: this.#name,
      offset: delivery.message.offset,
    })
  }

  /** Takes out what expired. */
  sweep(): void {
    this.#world.turn.open()
    for (const delivery of this.#queue.sweep(this.#world.turn.wallMs)) this.#expired(delivery)
  }

  /** Forgets all; the record of the owner's end covers it. */
  clear(): void {
    this.#queue.clear()
  }

  #store(delivery: Delivery): void {
    if (!this.#isDurable) return
    const { message, qos, retain, ids } = delivery
    storeOnce(this.#world.turn, message)
    this.#world.turn.append({
      kind: 'queued',
      queue: this.#name,
      offset: message.offset,
      qos,
      retain,
      ids,
    })
  }

  #expired(delivery: Delivery): void {
    this.#world.counters.droppedExpired += 1
    this.gone(delivery)
  }

  #drop(): void {
    this.#world.counters.droppedQueueFull += 1
    this.#dropped += 1
    if (this.#dropped > 1) return
    this.#world.log.warn('queue full, dropping the newest messages', {
      queue: this.#name,
      messages: this.#queue.length,
      bytes: this.#queue.bytes,
    })
  }

  #endEpisode(): void {
    if (this.#dropped === 0) return
    this.#world.log.warn('queue empty again', { queue: this.#name, dropped: this.#dropped })
    this.#dropped = 0
  }
}

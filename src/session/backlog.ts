// A bounded queue with its bookkeeping: what is dropped at the bound is counted and logged once per
// episode, what expires is counted, and what a durable owner waits for is in the store.

import { storeOnce } from '../core/hub.ts'
import { bytesOf, keep } from '../core/message.ts'
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
    this.#storeAnew(this.#queue.waiting())
  }

  /** Takes a delivery at the end, or drops it at the bound: the newest goes, and only here. */
  push(delivery: Delivery): void {
    const bytes = bytesOf(delivery.message)
    if (!this.#queue.hasRoom(bytes)) this.sweep()
    if (!this.#queue.hasRoom(bytes)) {
      this.#drop(delivery)
      return
    }
    keep(delivery.message)
    this.#queue.push(delivery)
    this.#store(delivery)
  }

  /** Takes back what was taken out, past the bound if need be: it was accepted. */
  putBack(deliveries: readonly Delivery[]): void {
    this.#queue.putBack(deliveries)
    this.#storeAnew(deliveries)
  }

  /** The next one that has not expired [MQTT-3.3.2-5]; those before it are taken out. */
  peek(): Delivery | undefined {
    for (;;) {
      const delivery = this.#queue.first
      if (delivery === undefined) return undefined
      if (delivery.message.expiresAtMs >= this.#world.turn.wallMs) return delivery
      this.#take()
      this.#expired(delivery)
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
    const expired = this.#queue.sweep(this.#world.turn.wallMs)
    for (const delivery of expired) this.#expired(delivery)
    if (expired.length > 0 && this.#queue.length === 0) this.#endEpisode()
  }

  /** Forgets all; the record of the owner's end covers it. */
  clear(): void {
    this.#queue.clear()
  }

  /** Stores what was only in memory for a while: the store may have let go of the messages. */
  #storeAnew(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      delivery.message.isStored = false
      this.#store(delivery)
    }
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

  #take(): void {
    this.#queue.shift()
    if (this.#queue.length === 0) this.#endEpisode()
  }

  #expired(delivery: Delivery): void {
    this.#world.counters.droppedExpired += 1
    this.#world.observer.dropped(this.#name, delivery.message.topic, 'expired')
    this.gone(delivery)
  }

  #drop({ message }: Delivery): void {
    this.#world.counters.droppedQueueFull += 1
    this.#world.observer.dropped(this.#name, message.topic, 'queueFull')
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

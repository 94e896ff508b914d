// The sending side of QoS 1 and 2, section 4.3: what is in flight to one client, under which packet
// ids, within which window. Survives connections; knows nothing of bytes.

import { assert } from '../base/assert.ts'
import { bytesOf } from '../core/message.ts'
import type { Delivery } from './delivery.ts'

const PACKET_ID_MAX = 65_535

/** How a client's acknowledgement was taken. */
export const Acknowledged = {
  /** The delivery is over; its id and quota are free. */
  settled: 0,
  /** Answer with PUBREL. */
  released: 1,
  /** Nothing in flight has this id. */
  unknown: 2,
  /** What is in flight under this id cannot be acknowledged so: the client's mistake. */
  wrong: 3,
} as const
export type Acknowledged = (typeof Acknowledged)[keyof typeof Acknowledged]

export class Sender {
  readonly #inflightMax: number
  readonly #bytesMax: number
  /** In the order of first sending. Made for the first one: many clients never need it. */
  #inflight: Map<number, Delivery> | undefined
  #bytes = 0
  #lastId = 0
  #quota = 0
  /** What an earlier connection left to be sent again, oldest first. */
  #unsent: Delivery[] = []

  constructor(inflightMax: number, bytesMax: number) {
    this.#inflightMax = Math.min(inflightMax, PACKET_ID_MAX)
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#inflight?.size ?? 0
  }

  /** Bytes of payloads and properties in flight. */
  get bytes(): number {
    return this.#bytes
  }

  /** True when a new delivery may begin [MQTT-4.9.0-2]. */
  get isOpen(): boolean {
    return (
      this.#quota > 0 &&
      this.#unsent.length === 0 &&
      this.size < this.#inflightMax &&
      (this.#bytes < this.#bytesMax || this.size === 0)
    )
  }

  /** Deliveries in flight, in the order of first sending. */
  deliveries(): Iterable<Delivery> {
    return this.#inflight?.values() ?? []
  }

  /**
   * A new connection: a new quota [MQTT-4.9.0-1], and all that is in flight is to be sent again, in
   * order [MQTT-4.4.0-1] [MQTT-4.6.0-1].
   */
  attach(receiveMax: number): void {
    this.#quota = Math.min(receiveMax, this.#inflightMax)
    this.#unsent = [...this.deliveries()].reverse()
  }

  /** The connection is gone: nothing may be sent. */
  detach(): void {
    this.#quota = 0
    this.#unsent = []
    for (const delivery of this.deliveries()) delivery.isCounted = false
  }

  /** The next delivery to send again, or undefined when there is none or no quota for it. */
  nextUnsent(): Delivery | undefined {
    const delivery = this.#unsent.at(-1)
    if (delivery === undefined) return undefined
    if (!delivery.isReleased) {
      if (this.#quota === 0) return undefined
      this.#take(delivery)
    }
    this.#unsent.pop()
    return delivery
  }

  /** Puts a new delivery in flight under an id that is not in use [MQTT-2.2.1-4]. */
  begin(delivery: Delivery): void {
    assert(this.size < PACKET_ID_MAX, 'a packet id is free')
    this.#inflight ??= new Map()
    do {
      this.#lastId = (this.#lastId % PACKET_ID_MAX) + 1
    } while (this.#inflight.has(this.#lastId))
    delivery.packetId = this.#lastId
    this.#inflight.set(this.#lastId, delivery)
    this.#bytes += bytesOf(delivery.message)
    this.#take(delivery)
  }

  /** What an earlier run left in flight, in the order of first sending. */
  restore(delivery: Delivery): void {
    this.#inflight ??= new Map()
    this.#inflight.set(delivery.packetId, delivery)
    this.#bytes += bytesOf(delivery.message)
    this.#lastId = delivery.packetId
  }

  /** What is in flight under `packetId`. */
  find(packetId: number): Delivery | undefined {
    return this.#inflight?.get(packetId)
  }

  /** PUBACK, with any reason [MQTT-4.3.2-3]. */
  puback(packetId: number): Acknowledged {
    const delivery = this.#inflight?.get(packetId)
    if (delivery === undefined) return Acknowledged.unknown
    if (delivery.qos !== 1) return Acknowledged.wrong
    this.settle(delivery)
    return Acknowledged.settled
  }

  /** PUBREC; `isFailure` for a reason of 0x80 and above, which ends the delivery [MQTT-4.4.0-2]. */
  pubrec(packetId: number, isFailure: boolean): Acknowledged {
    const delivery = this.#inflight?.get(packetId)
    if (delivery === undefined) return Acknowledged.unknown
    if (delivery.qos !== 2) return Acknowledged.wrong
    if (isFailure && !delivery.isReleased) {
      this.settle(delivery)
      return Acknowledged.settled
    }
    delivery.isReleased = true // [MQTT-4.3.3-4]
    return Acknowledged.released
  }

  /** PUBCOMP [MQTT-4.3.3-5]. */
  pubcomp(packetId: number): Acknowledged {
    const delivery = this.#inflight?.get(packetId)
    if (delivery === undefined) return Acknowledged.unknown
    if (!delivery.isReleased) return Acknowledged.wrong
    this.settle(delivery)
    return Acknowledged.settled
  }

  /** Ends a delivery: its id is free, and its quota. */
  settle(delivery: Delivery): void {
    if (this.#inflight?.delete(delivery.packetId) !== true) return
    this.#bytes -= bytesOf(delivery.message)
    if (delivery.isCounted) this.#quota += 1
    delivery.isCounted = false
    const index = this.#unsent.indexOf(delivery)
    if (index !== -1) this.#unsent.splice(index, 1)
  }

  #take(delivery: Delivery): void {
    delivery.isCounted = true
    this.#quota -= 1
  }
}

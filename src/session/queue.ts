// Deliveries that wait, in order and within bounds. At a bound the newest is refused; what expired
// is taken out first.

import { bytesOf, NEVER } from '../core/message.ts'
import type { Delivery } from './delivery.ts'

/** Entries that may lie consumed at the front before the array is cut. */
const CONSUMED_MAX = 1024

/** Entries of the same queue that are not in memory. */
export interface Elsewhere {
  readonly count: number
  readonly bytes: number
}

const NOTHING: Elsewhere = { count: 0, bytes: 0 }

export class Queue {
  readonly #countMax: number
  readonly #bytesMax: number
  #entries: Delivery[] = []
  /** Where the first one that still waits stands in `#entries`. */
  #first = 0
  #bytes = 0
  /** No entry expires before this wall time. */
  #expiresAtMs = NEVER

  /** Bounds: `limits.sessionQueueMax` messages and `limits.sessionQueueBytesMax`. */
  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax
    this.#bytesMax = bytesMax
  }

  get length(): number {
    return this.#entries.length - this.#first
  }

  /** Of payloads and properties. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * True when one more of `bytes` is within the bounds, together with what is kept `elsewhere`; one
   * alone always is in bytes.
   */
  hasRoom(bytes: number, elsewhere: Elsewhere = NOTHING): boolean {
    const count = this.length + elsewhere.count
    if (count >= this.#countMax) return false
    return count === 0 || this.#bytes + elsewhere.bytes + bytes <= this.#bytesMax
  }

  push(delivery: Delivery): void {
    this.#entries.push(delivery)
    this.#count(delivery)
  }

  /** Puts back what was taken out, each in its place by age; bounds don't apply. */
  putBack(deliveries: readonly Delivery[]): void {
    this.#entries = [...deliveries, ...this.#entries.slice(this.#first)]
    this.#entries.sort((one, other) => one.message.offset - other.message.offset)
    this.#first = 0
    for (const delivery of deliveries) this.#count(delivery)
  }

  /** All that wait, the oldest first. */
  waiting(): readonly Delivery[] {
    return this.#entries.slice(this.#first)
  }

  get first(): Delivery | undefined {
    return this.#entries[this.#first]
  }

  get last(): Delivery | undefined {
    return this.#entries.at(-1)
  }

  shift(): Delivery | undefined {
    const delivery = this.#entries[this.#first]
    if (delivery === undefined) return undefined
    this.#bytes -= bytesOf(delivery.message)
    this.#first += 1
    if (this.#first === this.#entries.length) {
      this.#entries = []
      this.#first = 0
    } else if (this.#first > CONSUMED_MAX && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    return delivery
  }

  /** Takes out and returns what expired by `wallMs`; costs nothing while nothing did. */
  sweep(wallMs: number): readonly Delivery[] {
    if (wallMs <= this.#expiresAtMs) return []
    const waiting = this.waiting()
    const expired = waiting.filter(({ message }) => message.expiresAtMs < wallMs)
    this.clear()
    for (const delivery of waiting) if (delivery.message.expiresAtMs >= wallMs) this.push(delivery)
    return expired
  }

  clear(): void {
    this.#entries = []
    this.#first = 0
    this.#bytes = 0
    this.#expiresAtMs = NEVER
  }

  #count({ message }: Delivery): void {
    this.#bytes += bytesOf(message)
    if (message.expiresAtMs < this.#expiresAtMs) this.#expiresAtMs = message.expiresAtMs
  }
}

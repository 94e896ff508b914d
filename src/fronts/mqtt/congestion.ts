// Publishers that are not read from while too much waits for the disk: what they would add could
// only wait as well; likewise who subscribes where that is stored. Whoever only receives is read
// from throughout.

import type { Deadlines } from '../../base/deadlines.ts'
import type { Turn } from '../../base/turn.ts'
import type { Counters } from '../../core/counters.ts'
import type { Store } from '../../core/store.ts'

/** So often it is looked whether the store has caught up. */
export const CONGESTION_LOOK_MS = 20

interface CongestionParts {
  readonly store: Pick<Store, 'isCongested'>
  readonly turn: Turn<never>
  readonly deadlines: Deadlines
  readonly counters: Counters
}

/** A connection that is paused. */
interface Publisher {
  goOn(): void
}

export class Congestion {
  readonly #parts: CongestionParts
  readonly #paused = new Set<Publisher>()
  #isLooking = false

  constructor(parts: CongestionParts) {
    this.#parts = parts
  }

  /** True while publishers should not be read from. */
  get isThere(): boolean {
    return this.#parts.store.isCongested
  }

  /** `publisher` has paused, and is told when it may go on. */
  add(publisher: Publisher): void {
    this.#parts.counters.publishersPaused += 1
    this.#paused.add(publisher)
    if (!this.#isLooking) this.#lookLater()
  }

  /** It is gone. */
  remove(publisher: Publisher): void {
    this.#paused.delete(publisher)
  }

  #lookLater(): void {
    this.#isLooking = true
    this.#parts.deadlines.after(CONGESTION_LOOK_MS, () => {
      this.#isLooking = false
      if (this.#paused.size === 0) return
      if (this.isThere) this.#lookLater()
      else this.#goOn()
    })
  }

  #goOn(): void {
    this.#parts.turn.open()
    const paused = [...this.#paused]
    this.#paused.clear()
    for (const publisher of paused) publisher.goOn()
  }
}

// Takes expired messages out of queues that stand in the store: in the background, one page of one
// queue at a time, so that nobody waits for it.

import type { Deadlines } from '../base/deadlines.ts'
import type { Timer } from '../base/clock.ts'
import type { Backlog } from './backlog.ts'

/** How long others have between two pages. */
const PAUSE_MS = 1

export class StoredSweep {
  readonly #deadlines: Deadlines
  #due: Backlog[] = []
  #isRunning = false
  #pause: Timer | undefined

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /** Goes through these queues; while it is at others still, they wait for the next call. */
  begin(due: readonly Backlog[]): void {
    if (this.#isRunning || due.length === 0) return
    this.#due = [...due].reverse()
    this.#isRunning = true
    this.#page(0)
  }

  stop(): void {
    this.#pause?.cancel()
    this.#due = []
  }

  #page(after: number): void {
    const backlog = this.#due.at(-1)
    if (backlog === undefined) {
      this.#isRunning = false
      return
    }
    backlog.sweepStored(after, (next) => {
      if (next === undefined) this.#due.pop()
      this.#pause = this.#deadlines.after(PAUSE_MS, () => this.#page(next ?? 0))
    })
  }
}

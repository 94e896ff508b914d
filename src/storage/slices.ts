// Long work in small pieces, between which the event loop turns.

import type { Clock } from '../base/clock.ts'
import type { Scheduler } from '../base/scheduler.ts'

/** About how long one piece may take. */
const SLICE_MS = 1
/** The most steps of one piece, where the clock stands still. */
const SLICE_STEPS_MAX = 4096
/** The clock is asked after so many steps. */
const STEPS_PER_LOOK = 16

export class Slices {
  readonly #scheduler: Scheduler
  readonly #clock: Clock

  constructor(scheduler: Scheduler, clock: Clock) {
    this.#scheduler = scheduler
    this.#clock = clock
  }

  /** Takes the steps one by one; calls `done` after the last, in a later turn or in this one. */
  run(steps: Iterator<void>, done: () => void): void {
    const endMs = this.#clock.now() + SLICE_MS
    for (let count = 1; count <= SLICE_STEPS_MAX; count++) {
      if (steps.next().done === true) {
        done()
        return
      }
      if (count % STEPS_PER_LOOK === 0 && this.#clock.now() >= endMs) break
    }
    this.#scheduler.defer(() => this.run(steps, done))
  }
}

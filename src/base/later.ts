// Calls into somebody else's code, made when the present work is done: whatever that code does or
// throws, it cannot stand between two steps of the server's own.

import type { Scheduler } from './scheduler.ts'

export class Later {
  readonly #scheduler: Scheduler
  #calls: (() => void)[] = []

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Makes the call soon, after all that were asked for before. What it throws is the program's. */
  call(call: () => void): void {
    this.#calls.push(call)
    if (this.#calls.length === 1) this.#scheduler.defer(() => this.#run())
  }

  #run(): void {
    const calls = this.#calls
    // What is asked for meanwhile waits for the next time, so that sockets are read in between.
    this.#calls = []
    let at = 0
    try {
      for (const call of calls) {
        at += 1
        call()
      }
    } finally {
      const rest = calls.slice(at)
      if (rest.length > 0) {
        if (this.#calls.length === 0) this.#scheduler.defer(() => this.#run())
        this.#calls = [...rest, ...this.#calls]
      }
    }
  }
}

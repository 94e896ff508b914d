// A clock and a scheduler that stand still until a test moves them. Timers fire in the order in
// which they are due; between two of them everything that is ready runs.

import type { Clock, Timer } from '../../src/base/clock.ts'

export class VirtualTime {
  readonly clock: Clock
  #nowMs = 0
  #serial = 0
  #timers: { at: number; serial: number; callback: () => void }[] = []
  #tasks: (() => void)[] = []

  constructor(wallMs: number = Date.UTC(2030, 0, 1)) {
    this.clock = {
      now: () => this.#nowMs,
      wall: () => wallMs + this.#nowMs,
      after: (delayMs, callback) => this.#after(delayMs, callback),
    }
  }

  /** A task for the next turn. */
  readonly defer = (task: () => void): void => {
    this.#tasks.push(task)
  }

  /** Runs what is ready, and what becomes ready by it, until nothing is; timers stand still. */
  async settle(): Promise<void> {
    await this.#run()
    await new Promise((resolve) => setImmediate(resolve))
    await this.#run()
  }

  async #run(): Promise<void> {
    for (let turns = 0; turns < 1_000_000; turns++) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const task of tasks) task()
      // Promises, an authentication for example, have their say between two turns.
      await Promise.resolve()
      if (this.#tasks.length === 0) return
    }
    throw new Error('the server does not come to rest')
  }

  /** Lets `delayMs` pass, timer by timer. */
  async advance(delayMs: number): Promise<void> {
    const endMs = this.#nowMs + delayMs
    await this.settle()
    for (;;) {
      // Most timers find nothing to do; only the others need a turn.
      if (this.#tasks.length > 0) await this.#run()
      const next = this.#next(endMs)
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.at)
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.callback()
    }
    this.#nowMs = endMs
    await this.settle()
  }

  #next(endMs: number): { at: number; serial: number; callback: () => void } | undefined {
    let first: { at: number; serial: number; callback: () => void } | undefined
    for (const timer of this.#timers) {
      if (timer.at > endMs || (first !== undefined && timer.at > first.at)) continue
      if (first === undefined || timer.at < first.at || timer.serial < first.serial) first = timer
    }
    return first
  }

  #after(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0 && delayMs <= 2 ** 31 - 1)) throw new Error(`a timer of ${delayMs} ms`)
    const timer = { at: this.#nowMs + delayMs, serial: this.#serial++, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }
}

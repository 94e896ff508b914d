// A clock and a scheduler that stand still until a test moves them. Timers fire in the order in which
// they are due; between two of them everything that is ready runs.

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
    for (let turns = 0; turns < 1_000_000; turns++) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const task of tasks) task()
      // Promises, an authentication for example, have their say between two turns.
      await Promise.resolve()
      if (this.#tasks.length > 0) continue
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#tasks.length === 0) return
    }
    throw new Error('the server does not come to rest')
  }

  /** Lets `delayMs` pass, timer by timer. */
  async advance(delayMs: number): Promise<void> {
    const endMs = this.#nowMs + delayMs
    for (;;) {
      await this.settle()
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
    return this.#timers
      .filter((timer) => timer.at <= endMs)
      .sort((x, y) => x.at - y.at || x.serial - y.serial)[0]
  }

  #after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#nowMs + Math.max(delayMs, 0), serial: this.#serial++, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }
}

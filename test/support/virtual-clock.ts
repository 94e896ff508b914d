// A clock and a scheduler that a test moves by hand, synchronously: nothing runs but within
// `advance` and `run`. For whole servers, whose promises have their say in between, see
// virtual-time.

import type { Clock, Timer } from '../../src/base/clock.ts'
import type { Scheduler } from '../../src/base/scheduler.ts'

interface Due {
  readonly dueMs: number
  readonly callback: () => void
}

export class VirtualClock implements Clock {
  #nowMs = 0
  #wallMs: number
  #timers: Due[] = []

  constructor(wallMs: number = Date.UTC(2030, 0, 1)) {
    this.#wallMs = wallMs
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#nowMs
  }

  wall(): number {
    return this.#wallMs
  }

  after(delayMs: number, callback: () => void): Timer {
    if (delayMs < 0 || delayMs > 2 ** 31 - 1) throw new RangeError(`a timer of ${delayMs} ms`)
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Lets time pass; each timer runs at its own time, those of one time in the order of setting. */
  advance(delayMs: number): void {
    const endMs = this.#nowMs + delayMs
    for (;;) {
      let next: Due | undefined
      for (const timer of this.#timers) {
        if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
      }
      this.#moveTo(next?.dueMs ?? endMs)
      if (next === undefined) return
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.callback()
    }
  }

  /** The wall clock jumps, as when somebody sets it; durations are not touched. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs
  }

  #moveTo(nowMs: number): void {
    this.#wallMs += nowMs - this.#nowMs
    this.#nowMs = nowMs
  }
}

export class VirtualScheduler implements Scheduler {
  #deferred: (() => void)[] = []

  /** Turns that wait for their end. */
  get pending(): number {
    return this.#deferred.length
  }

  defer(run: () => void): void {
    this.#deferred.push(run)
  }

  /** Ends the turn, and those that begin by that, until none is open. */
  run(): void {
    for (let turns = 0; this.#deferred.length > 0; turns++) {
      if (turns > 100_000) throw new Error('turns without end')
      const deferred = this.#deferred
      this.#deferred = []
      for (const run of deferred) run()
    }
  }
}

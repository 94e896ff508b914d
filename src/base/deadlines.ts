// Many deadlines on one timer: a binary heap ordered by due time. Not for intervals.

import type { Clock, Timer } from './clock.ts'

/** The longest that one timer of the clock may run; a later deadline takes several. */
const TIMER_MS_MAX = 2 ** 31 - 1

interface Deadline {
  readonly dueMs: number
  /** Ties run in the order in which they were set. */
  readonly sequence: number
  readonly run: () => void
  /** Its place in the heap, -1 once it left. */
  index: number
}

export class Deadlines {
  readonly #clock: Clock
  readonly #heap: Deadline[] = []
  #sequence = 0
  #timer: Timer | undefined
  #timerDueMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many are set: as many as the caller sets and has not cancelled. */
  get size(): number {
    return this.#heap.length
  }

  /** Calls `run` once, `delayMs` from now; with Infinity never. */
  after(delayMs: number, run: () => void): Timer {
    if (delayMs === Number.POSITIVE_INFINITY) return { cancel: () => {} }
    const dueMs = this.#clock.now() + Math.max(0, delayMs)
    const deadline: Deadline = { dueMs, sequence: this.#sequence++, run, index: this.#heap.length }
    this.#heap.push(deadline)
    this.#rise(deadline)
    this.#arm()
    return { cancel: () => this.#cancel(deadline) }
  }

  /** Forgets all of them. */
  clear(): void {
    for (const deadline of this.#heap) deadline.index = -1
    this.#heap.length = 0
    this.#arm()
  }

  #cancel(deadline: Deadline): void {
    if (deadline.index === -1) return
    this.#take(deadline)
    this.#arm()
  }

  #arm(): void {
    const first = this.#heap[0]
    const dueMs = first?.dueMs ?? Number.POSITIVE_INFINITY
    if (dueMs === this.#timerDueMs) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDueMs = dueMs
    if (first === undefined) return
    const delayMs = Math.min(Math.max(0, dueMs - this.#clock.now()), TIMER_MS_MAX)
    this.#timer = this.#clock.after(delayMs, () => this.#ring())
  }

  #ring(): void {
    this.#timer = undefined
    this.#timerDueMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.now()
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.dueMs > nowMs) break
      this.#take(first)
      first.run()
    }
    this.#arm()
  }

  #take(deadline: Deadline): void {
    const index = deadline.index
    const last = this.#heap.pop()
    deadline.index = -1
    if (last === undefined || last === deadline) return
    this.#heap[index] = last
    last.index = index
    this.#rise(last)
    this.#sink(last)
  }

  #rise(deadline: Deadline): void {
    while (deadline.index > 0) {
      const parent = this.#heap[(deadline.index - 1) >> 1]
      if (parent === undefined || isBefore(parent, deadline)) return
      this.#swap(parent, deadline)
    }
  }

  #sink(deadline: Deadline): void {
    for (;;) {
      const left = this.#heap[2 * deadline.index + 1]
      const right = this.#heap[2 * deadline.index + 2]
      const child =
        left !== undefined && right !== undefined && isBefore(right, left) ? right : left
      if (child === undefined || isBefore(deadline, child)) return
      this.#swap(deadline, child)
    }
  }

  #swap(upper: Deadline, lower: Deadline): void {
    const index = upper.index
    upper.index = lower.index
    lower.index = index
    this.#heap[upper.index] = upper
    this.#heap[lower.index] = lower
  }
}

function isBefore(one: Deadline, other: Deadline): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.sequence < other.sequence)
}

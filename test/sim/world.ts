// Where a simulated server and its clients live: virtual time, one queue of events, chance from one
// seed, and a trace. Nothing in here waits, and a seed always gives the same run.

import type { Clock, Timer } from '../../src/base/clock.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Scheduler } from '../../src/base/scheduler.ts'

interface Event {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
  isCancelled: boolean
}

/** A run is given up after so many events: something goes round in circles. */
const EVENTS_MAX = 2_000_000

/** A chance with the words that scenarios use. */
export class Chance {
  readonly random: Random

  constructor(seed: number) {
    this.random = seededRandom(seed)
    for (let index = 0; index < 8; index++) this.random.below(2) // Small seeds begin alike.
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.random.below(high - low + 1)
  }

  /** True in `percent` of a hundred cases. */
  percent(percent: number): boolean {
    return this.random.below(1000) < percent * 10
  }

  /** Milliseconds up to `high`, in steps of a microsecond, so that two events seldom coincide. */
  ms(high: number): number {
    return this.random.below(Math.max(1, Math.floor(high * 1000))) / 1000
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)]!
  }
}

export class World {
  readonly seed: number
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** What broke, as one line each. */
  readonly violations: string[] = []
  nowMs = 0
  /** Somebody waits for a promise: each has its say between two events. */
  isAwaited = false
  /** Names the event that is being run. */
  eventId = 0
  hash = 0x811c9dc5
  readonly #print: ((line: string) => void) | undefined
  readonly #heap: Event[] = []
  #sequence = 0

  constructor(seed: number, print?: (line: string) => void) {
    const wallMs = Date.UTC(2030, 0, 1)
    this.seed = seed
    const turns = this.chance('turns')
    this.#print = print
    this.clock = {
      now: () => this.nowMs,
      wall: () => wallMs + this.nowMs,
      after: (delayMs, callback) => this.at(delayMs, callback),
    }
    // What arrives within a fraction of a millisecond is one turn, as in an event loop.
    this.scheduler = { defer: (run) => void this.at(turns.ms(0.2), run) }
  }

  /** An independent stream of chance for one purpose. */
  chance(purpose: string): Chance {
    let mixed = Math.imul(this.seed + 1, 0x9e3779b1)
    for (const letter of purpose) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193)
    return new Chance(mixed >>> 0)
  }

  /** Runs `run` once, `delayMs` from now. */
  at(delayMs: number, run: () => void): Timer {
    const atMs = this.nowMs + Math.max(0, delayMs)
    const event: Event = { atMs, sequence: this.#sequence++, run, isCancelled: false }
    this.#push(event)
    return {
      cancel: () => {
        event.isCancelled = true
      },
    }
  }

  /** Runs all events up to `untilMs`, or until something broke. */
  run(untilMs: number): void {
    while (this.#next(untilMs));
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  /** As `run`, or until it is so; while somebody waits for a promise, promises have their say. */
  async pass(untilMs: number, isSo: () => boolean = () => false): Promise<void> {
    for (;;) {
      if (this.isAwaited) await new Promise((resolve) => setImmediate(resolve))
      if (isSo()) return
      if (!this.#next(untilMs)) break
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  violation(what: string): void {
    const line = `seed ${this.seed} at ${this.nowMs.toFixed(3)} ms: ${what}`
    this.violations.push(line)
    this.note(`VIOLATION ${what}`)
  }

  /** Adds a line to the trace. */
  note(line: string): void {
    let hash = Math.imul(this.hash ^ ((this.nowMs * 1000) | 0), 0x01000193)
    for (let index = 0; index < line.length; index++) {
      hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193)
    }
    this.hash = hash >>> 0
    this.#print?.(`${this.nowMs.toFixed(3).padStart(12)}  ${line}`)
  }

  /** Runs the next event, if there is one up to `untilMs` and nothing broke. */
  #next(untilMs: number): boolean {
    const event = this.#heap[0]
    if (this.violations.length > 0 || event === undefined || event.atMs > untilMs) return false
    this.#pop()
    if (event.isCancelled) return true
    this.nowMs = event.atMs
    this.eventId += 1
    if (this.eventId > EVENTS_MAX) this.violation('the simulation does not come to rest')
    else this.#step(event)
    return true
  }

  #step(event: Event): void {
    try {
      event.run()
    } catch (error) {
      this.violation(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(heap[parent]!, event)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (isBefore(last, heap[child]!)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.sequence < other.sequence)
}

// The states that a new stream begins with, found in small steps while others get their turns.

import type { Scheduler } from '../../base/scheduler.ts'
import type { Message } from '../../core/message.ts'
import type { Retained } from '../../core/retained.ts'
import { matches, type TopicFilter } from '../../core/topic.ts'
import type { StreamEvent, StreamEvents } from './stream-events.ts'

/** States that one stream holds ready. Above: the search goes on when it has told these. */
export const STATES_MAX = 10_000
/** Steps of all searches in one turn. */
const STEPS_MAX = 1000

type Steps = Iterator<Message | undefined, undefined>

export class States {
  readonly #searches: { readonly steps: Steps; readonly isNew: (message: Message) => boolean }[]
  readonly #newest: number
  #found: Message[] = []
  #at = 0
  #isWhole = true

  /** `newest`: the offset after which everything comes to the stream anyhow. */
  constructor(
    retained: Retained,
    filters: readonly TopicFilter[],
    newest: number,
    nowWallMs: number,
  ) {
    this.#newest = newest
    this.#searches = filters.map((filter, at) => {
      const before = filters.slice(0, at)
      const isNew = ({ topic }: Message): boolean => !before.some((one) => matches(one, topic))
      return { steps: retained.search(filter, nowWallMs), isNew }
    })
  }

  /** All are found; those that were may still wait to be told. */
  get isOver(): boolean {
    return this.#searches.length === 0
  }

  /**
   * Whether one can resume after each that is told: since all were found before the first is told,
   * they come in the order of their offsets.
   */
  get isOrdered(): boolean {
    return this.#isWhole
  }

  /** The next that may be told, of those that were found. */
  next(events: StreamEvents, isTold: (message: Message) => boolean): StreamEvent | undefined {
    for (let message = this.#found[this.#at]; message; message = this.#found[this.#at]) {
      this.#at += 1
      if (isTold(message)) return events.of(message)
    }
    this.#found = []
    this.#at = 0
    return undefined
  }

  /** Goes on looking; false once there is something to tell, or nothing more to find. */
  search(): boolean {
    for (let count = 0; count < STEPS_MAX; count += 1) {
      const [search] = this.#searches
      if (search === undefined) return this.#ready()
      const { done, value } = search.steps.next()
      if (done === true) this.#searches.shift()
      else if (value !== undefined && value.offset <= this.#newest && search.isNew(value)) {
        this.#found.push(value)
        if (this.#found.length === STATES_MAX) {
          this.#isWhole = false
          return this.#ready()
        }
      }
    }
    return true
  }

  #ready(): false {
    this.#found.sort((one, other) => one.offset - other.offset)
    return false
  }
}

/** One search at a time, whoever comes first; the others wait. As many as there are streams. */
export class SearchLine {
  readonly #scheduler: Scheduler
  readonly #line: { readonly states: States; readonly done: () => void }[] = []
  #isRunning = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Calls `done` when there is something to tell, or nothing more to find; perhaps at once. */
  add(states: States, done: () => void): void {
    this.#line.push({ states, done })
    if (!this.#isRunning) this.#run()
  }

  /** Whoever waits for these waits no more. */
  leave(states: States): void {
    const at = this.#line.findIndex((one) => one.states === states)
    if (at >= 0) this.#line.splice(at, 1)
  }

  #run(): void {
    const [first] = this.#line
    this.#isRunning = first !== undefined
    if (first === undefined) return
    if (!first.states.search()) {
      this.#line.shift()
      first.done()
    }
    this.#isRunning = this.#line.length > 0
    if (this.#isRunning) this.#scheduler.defer(() => this.#run())
  }
}

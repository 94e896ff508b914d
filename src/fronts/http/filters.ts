// The states that a filter matches, for whoever asks for many: found in small steps, so that others
// get their turns, and only as many searches at once as the server bears.

import { Reason } from '../../base/reason.ts'
import type { Scheduler } from '../../base/scheduler.ts'
import { explain } from '../../core/refusal.ts'
import type { Message } from '../../core/message.ts'
import { parseTopicFilter, type TopicFilter } from '../../core/topic.ts'
import type { Admitted } from './exchange.ts'
import type { TopicsParts } from './parts.ts'
import { kindOf, Refusal } from './refusal.ts'

/** Searches at once. Above: a further one is refused with 503. */
const SEARCHES_MAX = 8
/** Steps of a search in one turn. */
const STEPS_MAX = 1000

export interface SearchParts extends TopicsParts {
  readonly searches: Searches
}

export class Searches {
  readonly #scheduler: Scheduler
  #running = 0

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /**
   * Calls `found` with each message, several in a turn; where that returns a promise, goes on after
   * it. Resolves with a refusal where there are too many searches, or `found` has one.
   */
  async run(
    { retained, turn }: TopicsParts,
    filter: TopicFilter,
    found: (message: Message) => Refusal | Promise<void> | undefined,
  ): Promise<Refusal | undefined> {
    if (this.#running === SEARCHES_MAX) return new Refusal('busy', 'too many searches at once')
    this.#running += 1
    try {
      turn.open()
      const steps = retained.search(filter, turn.wallMs)
      for (let count = 1; ; count += 1) {
        const { done, value } = steps.next()
        if (done === true) return undefined
        const outcome = value && found(value)
        if (outcome instanceof Refusal) return outcome
        if (outcome !== undefined) await outcome
        if (count % STEPS_MAX === 0) await this.#nextTurn()
      }
    } finally {
      this.#running -= 1
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#scheduler.defer(resolve))
  }
}

/** A filter as it stands in the query; what is shared is no filter here. */
export function parseFilter(text: string, levelsMax: number): TopicFilter | Refusal {
  const filter = parseTopicFilter(text, levelsMax)
  return filter ?? new Refusal('filter-invalid', 'no topic filter of MQTT, or a shared one')
}

/** Why it may not be subscribed to, if so; what may be read of it is asked for each topic. */
export function refusalToSearch(
  { access, log }: TopicsParts,
  { principal, address }: Admitted,
  filter: TopicFilter,
): Refusal | undefined {
  const reason = access.maySubscribe(principal, filter)
  if (reason === Reason.success) return undefined
  const explanation = explain(access, principal, { act: 'subscribe', filter })
  log.info('read refused', { address, user: principal.user, filter, rule: explanation?.by })
  const circumstances = { isAnonymous: principal.user === undefined, isDiskFull: false }
  const told = explanation?.told ?? 'the filter may not be read'
  return new Refusal(kindOf(reason, circumstances), told)
}

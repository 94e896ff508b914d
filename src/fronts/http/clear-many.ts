// DELETE of /topics?filter=: clears all states that the filter matches and that the one who asks
// may clear, or says with `dry-run` how many those are.

import { FAILURE, Reason } from '../../base/reason.ts'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../../core/message.ts'
import type { Topic } from '../../core/topic.ts'
import type { Admitted, Reply } from './exchange.ts'
import { parseFilter } from './filters.ts'
import type { ListParts } from './list.ts'
import { type Query, unknownOf } from './query.ts'
import { kindOf, Refusal } from './refusal.ts'

/** States that are cleared at once; then it waits until that is on disk. */
const CLEARED_MAX = 500

export async function clearMany(
  parts: ListParts,
  asked: Admitted,
  query: Query,
): Promise<Reply | Refusal> {
  const unknown = unknownOf(query, ['filter', 'dry-run'])
  if (unknown !== undefined) return unknown
  const text = query.get('filter')
  if (text === undefined) {
    return new Refusal('filter-invalid', 'say ?filter=%23 to clear all topics')
  }
  const filter = parseFilter(text, parts.limits.topicLevelsMax)
  if (filter instanceof Refusal) return filter
  const dryRun = query.get('dry-run') ?? 'false'
  if (dryRun !== 'true' && dryRun !== 'false') {
    return new Refusal('request-invalid', 'dry-run is true or false')
  }
  const clearing = new Clearing(parts, asked, dryRun === 'true')
  const failure = await parts.searches.run(parts, filter, (state) => clearing.clear(state))
  await clearing.settled()
  return failure ?? clearing.reply()
}

class Clearing {
  readonly #parts: ListParts
  readonly #asked: Admitted
  readonly #isDry: boolean
  #cleared = 0
  #denied = 0
  #ticket = 0

  constructor(parts: ListParts, asked: Admitted, isDry: boolean) {
    this.#parts = parts
    this.#asked = asked
    this.#isDry = isDry
  }

  clear({ topic }: Message): Refusal | Promise<void> | undefined {
    const { access } = this.#parts
    const { principal } = this.#asked
    const isDenied =
      topic.startsWith('$') || access.mayPublish(principal, topic, 1, true) !== Reason.success
    if (isDenied) {
      this.#denied += 1
      return undefined
    }
    if (!this.#isDry) {
      const refusal = this.#publish(topic)
      if (refusal !== undefined) return refusal
    }
    this.#cleared += 1
    return this.#isDry || this.#cleared % CLEARED_MAX > 0 ? undefined : this.settled()
  }

  /** Resolves when all that was cleared is so on disk. */
  async settled(): Promise<void> {
    await this.#parts.durability.of(this.#ticket)
  }

  reply(): Reply | Refusal {
    if (this.#cleared === 0 && this.#denied > 0) {
      const isAnonymous = this.#asked.principal.user === undefined
      const kind = kindOf(Reason.notAuthorized, { isAnonymous, isDiskFull: false })
      return new Refusal(kind, 'none of the topics may be cleared')
    }
    const counts = this.#isDry
      ? { matched: this.#cleared, dryRun: true }
      : { deleted: this.#cleared }
    const denied = this.#denied > 0 ? this.#denied : undefined
    return {
      status: 200,
      fields: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      content: `${JSON.stringify({ ...counts, denied })}\n`,
    }
  }

  #publish(topic: Topic): Refusal | undefined {
    const { turn, hub, store } = this.#parts
    turn.open()
    const { reason, ticket } = hub.publish(
      {
        ...{ offset: 0, topic, payload: EMPTY, isKept: true, qos: 1, retain: true },
        properties: NO_MESSAGE_PROPERTIES,
        publisher: undefined,
        arrivedAtMs: turn.wallMs,
        expiresAtMs: NEVER,
      },
      this.#asked.principal,
    )
    this.#ticket = Math.max(this.#ticket, ticket)
    if (reason < FAILURE) return undefined
    const isDiskFull = store.refusal() === Reason.quotaExceeded
    const kind = kindOf(reason, { isAnonymous: false, isDiskFull })
    return new Refusal(kind, `it stopped after ${this.#cleared}`, topic)
  }
}

const EMPTY = new Uint8Array(0)

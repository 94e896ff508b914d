// /topics: which resource and which method a request is for. What each does is read's, write's and
// list's.

import { clearMany } from './clear-many.ts'
import { Durability } from './durability.ts'
import type { Asked, Reply } from './exchange.ts'
import { Contents } from './contents.ts'
import { Searches } from './filters.ts'
import { Idempotency } from './idempotency.ts'
import { list, type ListParts } from './list.ts'
import { ACCEPT_PATCH } from './patch.ts'
import type { TopicsParts } from './parts.ts'
import { Principals } from './principals.ts'
import { read } from './read.ts'
import { Refusal, toReply } from './refusal.ts'
import { isStreamAsked, Streams } from './streams.ts'
import { parseTarget } from './topic-path.ts'
import { write, type WriteParts } from './write.ts'

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const
const LIST_METHODS = ['GET', 'HEAD', 'DELETE', 'OPTIONS'] as const

export class Topics {
  readonly #parts: WriteParts & ListParts
  readonly #principals: Principals
  readonly #streams: Streams

  constructor(parts: TopicsParts) {
    const { turn, hub, log, random } = parts
    const nowMs = (): number => {
      turn.open()
      return turn.nowMs
    }
    this.#principals = new Principals({ log, random, nowMs })
    this.#streams = new Streams(parts)
    this.#parts = {
      ...parts,
      durability: new Durability(turn, hub),
      contents: new Contents(),
      idempotency: new Idempotency(nowMs),
      searches: new Searches(parts.scheduler),
    }
  }

  /** Ends the streams of those who may be here no longer. */
  checkLogins(): void {
    this.#streams.checkLogins()
  }

  /** Ends all streams. */
  close(): void {
    this.#streams.close()
  }

  /** Answers a request for which `isTopics` holds. Never rejects. */
  async answer(asked: Asked): Promise<Reply> {
    try {
      const outcome = await this.#answer(asked)
      return outcome instanceof Refusal ? toReply(outcome, asked) : outcome
    } catch (error) {
      this.#parts.log.error('an HTTP request failed', { error: String(error) })
      return toReply(new Refusal('failure', 'the server made a mistake'), asked)
    }
  }

  async #answer(asked: Asked): Promise<Reply | Refusal> {
    const { limits, gate } = this.#parts
    const target = parseTarget(asked.target, limits.topicLevelsMax)
    if (target instanceof Refusal) return target
    const { topic, query, filters } = target
    const methods: readonly Method[] = topic === undefined ? LIST_METHODS : METHODS
    const method = methods.find((one) => one === asked.method)
    if (method === undefined) {
      const fields = { allow: methods.join(', ') } // [H-6]
      return new Refusal('method-not-allowed', `${asked.method} is not for it`, undefined, fields)
    }
    // Also a preflight, which comes without credentials. [H-7] [H-91]
    if (method === 'OPTIONS') return optionsReply(methods)
    if (!gate.isOpen) return new Refusal('unavailable', 'the store is being read')
    const principal = await this.#principals.of(asked)
    if (principal instanceof Refusal) return principal
    const admitted = { ...asked, principal }
    const isRead = method === 'GET' || method === 'HEAD'
    if (isRead && isStreamAsked(asked.field('accept'))) {
      return this.#streams.answer(admitted, topic, query, filters)
    }
    if (filters.length > 0)
      return new Refusal('request-invalid', 'only a stream has several filters')
    if (topic === undefined) {
      return isRead ? list(this.#parts, admitted, query) : clearMany(this.#parts, admitted, query)
    }
    return isRead
      ? read(this.#parts, admitted, topic, query)
      : write(this.#parts, admitted, method, topic, query)
  }
}

type Method = (typeof METHODS)[number]

function optionsReply(methods: readonly Method[]): Reply {
  const fields: Record<string, string> = { allow: methods.join(', ') }
  if (methods.includes('PATCH')) fields['accept-patch'] = ACCEPT_PATCH
  return { status: 204, fields, content: undefined }
}

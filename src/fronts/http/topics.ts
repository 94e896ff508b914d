// /topics: which resource and which method a request is for. What each does is read's, write's and
// list's.

import { Durability } from './durability.ts'
import type { Asked, Reply } from './exchange.ts'
import { Contents } from './contents.ts'
import { Idempotency } from './idempotency.ts'
import { ACCEPT_PATCH } from './patch.ts'
import type { TopicsParts } from './parts.ts'
import { Principals } from './principals.ts'
import { read } from './read.ts'
import { Refusal, toReply } from './refusal.ts'
import { parseTarget } from './topic-path.ts'
import { write, type WriteParts } from './write.ts'

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const

export class Topics {
  readonly #parts: WriteParts
  readonly #principals: Principals

  constructor(parts: TopicsParts) {
    const { turn, hub, log, random } = parts
    const nowMs = (): number => {
      turn.open()
      return turn.nowMs
    }
    this.#principals = new Principals({ log, random, nowMs })
    this.#parts = {
      ...parts,
      durability: new Durability(turn, hub),
      contents: new Contents(),
      idempotency: new Idempotency(nowMs),
    }
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
    const method = METHODS.find((one) => one === asked.method)
    if (method === undefined || target.topic === undefined) {
      const fields = { allow: METHODS.join(', ') } // [H-6]
      return new Refusal('method-not-allowed', `${asked.method} is not for it`, undefined, fields)
    }
    // Also a preflight, which comes without credentials. [H-7] [H-91]
    if (method === 'OPTIONS') return optionsReply()
    if (!gate.isOpen) return new Refusal('unavailable', 'the store is being read')
    const principal = await this.#principals.of(asked)
    if (principal instanceof Refusal) return principal
    const admitted = { ...asked, principal }
    const { topic, query } = target
    return method === 'GET' || method === 'HEAD'
      ? read(this.#parts, admitted, topic, query)
      : write(this.#parts, admitted, method, topic, query)
  }
}

function optionsReply(): Reply {
  const fields = { allow: METHODS.join(', '), 'accept-patch': ACCEPT_PATCH }
  return { status: 204, fields, content: undefined }
}

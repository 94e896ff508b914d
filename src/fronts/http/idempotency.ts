// `Idempotency-Key`: a request that comes again gets the answer that the first one got, and happens
// once. In memory only: a restart forgets the keys.

import { createHash } from 'node:crypto'
import type { Admitted, Reply } from './exchange.ts'
import { Refusal } from './refusal.ts'

/** How long an answer is kept. */
const KEPT_MS = 10 * 60_000
/** Keys that are kept. Above: the oldest are forgotten. */
export const KEYS_MAX = 10_000
/** A key is one of these characters, and not more. */
const KEY = /^[\x21-\x7e]{1,255}$/

interface Entry {
  readonly fingerprint: string
  readonly untilMs: number
  /** Undefined while the first request is running. */
  reply: Reply | undefined
}

/** The first request with its key. */
export interface First {
  /** Its answer is for all that repeat it; where it failed, the next one is a first one again. */
  readonly finish: (reply: Reply) => void
}

/** The fields that make one request another one. */
const TELLING = [
  ...['content-type', 'if-match', 'if-none-match', 'if-unmodified-since', 'mqtt-qos'],
  ...['mqtt-message-expiry', 'mqtt-payload-format-indicator', 'mqtt-response-topic'],
  ...['mqtt-correlation-data', 'mqtt-user-property'],
]

export class Idempotency {
  readonly #nowMs: () => number
  readonly #entries = new Map<string, Entry>()

  /** `nowMs` is monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Undefined where the request has no key; a reply where it has been answered before. */
  begin(asked: Admitted, topic: string, content: Uint8Array): First | Reply | Refusal | undefined {
    const key = asked.field('idempotency-key')
    if (key === undefined) return undefined
    if (!KEY.test(key)) return new Refusal('request-invalid', 'no Idempotency-Key')
    const { user, address } = asked.principal
    const name = JSON.stringify([user === undefined ? { address } : user, topic, key])
    const fingerprint = fingerprintOf(asked, content)
    const known = this.#entries.get(name)
    if (known !== undefined && known.untilMs > this.#nowMs()) {
      if (known.fingerprint !== fingerprint) {
        return new Refusal('key-used', 'the key was used for a request with other content')
      }
      return known.reply ?? new Refusal('still-running', 'ask again in a moment')
    }
    return this.#add(name, fingerprint)
  }

  #add(name: string, fingerprint: string): First {
    const entry: Entry = { fingerprint, untilMs: this.#nowMs() + KEPT_MS, reply: undefined }
    this.#entries.delete(name) // So that it is the youngest.
    this.#entries.set(name, entry)
    if (this.#entries.size > KEYS_MAX) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    return {
      finish: (reply) => {
        if (reply.status < 300) entry.reply = { ...reply, content: undefined }
        else if (this.#entries.get(name) === entry) this.#entries.delete(name)
      },
    }
  }
}

function fingerprintOf(asked: Admitted, content: Uint8Array): string {
  const query = asked.target.slice(asked.target.indexOf('?') + 1)
  const told = [asked.method, query, ...TELLING.map((name) => asked.field(name) ?? null)]
  return createHash('sha256').update(JSON.stringify(told)).update(content).digest('base64')
}

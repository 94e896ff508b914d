// Which passwords were right or wrong a moment ago, so that a client that comes back, or a thousand
// that share one, cost one hash. Passwords are known by a keyed digest only.

import { createHmac } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { unguessable } from './hash-bytes.ts'

/** How long a verdict counts. */
const VERDICT_MS = 60_000
/** Right passwords that are remembered. Above: the oldest are forgotten. */
export const RIGHT_MAX = 16_384
/** Wrong ones; apart, so that guessing does not push out those who know. Above: as `RIGHT_MAX`. */
export const WRONG_MAX = 1024

interface Verdict {
  readonly isRight: boolean
  readonly untilMs: number
}

export class Verdicts {
  readonly #clock: Clock
  readonly #secret = unguessable(32)
  readonly #right = new Map<string, Verdict>()
  readonly #wrong = new Map<string, Verdict>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What a user name and password are remembered by. */
  key(user: string, password: Uint8Array): string {
    // The length in front keeps `ab` + `c` from being `a` + `bc`.
    const digest = createHmac('sha256', this.#secret).update(`${user.length}:${user}`)
    return digest.update(password).digest('base64')
  }

  find(key: string): boolean | undefined {
    const verdict = this.#right.get(key) ?? this.#wrong.get(key)
    if (verdict === undefined || verdict.untilMs < this.#clock.now()) return undefined
    return verdict.isRight
  }

  add(key: string, isRight: boolean): void {
    const verdicts = isRight ? this.#right : this.#wrong
    verdicts.delete(key) // So that it is the youngest.
    verdicts.set(key, { isRight, untilMs: this.#clock.now() + VERDICT_MS })
    if (verdicts.size <= (isRight ? RIGHT_MAX : WRONG_MAX)) return
    for (const oldest of verdicts.keys()) {
      verdicts.delete(oldest)
      return
    }
  }
}

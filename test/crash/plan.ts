// When a round's kills come: drawn from the seed. Instants are given by what has happened and a few
// milliseconds after, so that they mean the same on a slow machine.

import type { Random } from '../../src/base/random.ts'

/**
 * `load`: amid publishing. `soon`: while everybody comes back. `drain`: while sleepers get what
 * waits for them. `table`: as files of the table change, where there is one.
 */
export type Kind = 'load' | 'soon' | 'drain' | 'table'

export interface Plan {
  readonly kind: Kind
  /** Acknowledgements of the round before the kill. */
  readonly acks: number
  /** Of what the sleepers are owed they get so many hundredths before the kill. */
  readonly percent: number
  /** Then so much later. */
  readonly delayMs: number
  /** Kills during start-up that come before, in hundredths of the time that a start takes. */
  readonly startKills: readonly number[]
}

const KINDS: readonly Kind[] = ['load', 'load', 'load', 'load', 'drain', 'drain', 'table', 'soon']

export function drawPlan(random: Random, round: number): Plan {
  const startKills = Array.from({ length: Math.max(0, random.below(6) - 3) }, () =>
    random.below(110),
  )
  return {
    // Before the first kill there is nothing to come back to.
    kind: round === 1 ? 'load' : (KINDS[random.below(KINDS.length)] ?? 'load'),
    acks: 300 + random.below(3600),
    percent: random.below(100),
    delayMs: random.below(16),
    startKills: round === 1 ? [] : startKills,
  }
}

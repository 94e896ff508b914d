// When a round's kills come: drawn from the seed. Instants are given by what has happened and a few
// milliseconds after, so that they mean the same on a slow machine.

import type { Random } from '../../src/base/random.ts'

/**
 * `load`: amid publishing. `soon`: while everybody comes back. `drain`: while sleepers get what
 * waits for them. `table`: as files of the table change, where there is one.
 */
export type Kind = 'load' | 'soon' | 'drain' | 'table'

/**
 * The server's bounds: those that it has by itself; so small epochs that the table is written and
 * the journal given back all the time; these, and so little of a queue in memory that it is read
 * back as it is sent.
 */
export type Bounds = 'own' | 'epochs' | 'windows'

export interface Plan {
  readonly kind: Kind
  readonly bounds: Bounds
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
const BOUNDS: readonly Bounds[] = ['own', 'epochs', 'windows']

export function drawPlan(random: Random, round: number): Plan {
  const startKills = Array.from({ length: Math.max(0, random.below(6) - 3) }, () =>
    random.below(110),
  )
  // Before the first kill there is nothing to come back to.
  const kind = round === 1 ? 'load' : (KINDS[random.below(KINDS.length)] ?? 'load')
  const bounds = BOUNDS[random.below(BOUNDS.length)] ?? 'own'
  return {
    kind,
    // The table of a short run is written while it is opened, and not again with large epochs.
    bounds: kind === 'table' && bounds === 'own' ? 'epochs' : bounds,
    acks: 300 + random.below(3600),
    percent: random.below(100),
    delayMs: random.below(16),
    startKills: round === 1 ? [] : startKills,
  }
}

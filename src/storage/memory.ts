// The store that keeps nothing: what is in memory is all there is, and a commit is done at once.
// Sessions, queues and retained state live in the objects that use them.

import type { Clock } from '../base/clock.ts'
import type { Store } from '../core/ports.ts'

/** A store for `--memory` and for embedding; everything is gone when the process ends. */
export function createMemoryStore(clock: Clock): Store {
  return {
    // Wall time in µs is above any offset given out before a restart, as long as messages come at
    // less than a million a second on average and the clock is not set back.
    firstOffset: Math.floor(clock.wall() * 1000),
    append: () => {},
    commit: (done) => done(undefined),
    refusal: () => undefined,
    close: () => Promise.resolve(),
  }
}

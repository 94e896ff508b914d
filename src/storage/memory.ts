// The store that keeps nothing: what is in memory is all there is, and a commit is done at once.
// Sessions, queues and retained state live in the objects that use them.

import type { Clock } from '../base/clock.ts'
import type { Store } from '../core/store.ts'

/** A store for `--memory` and for embedding; everything is gone when the process ends. */
export function createMemoryStore(clock: Clock): Store {
  return {
    holdsQueues: false,
    isCongested: false,
    recover: (into, done) => {
      const wallMs = clock.wall()
      // Wall time in µs is above any offset given out before a restart, as long as messages come at
      // less than a million a second on average and the clock is not set back.
      into.begin(Math.floor(wallMs * 1000), wallMs)
      done(undefined)
    },
    append: () => {},
    commit: (done) => done(undefined),
    // Nobody asks: it holds no queues.
    read: (_queue, _after, _countMax, _bytesMax, done) => done(undefined, [], true),
    refusal: () => undefined,
    close: () => Promise.resolve(),
  }
}

// The event loop's turn: what is deferred runs after all sockets that were readable have been read,
// so that one flush serves all their packets.

import type { Scheduler } from '../base/scheduler.ts'

/** Defers by `setImmediate`, which Node runs right after the poll phase. */
export const setImmediateScheduler: Scheduler = {
  defer: (run) => {
    setImmediate(run)
  },
}

// Turn scheduling as a port: the program gets the event loop's, the simulation its own. It says
// only when a turn ends; what is done then (commit, flush) is decided elsewhere.

export interface Scheduler {
  /** Calls `run` once, after everything that already arrived was received. Never synchronously. */
  defer(run: () => void): void
}

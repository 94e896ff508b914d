// Time as a port: the program gets the system's clock, the simulation a virtual one. Nothing else
// in src/ reads the time or sets a timer.

/** A callback that is due later, and can be called off. */
export interface Timer {
  /** Calls the callback off; harmless when it has run already. */
  cancel(): void
}

export interface Clock {
  /**
   * Milliseconds on a clock that never goes back, for durations and deadlines. Origin unspecified.
   */
  now(): number
  /** Milliseconds since 1970-01-01 UTC, for what outlives the process. May jump. */
  wall(): number
  /** Calls `callback` once, `delayMs` from now (0 to 2^31-1), never synchronously. */
  after(delayMs: number, callback: () => void): Timer
}

/** The system's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs)
    timeout.unref()
    return { cancel: () => clearTimeout(timeout) }
  },
}

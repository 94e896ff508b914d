// Checks of our own logic, kept in production: a broken invariant ends the process, since going on
// with wrong state would lose messages quietly. Never for a peer's mistake or an I/O failure.

/** Throws when `condition` is false: our bug, never the peer's. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** An invariant of ours does not hold. */
export class AssertionError extends Error {
  readonly code = 'ERR_ASSERTION'
}

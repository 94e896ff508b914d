// What the durable store keeps in memory at most, and what happens there.

export interface StoreBounds {
  /**
   * Bytes of records since the last epoch was ended. Above: it is ended, and written to the table
   * in one batch, which comes to about as much at most.
   */
  readonly epochBytes: number
  /** Bytes of records that the table has not yet. Above: a commit is done only when it has them. */
  readonly unappliedBytesMax: number
  /** Likewise, those that wait for the journal included. Above: publishers are not read from. */
  readonly congestedBytes: number
}

const MIB = 1024 * 1024

export const DEFAULT_BOUNDS: StoreBounds = Object.freeze({
  epochBytes: 32 * MIB,
  unappliedBytesMax: 96 * MIB,
  congestedBytes: 128 * MIB,
})

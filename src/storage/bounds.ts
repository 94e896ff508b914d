// What the durable store keeps in memory at most, and what happens there.

import { DEFAULT_LIMITS } from '../core/limits.ts'

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

/** Three epochs make commits wait, four the publishers. */
export function boundsOf(epochBytes: number): StoreBounds {
  return { epochBytes, unappliedBytesMax: 3 * epochBytes, congestedBytes: 4 * epochBytes }
}

export const DEFAULT_BOUNDS: StoreBounds = boundsOf(DEFAULT_LIMITS.storeEpochBytes)

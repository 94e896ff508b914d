// The port of the engine that keeps the table: ordered keys and values, and batches that are
// written whole or not at all. What the keys mean is the table's business.

/** Called once, never before the operation's call has returned. */
export type KvDone = (error: Error | undefined) => void
export type KvAnswer<T> = (error: Error | undefined, answer: T) => void

export type KvEntry = readonly [key: Uint8Array, value: Uint8Array]

export interface Kv {
  /** All as it is at the moment of the call. Whoever takes one closes it. */
  snapshot(): KvSnapshot
  batch(): KvBatch
  /**
   * After a failed write, and before the next: begins anew with what is on the disk. Whatever was
   * under way fails, and snapshots are void. Until it is done, and after it failed, a snapshot can
   * be taken and fails whatever it is asked.
   */
  reopen(done: KvDone): void
  close(): Promise<void>
}

export interface KvSnapshot {
  /** The values of the keys, in their order; undefined where there is none. */
  get(keys: readonly Uint8Array[], done: KvAnswer<readonly (Uint8Array | undefined)[]>): void
  /** The entries from `from` on, up to `to` but without it. */
  range(from: Uint8Array, to: Uint8Array): KvRange
  close(): void
}

export interface KvRange {
  /** The next entries in order, `countMax` at most, and fewer of large ones; none: the end. */
  next(countMax: number, done: KvAnswer<readonly KvEntry[]>): void
  close(): void
}

/** Filled as slowly as one likes; nothing of it is seen before it is written. */
export interface KvBatch {
  /** Key and value are copied. */
  put(key: Uint8Array, value: Uint8Array): void
  del(key: Uint8Array): void
  /** All of it is durable when it is done; after an error none of it may be, or all. */
  write(done: KvDone): void
  /** Instead of `write`. */
  discard(): void
}

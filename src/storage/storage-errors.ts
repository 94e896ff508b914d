// What goes wrong in a store on disk, as classes with a code.

/** Bytes that are no record or entry as this version writes them. */
export class UnreadableError extends Error {
  readonly code = 'ERR_STORE_UNREADABLE'
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Whether room is what lacks. LevelDB says so in words alone, or its cause does. */
export function isFull(error: Error): boolean {
  if ('kind' in error && error.kind === 'full') return true
  if (/no space left|disk quota/i.test(error.message)) return true
  return error.cause instanceof Error && isFull(error.cause)
}

// What goes wrong in a store on disk, as classes with a code.

/** Bytes that are no record or entry as this version writes them. */
export class UnreadableError extends Error {
  readonly code = 'ERR_STORE_UNREADABLE'
}

/** Why a store cannot be opened, in words for the operator. */
export class StoreOpenError extends Error {
  readonly code: 'ERR_STORE_IN_USE' | 'ERR_STORE_FORMAT' | 'ERR_STORE_UNREADABLE'

  constructor(code: StoreOpenError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Whether room is what lacks. LevelDB says so in words alone. */
export function isFull(error: Error): boolean {
  if ('kind' in error && error.kind === 'full') return true
  return /no space left|disk quota/i.test(error.message)
}

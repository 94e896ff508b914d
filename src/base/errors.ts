// The failures of operations, such as the network's, as classes with a code. A peer's mistake is
// the codec's ProtocolError, a broken invariant of ours is assert's.

import type { Reason } from './reason.ts'

/** Why listening failed: `code` is the system's, such as EADDRINUSE or EACCES. */
export class ListenError extends Error {
  readonly code: string
  /** What was asked for: an address or name, or the path of a Unix socket with port 0. */
  readonly host: string
  readonly port: number

  constructor(code: string, host: string, port: number, cause: unknown) {
    super(`cannot listen on ${port === 0 ? host : `${host}:${port}`}: ${code}`, { cause })
    this.code = code
    this.host = host
    this.port = port
  }
}

/** Why a file could not be read, for people: `no such file`. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return UNREADABLE[code] ?? code
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'not allowed to this user',
  EISDIR: 'it is a folder',
}

/** What an embedding program asked for is not possible; `reason` says why in MQTT's words. */
export class RefusedError extends Error {
  readonly reason: Reason

  constructor(message: string, reason: Reason) {
    super(message)
    this.reason = reason
  }
}

/** Why a store cannot be opened, or none be made, in words for the operator. */
export class StoreOpenError extends Error {
  readonly code:
    | 'ERR_STORE_IN_USE'
    | 'ERR_STORE_FORMAT'
    | 'ERR_STORE_UNREADABLE'
    | 'ERR_STORE_MISSING'
    | 'ERR_STORE_NOT_EMPTY'

  constructor(code: StoreOpenError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

// The failures of operations, such as the network's, as classes with a code. A peer's mistake is
// the codec's ProtocolError, a broken invariant of ours is assert's.

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

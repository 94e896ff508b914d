// The seam between a transport (net/, or the simulated network) and a front: an ordered, lossless
// byte stream to one peer [MQTT-4.2.0-1]. Who listens and how bytes travel is net's; what the bytes
// mean is the front's.

/** What the certificate that a peer proved to own says of it. The transport has verified it. */
export interface PeerCertificate {
  /** The subject, one attribute a line as `CN=name`, the most general first. */
  readonly subject: string
  /** The subject's CN, or an empty text. */
  readonly commonName: string
  /** SHA-256 of the certificate, in lower-case hex digits. */
  readonly fingerprint: string
}

/** The transport's side of one stream, as a front uses it. */
export interface Wire {
  /** The peer's address without port, `127.0.0.1`, or `local` where there is none. */
  readonly remoteAddress: string
  /** The peer's port, 0 where there is none. */
  readonly remotePort: number
  /** Undefined where the peer showed none; a transport without certificates lacks the method. */
  peerCertificate?(): PeerCertificate | undefined
  /**
   * Sends `chunks` in order. They belong to the wire until `WireEnd.written` is called; at most one
   * write is under way at a time (the caller waits for `written` before the next).
   */
  write(chunks: readonly Uint8Array[]): void
  /** Stops `receive` calls as soon as the transport can; one more chunk may come. */
  pause(): void
  /** Undoes `pause`. */
  resume(): void
  /** Sends what was written, then closes; cuts the stream if the peer does not follow in time. */
  end(): void
  /** Cuts the stream at once; what was written may be lost. */
  destroy(): void
}

/**
 * The front's side of one stream, as a transport uses it. Never called synchronously from `Wire`.
 */
export interface WireEnd {
  /** Bytes from the peer. `chunk` is the transport's buffer and is overwritten after the call. */
  receive(chunk: Uint8Array): void
  /** The write under way was passed on whole: its chunks are the caller's again. */
  written(): void
  /** The stream is gone, whoever closed it. The last call, exactly once. */
  closed(error: Error | undefined): void
}

/** What a listener does with each new stream. */
export type Accept = (wire: Wire) => WireEnd

// An answer that goes on: bytes are written to a sink as they come, and its source is told when
// there is room again. Knows nothing of sockets.

export interface Sink {
  /** False: nothing more is to be written before {@link Source.drained}. */
  write(bytes: Uint8Array): boolean
  /** After all that was written. */
  end(): void
  /** At once, whatever was written. */
  cut(): void
}

export interface Source {
  drained(): void
  /** Nobody reads any more, also after `end` and `cut`. Once. */
  gone(): void
}

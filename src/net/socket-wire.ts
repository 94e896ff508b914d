// One stream of Node, mostly a socket, as a `Wire`. It passes bytes on and knows how a stream ends;
// it neither listens nor dials, and does not look at the bytes.

import type { Duplex } from 'node:stream'
import { AssertionError, assert } from '../base/assert.ts'
import type { PeerCertificate, Wire, WireEnd } from '../base/wire.ts'
import type { Remote } from './remote.ts'

const NO_CERTIFICATE = (): undefined => undefined

/**
 * Whoever makes one passes each chunk read to `receive`, and calls `attach` before the first can
 * come. The socket must allow half-open: this class answers the peer's FIN itself.
 */
export class SocketWire implements Wire {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: Duplex
  readonly #lingerMs: number
  readonly #certificate: () => PeerCertificate | undefined
  /** One function for all writes of the connection. Node never calls it within `write`. */
  readonly #passedOn: (error?: Error | null) => void
  #end: WireEnd | undefined
  #isPaused = false
  #isEnding = false
  #error: Error | undefined
  #linger: NodeJS.Timeout | undefined

  constructor(
    socket: Duplex,
    remote: Remote,
    lingerMs: number,
    certificate: () => PeerCertificate | undefined = NO_CERTIFICATE,
  ) {
    this.#socket = socket
    this.remoteAddress = remote.address
    this.remotePort = remote.port
    this.#lingerMs = lingerMs
    this.#certificate = certificate
    socket.on('error', (error: Error) => {
      this.#error = error
    })
    // The peer will send no more, and so is done with us. What its last packets call for leaves
    // with the flush of this turn, which was deferred before this was; the FIN goes after that.
    socket.on('end', () => setImmediate(() => this.end()))
    socket.on('close', () => this.#close())
    this.#passedOn = (error) => {
      if (!error && !socket.destroyed) this.#end?.written()
    }
  }

  /** Sets who gets the events. Once. */
  attach(end: WireEnd): void {
    assert(this.#end === undefined, 'a wire has one end')
    this.#end = end
  }

  peerCertificate(): PeerCertificate | undefined {
    return this.#certificate()
  }

  /** Passes on what was read. False: the reader should stop until `resume`. */
  receive(chunk: Uint8Array): boolean {
    // After `end` the peer's bytes are still read, and dropped: closing a socket that holds unread
    // bytes resets the connection, and the peer could lose what we sent last.
    if (this.#isEnding) return true
    try {
      this.#end?.receive(chunk)
    } catch (error) {
      // A broken invariant ends the process; anything else costs this one stream only.
      if (error instanceof AssertionError) throw error
      this.#socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    return !this.#isPaused
  }

  /** As the port says. After `end`, or once the stream is gone, nothing is sent or reported. */
  write(chunks: readonly Uint8Array[]): void {
    assert(chunks.length > 0, 'a write has chunks')
    if (this.#isEnding || this.#socket.destroyed) return
    const last = chunks.length - 1
    // Corked, several chunks leave in one writev.
    if (last > 0) this.#socket.cork()
    for (let index = 0; index < last; index++) {
      const chunk = chunks[index]
      if (chunk !== undefined) this.#socket.write(chunk)
    }
    const chunk = chunks[last]
    if (chunk !== undefined) this.#socket.write(chunk, this.#passedOn)
    if (last > 0) this.#socket.uncork()
  }

  pause(): void {
    if (this.#isEnding) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  end(): void {
    if (this.#isEnding || this.#socket.destroyed) return
    this.#isEnding = true
    this.resume()
    this.#socket.end()
    this.#linger = setTimeout(() => this.#socket.destroy(), this.#lingerMs)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #close(): void {
    clearTimeout(this.#linger)
    const end = this.#end
    this.#end = undefined
    end?.closed(this.#error)
  }
}

// One WebSocket as a `Wire`: the bytes of its binary messages, in order, whatever their borders.
// How it was opened, and whether it may be, is websocket's.

import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { AssertionError, assert } from '../base/assert.ts'
import type { PeerCertificate, Wire, WireEnd } from '../base/wire.ts'
import type { Remote } from './remote.ts'

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000
const UNSUPPORTED = 1003

/** A peer that pings and does not read gets no pongs past so many bytes that wait for it. */
const PONG_BYTES_MAX = 64 * 1024

const FRAME = { binary: true, compress: false, fin: true } as const

/** `attach` follows before the first message can come. */
export class WebSocketWire implements Wire {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: WebSocket
  readonly #stream: Socket
  readonly #lingerMs: number
  readonly #certificate: () => PeerCertificate | undefined
  /** Messages that the socket had read before it was paused: at most what one read brings. */
  readonly #held: Uint8Array[] = []
  #end: WireEnd | undefined
  #isPaused = false
  #isReleasing = false
  #isEnding = false
  #error: Error | undefined
  #linger: NodeJS.Timeout | undefined

  /** `stream` is what `socket` runs on; only to write several frames at once. */
  constructor(
    socket: WebSocket,
    stream: Socket,
    remote: Remote,
    lingerMs: number,
    certificate: () => PeerCertificate | undefined,
  ) {
    this.#socket = socket
    this.#stream = stream
    this.remoteAddress = remote.address
    this.remotePort = remote.port
    this.#lingerMs = lingerMs
    this.#certificate = certificate
    socket.on('message', (content: unknown, isBinary: boolean) => {
      if (isBinary && content instanceof Uint8Array) this.#receive(content)
      else this.#refuseText()
    })
    socket.on('ping', (content: Uint8Array) => {
      if (stream.writableLength < PONG_BYTES_MAX) socket.pong(content)
    })
    socket.on('error', (error: Error) => {
      this.#error = error
    })
    socket.on('close', () => this.#close())
  }

  /** Sets who gets the events. Once. */
  attach(end: WireEnd): void {
    assert(this.#end === undefined, 'a wire has one end')
    this.#end = end
  }

  peerCertificate(): PeerCertificate | undefined {
    return this.#certificate()
  }

  /** As the port says: each chunk is a frame [MQTT-6.0.0-2]. */
  write(chunks: readonly Uint8Array[]): void {
    assert(chunks.length > 0, 'a write has chunks')
    if (this.#isEnding || this.#socket.readyState !== this.#socket.OPEN) return
    const last = chunks.length - 1
    this.#stream.cork()
    for (const [index, chunk] of chunks.entries()) {
      this.#socket.send(chunk, FRAME, index === last ? this.#passedOn : undefined)
    }
    this.#stream.uncork()
  }

  pause(): void {
    if (this.#isEnding) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#held.length === 0) this.#socket.resume()
    else if (!this.#isReleasing) {
      this.#isReleasing = true
      setImmediate(() => this.#release())
    }
  }

  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#held.length = 0
    this.resume()
    this.#leave(NORMAL)
  }

  destroy(): void {
    this.#socket.terminate()
  }

  #receive(content: Uint8Array): void {
    if (this.#isEnding) return
    if (this.#isPaused || this.#held.length > 0) this.#held.push(content)
    else if (content.length > 0) this.#pass(content)
  }

  #release(): void {
    this.#isReleasing = false
    for (let next = this.#held[0]; next !== undefined && !this.#isPaused; next = this.#held[0]) {
      this.#held.shift()
      if (next.length > 0) this.#pass(next)
    }
    if (!this.#isPaused) this.#socket.resume()
  }

  #pass(content: Uint8Array): void {
    try {
      this.#end?.receive(content)
    } catch (error) {
      // A broken invariant ends the process; anything else costs this one stream only.
      if (error instanceof AssertionError) throw error
      this.#error = error instanceof Error ? error : new Error(String(error))
      this.#socket.terminate()
    }
  }

  /** [MQTT-6.0.0-1] */
  #refuseText(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#held.length = 0
    this.#error = new Error('a WebSocket message that is not binary')
    this.#leave(UNSUPPORTED)
  }

  #leave(code: number): void {
    this.#socket.close(code)
    this.#linger ??= setTimeout(() => this.#socket.terminate(), this.#lingerMs)
  }

  /** One function for all writes of the connection; `ws` calls it when the socket has taken all. */
  readonly #passedOn = (error?: Error | null): void => {
    if (!error && !this.#stream.destroyed) this.#end?.written()
  }

  #close(): void {
    clearTimeout(this.#linger)
    const end = this.#end
    this.#end = undefined
    this.#held.length = 0
    end?.closed(this.#error)
  }
}

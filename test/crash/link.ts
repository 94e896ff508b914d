// One connection to the server under test: a socket of the loopback and MQTT 5 packets, by the
// codec of the wire scripts, which shares nothing with the server's. Knows no sessions.

import { connect, type Socket } from 'node:net'
import { decodeRaw, readFrame, UndecodableError } from '../support/raw-client-decode.ts'
import { bytes, encodeRaw } from '../support/raw-client-encode.ts'
import { blank, type RawPacket } from '../support/raw-client-packet.ts'

const VERSION = 5

export interface LinkEnd {
  received(packet: RawPacket): void
  /** The server sent what no server may send; the link is cut. */
  broken(error: Error): void
  /** All packets of a chunk were received. */
  paused(): void
  closed(): void
}

export type SomePacket = Partial<RawPacket> & { readonly type: string }

export class Link {
  readonly #socket: Socket
  readonly #end: LinkEnd
  #rest: Uint8Array = new Uint8Array(0)
  #unsent: Uint8Array[] = []

  constructor(port: number, end: LinkEnd) {
    this.#end = end
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    // A refused or reset connection is a closed one.
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => end.closed())
  }

  /** What one turn sends leaves in one piece. */
  send(packet: SomePacket): void {
    if (this.#unsent.length === 0) {
      queueMicrotask(() => {
        this.#socket.write(bytes(...this.#unsent))
        this.#unsent = []
      })
    }
    this.#unsent.push(encodeRaw({ ...blank(packet.type), ...packet }, VERSION))
  }

  /** Ends the stream after what was sent. */
  finish(): void {
    queueMicrotask(() => this.#socket.end())
  }

  /** Goes without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  #read(chunk: Uint8Array): void {
    const content = this.#rest.length === 0 ? chunk : bytes(this.#rest, chunk)
    let at = 0
    try {
      for (;;) {
        const frame = readFrame(content.subarray(at))
        if (frame === undefined) break
        at += frame.length
        this.#end.received(decodeRaw(frame, VERSION))
      }
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error
      this.#end.broken(error)
      this.cut()
    }
    this.#rest = content.slice(at)
    this.#end.paused()
  }
}

// A stream in memory between a raw client and a server's front, in place of a socket: ordered,
// lossless and asynchronous. It is as unkind as a transport may be: chunks of any size, a read
// buffer that is overwritten after `receive`, bytes that are taken from a write only when it
// "leaves".

import type { Accept, Wire, WireEnd } from '../../src/base/wire.ts'

/** Runs a task later, never at once. */
export type Defer = (task: () => void) => void

export interface MemoryPeerEnd {
  receive(chunk: Uint8Array): void
  closed(): void
}

export interface MemoryWireOptions {
  /** The most bytes that the server's front gets in one `receive`. */
  readonly chunkBytesMax?: number
  readonly remoteAddress?: string
  readonly remotePort?: number
}

/** Stands in the read buffer after `receive`, so that a view kept by mistake shows. */
const POISON = 0xdb

/** The client's side of the stream. */
export class MemoryPeer {
  readonly #defer: Defer
  readonly #end: MemoryPeerEnd
  readonly #chunkBytesMax: number
  readonly #buffer: Uint8Array
  readonly #toServer: Uint8Array[] = []
  #server: WireEnd | undefined
  #writing: readonly Uint8Array[] | undefined
  #isPaused = false
  #isReading = true
  #isFinished = false
  #isEnding = false
  #isDelivering = false
  #isClosed = false

  constructor(accept: Accept, defer: Defer, end: MemoryPeerEnd, options: MemoryWireOptions = {}) {
    this.#defer = defer
    this.#end = end
    this.#chunkBytesMax = options.chunkBytesMax ?? 65536
    this.#buffer = new Uint8Array(Math.min(this.#chunkBytesMax, 65536))
    this.#server = accept(this.#wire(options))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(content: Uint8Array): void {
    if (this.#isClosed || this.#isFinished || content.length === 0) return
    this.#toServer.push(content.slice())
    this.#deliver()
  }

  /** No more will be sent: the server sees the end of the stream after all that was. */
  cut(): void {
    this.#isFinished = true
    this.#deliver()
  }

  /** Breaks the stream; what is on its way in either direction is lost. */
  reset(): void {
    this.#close(new Error('the peer reset the stream'))
  }

  /** Stops reading: the server's writes stay under way. */
  pause(): void {
    this.#isReading = false
  }

  resume(): void {
    this.#isReading = true
    if (this.#writing !== undefined) this.#defer(() => this.#leave())
  }

  #wire(options: MemoryWireOptions): Wire {
    return {
      remoteAddress: options.remoteAddress ?? 'local',
      remotePort: options.remotePort ?? 0,
      write: (chunks) => {
        if (this.#writing !== undefined) throw new Error('a write while another is under way')
        if (this.#isEnding) throw new Error('a write after the end')
        if (this.#isClosed) return
        this.#writing = chunks
        this.#defer(() => this.#leave())
      },
      pause: () => {
        this.#isPaused = true
      },
      resume: () => {
        this.#isPaused = false
        this.#deliver()
      },
      end: () => {
        this.#isEnding = true
        if (this.#writing === undefined) this.#close(undefined)
      },
      destroy: () => this.#close(undefined),
    }
  }

  /** The write under way arrives at the client. */
  #leave(): void {
    const chunks = this.#writing
    if (chunks === undefined || this.#isClosed || !this.#isReading) return
    const copies = chunks.map((chunk) => chunk.slice())
    this.#writing = undefined
    for (const copy of copies) this.#end.receive(copy)
    this.#server?.written()
    if (this.#isEnding && this.#writing === undefined) this.#close(undefined)
  }

  #deliver(): void {
    if (this.#isDelivering || this.#isPaused || this.#isClosed) return
    this.#isDelivering = true
    this.#defer(() => {
      this.#isDelivering = false
      this.#deliverOne()
    })
  }

  #deliverOne(): void {
    if (this.#isPaused || this.#isClosed) return
    const first = this.#toServer[0]
    if (first === undefined) {
      if (this.#isFinished) this.#close(undefined)
      return
    }
    const length = Math.min(first.length, this.#chunkBytesMax, this.#buffer.length)
    this.#buffer.set(first.subarray(0, length))
    if (length === first.length) this.#toServer.shift()
    else this.#toServer[0] = first.subarray(length)
    this.#server?.receive(this.#buffer.subarray(0, length))
    this.#buffer.fill(POISON, 0, length)
    if (this.#toServer.length > 0 || this.#isFinished) this.#deliver()
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#toServer.length = 0
    this.#defer(() => {
      this.#server?.closed(error)
      this.#server = undefined
      this.#end.closed()
    })
  }
}

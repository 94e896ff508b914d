// Finds the frames in a stream of chunks, section 2.1. A frame that lies within one chunk is handed
// on in place; only what a chunk cuts in two is copied. Knows no packet, only type and length.

import { assert } from '../../base/assert.ts'
import { Reason } from '../../base/reason.ts'
import { byteAt } from './bytes.ts'
import { PacketType, type Version } from './packets.ts'
import { malformed, ProtocolError } from './protocol-error.ts'

export interface FrameSink {
  /**
   * One whole frame; its body (all after the fixed header) is `bytes` from `start` up to `end`. The
   * bytes are overwritten after the framer's `push` or `resume` returned. False stops the framer.
   */
  frame(firstByte: number, bytes: Uint8Array, start: number, end: number): boolean
}

/** Enough for most packets, so that they are not moved twice. */
const HELD_BYTES_MIN = 64
const NOTHING = new Uint8Array(0)

const State = { open: 0, stopped: 1, delivering: 2, dead: 3 } as const
type State = (typeof State)[keyof typeof State]

/**
 * Holds at most one partial frame, so at most twice what came of it and never above
 * `packetBytesMax`. While stopped it also holds what is pushed all the same: whoever stops it must
 * stop the transport too, or bound `bufferedBytes`.
 */
export class Framer {
  /** Bytes of one frame, header included. Above: 0x95, as soon as the header says so. */
  packetBytesMax: number
  /** Undefined until CONNECT told it: what only some versions forbid is then let pass. */
  version: Version | undefined = undefined

  readonly #sink: FrameSink
  #state: State = State.open
  /**
   * Our copy of what is not delivered, from `#start` up to `#end`. Only ever written after `#end`.
   */
  #held: Uint8Array = NOTHING
  #start = 0
  #end = 0
  /** The frame whose header was read last: where its body lies. */
  #bodyStart = 0
  #bodyEnd = 0
  /** The partial frame: its whole length, and how much must come before we know or have more. */
  #partialBytes = 0
  #missingBytes = 0

  constructor(packetBytesMax: number, sink: FrameSink) {
    this.packetBytesMax = packetBytesMax
    this.#sink = sink
  }

  /** Bytes that came but are not delivered. */
  get bufferedBytes(): number {
    return this.#end - this.#start
  }

  /**
   * Delivers the frames that `chunk` completes. Throws ProtocolError, or what the sink threw; after
   * that the framer ignores all calls. Not to be called by the sink.
   */
  push(chunk: Uint8Array): void {
    if (this.#state === State.dead) return
    assert(this.#state !== State.delivering, 'the sink pushed into its own framer')
    let at = 0
    if (this.#state === State.open && this.#end > this.#start) at = this.#complete(chunk)
    // A stop in `#complete` is seen here, and the rest of the chunk is then only held.
    if (this.#state === State.open) at = this.#deliver(chunk, at, chunk.length)
    if (at < chunk.length) this.#hold(chunk, at, chunk.length)
  }

  /** Delivers what was held back since the sink stopped it. Does nothing if it is not stopped. */
  resume(): void {
    if (this.#state !== State.stopped) return
    this.#start = this.#deliver(this.#held, this.#start, this.#end)
    if (this.#start === this.#end) this.#release()
  }

  /** Adds to the partial frame what it lacks, and delivers it when whole. Returns what it took. */
  #complete(chunk: Uint8Array): number {
    let at = 0
    while (at < chunk.length) {
      const until = Math.min(chunk.length, at + this.#missingBytes)
      this.#hold(chunk, at, until)
      at = until
      this.#start = this.#deliver(this.#held, this.#start, this.#end)
      if (this.#start === this.#end) {
        this.#release()
        break
      }
    }
    return at
  }

  /**
   * Delivers the whole frames until the sink stops it. Returns where the first other one begins.
   */
  #deliver(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    this.#state = State.delivering
    try {
      while (this.#readHeader(bytes, at, end)) {
        const firstByte = byteAt(bytes, at)
        at = this.#bodyEnd
        if (!this.#sink.frame(firstByte, bytes, this.#bodyStart, at)) {
          this.#state = State.stopped
          this.#partialBytes = 0
          return at
        }
      }
      this.#state = State.open
      return at
    } catch (error) {
      this.#state = State.dead
      this.#release()
      throw error
    }
  }

  /**
   * True when the frame at `start` is whole. Else it has set what is known of the partial frame.
   */
  #readHeader(bytes: Uint8Array, start: number, end: number): boolean {
    this.#partialBytes = 0
    this.#missingBytes = 1
    if (start >= end) return false
    this.#checkType(byteAt(bytes, start) >> 4)
    let at = start + 1
    let length = 0
    for (let shift = 0; ; shift += 7) {
      if (shift > 21) throw malformed('Remaining Length has more than four bytes', 'U5-02')
      if (at >= end) return false
      const byte = byteAt(bytes, at)
      at += 1
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0 && this.version === 5) {
          throw malformed('Remaining Length is longer than need be', 'MQTT-1.5.5-1')
        }
        break
      }
    }
    this.#bodyStart = at
    this.#bodyEnd = at + length
    this.#partialBytes = this.#bodyEnd - start
    this.#missingBytes = this.#bodyEnd - end
    if (this.#partialBytes > this.packetBytesMax) {
      const text = `packet of ${this.#partialBytes} bytes, at most ${this.packetBytesMax} are taken`
      throw new ProtocolError(text, Reason.packetTooLarge, 'U5-07')
    }
    return this.#missingBytes <= 0
  }

  #checkType(type: number): void {
    if (type === 0) throw malformed('packet type 0 is reserved', 'U5-31')
    if (type === PacketType.auth && this.version !== 5 && this.version !== undefined) {
      throw malformed('packet type 15 is reserved', 'U5-31')
    }
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const bytes = this.#end - this.#start + to - from
    if (this.#end + to - from > this.#held.length) {
      // What a header claims bounds the storage but does not reserve it: a claim costs no memory.
      const bound = Math.max(this.#partialBytes, bytes)
      const doubled = Math.max(2 * bytes, HELD_BYTES_MIN)
      const storage = new Uint8Array(this.#partialBytes > 0 ? Math.min(doubled, bound) : doubled)
      storage.set(this.#held.subarray(this.#start, this.#end))
      this.#held = storage
      this.#end -= this.#start
      this.#start = 0
    }
    this.#held.set(chunk.subarray(from, to), this.#end)
    this.#end += to - from
  }

  /** Storage that was delivered from is given up, not reused: payloads are views of it. */
  #release(): void {
    this.#held = NOTHING
    this.#start = 0
    this.#end = 0
  }
}

// Connections in virtual time: an ordered stream of bytes each way, with delays of its own, chunks
// of any size and little room, that can be cut or left half-open. What the server writes is decoded
// here when it is written, for the checkers; the client gets the packets once their last byte
// arrived.

import type { Accept, Wire, WireEnd } from '../../src/base/wire.ts'
import { decodeRaw, readFrame } from '../support/raw-client-decode.ts'
import { bytes } from '../support/raw-client-encode.ts'
import type { RawPacket } from '../support/raw-client-packet.ts'
import type { Chance, World } from './world.ts'

/** How one connection behaves. */
export interface LinkProfile {
  /** The most that a byte takes in either direction. */
  readonly delayMs: number
  /** Bytes that lie between server and client while the client does not read. */
  readonly roomBytes: number
  /** The most bytes in one `receive`. */
  readonly chunkBytesMax: number
}

export interface LinkEnd {
  readonly name: string
  readonly version: number
  packet(packet: RawPacket): void
  closed(): void
}

/** Hears of each packet at the moment at which the server writes it. */
export type Tap = (link: Link, packet: RawPacket, frameBytes: number) => void

/** One packet is sent in about so many pieces at most. */
const PIECES_MAX = 16
const POISON = 0xdb
/** An operating system gives up a peer that does not answer after about this long. */
const SILENCE_MS_MAX = 600_000

export class Network {
  readonly world: World
  readonly chance: Chance
  /** Of the server that runs at present, if one does. */
  accept: Accept | undefined
  readonly tap: Tap
  /** The most bytes that one write may have: what the server lets pile up for one client. */
  readonly writeBytesMax: number
  /** One read buffer for all, as a transport has. */
  readonly buffer: Uint8Array = new Uint8Array(65_536)
  links = 0
  readonly #open = new Set<Link>()

  constructor(world: World, accept: Accept | undefined, tap: Tap, writeBytesMax: number) {
    this.world = world
    this.chance = world.chance('network')
    this.accept = accept
    this.tap = tap
    this.writeBytesMax = writeBytesMax
  }

  open(end: LinkEnd, profile: LinkProfile): Link {
    this.links += 1
    const link = new Link(this, end, profile, this.links)
    this.#open.add(link)
    return link
  }

  /** The server is gone, all at once. */
  kill(): void {
    this.accept = undefined
    for (const link of this.#open) if (!link.isServerDone) link.kill()
    this.#open.clear()
  }
}

const NOBODY: WireEnd = { receive: () => {}, written: () => {}, closed: () => {} }

interface Arrived {
  readonly packet: RawPacket
  readonly endsAt: number
}

export class Link {
  readonly id: number
  readonly end: LinkEnd
  readonly openedMs: number
  /** When the server last got bytes. */
  lastDeliveredMs: number
  /** When the server closed, or was told that the stream is gone. */
  serverClosedMs: number | undefined
  /** The server asked to be sent nothing for the time being. */
  isPaused = false
  hasConnack = false
  hasDisconnect = false
  /** The server died, or there was none. */
  isKilled = false
  readonly #network: Network
  readonly #world: World
  readonly #profile: LinkProfile
  readonly #server: WireEnd
  // From client to server.
  #upMs = 0
  readonly #up: { content: Uint8Array; mark: (() => void) | undefined }[] = []
  #isFinished = false
  // From server to client.
  #downMs = 0
  #writing: { chunks: readonly Uint8Array[]; copy: Uint8Array } | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #packets: Arrived[] = []
  #tapped = 0
  #arrived = 0
  #read = 0
  #left = 0
  #isEnding = false
  #isFinReady = false
  #isReading = true
  #isCut = false
  #isGone = false
  #isServerDone = false
  #isClientDone = false

  constructor(network: Network, end: LinkEnd, profile: LinkProfile, id: number) {
    this.id = id
    this.end = end
    this.#network = network
    this.#world = network.world
    this.#profile = profile
    this.openedMs = network.world.nowMs
    this.lastDeliveredMs = this.openedMs
    this.#server = network.accept?.(this.#wire()) ?? NOBODY
    if (network.accept === undefined) this.kill()
  }

  get isClosed(): boolean {
    return this.#isClientDone
  }

  /** The server knows that it is over. */
  get isServerDone(): boolean {
    return this.serverClosedMs !== undefined
  }

  get isVanished(): boolean {
    return this.#isGone
  }

  /** Bytes reach the server in order; `mark` is called when the last one was taken. */
  send(content: Uint8Array, mark?: () => void): void {
    if (this.#isCut || this.#isGone || this.#isClientDone || this.#isFinished) return
    const { chance } = this.#network
    // Long ones come in larger pieces: a thousand of one byte each would show nothing new.
    const pieceMax = Math.max(this.#profile.chunkBytesMax, Math.ceil(content.length / PIECES_MAX))
    for (let from = 0; from < content.length; ) {
      const most = Math.min(content.length - from, pieceMax)
      const length = chance.percent(70) ? most : chance.between(1, most)
      const part = content.slice(from, from + length)
      from += length
      this.#sendPart({ content: part, mark: from === content.length ? mark : undefined })
    }
  }

  /** The stream breaks: what is under way is lost, and both sides learn of it when they do. */
  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    const { chance } = this.#network
    this.#world.at(chance.ms(2000), () => this.#endServer(new Error('reset')))
    this.#world.at(chance.ms(2000), () => this.#endClient())
  }

  /** The server is there no more; what it had written may still come. */
  kill(): void {
    this.isKilled = true
    this.#isServerDone = true
    this.serverClosedMs ??= this.#world.nowMs
    this.#writing = undefined
    const { chance } = this.#network
    if (chance.percent(50)) this.#isCut = true
    this.#world.at(chance.ms(2000), () => this.#endClient())
  }

  /** The client is gone without a word, and the server is not told. */
  vanish(): void {
    this.#isGone = true
    this.#isReading = false
    this.#world.at(SILENCE_MS_MAX, () => this.#endServer(new Error('timed out')))
  }

  /** The client closes after what it sent. */
  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#upMs = Math.max(this.#upMs, this.#world.nowMs + this.#delay())
    this.#world.at(this.#upMs - this.#world.nowMs, () => {
      if (!this.#isCut && this.#up.length === 0) this.#endServer(undefined)
    })
    this.#world.at(this.#delay(), () => this.#endClient())
  }

  pauseReading(): void {
    this.#isReading = false
  }

  resumeReading(): void {
    if (this.#isGone || this.#isReading) return
    this.#isReading = true
    this.#takeArrived()
    this.#leave()
  }

  #delay(): number {
    return this.#network.chance.ms(this.#profile.delayMs)
  }

  #sendPart(part: { content: Uint8Array; mark: (() => void) | undefined }): void {
    this.#upMs = Math.max(this.#upMs, this.#world.nowMs + this.#delay())
    this.#world.at(this.#upMs - this.#world.nowMs, () => {
      if (this.#isCut || this.#isServerDone) return
      this.#up.push(part)
      this.#deliver()
    })
  }

  #deliver(): void {
    while (!this.isPaused && !this.#isServerDone && !this.#isCut) {
      const part = this.#up.shift()
      if (part === undefined) break
      const { buffer } = this.#network
      const view = buffer.subarray(0, part.content.length)
      view.set(part.content)
      this.lastDeliveredMs = this.#world.nowMs
      part.mark?.()
      this.#server.receive(view)
      view.fill(POISON)
    }
    if (this.#isFinished && this.#up.length === 0 && this.#upMs <= this.#world.nowMs) {
      this.#world.at(0, () => this.#endServer(undefined))
    }
  }

  #wire(): Wire {
    return {
      remoteAddress: `sim-${this.id}`,
      remotePort: this.id,
      write: (chunks) => this.#write(chunks),
      pause: () => {
        this.isPaused = true
      },
      resume: () => {
        if (!this.isPaused) return
        this.isPaused = false
        this.#world.at(0, () => this.#deliver())
      },
      end: () => {
        this.#isEnding = true
        this.serverClosedMs ??= this.#world.nowMs
        if (this.#writing === undefined) this.#sendFin()
      },
      destroy: () => {
        this.serverClosedMs ??= this.#world.nowMs
        this.#world.at(0.01, () => this.#endServer(undefined))
        if (!this.#isGone) this.#world.at(this.#delay(), () => this.#endClient())
      },
    }
  }

  #write(chunks: readonly Uint8Array[]): void {
    if (this.isKilled) return
    if (this.#writing !== undefined) this.#world.violation(`${this.end.name}: two writes at once`)
    if (this.#isEnding) this.#world.violation(`${this.end.name}: a write after the end`)
    const copy = bytes(...chunks)
    if (copy.length > this.#network.writeBytesMax) {
      this.#world.violation(`${this.end.name}: ${copy.length} bytes in one write`)
    }
    this.#writing = { chunks, copy }
    this.#tap(copy)
    this.#world.at(this.#network.chance.ms(0.3), () => this.#leave())
  }

  #tap(copy: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? copy : bytes(this.#rest, copy)
    for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
      const packet = decodeRaw(frame, this.end.version)
      this.#rest = this.#rest.subarray(frame.length)
      this.#tapped += frame.length
      this.#packets.push({ packet, endsAt: this.#tapped })
      this.#network.tap(this, packet, frame.length)
    }
  }

  /** The write under way leaves the server, if there is room on the way. */
  #leave(): void {
    const writing = this.#writing
    if (writing === undefined || this.#isServerDone) return
    const waiting = this.#left - this.#read
    if (!this.#isCut && waiting > 0 && waiting + writing.copy.length > this.#profile.roomBytes) {
      return
    }
    const now = bytes(...writing.chunks)
    if (now.some((byte, index) => byte !== writing.copy[index])) {
      this.#world.violation(`${this.end.name}: bytes changed while they were written`)
    }
    this.#writing = undefined
    this.#left += writing.copy.length
    this.#travel(writing.copy.length)
    this.#server.written()
    if (this.#isEnding && this.#writing === undefined) this.#sendFin()
  }

  #travel(length: number): void {
    const { chance } = this.#network
    for (let from = 0; from < length; ) {
      const part = chance.percent(60) ? length - from : chance.between(1, length - from)
      from += part
      this.#downMs = Math.max(this.#downMs, this.#world.nowMs + this.#delay())
      this.#world.at(this.#downMs - this.#world.nowMs, () => {
        if (this.#isCut) return
        this.#arrived += part
        this.#takeArrived()
      })
    }
  }

  #takeArrived(): void {
    if (!this.#isReading || this.#isClientDone) return
    this.#read = this.#arrived
    while (this.#packets[0] !== undefined && this.#packets[0].endsAt <= this.#read) {
      const { packet } = this.#packets.shift()!
      this.end.packet(packet)
    }
    if (this.#writing !== undefined) this.#world.at(0.01, () => this.#leave())
    if (this.#isFinReady && this.#read === this.#left) this.#followFin()
  }

  #sendFin(): void {
    this.#downMs = Math.max(this.#downMs, this.#world.nowMs + this.#delay())
    this.#world.at(this.#downMs - this.#world.nowMs, () => {
      this.#isFinReady = true
      if (this.#isReading && !this.#isCut && this.#read === this.#left) this.#followFin()
    })
  }

  #followFin(): void {
    this.#isFinReady = false
    this.#endClient()
    this.#world.at(this.#delay(), () => this.#endServer(undefined))
  }

  #endServer(error: Error | undefined): void {
    if (this.#isServerDone) return
    this.#isServerDone = true
    this.serverClosedMs ??= this.#world.nowMs
    this.#writing = undefined
    this.#server.closed(error)
  }

  #endClient(): void {
    if (this.#isClientDone || this.#isGone) return
    this.#isClientDone = true
    this.end.closed()
  }
}

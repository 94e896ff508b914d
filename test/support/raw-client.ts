// One raw connection to a server under test: turns what arrives into packets and keeps them until a
// script asks. Knows no transport and sends only what it is given.

import { decodeRaw, readFrame } from './raw-client-decode.ts'
import { bytes } from './raw-client-encode.ts'
import { describe, type RawPacket } from './raw-client-packet.ts'

/** What a transport offers for one connection. */
export interface Link {
  send(content: Uint8Array): void
  /** Ends the stream without a word; what was sent still arrives. */
  cut(): void
  /** Breaks the stream: what was sent may be lost. */
  reset(): void
}

/** What a transport tells about one connection. */
export interface LinkEnd {
  receive(chunk: Uint8Array): void
  closed(): void
}

/** How connections to a server come about, and how time passes for it. */
export interface Transport {
  open(end: LinkEnd): Promise<Link>
  /** True as soon as `condition` holds; false once it is sure, or late enough, that it will not. */
  until(condition: () => boolean): Promise<boolean>
  /** Lets time pass, at most {@link advanceMaxMs} in all of a case. */
  advance(milliseconds: number): Promise<void>
  readonly advanceMaxMs: number
  close(): Promise<void>
}

export class RawClient implements LinkEnd {
  readonly name: string
  readonly version: number
  /** What came and was not asked for yet, oldest first. */
  readonly inbox: RawPacket[] = []
  isClosed = false
  /** CONNACK with success was seen. */
  isConnected = false
  /** What the server sent that no server may send. */
  broken: Error | undefined
  /** The Packet Identifier of the PUBLISH that a script saw last. */
  lastId = 0
  link: Link | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #nextId = 9000

  constructor(name: string, version: number) {
    this.name = name
    this.version = version
  }

  send(content: Uint8Array): void {
    this.link?.send(content)
  }

  /** A Packet Identifier that scripts do not use by themselves. */
  takeId(): number {
    return this.#nextId++
  }

  receive(chunk: Uint8Array): void {
    this.#rest = bytes(this.#rest, chunk)
    try {
      for (let frame = readFrame(this.#rest); frame; frame = readFrame(this.#rest)) {
        const packet = decodeRaw(frame, this.version)
        this.#rest = this.#rest.slice(frame.length)
        if (packet.type === 'CONNACK' && packet.reason === 0) this.isConnected = true
        this.inbox.push(packet)
      }
    } catch (error) {
      this.broken ??= error instanceof Error ? error : new Error(String(error))
      this.#rest = new Uint8Array(0)
    }
  }

  closed(): void {
    this.isClosed = true
  }

  /** Takes the first packet that `wanted` accepts out of the inbox. */
  take(wanted: (packet: RawPacket) => boolean): RawPacket | undefined {
    const at = this.inbox.findIndex(wanted)
    return at < 0 ? undefined : this.inbox.splice(at, 1)[0]
  }

  /** What came and waits, for reports. */
  report(): string {
    const waiting = this.inbox.slice(0, 5).map(describe).join(' · ')
    const more = this.inbox.length > 5 ? ` and ${this.inbox.length - 5} more` : ''
    const state = this.isClosed ? 'closed' : 'open'
    return `${this.name} is ${state}, its inbox: ${waiting === '' ? 'empty' : waiting + more}`
  }
}

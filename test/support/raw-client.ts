// One raw connection to a server under test: turns what arrives into packets and keeps them until a
// script asks. Knows no transport and sends only what it is given.

import { decodeRaw, readFrame, UndecodableError } from './raw-client-decode.ts'
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

/** What a CONNECT says about what the client takes. */
export interface Promised {
  packetMax: number
  receiveMax: number
  aliasMax: number
  problems: boolean
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
  /** What CONNECT told the server, so that everything it sends can be held against it. */
  readonly promised: Promised = {
    packetMax: 2 ** 32,
    receiveMax: 65535,
    aliasMax: 0,
    problems: true,
  }
  readonly #unacknowledged = new Set<number>()
  readonly #aliases = new Map<number, string>()
  #isDisconnected = false
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
    // After nonsense nothing more is understood, and the case has failed.
    if (this.broken !== undefined) return
    this.#rest = bytes(this.#rest, chunk)
    try {
      for (let frame = readFrame(this.#rest); frame; frame = readFrame(this.#rest)) {
        const packet = decodeRaw(frame, this.version)
        this.#rest = this.#rest.slice(frame.length)
        if (frame.length > this.promised.packetMax)
          throw new UndecodableError(`${packet.type} of ${frame.length} bytes`)
        this.inbox.push(this.#checked(packet))
      }
    } catch (error) {
      this.broken ??= error instanceof Error ? error : new Error(String(error))
      this.#rest = new Uint8Array(0)
    }
  }

  closed(): void {
    this.isClosed = true
  }

  /** An acknowledgement was sent that gives a place in the receive window back. */
  acknowledged(id: number): void {
    this.#unacknowledged.delete(id)
  }

  /** Holds a packet against the order of packets and what CONNECT promised. */
  #checked(packet: RawPacket): RawPacket {
    if (this.#isDisconnected) throw new UndecodableError(`${packet.type} after DISCONNECT`)
    if (!this.isConnected && !['CONNACK', 'AUTH'].includes(packet.type))
      throw new UndecodableError(`${packet.type} before CONNACK`)
    switch (packet.type) {
      case 'CONNACK':
        if (this.isConnected) throw new UndecodableError('a second CONNACK')
        this.isConnected = packet.reason === 0
        return packet
      case 'DISCONNECT':
        this.#isDisconnected = true
        return packet
      case 'PUBLISH':
        return this.#checkedPublish(packet)
      default:
        if (
          !this.promised.problems &&
          packet.properties.some(([name]) => /^reason|^user/.test(name))
        )
          throw new UndecodableError(`${packet.type} with texts that were not asked for`)
        return packet
    }
  }

  #checkedPublish(packet: RawPacket): RawPacket {
    if (packet.id !== 0) this.#unacknowledged.add(packet.id)
    if (this.#unacknowledged.size > this.promised.receiveMax)
      throw new UndecodableError(`${this.#unacknowledged.size} messages at once`)
    const alias = packet.properties.find(([name]) => name === 'alias')?.[1]
    if (alias === undefined) return packet
    if (alias === 0 || Number(alias) > this.promised.aliasMax)
      throw new UndecodableError(`the alias ${String(alias)}`)
    if (packet.topic !== '') this.#aliases.set(Number(alias), packet.topic)
    const topic = this.#aliases.get(Number(alias))
    if (topic === undefined) throw new UndecodableError('an alias that means nothing yet')
    return { ...packet, topic }
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

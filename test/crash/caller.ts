// One client's connections, one after the other, and the session that the server keeps for it.
// Knows CONNECT, CONNACK and DISCONNECT; the rest is its role's.

import { describe, hex, type Property, type RawPacket } from '../support/raw-client-packet.ts'
import type { Ledger } from './ledger.ts'
import { Link, type LinkEnd, type SomePacket } from './link.ts'

export const NEVER_EXPIRES = 0xffff_ffff

export interface Role {
  /** The server took the connection; without its session where `isPresent` is false. */
  accepted(isPresent: boolean): void
  received(packet: RawPacket): void
}

export interface CallerOptions {
  readonly clientId: string
  /** Seconds; for ever unless given. */
  readonly expiryS?: number
  readonly receiveMax?: number
  readonly will?: CallersWill | undefined
}

/** At QoS 2; its payload is text. */
export interface CallersWill {
  readonly topic: string
  readonly payload: string
  readonly delayS: number
}

const CONNACK_MS_MAX = 30_000
/** CONNECT's flags for a will of QoS 2. */
const WILL = 0x14

export class Caller {
  readonly clientId: string
  readonly #options: CallerOptions
  readonly #ledger: Ledger
  readonly #role: Role
  #link: Link | undefined
  #isAccepted = false
  /** What the server must answer with session present; undefined while nobody can know. */
  #expected: boolean | undefined = false
  /** QoS 1 and 2 messages that the server takes at once. */
  receiveMax = 65_535

  constructor(options: CallerOptions, ledger: Ledger, role: Role) {
    this.clientId = options.clientId
    this.#options = options
    this.#ledger = ledger
    this.#role = role
  }

  get isOnline(): boolean {
    return this.#isAccepted
  }

  get isGone(): boolean {
    return this.#link === undefined
  }

  /** The server must have forgotten the session by now. */
  expire(): void {
    if (this.#expected !== undefined) this.#expected = false
  }

  /** True once the server took the connection, false when it is closed before. */
  async connect(port: number): Promise<boolean> {
    const link: Link = new Link(
      port,
      this.#endOf(() => link),
    )
    this.#link = link
    link.send(this.#makeConnect())
    const { bell, faults } = this.#ledger
    const isOver = (): boolean => this.#link !== link || this.#isAccepted
    if (!(await bell.until(isOver, CONNACK_MS_MAX))) {
      faults.add('server', `no CONNACK for ${this.clientId} in ${CONNACK_MS_MAX} ms`)
      this.cut()
    }
    return this.#link === link && this.#isAccepted
  }

  /** Says nothing where there is no connection. */
  send(packet: SomePacket): void {
    if (this.#isAccepted) this.#link?.send(packet)
  }

  /** Says DISCONNECT; `expiryS` gives the session a new end. */
  leave(expiryS?: number): void {
    this.send({
      type: 'DISCONNECT',
      properties: expiryS === undefined ? [] : [['session-expiry', expiryS]],
    })
    this.#link?.finish()
    if (expiryS === 0) this.#expected = undefined // Nobody says whether it arrived.
    this.#drop()
  }

  /** Goes without a word. */
  cut(): void {
    this.#link?.cut()
    this.#drop()
  }

  #drop(): void {
    this.#link = undefined
    this.#isAccepted = false
    this.#ledger.bell.ring()
  }

  #makeConnect(): SomePacket {
    const { clientId, expiryS = NEVER_EXPIRES, receiveMax, will } = this.#options
    const properties: Property[] = [['session-expiry', expiryS]]
    if (receiveMax !== undefined) properties.push(['receive-max', receiveMax])
    return {
      type: 'CONNECT',
      properties,
      connect: {
        name: 'MQTT',
        level: 5,
        flags: will === undefined ? 0 : WILL,
        keepAlive: 0,
        clientId,
        willProperties: will === undefined ? [] : [['will-delay', will.delayS]],
        willTopic: will?.topic ?? '',
        willPayload: new TextEncoder().encode(will?.payload ?? ''),
        userName: '',
        password: new Uint8Array(0),
      },
    }
  }

  /** What comes over a link that was left is nobody's. */
  #endOf(linkOf: () => Link): LinkEnd {
    const isCurrent = (): boolean => this.#link === linkOf()
    return {
      received: (packet) => {
        if (isCurrent()) this.#received(packet)
      },
      broken: ({ message }) => this.#ledger.faults.add('protocol', message),
      paused: () => this.#ledger.bell.ring(),
      closed: () => {
        if (isCurrent()) this.#closed()
      },
    }
  }

  #closed(): void {
    // Whether a CONNECT without an answer made a session, nobody knows.
    if (!this.#isAccepted && this.#expected === false) this.#expected = undefined
    this.#drop()
  }

  #received(packet: RawPacket): void {
    if (packet.type === 'CONNACK') this.#connack(packet)
    else if (packet.type === 'DISCONNECT')
      this.#ledger.faults.add('protocol', `${this.clientId} got ${describe(packet)}`)
    else this.#role.received(packet)
  }

  #connack({ reason, sessionPresent, properties }: RawPacket): void {
    const { faults, bell } = this.#ledger
    if (reason !== 0) {
      faults.add('protocol', `${this.clientId} was refused with ${hex(reason)}`)
      return this.cut()
    }
    if (this.#expected === true && !sessionPresent)
      faults.add('session', `${this.clientId} has none`)
    if (this.#expected === false && sessionPresent)
      faults.add('expiry', `${this.clientId} has a session that should not be`)
    this.#expected = true
    this.#isAccepted = true
    this.receiveMax = Number(properties.find(([name]) => name === 'receive-max')?.[1] ?? 65_535)
    this.#role.accepted(sessionPresent)
    bell.ring()
  }
}

// One connection of a simulated client: windows, aliases, acknowledgements in order, and the rules
// that hold for a connection alone. What outlives it is client's.

import type { Property, RawPacket } from '../support/raw-client-packet.ts'
import type { Link, LinkEnd, Network } from './network.ts'
import { frame } from './packets.ts'
import type { ClientProfile, ClientSession, Parts } from './session.ts'
import type { Chance } from './world.ts'

/** A SUBSCRIBE or UNSUBSCRIBE, and how many records there were when it reached the server. */
export interface Expected {
  readonly kind: 'subscribed' | 'unsubscribed'
  readonly name: string
  records: number | undefined
}

/** The client whose connection it is. */
export interface LineOwner {
  readonly profile: ClientProfile
  readonly parts: Parts
  readonly chance: Chance
  readonly session: ClientSession
  readonly isPersistent: boolean
  /** The connection that it uses at present, if any. */
  readonly line: Line | undefined
  /** All its connections, the newest last. */
  readonly lines: readonly Line[]
  accepted(line: Line, saysPresent: boolean): void
  acknowledged(line: Line, packet: RawPacket): void
  closed(line: Line): void
}

/** A client begins no more QoS 1 and 2 messages than this at a time. */
const OUTGOING_MAX = 40

/** What CONNACK says while nothing can be written: in 5.0, and before. */
const DISK_REFUSALS: ReadonlySet<number> = new Set([0x83, 0x97, 3])

export class Line implements LinkEnd {
  readonly client: LineOwner
  readonly link: Link
  readonly isClean: boolean
  isAccepted = false
  /** When CONNECT reached the server. */
  connectReachedMs: number | undefined
  /** A later CONNECT of the client reached the server. */
  isTakenOver = false
  /** DISCONNECT reached the server. */
  isLeft = false
  /** … and deletes the will. */
  dropsWill = false
  /** What it takes at a time on this connection. */
  readonly receiveMax: number
  /** Seconds that the session lives on after this connection. */
  expiryS: number
  /** In which parts of the run CONNECT and DISCONNECT were dealt with. */
  #connectPart = 0
  #leftPart = 0
  readonly #firstExpiryS: number
  /** What SUBACK and UNSUBACK are awaited for, by packet id. */
  readonly expected: Map<number, Expected> = new Map()
  /** Messages for the client that it has not acknowledged yet. */
  readonly #unacknowledged = new Set<number>()
  readonly #tookOver: Line[] = []
  /** Its own messages that the server has not acknowledged yet. */
  readonly #begun = new Set<number>()
  readonly #aliases = new Map<number, string>()
  #receiveMax = 65_535
  #ackMs = 0
  #isAckingFast = false

  constructor(client: LineOwner, network: Network, isClean: boolean) {
    this.client = client
    this.isClean = isClean
    const { version, expiryS, receiveMax } = client.profile
    const isNarrow = version === 5 && client.chance.percent(20)
    this.receiveMax = isNarrow ? client.chance.between(1, 3) : receiveMax
    this.expiryS = version < 5 && isClean ? 0 : expiryS
    this.#firstExpiryS = this.expiryS
    this.link = network.open(this, client.profile.link)
  }

  get name(): string {
    return this.client.profile.id
  }

  get version(): number {
    return this.client.profile.version
  }

  get isCurrent(): boolean {
    return this.client.line === this
  }

  /** The server keeps the session's state on disk. */
  get isDurable(): boolean {
    return this.version < 5 ? !this.isClean && this.client.isPersistent : this.client.isPersistent
  }

  mayPublish(qos: number): boolean {
    if (!this.isAccepted || qos === 0) return this.isAccepted
    if (this.client.session.outgoing.size >= OUTGOING_MAX) return false
    return this.#begun.size < this.#receiveMax
  }

  send(content: Uint8Array, mark?: () => void): void {
    this.link.send(content, mark)
  }

  sendAck(type: string, id: number): void {
    this.client.parts.world.note(`${this.name} > ${type} ${id}`)
    this.send(frame(this.version, { type, id }))
  }

  began(id: number): void {
    this.#begun.add(id)
  }

  settled(id: number): void {
    this.#begun.delete(id)
  }

  connectReached(): void {
    this.connectReachedMs = this.client.parts.world.nowMs
    this.#connectPart = this.client.parts.store.part
    for (const line of this.client.lines) {
      if (line === this || line.isTakenOver) continue
      line.isTakenOver = true
      this.#tookOver.push(line)
    }
  }

  /** The server refused CONNECT, which therefore had no effect. */
  refused(): void {
    this.connectReachedMs = undefined
    for (const line of this.#tookOver) line.isTakenOver = false
  }

  left(dropsWill: boolean, expiryS: number | undefined): void {
    if (this.isTakenOver || this.link.isServerDone) return
    this.isLeft = true
    this.#leftPart = this.client.parts.store.part
    this.dropsWill = dropsWill
    if (expiryS !== undefined) this.expiryS = expiryS
  }

  /** The server came back with all that happened until `durableMs`; the rest may be void. */
  rewind(isVoid: (part: number) => boolean, durableMs: number): void {
    const { link } = this
    if (this.connectReachedMs === undefined) return
    if (isVoid(this.#connectPart)) this.connectReachedMs = undefined
    if (this.isLeft && isVoid(this.#leftPart)) {
      this.isLeft = false
      this.dropsWill = false
      this.expiryS = this.#firstExpiryS
    }
    // To the server it was open until now.
    if ((link.serverClosedMs ?? 0) >= durableMs) link.serverClosedMs = this.client.parts.world.nowMs
  }

  /** From now on it acknowledges at once. */
  hurry(): void {
    this.#isAckingFast = true
  }

  closed(): void {
    this.client.parts.world.note(`${this.name} closed ${this.link.id}`)
    this.client.closed(this)
  }

  packet(packet: RawPacket): void {
    const { type, id } = packet
    this.client.parts.world.note(`${this.name} < ${type} ${id === 0 ? '' : id}`)
    if (!this.isCurrent) return // It turned its back on this connection: this is lost.
    switch (type) {
      case 'CONNACK':
        return this.#connack(packet)
      case 'PUBLISH':
        return this.#publish(packet)
      case 'PUBREL':
        return this.#pubrel(packet)
      case 'PINGRESP':
        return
      case 'DISCONNECT':
        return this.#disconnect(packet)
      default:
        return this.client.acknowledged(this, packet)
    }
  }

  #connack(packet: RawPacket): void {
    if (DISK_REFUSALS.has(packet.reason)) {
      // Refused for the disk's sake: it comes again. What it left behind was not taken over.
      for (const line of this.client.lines) if (!line.link.isServerDone) line.link.cut()
      return
    }
    if (packet.reason !== 0) return this.#wrong(`refused with ${packet.reason}`)
    this.isAccepted = true
    this.#receiveMax = Number(valueOf(packet.properties, 'receive-max') ?? 65_535)
    this.client.accepted(this, packet.sessionPresent)
  }

  #publish(packet: RawPacket): void {
    const { session, parts, profile } = this.client
    const resolved = this.#resolve(packet)
    const qos = (packet.flags >> 1) & 3
    const { id } = packet
    if (qos > 0) {
      this.#unacknowledged.add(id)
      if (this.#unacknowledged.size > this.receiveMax) {
        this.#wrong(`${this.#unacknowledged.size} unacknowledged messages`)
      }
    }
    if (qos < 2) parts.ledger.received(session.mailbox, resolved, profile.group)
    else if (!session.incoming.has(id)) {
      session.incoming.add(id)
      parts.ledger.received(session.mailbox, resolved, profile.group)
    }
    if (qos === 1) this.#answer('PUBACK', id, true)
    if (qos === 2) this.#answer('PUBREC', id, false)
  }

  #pubrel({ id }: RawPacket): void {
    this.client.session.incoming.delete(id)
    this.#answer('PUBCOMP', id, true)
  }

  /** Acknowledges after a while, in the order in which it was asked to. */
  #answer(type: string, id: number, ends: boolean): void {
    const { world } = this.client.parts
    const { chance, profile } = this.client
    const delayMs = this.#isAckingFast || chance.percent(40) ? 0 : chance.ms(profile.ackMs)
    this.#ackMs = Math.max(this.#ackMs, world.nowMs + delayMs)
    world.at(this.#ackMs - world.nowMs, () => {
      if (!this.isCurrent) return
      if (ends) this.#unacknowledged.delete(id)
      this.sendAck(type, id)
    })
  }

  #disconnect({ reason }: RawPacket): void {
    const { keepAliveS } = this.client.profile
    const { world } = this.client.parts
    const silentMs = world.nowMs - this.link.lastDeliveredMs
    const isLate = keepAliveS > 0 && silentMs >= keepAliveS * 1500
    if (reason === 0x8d && (isLate || this.link.isPaused)) return
    this.#wrong(`the server disconnects with 0x${reason.toString(16)}`)
  }

  #resolve(packet: RawPacket): RawPacket {
    const alias = Number(valueOf(packet.properties, 'alias') ?? 0)
    if (alias === 0) return packet
    if (alias > this.client.profile.aliasMax) this.#wrong(`the alias ${alias}`)
    if (packet.topic !== '') this.#aliases.set(alias, packet.topic)
    const topic = this.#aliases.get(alias)
    if (topic === undefined) this.#wrong(`the alias ${alias} means nothing`)
    return { ...packet, topic: topic ?? '' }
  }

  #wrong(what: string): void {
    this.client.parts.world.violation(`${this.name}: ${what}`)
  }
}

function valueOf(properties: readonly Property[], name: string): Property[1] | undefined {
  return properties.find(([other]) => other === name)?.[1]
}

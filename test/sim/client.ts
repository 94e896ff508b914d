// One simulated client: a small but whole MQTT client of any version, with session state that
// outlives its connections. It keeps every rule itself, so that whatever the server refuses or
// breaks is the server's doing. What it does and when is scenario's.

import type { RawPacket } from '../support/raw-client-packet.ts'
import { type HeldSubscription, type Letter, payloadOf } from './ledger.ts'
import { type Expected, Line, type LineOwner } from './line.ts'
import { connect, frame, type WillRequest } from './packets.ts'
import { type ClientProfile, ClientSession, type Outgoing, type Parts } from './session.ts'
import type { Chance } from './world.ts'

export interface SimWill {
  readonly letter: Letter
  readonly delayS: number
  readonly line: Line
}

/** The clock of expiry may be off by so much before a session counts as surely gone. */
const EXPIRY_SLACK_MS = 2000

export class SimClient implements LineOwner {
  readonly profile: ClientProfile
  readonly parts: Parts
  readonly chance: Chance
  session: ClientSession
  line: Line | undefined
  /** All connections so far, the newest last. */
  readonly lines: Line[] = []
  readonly wills: SimWill[] = []
  /** The last CONNECT asked for a clean start and was not answered yet. */
  #mustClean = false
  #lastSubscribeId = 0
  readonly #pending = new Map<number, (isRefused: boolean) => void>()
  readonly #refused = new Set<HeldSubscription>()

  constructor(profile: ClientProfile, parts: Parts) {
    this.profile = profile
    this.parts = parts
    this.chance = parts.world.chance(`client ${profile.id}`)
    this.session = new ClientSession(profile.id)
  }

  get isOnline(): boolean {
    return this.line?.isAccepted === true
  }

  get isPersistent(): boolean {
    return this.profile.expiryS > 0
  }

  /** Opens a connection; one that is still open is left behind and taken over by the server. */
  connect(wantsClean: boolean, will?: Omit<WillRequest, 'payload'>): void {
    const { world, network } = this.parts
    const { id, version, expiryS, aliasMax, keepAliveS } = this.profile
    const fate = this.#fate()
    const isClean = wantsClean || this.#mustClean || !this.isPersistent || fate === 'unknown'
    // A CONNECT that is still on its way must not take the new connection over.
    for (const old of this.lines) if (old.connectReachedMs === undefined) old.link.cut()
    const line = new Line(this, network, isClean)
    const willSent = will === undefined ? undefined : this.#writeWill(will, line)
    if (willSent !== undefined) this.wills.push(willSent)
    if (isClean) this.#startAnew()
    // If this one is lost too, nobody can say whose state the server has.
    this.#mustClean = isClean || fate === 'gone'
    this.#pending.clear()
    this.line = line
    this.lines.push(line)
    world.note(
      `${id} > CONNECT ${line.link.id} ${isClean ? 'clean' : ''} ${willSent ? 'will' : ''}`,
    )
    line.send(
      connect({
        version,
        clientId: id,
        isClean,
        keepAliveS,
        will:
          willSent && will ? { ...will, payload: payloadOf(willSent.letter.name, 3) } : undefined,
        properties: [
          ['session-expiry', expiryS === Number.POSITIVE_INFINITY ? 0xffff_ffff : expiryS],
          ['receive-max', line.receiveMax],
          ['alias-max', aliasMax],
        ],
      }),
      () => line.connectReached(),
    )
    if (keepAliveS > 0) this.#ping(line)
  }

  /** Publishes, if the connection and the server's window allow; an empty one clears the state. */
  publish(
    topic: string,
    qos: number,
    retain: boolean,
    expiryS: number | undefined,
    fillBytes: number,
  ): void {
    const { line } = this
    if (line === undefined || !line.mayPublish(qos)) return
    const isClear = fillBytes < 0
    const expires = this.profile.version === 5 ? expiryS : undefined
    const letter = isClear
      ? undefined
      : this.parts.ledger.write(this.profile.id, topic, qos, retain, expires)
    const id = qos === 0 ? 0 : this.#takeId()
    const packet = {
      type: 'PUBLISH',
      topic,
      id,
      flags: (qos << 1) | (retain ? 1 : 0),
      properties: expires === undefined ? [] : ([['message-expiry', expires]] as const),
      payload: letter === undefined ? new Uint8Array(0) : payloadOf(letter.name, fillBytes),
    }
    const outgoing: Outgoing = { letter, packet, id, qos, isReleased: false }
    if (qos > 0) this.session.outgoing.set(id, outgoing)
    this.#transmit(line, outgoing, false)
  }

  subscribe(filter: string, qos: number, share?: string): void {
    const { line, session } = this
    if (line?.isAccepted !== true) return
    const name = share === undefined ? filter : `$share/${share}/${filter}`
    const id = this.#takeSubscribeId()
    const { nowMs } = this.parts.world
    const held: HeldSubscription = { filter, share, qos, askedMs: nowMs, sinceMs: undefined }
    if (!session.mailbox.asked.has(filter)) session.mailbox.asked.set(filter, nowMs)
    const { subscriptions } = session.mailbox
    const former = subscriptions.get(name)
    subscriptions.set(name, held)
    this.#pending.set(id, (isRefused) => {
      if (!isRefused) held.sinceMs ??= this.parts.world.nowMs
      else this.#refused.add(held)
      if (!isRefused || subscriptions.get(name) !== held) return
      // The server leaves it as it was.
      if (former === undefined || this.#refused.has(former)) subscriptions.delete(name)
      else subscriptions.set(name, former)
    })
    this.parts.world.note(`${this.profile.id} > SUBSCRIBE ${id} ${name} ${qos}`)
    this.#sendFilter(line, id, 'subscribed', name, qos)
  }

  unsubscribe(name: string): void {
    const { line, session } = this
    if (line?.isAccepted !== true) return
    const id = this.#takeSubscribeId()
    session.mailbox.subscriptions.delete(name)
    session.mailbox.unsure.set(name, id)
    this.#pending.set(id, () => {
      if (session.mailbox.unsure.get(name) === id) session.mailbox.unsure.delete(name)
    })
    this.parts.world.note(`${this.profile.id} > UNSUBSCRIBE ${id} ${name}`)
    this.#sendFilter(line, id, 'unsubscribed', name, 0)
  }

  #sendFilter(line: Line, id: number, kind: Expected['kind'], name: string, qos: number): void {
    const type = kind === 'subscribed' ? 'SUBSCRIBE' : 'UNSUBSCRIBE'
    const expected: Expected = { kind, name, records: undefined }
    line.expected.set(id, expected)
    line.send(
      frame(this.profile.version, { type, id, filters: [{ filter: name, options: qos }] }),
      () => {
        expected.records = this.parts.store.appended
      },
    )
  }

  /** Says DISCONNECT and closes; `expiryS` changes how long the session lives (5.0). */
  disconnect(withWill: boolean, expiryS: number | undefined): void {
    const { line } = this
    const { version } = this.profile
    if (line?.isAccepted !== true) return
    const changes = version === 5 && this.isPersistent && expiryS !== undefined
    const keepsWill = withWill && version === 5
    this.parts.world.note(`${this.profile.id} > DISCONNECT ${keepsWill ? 'with will' : ''}`)
    line.send(
      frame(version, {
        type: 'DISCONNECT',
        reason: keepsWill ? 4 : 0,
        properties: changes ? [['session-expiry', expiryS]] : [],
      }),
      () => line.left(!keepsWill, changes ? expiryS : undefined),
    )
    line.link.finish()
    this.line = undefined
    if (changes && expiryS === 0) this.#mustClean = true // It gave its state up.
  }

  /** The connection is lost: broken, or just silent. */
  lose(isSilent: boolean): void {
    this.parts.world.note(`${this.profile.id} ${isSilent ? 'vanishes' : 'is cut'}`)
    if (isSilent) this.line?.link.vanish()
    else this.line?.link.cut()
    this.line = undefined
  }

  closed(line: Line): void {
    if (this.line === line) this.line = undefined
  }

  /** CONNACK of the present connection, with success. */
  accepted(line: Line, saysPresent: boolean): void {
    // 3.1 cannot say; there a session lives until a clean start.
    const isPresent = line.version === 3 ? this.#isOld(line) : saysPresent
    this.#checkPresent(line, isPresent)
    this.#mustClean = false
    if (!isPresent && !line.isClean) this.#startAnew()
    for (const outgoing of this.session.outgoing.values()) {
      if (outgoing.isReleased) line.sendAck('PUBREL', outgoing.id)
      else this.#transmit(line, outgoing, true)
    }
  }

  /** An acknowledgement of the present connection. */
  acknowledged(line: Line, { type, id, reason, reasons }: RawPacket): void {
    if (type === 'SUBACK' || type === 'UNSUBACK') {
      const isRefused = reasons.some((code) => code >= 0x80)
      // For the disk's sake alone; 3.1.1 cannot say why.
      const isRight = reasons.every((code) => [0x80, 0x83, 0x97].includes(code))
      if (isRefused && (type === 'UNSUBACK' || !isRight)) this.#wrong(`${type} refuses`)
      this.#pending.get(id)?.(isRefused)
      return
    }
    const outgoing = this.session.outgoing.get(id)
    const isRight =
      outgoing !== undefined &&
      (type === 'PUBACK' ? outgoing.qos === 1 : outgoing.qos === 2) &&
      (type !== 'PUBCOMP' || outgoing.isReleased)
    if (!isRight) return this.#wrong(`${type} ${id} answers nothing`)
    const { letter } = outgoing
    if (type === 'PUBCOMP' || type === 'PUBACK' || reason >= 0x80) {
      this.session.outgoing.delete(id)
      line.settled(id)
    }
    if (letter !== undefined && reason >= 0x80) letter.isRefused = true
    if (letter !== undefined && reason < 0x80) letter.ackedMs ??= this.parts.world.nowMs
    if (type === 'PUBREC' && reason < 0x80) {
      outgoing.isReleased = true
      line.sendAck('PUBREL', id)
    }
  }

  #transmit(line: Line, outgoing: Outgoing, isAgain: boolean): void {
    const { letter, packet, id, qos } = outgoing
    if (letter !== undefined) letter.transmissions += 1
    const flags = (packet.flags ?? 0) | (isAgain ? 8 : 0)
    this.parts.world.note(`${this.profile.id} > PUBLISH ${id} ${letter?.name ?? packet.topic}`)
    if (qos > 0) line.began(id)
    line.send(frame(this.profile.version, { ...packet, flags }))
  }

  #startAnew(): void {
    if (this.profile.group !== undefined) this.parts.endedGroups.add(this.profile.group)
    this.session = new ClientSession(this.profile.id)
  }

  #writeWill(will: Omit<WillRequest, 'payload'>, line: Line): SimWill {
    const owner = `will-${this.profile.id}-${this.wills.length + 1}`
    const letter = this.parts.ledger.write(owner, will.topic, will.qos, will.retain, undefined)
    return { letter, delayS: this.profile.version === 5 ? will.delayS : 0, line }
  }

  /** The last connection whose CONNECT reached the server, before `line`. */
  #before(line: Line | undefined): Line | undefined {
    return this.lines.findLast((other) => other !== line && other.connectReachedMs !== undefined)
  }

  /** Whether the server still has the session, as far as anybody can say. */
  #fate(): 'there' | 'gone' | 'unknown' {
    const before = this.#before(undefined)
    const closedMs = before?.link.serverClosedMs
    if (before?.expiryS === 0) return 'gone'
    if (before === undefined || closedMs === undefined) return 'there'
    const expiryMs = before.expiryS * 1000
    const { nowMs } = this.parts.world
    if (nowMs + EXPIRY_SLACK_MS < before.link.lastDeliveredMs + expiryMs) return 'there'
    return nowMs > closedMs + expiryMs + EXPIRY_SLACK_MS ? 'gone' : 'unknown'
  }

  #isOld(line: Line): boolean {
    return !line.isClean && (this.#before(line)?.expiryS ?? 0) > 0
  }

  #checkPresent(line: Line, isPresent: boolean): void {
    const before = this.#before(line)
    const atMs = line.connectReachedMs ?? 0
    if (line.isClean || before === undefined || before.expiryS === 0) {
      if (isPresent) this.#wrong('Session Present where there can be none')
      return
    }
    const expiryMs = before.expiryS * 1000
    const closedMs = before.link.serverClosedMs ?? Number.POSITIVE_INFINITY
    if (!isPresent && atMs < before.link.lastDeliveredMs + expiryMs) {
      this.#wrong('the session was lost')
    }
    if (isPresent && atMs > closedMs + expiryMs + EXPIRY_SLACK_MS) {
      this.#wrong('the session outlived its expiry')
    }
  }

  #ping(line: Line): void {
    this.parts.world.at(this.profile.keepAliveS * 800, () => {
      if (this.line !== line) return
      line.send(frame(this.profile.version, { type: 'PINGREQ' }))
      this.#ping(line)
    })
  }

  #takeId(): number {
    const { session } = this
    do session.lastId = (session.lastId % 50) + 1
    while (session.outgoing.has(session.lastId))
    return session.lastId
  }

  #takeSubscribeId(): number {
    this.#lastSubscribeId = (this.#lastSubscribeId % 1000) + 1
    return 1000 + this.#lastSubscribeId
  }

  #wrong(what: string): void {
    this.parts.world.violation(`${this.profile.id}: ${what}`)
  }
}

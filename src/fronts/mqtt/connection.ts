// One client's connection: from bytes to packets to the function that each packet's type names. It
// holds what ends with the connection; what a packet means stands in the on-… file of its name,
// what outlives the connection in its session, what is sent in its peer.

import type { Timer } from '../../base/clock.ts'
import { Outbox, type OutboxOwner } from '../../base/outbox.ts'
import { Reason } from '../../base/reason.ts'
import type { Wire, WireEnd } from '../../base/wire.ts'
import { decode } from '../../codec/mqtt/decode.ts'
import { type FrameSink, Framer } from '../../codec/mqtt/framer.ts'
import { type Packet, PacketType, type Version } from '../../codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import { reasonName } from '../../codec/mqtt/reasons.ts'
import type { Access, Principal } from '../../core/ports.ts'
import { explain } from '../../core/refusal.ts'
import { parseTopic, type Topic } from '../../core/topic.ts'
import type { Admission, Client, Login, Shared } from './client.ts'
import type { Dialect } from './dialect.ts'
import { onPuback, onPubcomp, onPubrec, onPubrel } from './on-ack.ts'
import { onAuth, onBeforeConnack } from './on-auth.ts'
import { onConnect, refuse } from './on-connect.ts'
import { onDisconnect } from './on-disconnect.ts'
import { onPublish } from './on-publish.ts'
import { onSubscribe } from './on-subscribe.ts'
import { onUnsubscribe } from './on-unsubscribe.ts'
import { IncomingAliases } from './topic-aliases.ts'

/** How long a closing connection may take to pass on what was written before it is cut. */
export const CLOSE_TIMEOUT_MS = 5000
/** Keep alive is exceeded after this many times its interval [MQTT-3.1.2-22]. */
const KEEP_ALIVE_FACTOR = 1.5

/**
 * new: CONNECT is awaited; connecting: it is being authenticated; authenticating: the client is to
 * answer with AUTH; open: CONNACK 0x00 was sent.
 */
type State = 'new' | 'connecting' | 'authenticating' | 'open' | 'closed'

export class Connection implements Client, WireEnd, FrameSink, OutboxOwner {
  readonly front: Shared
  readonly wire: Wire
  readonly access: Access
  readonly outbox: Outbox
  login: Login | undefined
  readonly #framer: Framer
  #aliases: IncomingAliases | undefined
  readonly #openedMs: number
  #state: State = 'new'
  /** Undefined until CONNECT was accepted, or goes on with AUTH. */
  #version: Version | undefined
  #admission: Admission | undefined
  #connectTimer: Timer | undefined
  #closeTimer: Timer | undefined
  /** When the last whole packet came [U5-46], or the wire last took something while paused. */
  #lastSeenMs: number
  #isPaused = false
  /** Paused as well, or instead, since too much waits for the disk. */
  #isHeldBack = false
  /** What came in this call has to be stored. */
  #addsWork = false
  /** What its own packets added to its outbox since that is full. */
  #answeredBytes = 0
  #reason: Reason = Reason.unspecifiedError
  #lastName = ''
  #lastTopic: Topic | undefined
  #bytesReceived = 0

  constructor(front: Shared, wire: Wire, access: Access) {
    const { turn, limits, settings, deadlines } = front.parts
    this.front = front
    this.wire = wire
    this.access = access
    this.outbox = new Outbox(turn, wire, front.slabs, limits.outboxBytesMax, this)
    this.#framer = new Framer(Math.min(limits.packetBytesMax, limits.connectBytesMax), this)
    this.#openedMs = turn.nowMs
    this.#lastSeenMs = turn.nowMs
    // [U5-01]
    this.#connectTimer = deadlines.after(settings.connectTimeoutMs, () => {
      turn.open()
      this.#end(Reason.maximumConnectTime, true)
    })
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Made for the first one. */
  get aliases(): IncomingAliases {
    this.#aliases ??= new IncomingAliases(this.front.parts.settings.topicAliasMax)
    return this.#aliases
  }

  /** Only for a connection that is open: what CONNECT made of it. */
  get admission(): Admission {
    if (this.#admission === undefined) throw new Error('the connection was not accepted')
    return this.#admission
  }

  receive(chunk: Uint8Array): void {
    if (this.#state === 'closed') return
    this.front.parts.turn.open()
    this.front.parts.counters.bytesReceived += chunk.length
    this.#bytesReceived += chunk.length
    const { isFull, bytes } = this.outbox
    this.#guard(() => this.#framer.push(chunk))
    // What is delivered to it stops at a full outbox, what it is answered does not.
    if (isFull) this.#answeredBytes += this.outbox.bytes - bytes
    if (this.#answeredBytes >= this.front.parts.limits.outboxBytesMax) this.#pause()
    if (this.#addsWork && this.front.congestion.isThere) this.#holdBack()
    this.#addsWork = false
  }

  frame(firstByte: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { turn, counters, limits } = this.front.parts
    const version = this.#version ?? 4
    const packet = decode(firstByte, bytes, start, end, version, this.front.topics, limits)
    counters.packetsReceived += 1
    this.#lastSeenMs = turn.nowMs
    if (this.#state === 'open') this.#dispatch(packet)
    else if (this.#state === 'authenticating') onBeforeConnack(this, packet)
    else if (packet.type === PacketType.connect) onConnect(this, packet)
    else
      throw new ProtocolError(
        'the first packet is not CONNECT',
        Reason.protocolError,
        'MQTT-3.1.0-1',
      )
    return this.#isReading
  }

  written(): void {
    this.front.parts.turn.open()
    if (this.#isPaused) this.#lastSeenMs = this.front.parts.turn.nowMs
    this.outbox.written()
  }

  /** The outbox takes more again. */
  writable(): void {
    this.front.parts.turn.open()
    this.#answeredBytes = 0
    if (this.#isPaused) {
      this.#isPaused = false
      if (!this.#isHeldBack) this.wire.resume()
    }
    if (this.#state === 'open') this.admission.session.resume()
  }

  closed(error: Error | undefined): void {
    const { turn, log, sessions } = this.front.parts
    turn.open()
    this.#connectTimer?.cancel()
    this.#closeTimer?.cancel()
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    if (this.#isHeldBack) this.front.congestion.remove(this)
    this.outbox.close()
    if (this.#admission !== undefined) {
      const { session, peer, dialect } = this.#admission
      if (wasOpen) {
        this.#left(error?.message ?? 'connection lost')
        sessions.close(session, peer, { dropsWill: false })
      }
      log.info('client disconnected', {
        client: session.clientId,
        address: this.wire.remoteAddress,
        reason: wasOpen ? (error?.message ?? 'connection lost') : reasonName(this.#reason, 14),
        seconds: Math.round((turn.nowMs - this.#openedMs) / 1000),
        received: this.#bytesReceived,
        sent: this.outbox.bytesWritten,
        version: dialect.name,
      })
    }
    this.front.remove(this, this.#admission !== undefined)
  }

  /** The topic of that name, within the limits; a publisher mostly repeats itself. */
  topic(name: string): Topic | undefined {
    if (name !== this.#lastName) {
      this.#lastTopic = parseTopic(name, this.front.parts.limits.topicLevelsMax)
      this.#lastName = name
    }
    return this.#lastTopic
  }

  /** CONNECT is being authenticated elsewhere: nothing more is read meanwhile. */
  hold(): void {
    this.#state = 'connecting'
    this.wire.pause()
  }

  /** What `hold` waited for is there; `go` decides, then whatever came meanwhile is read. */
  release(go: () => void): void {
    if (this.#state === 'closed') return
    this.front.parts.turn.open()
    this.#guard(() => {
      go()
      if (!this.#isReading) return
      this.wire.resume()
      this.#framer.resume()
    })
  }

  /** CONNECT asked for a method, and the client is to answer with AUTH. */
  awaitAuth({ version }: Dialect): void {
    this.#state = 'authenticating'
    this.#version = version
    this.#framer.version = version
  }

  /** CONNACK 0x00 was sent. */
  open(admission: Admission): void {
    this.#connectTimer?.cancel()
    this.#connectTimer = undefined
    this.#admission = admission
    this.front.admitted()
    this.#version = admission.dialect.version
    this.#framer.version = admission.dialect.version
    this.#framer.packetBytesMax = this.front.parts.limits.packetBytesMax
    this.#state = 'open'
  }

  /** The client proved again who he is. */
  reauthenticated(principal: Principal): void {
    this.#admission = { ...this.admission, principal }
  }

  /** Closes, with a DISCONNECT where the client can be told; its will is published. */
  close(reason: Reason): void {
    this.#end(reason, false)
  }

  /** The client said DISCONNECT: closes without a word. */
  leave(reason: Reason, dropsWill: boolean): void {
    this.#reason = reason
    const { session, peer } = this.admission
    this.#state = 'closed'
    this.#left(reasonName(reason, PacketType.disconnect))
    this.front.parts.sessions.close(session, peer, { dropsWill })
    this.#endWire()
  }

  /** CONNECT was refused and, where the version has a word for it, CONNACK said so. */
  refused(reason: Reason): void {
    this.#reason = reason
    this.#connectTimer?.cancel()
    this.#state = 'closed'
    this.front.parts.counters.connectionsRefused += 1
    this.#endWire()
  }

  /** Called for all connections at intervals [MQTT-3.1.2-22]. */
  checkKeepAlive(nowMs: number): void {
    const keepAliveMs = this.#admission?.keepAliveMs ?? 0
    if (this.#state !== 'open' || keepAliveMs === 0) return
    if (this.#isHeldBack) return // It may have said something that is not read.
    if (nowMs - this.#lastSeenMs <= keepAliveMs * KEEP_ALIVE_FACTOR) return
    this.close(Reason.keepAliveTimeout)
  }

  /** Called when passwords or rules changed. */
  checkLogin(): void {
    if (this.#state !== 'open') return
    const { session, principal } = this.admission
    if (this.access.mayStay?.(principal) !== false) return
    const explanation = explain(this.access, principal, { act: 'connect' })
    this.front.parts.log.info('login stands no more', {
      client: session.clientId,
      user: principal.user,
      rule: explanation?.by,
    })
    this.#end(Reason.notAuthorized, false, explanation?.told)
  }

  /** What comes now is handled as it comes. */
  get #isReading(): boolean {
    return this.#state === 'open' || this.#state === 'authenticating'
  }

  #dispatch(packet: Packet): void {
    switch (packet.type) {
      case PacketType.publish:
        this.#addsWork ||= packet.qos > 0 || packet.retain
        return onPublish(this, packet)
      case PacketType.puback:
        return onPuback(this, packet)
      case PacketType.pubrec:
        return onPubrec(this, packet)
      case PacketType.pubrel:
        return onPubrel(this, packet)
      case PacketType.pubcomp:
        return onPubcomp(this, packet)
      case PacketType.subscribe:
        this.#addsWork ||= this.admission.session.isDurable
        return onSubscribe(this, packet)
      case PacketType.unsubscribe:
        return onUnsubscribe(this, packet)
      case PacketType.pingreq:
        return this.admission.peer.pingresp() // [MQTT-3.12.4-1]
      case PacketType.disconnect:
        return onDisconnect(this, packet)
      case PacketType.auth:
        return onAuth(this, packet)
      case PacketType.connect:
        throw new ProtocolError('a second CONNECT', Reason.protocolError, 'MQTT-3.1.0-2')
      default:
        throw new ProtocolError('a packet that only servers send', Reason.protocolError, 'U5-32')
    }
  }

  /** Runs what may find the client's mistake; the one place where that ends the connection. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failed(error)
    }
  }

  #failed(error: ProtocolError): void {
    this.front.parts.log.info('client made a mistake', {
      client: this.#admission?.session.clientId,
      address: this.wire.remoteAddress,
      mistake: error.message,
      clause: error.clause,
    })
    if (this.#state === 'open')
      this.#end(error.reason, false, error.message) // [MQTT-4.13.1-1]
    else if (this.#state === 'new') refuse(this, error.reason, error.version)
    else if (this.#state === 'authenticating') refuse(this, error.reason, this.#version)
  }

  #end(reason: Reason, isSilent: boolean, reasonString?: string): void {
    if (this.#state === 'closed') return
    this.#reason = reason
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    const admission = this.#admission
    if (admission !== undefined && wasOpen) {
      const { session, peer, dialect } = admission
      // What waits in the old outbox belongs to a client that is elsewhere now.
      if (reason === Reason.sessionTakenOver) this.outbox.discard()
      // Without CONNACK before it nothing else may be said [MQTT-3.14.0-1].
      const hasConnack = this.outbox.bytesWritten > 0 || this.outbox.bytes > 0
      // [MQTT-3.1.4-3]
      if (dialect.canDisconnect && !isSilent && hasConnack) {
        const properties = reasonString ? makeProperties({ reasonString }) : NO_PROPERTIES
        peer.tell({ type: PacketType.disconnect, reason, properties })
      }
      this.#left(reasonName(reason, PacketType.disconnect))
      this.front.parts.sessions.close(session, peer, { dropsWill: false })
    }
    this.#endWire()
  }

  /** Tells whoever listens that it is over, before the session goes on without it. */
  #left(reason: string): void {
    const { disconnect } = this.front.parts.observer
    if (!disconnect.isHeard) return
    const { session, principal, dialect } = this.admission
    disconnect.emit({
      clientId: session.clientId,
      principal,
      address: this.wire.remoteAddress,
      version: dialect.name,
      reason,
    })
  }

  /** Sends nothing more [MQTT-3.14.4-1] and closes [MQTT-3.14.4-2]. */
  #endWire(): void {
    this.outbox.end()
    this.#closeTimer ??= this.front.parts.deadlines.after(CLOSE_TIMEOUT_MS, () => {
      this.wire.destroy()
    })
  }

  #pause(): void {
    if (this.#isPaused || this.#state !== 'open') return
    this.#isPaused = true
    if (!this.#isHeldBack) this.wire.pause()
  }

  #holdBack(): void {
    if (this.#isHeldBack || this.#state !== 'open') return
    this.#isHeldBack = true
    if (!this.#isPaused) this.wire.pause()
    this.front.congestion.add(this)
  }

  /** The disk has caught up. */
  goOn(): void {
    this.#isHeldBack = false
    this.#lastSeenMs = this.front.parts.turn.nowMs
    if (!this.#isPaused && this.#state === 'open') this.wire.resume()
  }
}

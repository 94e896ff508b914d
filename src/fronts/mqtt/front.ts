// MQTT onto the hub: what all connections share, and the set of them. One connection is
// connection's.

import type { Timer } from '../../base/clock.ts'
import { Reason } from '../../base/reason.ts'
import { SlabPool } from '../../base/slabs.ts'
import type { Wire, WireEnd } from '../../base/wire.ts'
import { TopicCache } from '../../codec/mqtt/topic-cache.ts'
import type { Access } from '../../core/ports.ts'
import type { Client, MqttFrontParts, Shared } from './client.ts'
import { Congestion } from './congestion.ts'
import { Connection } from './connection.ts'
import { PublishFrames } from './publish-frames.ts'

/** Keep alive is looked at so often, for all connections at once; a time-out is that much late. */
export const KEEP_ALIVE_SCAN_MS = 1000

/**
 * Wires beyond `limits.connectionsMax`, of those who have not said CONNECT, are being refused or
 * are on their way out. Above: a new one is cut off at once, logged once per episode.
 */
export const CONNECTIONS_SPARE_MAX = 1000

/** What a wire that is cut off gets to talk to. */
const NOBODY: WireEnd = { receive: () => {}, written: () => {}, closed: () => {} }

export class MqttFront implements Shared {
  readonly parts: MqttFrontParts
  readonly slabs: SlabPool = new SlabPool()
  readonly frames: PublishFrames = new PublishFrames()
  readonly topics: TopicCache
  readonly congestion: Congestion
  readonly #connections = new Set<Client>()
  #admitted = 0
  /** Wires that were cut off in the present episode of too many. */
  #turnedAway = 0
  #scan: Timer | undefined
  #whenEmpty: (() => void) | undefined
  #isDraining = false

  constructor(parts: MqttFrontParts) {
    this.parts = parts
    this.congestion = new Congestion(parts)
    this.topics = new TopicCache(parts.limits.topicNamesMax, parts.random)
  }

  /** Open connections, accepted or not. */
  get size(): number {
    return this.#connections.size
  }

  /** All bytes ever sent. */
  get bytesSent(): number {
    let bytes = this.parts.counters.bytesSentClosed
    for (const client of this.#connections) bytes += client.outbox.bytesWritten
    return bytes
  }

  /** False while no more connections are taken: too many, or the server is ending. */
  get hasRoom(): boolean {
    return !this.#isDraining && this.#admitted < this.parts.limits.connectionsMax
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /**
   * True where not even one more wire is taken, with `arriving` of them on the way here; counts and
   * logs it.
   */
  isFull(arriving: number): boolean {
    const { limits, log, counters } = this.parts
    const room = limits.connectionsMax + CONNECTIONS_SPARE_MAX - this.#connections.size - arriving
    if (room > 0) {
      // An episode ends when there is room for many, lest there be one for each that goes.
      if (this.#turnedAway > 0 && room * 2 >= CONNECTIONS_SPARE_MAX) {
        log.warn('connections are taken again', { turnedAway: this.#turnedAway })
        this.#turnedAway = 0
      }
      return false
    }
    counters.connectionsRefused += 1
    this.#turnedAway += 1
    if (this.#turnedAway === 1) {
      log.warn('too many connections, new ones are cut off', { open: this.#connections.size })
    }
    return true
  }

  /** `access`: who may come in by that listener, where not as for the whole server. */
  accept(wire: Wire, access: Access = this.parts.access): WireEnd {
    this.parts.turn.open()
    if (this.isFull(0)) {
      wire.destroy()
      return NOBODY
    }
    this.parts.counters.connectionsOpened += 1
    const connection = new Connection(this, wire, access)
    this.#connections.add(connection)
    this.#scan ??= this.parts.deadlines.after(KEEP_ALIVE_SCAN_MS, () => this.#scanAll())
    return connection
  }

  /** A client id that no session has [MQTT-3.2.2-16]. */
  assignClientId(): string {
    for (;;) {
      const clientId = `rameau-${this.parts.random.id(16)}`
      if (!this.parts.sessions.has(clientId)) return clientId
    }
  }

  admitted(): void {
    this.#admitted += 1
  }

  remove(client: Client, wasAdmitted: boolean): void {
    this.#connections.delete(client)
    if (wasAdmitted) this.#admitted -= 1
    this.parts.counters.bytesSentClosed += client.outbox.bytesWritten
    this.parts.counters.connectionsClosed += 1
    if (this.#connections.size > 0) return
    this.#scan?.cancel()
    this.#scan = undefined
    this.#whenEmpty?.()
  }

  /** Passwords or rules changed: ends connections and subscriptions that stand no more. */
  checkLogins(): void {
    this.parts.turn.open()
    for (const connection of this.#connections) connection.checkLogin()
    this.parts.sessions.checkSubscriptions()
  }

  /** Ends all connections, telling those that can be told; resolves when the last one is gone. */
  drain(): Promise<void> {
    this.parts.turn.open()
    this.#isDraining = true
    const drained = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
      if (this.#connections.size === 0) resolve()
    })
    for (const connection of this.#connections) connection.close(Reason.serverShuttingDown)
    return drained
  }

  #scanAll(): void {
    this.parts.turn.open()
    this.#scan = this.parts.deadlines.after(KEEP_ALIVE_SCAN_MS, () => this.#scanAll())
    const { nowMs } = this.parts.turn
    for (const connection of this.#connections) connection.checkKeepAlive(nowMs)
  }
}

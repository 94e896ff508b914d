// MQTT onto the hub: what all connections share, and the set of them. One connection is
// connection's.

import type { Timer } from '../../base/clock.ts'
import { Reason } from '../../base/reason.ts'
import { SlabPool } from '../../base/slabs.ts'
import type { Wire, WireEnd } from '../../base/wire.ts'
import { TopicCache } from '../../codec/mqtt/topic-cache.ts'
import type { Access } from '../../core/ports.ts'
import type { Client, MqttFrontParts, Shared } from './client.ts'
import { Connection } from './connection.ts'
import { PublishFrames } from './publish-frames.ts'

/** Keep alive is looked at so often, for all connections at once; a time-out is that much late. */
export const KEEP_ALIVE_SCAN_MS = 1000

export class MqttFront implements Shared {
  readonly parts: MqttFrontParts
  readonly slabs: SlabPool = new SlabPool()
  readonly frames: PublishFrames = new PublishFrames()
  readonly topics: TopicCache
  readonly #connections = new Set<Client>()
  #scan: Timer | undefined
  #whenEmpty: (() => void) | undefined
  #isDraining = false

  constructor(parts: MqttFrontParts) {
    this.parts = parts
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
    return !this.#isDraining && this.#connections.size <= this.parts.limits.connectionsMax
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** `access`: who may come in by that listener, where not as for the whole server. */
  accept(wire: Wire, access: Access = this.parts.access): WireEnd {
    this.parts.turn.open()
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

  /** The connection's wire is gone. */
  remove(client: Client): void {
    this.#connections.delete(client)
    this.parts.counters.bytesSentClosed += client.outbox.bytesWritten
    this.parts.counters.connectionsClosed += 1
    if (this.#connections.size > 0) return
    this.#scan?.cancel()
    this.#scan = undefined
    this.#whenEmpty?.()
  }

  /** Passwords or rules changed: ends the connections whose login stands no more. */
  checkLogins(): void {
    this.parts.turn.open()
    for (const connection of this.#connections) connection.checkLogin()
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

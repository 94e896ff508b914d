// Who is here, as retained messages under `$presence/`, one for each client that the server knows:
// `$presence/{client id}`. Published by the server like `$SYS`, never stored. Who may read them is
// for the rules to say.

import type { Turn } from '../base/turn.ts'
import { type Hub, SERVER } from './hub.ts'
import { NEVER, NO_MESSAGE_PROPERTIES } from './message.ts'
import type { ConnectEvent, DisconnectEvent, Observer } from './observer.ts'
import type { StoredSession, StoreRecord } from './store.ts'
import { parseTopic } from './topic.ts'

export interface PresenceParts {
  readonly turn: Turn<StoreRecord>
  readonly hub: Hub
  readonly observer: Observer
  /** Clients that are gone, session and all, and still shown. */
  readonly goneMax: number
}

const PREFIX = '$presence/'
const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

export class Presence {
  readonly #parts: PresenceParts
  /** Those that are gone, the one that went first before the others. */
  readonly #gone = new Set<string>()
  #stops: readonly (() => void)[] = []

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** Shows who comes and goes from now on. */
  start(): void {
    const { connect, disconnect, sessionEnd } = this.#parts.observer
    this.#stops = [
      connect.on((event) => this.#connected(event)),
      disconnect.on((event) => this.#disconnected(event)),
      sessionEnd.on((clientId) => this.#ended(clientId)),
    ]
  }

  stop(): void {
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  /** A client that was known to an earlier run, and is not here. */
  readonly isBack = ({ clientId, principal, closedAtMs }: StoredSession): void => {
    if (this.#stops.length === 0) return
    const since = closedAtMs === undefined ? this.#now() : new Date(closedAtMs).toISOString()
    this.#show(clientId, { online: false, since, address: principal.address })
  }

  #connected({ clientId, address, version }: ConnectEvent): void {
    this.#gone.delete(clientId)
    this.#show(clientId, { online: true, since: this.#now(), address, version })
  }

  #disconnected({ clientId, address, version, reason }: DisconnectEvent): void {
    this.#show(clientId, { online: false, since: this.#now(), address, version, reason })
  }

  #ended(clientId: string): void {
    this.#gone.add(clientId)
    if (this.#gone.size <= this.#parts.goneMax) return
    const [first] = this.#gone
    if (first === undefined) return
    this.#gone.delete(first)
    this.#publish(first, NOTHING)
  }

  #now(): string {
    this.#parts.turn.open()
    return new Date(this.#parts.turn.wallMs).toISOString()
  }

  #show(clientId: string, presence: Readonly<Record<string, string | boolean>>): void {
    this.#publish(clientId, encoder.encode(JSON.stringify(presence)))
  }

  #publish(clientId: string, payload: Uint8Array): void {
    const topic = parseTopic(`${PREFIX}${toLevel(clientId)}`, 2)
    // A client id may be as long as a topic; with the prefix it is too long for one.
    if (topic === undefined) return
    const { hub, turn } = this.#parts
    hub.publish(
      {
        offset: 0,
        topic,
        payload,
        isKept: true,
        qos: 0,
        retain: true,
        properties: NO_MESSAGE_PROPERTIES,
        publisher: undefined,
        arrivedAtMs: turn.wallMs,
        expiresAtMs: NEVER,
      },
      SERVER,
    )
  }
}

/** The client id as one level of a topic, without wildcards: what would be one is written `%2F`. */
function toLevel(clientId: string): string {
  return clientId.replace(/[%/+#]/g, encodeURIComponent)
}

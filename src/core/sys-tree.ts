// The server's own figures as retained messages under `$SYS/broker/`, with the names and formats of
// Mosquitto 2, so that existing exporters read them, and a few of its own about the store. All are
// computed, never stored; only what changed is published.

import type { Clock, Timer } from '../base/clock.ts'
import type { Turn } from '../base/turn.ts'
import type { Counters } from './counters.ts'
import { type Hub, SERVER } from './hub.ts'
import { NEVER, NO_MESSAGE_PROPERTIES } from './message.ts'
import { Reason } from '../base/reason.ts'
import type { Store, StoreRecord } from './store.ts'
import type { Topic } from './topic.ts'

/** What the server holds at the moment of asking. */
export interface Gauges {
  readonly clientsConnected: number
  readonly clientsDisconnected: number
  /** Those that are not shared. */
  readonly subscriptions: number
  /** Each member's counts. */
  readonly sharedSubscriptions: number
  readonly retained: number
  /** Messages in queues and in flight, retained ones included. */
  readonly stored: number
  /** Their payload bytes. */
  readonly storedBytes: number
  /** Messages that wait for an acknowledgement. */
  readonly inflight: number
  /** All bytes ever sent, those of open connections included. */
  readonly bytesSent: number
  readonly heapBytes: number
}

export interface SysTreeParts {
  readonly turn: Turn<StoreRecord>
  readonly clock: Clock
  readonly hub: Hub
  readonly counters: Readonly<Counters>
  readonly gauges: () => Gauges
  readonly store: Pick<Store, 'refusal' | 'figures'>
  readonly version: string
  /** Seconds between two looks; 0 for no `$SYS` at all. */
  readonly intervalS: number
}

const MINUTE_S = 60
/** The spans of Mosquitto's moving averages. */
const SPANS = [
  { name: '1min', seconds: MINUTE_S },
  { name: '5min', seconds: 5 * MINUTE_S },
  { name: '15min', seconds: 15 * MINUTE_S },
] as const

/** What is averaged, as events per minute. */
const LOADS: readonly (readonly [name: string, count: (counters: Counts) => number])[] = [
  ['messages/received', (counts) => counts.packetsReceived],
  ['messages/sent', (counts) => counts.packetsSent],
  ['publish/dropped', dropped],
  ['publish/received', (counts) => counts.publishesReceived],
  ['publish/sent', (counts) => counts.publishesSent],
  ['bytes/received', (counts) => counts.bytesReceived],
  ['bytes/sent', (counts) => counts.bytesSent],
  ['sockets', (counts) => counts.connectionsOpened],
  ['connections', (counts) => counts.connectionsAccepted],
]

type Counts = Readonly<Counters> & { readonly bytesSent: number }

export class SysTree {
  readonly #parts: SysTreeParts
  readonly #startedMs: number
  /** What each topic said last. */
  readonly #published = new Map<string, string>()
  /** Each load's count at the last look, and its averages. */
  readonly #loads = LOADS.map(() => ({ count: 0, averages: SPANS.map(() => 0) }))
  #timer: Timer | undefined
  #clientsMax = 0
  #heapBytesMax = 0

  constructor(parts: SysTreeParts) {
    this.#parts = parts
    this.#startedMs = parts.clock.now()
  }

  /** Publishes now and from then on at intervals; nothing where the interval is 0. */
  start(): void {
    if (this.#parts.intervalS === 0) return
    this.#publish('version', `rameau version ${this.#parts.version}`)
    this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #look(): void {
    this.#timer = this.#parts.clock.after(this.#parts.intervalS * 1000, () => this.#look())
    const gauges = this.#parts.gauges()
    const counts: Counts = { ...this.#parts.counters, bytesSent: gauges.bytesSent }
    this.#publishGauges(gauges)
    this.#publishCounts(counts)
    this.#publishLoads(counts)
    this.#publishStore()
  }

  /** Rameau's own topics: whether the disk takes what must be kept, and what it was given. */
  #publishStore(): void {
    const { figures } = this.#parts.store
    if (figures === undefined) return
    const refusal = this.#parts.store.refusal()
    const trouble = refusal === Reason.quotaExceeded ? 'full' : 'failing'
    this.#publish('store/state', refusal === undefined ? 'ok' : trouble)
    this.#publish('store/commits', figures.commits)
    this.#publish('store/commits/failed', figures.commitsFailed)
    this.#publish('store/journal/bytes', figures.journalBytes)
  }

  #publishGauges(gauges: Gauges): void {
    const { clientsConnected, clientsDisconnected } = gauges
    const clients = clientsConnected + clientsDisconnected
    this.#clientsMax = Math.max(this.#clientsMax, clients)
    this.#heapBytesMax = Math.max(this.#heapBytesMax, gauges.heapBytes)
    const uptimeS = Math.floor((this.#parts.clock.now() - this.#startedMs) / 1000)
    this.#publish('uptime', `${uptimeS} seconds`)
    this.#publish('clients/total', clients)
    this.#publish('clients/maximum', this.#clientsMax)
    this.#publish('clients/connected', clientsConnected)
    this.#publish('clients/active', clientsConnected)
    this.#publish('clients/disconnected', clientsDisconnected)
    this.#publish('clients/inactive', clientsDisconnected)
    this.#publish('clients/expired', this.#parts.counters.sessionsExpired)
    this.#publish('subscriptions/count', gauges.subscriptions)
    this.#publish('shared_subscriptions/count', gauges.sharedSubscriptions)
    this.#publish('retained messages/count', gauges.retained)
    this.#publish('messages/stored', gauges.stored)
    this.#publish('messages/inflight', gauges.inflight)
    this.#publish('store/messages/count', gauges.stored)
    this.#publish('store/messages/bytes', gauges.storedBytes)
    this.#publish('heap/current', gauges.heapBytes)
    this.#publish('heap/maximum', this.#heapBytesMax)
  }

  #publishCounts(counts: Counts): void {
    this.#publish('messages/received', counts.packetsReceived)
    this.#publish('messages/sent', counts.packetsSent)
    this.#publish('bytes/received', counts.bytesReceived)
    this.#publish('bytes/sent', counts.bytesSent)
    this.#publish('publish/messages/received', counts.publishesReceived)
    this.#publish('publish/messages/sent', counts.publishesSent)
    this.#publish('publish/messages/dropped', dropped(counts))
    this.#publish('publish/bytes/received', counts.publishBytesReceived)
    this.#publish('publish/bytes/sent', counts.publishBytesSent)
  }

  #publishLoads(counts: Counts): void {
    const { intervalS } = this.#parts
    LOADS.forEach(([name, countOf], index) => {
      const load = this.#loads[index]
      if (load === undefined) return
      const count = countOf(counts)
      const perMinute = ((count - load.count) * MINUTE_S) / intervalS
      load.count = count
      SPANS.forEach((span, at) => {
        const average = load.averages[at] ?? 0
        const kept = Math.exp(-intervalS / span.seconds)
        load.averages[at] = perMinute + kept * (average - perMinute)
        this.#publish(`load/${name}/${span.name}`, (load.averages[at] ?? 0).toFixed(2))
      })
    })
  }

  #publish(name: string, value: string | number): void {
    const text = String(value)
    if (this.#published.get(name) === text) return
    this.#published.set(name, text)
    const { turn, hub } = this.#parts
    turn.open()
    hub.publish(
      {
        offset: 0,
        topic: `$SYS/broker/${name}` as Topic,
        payload: encoder.encode(text),
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

const encoder = new TextEncoder()

function dropped(counts: Readonly<Counters>): number {
  return counts.droppedQueueFull + counts.droppedSlow
}

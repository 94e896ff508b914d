// The composition root: the one file that knows all parts and wires them. Everything with an effect
// is handed in, so that a whole server also runs in a simulation.

import type { Duplex } from 'node:stream'
import { type Clock, systemClock } from './base/clock.ts'
import { Deadlines } from './base/deadlines.ts'
import { Gate } from './base/gate.ts'
import { type Random, systemRandom } from './base/random.ts'
import type { Scheduler } from './base/scheduler.ts'
import { type CommitAgain, type CommitFailed, Turn } from './base/turn.ts'
import { VERSION } from './base/version.ts'
import type { Accept, Wire } from './base/wire.ts'
import { ALONE } from './cluster/alone.ts'
import { ALLOW_ALL } from './core/access.ts'
import { type Counters, createCounters } from './core/counters.ts'
import { Hub } from './core/hub.ts'
import { DEFAULT_LIMITS, type Limits } from './core/limits.ts'
import { Observer } from './core/observer.ts'
import { accessOf, type Policies } from './core/policies.ts'
import type { Access, Cluster, Log } from './core/ports.ts'
import { Presence } from './core/presence.ts'
import { Retained } from './core/retained.ts'
import type { Store, StoreRecord } from './core/store.ts'
import { type Gauges, SysTree } from './core/sys-tree.ts'
import { TopicTree } from './core/topic-tree.ts'
import { type Embedded, EmbeddedFront } from './fronts/embedded/front.ts'
import { HttpFront, type Unadmitted } from './fronts/http/front.ts'
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from './fronts/http/settings.ts'
import { MqttFront } from './fronts/mqtt/front.ts'
import { DEFAULT_MQTT_SETTINGS, type MqttSettings } from './fronts/mqtt/settings.ts'
import { acceptDuplex } from './net/duplex.ts'
import type { Attachment, AttachOptions, HttpServer } from './net/attached.ts'
import { Entrance } from './net/listening.ts'
import { Listeners, type ListenOptions, type OpenListening } from './net/listeners.ts'
import { setImmediateScheduler } from './net/scheduler.ts'
import { SessionRecovery } from './session/recovery.ts'
import { Sessions } from './session/sessions.ts'
import { boundsOf } from './storage/bounds.ts'
import { DirectoryStore } from './storage/directory.ts'
import { createMemoryStore } from './storage/memory.ts'
import type { DataDirectoryOptions } from './storage/open-durable.ts'

export interface ServerOptions extends Policies {
  readonly limits?: Partial<Limits>
  readonly mqtt?: Partial<MqttSettings>
  readonly http?: Partial<HttpSettings>
  /**
   * Who may do what; everybody everything by default. Policy functions take the place of its
   * answers.
   */
  readonly access?: Access
  /**
   * The directory where what must survive is kept; it is made if its parent exists. By default
   * nothing survives.
   */
  readonly data?: string
  /**
   * `commit` (the default) acknowledges what is on disk; `relaxed` before the sync, so that a power
   * cut may take the last moments.
   */
  readonly durability?: 'commit' | 'relaxed'
  /** A store of the program's own, in place of `data`. */
  readonly store?: Store
  readonly cluster?: Cluster
  /** Seconds between two updates of `$SYS`; 10 by default, 0 for none. */
  readonly sysIntervalS?: number
  /** Whether retained messages under `$presence/` say who is connected; true by default. */
  readonly presence?: boolean
  /** Silent by default. */
  readonly log?: Log
  readonly clock?: Clock
  readonly random?: Random
  readonly scheduler?: Scheduler
}

/** What a server holds at present. */
export interface Holdings {
  readonly connections: number
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: number
  readonly retainedBytes: number
}

interface OwnLogins {
  /** Who may come in here, where not as everywhere. It only decides about logins. */
  readonly access?: Access | undefined
}

export type ServerListenOptions = ListenOptions & OwnLogins
export type ServerAttachOptions = AttachOptions & OwnLogins

export interface Server extends Embedded, AsyncDisposable {
  /** Takes a byte stream on which a client will speak MQTT. */
  readonly accept: Accept
  /**
   * Takes over a stream of Node on which a client will speak MQTT: a socket that was accepted
   * elsewhere, one half of a pair.
   */
  handle(duplex: Duplex): void
  /**
   * Resolves when all is back that the store kept, at once in memory; rejects with the error of a
   * store that cannot be read. Before it, clients are refused with 0x88, `publish` answers with
   * `Reason.serverUnavailable`, subscriptions stand and get what is retained when it resolves, and
   * `state` and `retained` know what is back so far.
   */
  readonly ready: Promise<void>
  readonly counters: Readonly<Counters>
  holdings(): Holdings
  /**
   * Opens a listener: for MQTT, MQTT over WebSocket or HTTP, each with or without TLS. HTTP opens
   * at once, and says by `/readyz` that the server is not `ready` until it is; the others wait for
   * that. Rejects with a ListenError where it cannot be, with a RefusedError once the server is
   * closed, with the store's error where that cannot be read.
   */
  listen(options: ServerListenOptions): Promise<OpenListening>
  /**
   * Takes MQTT over WebSocket at one path of an HTTP server that the program opens and closes, and
   * that may be listening already or not yet. Other paths and requests stay the program's. Throws a
   * ListenError where a server is attached at that path, a RefusedError once this one is closed.
   */
  attach(server: HttpServer, options?: ServerAttachOptions): Attachment
  /**
   * To be called when passwords or rules changed: ends the connections whose login stands no more,
   * and removes the subscriptions that are allowed no more. Everything else is asked of the Access
   * each time anyway.
   */
  checkLogins(): void
  /**
   * Ends the server: takes no more connections, tells clients where it can (0x8B), passes on what
   * was written, closes. The program's functions get what was published before, its streams end
   * after that. Resolves when all is done, within seconds; the same for every call.
   */
  close(): Promise<void>
}

const SYS_INTERVAL_S = 10
/** A client may put several packets in one WebSocket message, also where each must be small. */
const WEBSOCKET_BYTES_MIN = 1024 * 1024
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A server with no listener yet; in memory unless given a store. */
export function createServer(options: ServerOptions = {}): Server {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
  const settings: MqttSettings = { ...DEFAULT_MQTT_SETTINGS, ...options.mqtt }
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const scheduler = options.scheduler ?? setImmediateScheduler
  const cluster = options.cluster ?? ALONE
  const log = options.log ?? SILENT
  const access = accessOf(options, options.access ?? ALLOW_ALL, log)
  const store = storeOf(options, limits, { clock, scheduler, log })
  const counters = createCounters()
  const turn = new Turn<StoreRecord>(scheduler, clock, store, ...commitsOf(counters, log))
  const deadlines = new Deadlines(clock)
  const tree = new TopicTree(limits.audiencesMax)
  const retained = new Retained(limits.retainedBytesMax)
  const observer = new Observer()
  const hub = new Hub({ turn, store, tree, retained, access, cluster, observer })
  const gate = new Gate()
  const within = { turn, store, gate, deadlines, hub, retained }
  const world = { ...within, access, limits, counters, log, observer, scheduler }
  const sessions = new Sessions(world)
  const front = new MqttFront({ ...world, random, sessions, cluster, settings })
  const embedded = new EmbeddedFront(world)
  sessions.start()
  const gauges = (): Gauges => gaugesOf(sessions, tree, retained, front)
  const intervalS = options.sysIntervalS ?? SYS_INTERVAL_S
  const sys = new SysTree({ ...within, clock, counters, gauges, version: VERSION, intervalS })
  gate.whenOpen(() => sys.start())
  const presence = new Presence({ turn, hub, observer, goneMax: limits.presencesGoneMax })
  if (options.presence ?? true) presence.start()
  const ready = recover(store, new SessionRecovery(world, sessions, presence.isBack))
  const isReady = (): boolean => listeners.isReady
  const http = new HttpFront({ ...world, ...httpOf(options), random, offer: settings, isReady })
  const listeners: Listeners = listenersOf(front, http, gate, limits, settings)
  const close = once(async () => {
    http.close()
    await listeners.close(front.drain())
    await embedded.close()
    await ready.catch(() => {}) // Nothing must come back to a server that is gone.
    sys.stop()
    sessions.stop()
    deadlines.clear()
    turn.stop()
    await store.close()
  })
  return {
    publish: (message) => embedded.publish(message),
    subscribe: embedded.subscribe.bind(embedded),
    state: (topic) => embedded.state(topic),
    retained: (filter) => embedded.retained(filter),
    on: (event, listener) => embedded.on(event, listener),
    accept: (wire) => front.accept(wire),
    handle: (duplex) => acceptDuplex(duplex, (wire) => front.accept(wire)),
    ready,
    counters,
    holdings: () => holdingsOf(sessions, tree, retained, front),
    listen: async ({ access: own, ...place }) => {
      // HTTP says meanwhile that the server is not ready.
      if (place.speaks !== 'http') await ready
      return listeners.listen(place, endsBy(own, front, http))
    },
    attach: (to, own = {}) => listeners.attach(to, own, endsBy(own.access, front, http)?.accept),
    checkLogins: () => {
      front.checkLogins()
      http.checkLogins()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Hears of commits that fail: the log says once that it begins, and once that it is over. */
function commitsOf(counters: Counters, log: Log): [CommitFailed, CommitAgain] {
  return [
    (error, attempt) => {
      counters.commitsFailed += 1
      if (attempt === 1) log.error('commit failed, trying again', { error: error.message })
    },
    (attempts, forMs) => {
      log.warn('commits again', { attempts, seconds: Math.round(forMs / 100) / 10 })
    },
  ]
}

type StoreParts = Pick<DataDirectoryOptions, 'clock' | 'scheduler' | 'log'>

function storeOf(options: ServerOptions, limits: Limits, parts: StoreParts): Store {
  const { store, data, durability = 'commit' } = options
  if (store !== undefined) return store
  if (data === undefined) return createMemoryStore(parts.clock)
  const segmentBytes = limits.storeSegmentBytes
  const bounds = boundsOf(limits.storeEpochBytes)
  return new DirectoryStore({ ...parts, directory: data, durability, segmentBytes, bounds })
}

/** Resolves when all is back that an earlier run left; rejects where it cannot be read. */
function recover(store: Store, recovery: SessionRecovery): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    store.recover(recovery, (error) => {
      if (error !== undefined) return reject(error)
      recovery.finish()
      resolve()
    })
  })
  // Whoever awaits it is told; a program that does not must not die of it.
  ready.catch(() => {})
  return ready
}

/** The same function for the first call; each later one gets what that one got. */
function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= task())
}

function httpOf(options: ServerOptions): { readonly http: HttpSettings } {
  return { http: { ...DEFAULT_HTTP_SETTINGS, ...options.http } }
}

/** What a listener does where other logins count than everywhere. */
function endsBy(own: Access | undefined, front: MqttFront, http: HttpFront) {
  return (
    own && {
      accept: (wire: Wire) => front.accept(wire, own),
      answer: (request: Unadmitted) => http.answer(request, own),
    }
  )
}

function listenersOf(
  front: MqttFront,
  http: HttpFront,
  gate: Gate,
  limits: Limits,
  settings: MqttSettings,
): Listeners {
  return new Listeners({
    accept: (wire) => front.accept(wire),
    isOpen: () => gate.isOpen,
    entrance: new Entrance((arriving) => front.isFull(arriving)),
    answer: (request) => http.answer(request),
    fetch: (request) => http.fetch(request),
    webSocket: {
      messageBytesMax: Math.max(limits.packetBytesMax, WEBSOCKET_BYTES_MIN),
      strictSubprotocol: settings.strictSubprotocol,
    },
  })
}

function holdingsOf(
  sessions: Sessions,
  tree: TopicTree,
  retained: Retained,
  front: MqttFront,
): Holdings {
  return {
    connections: front.size,
    sessions: sessions.size,
    subscriptions: tree.size,
    retained: retained.count,
    retainedBytes: retained.bytes,
  }
}

function gaugesOf(
  sessions: Sessions,
  tree: TopicTree,
  retained: Retained,
  front: MqttFront,
): Gauges {
  const { waiting, inflight, waitingBytes, connected, members } = sessions.totals()
  return {
    clientsConnected: connected,
    clientsDisconnected: sessions.size - connected,
    // A group is one subscriber of the tree.
    subscriptions: tree.size - sessions.groups,
    sharedSubscriptions: members,
    retained: retained.count,
    stored: retained.count + waiting,
    storedBytes: retained.payloadBytes + waitingBytes,
    inflight,
    bytesSent: front.bytesSent,
    heapBytes: process.memoryUsage().heapUsed,
  }
}

// Sessions with everything around them but bytes: real turn, hub, tree and sessions on a clock, a
// scheduler and a store that a test moves, and peers that note what they were given.

import { Deadlines } from '../../src/base/deadlines.ts'
import { Gate } from '../../src/base/gate.ts'
import type { Reason } from '../../src/base/reason.ts'
import { LAZY_COMMIT_MS, Turn } from '../../src/base/turn.ts'
import { ALLOW_ALL } from '../../src/core/access.ts'
import { type Counters, createCounters } from '../../src/core/counters.ts'
import { Hub } from '../../src/core/hub.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { Observer } from '../../src/core/observer.ts'
import type { Message, Qos } from '../../src/core/message.ts'
import type { Access, Log, Principal } from '../../src/core/ports.ts'
import { Retained } from '../../src/core/retained.ts'
import type { Recovery, Store, StoreRecord } from '../../src/core/store.ts'
import type { SubscriptionOptions } from '../../src/core/subscription.ts'
import { parseSubscriptionFilter, type SubscriptionFilter } from '../../src/core/topic.ts'
import { TopicTree } from '../../src/core/topic-tree.ts'
import type { Peer } from '../../src/session/peer.ts'
import { SessionRecovery } from '../../src/session/recovery.ts'
import type { Session } from '../../src/session/session.ts'
import { type Ending, type OpenRequest, Sessions } from '../../src/session/sessions.ts'
import type { Will } from '../../src/session/will.ts'
import type { World } from '../../src/session/world.ts'
import { createMessage } from './tree-fixtures.ts'
import { VirtualClock, VirtualScheduler } from './virtual-clock.ts'

export interface Sent {
  readonly message: Message
  readonly text: string
  readonly qos: Qos
  readonly retain: boolean
  readonly ids: readonly number[]
  readonly packetId: number
  readonly dup: boolean
}

/** A connection that is told everything and sends nothing. */
export class TestPeer implements Peer {
  readonly receiveMax: number
  isWritable: boolean = true
  /** A larger payload makes a packet that the client does not take. */
  payloadBytesMax: number = Number.POSITIVE_INFINITY
  readonly sent: Sent[] = []
  readonly released: number[] = []
  closedWith: Reason | undefined
  /** What a real connection does when it ends. */
  whenClosed: () => void = () => {}

  constructor(receiveMax = 65_535) {
    this.receiveMax = receiveMax
  }

  /** Payloads, in order. */
  get texts(): string[] {
    return this.sent.map(({ text }) => text)
  }

  publish(
    message: Message,
    qos: Qos,
    retain: boolean,
    ids: readonly number[],
    packetId: number,
    dup: boolean,
  ): boolean {
    if (message.payload.length > this.payloadBytesMax) return false
    this.sent.push({ message, text: textOf(message), qos, retain, ids, packetId, dup })
    return true
  }

  pubrel(packetId: number): void {
    this.released.push(packetId)
  }

  close(reason: Reason): void {
    this.closedWith = reason
    this.whenClosed()
  }
}

export interface WorldOptions {
  readonly limits?: Partial<Limits>
  readonly access?: Access
  readonly createStore?: (clock: VirtualClock) => Store
}

export interface Connected {
  readonly session: Session
  readonly peer: TestPeer
  readonly isPresent: boolean
  /** The connection ends: without a word unless told otherwise. */
  close(ending?: Ending): void
}

export class SessionWorld {
  readonly clock: VirtualClock = new VirtualClock()
  readonly scheduler: VirtualScheduler = new VirtualScheduler()
  readonly counters: Counters = createCounters()
  readonly observer: Observer = new Observer()
  readonly tree: TopicTree = new TopicTree(1000)
  /** Appended to the store, in order. */
  readonly records: StoreRecord[] = []
  /** Log lines of level warn. */
  readonly warnings: string[] = []
  /** Sessions that the store brought back. */
  readonly restored: string[] = []
  /** What the cluster was told. */
  readonly told: string[] = []
  readonly retained: Retained
  readonly deadlines: Deadlines
  readonly turn: Turn<StoreRecord>
  readonly hub: Hub
  readonly world: World
  readonly sessions: Sessions

  constructor(options: WorldOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const access = options.access ?? ALLOW_ALL
    const store =
      options.createStore?.(this.clock) ??
      storeWith({ append: (record) => this.records.push(record) })
    const ignore = (): void => {}
    const log: Log = {
      debug: ignore,
      info: ignore,
      warn: (event) => this.warnings.push(event),
      error: ignore,
    }
    this.retained = new Retained(limits.retainedBytesMax)
    this.deadlines = new Deadlines(this.clock)
    this.turn = new Turn<StoreRecord>(this.scheduler, this.clock, store, () => {
      this.counters.commitsFailed += 1
    })
    const { turn, deadlines, retained, counters, tree, observer } = this
    const cluster = {
      announce: (filter: string) => this.told.push(`+${filter}`),
      withdraw: (filter: string) => this.told.push(`-${filter}`),
      forward: (message: Message) => this.told.push(`>${message.topic}`),
      takeover: ignore,
    }
    this.hub = new Hub({ turn, store, tree, retained, access, cluster, observer })
    const { hub } = this
    const gate = new Gate()
    const parts = { turn, store, gate, deadlines, hub, retained }
    this.world = { ...parts, access, limits, counters, log, observer }
    this.sessions = new Sessions(this.world)
    const isBack = ({ clientId }: { clientId: string }) => this.restored.push(clientId)
    const recovery = new SessionRecovery(this.world, this.sessions, isBack)
    store.recover(recovery, (error) => {
      if (error !== undefined) throw error
      recovery.finish()
    })
    this.settle()
    this.records.length = 0
  }

  /** The kinds of records since the last call. */
  takeKinds(): string[] {
    return this.records.splice(0).map(({ kind }) => kind)
  }

  /** Ends the turn. */
  settle(): void {
    this.scheduler.run()
  }

  /** Lets time pass; what nobody waits for is committed in a turn of its own on the way. */
  advance(delayMs: number): void {
    const lazyMs = Math.min(delayMs, LAZY_COMMIT_MS)
    for (const stepMs of [lazyMs, delayMs - lazyMs]) {
      this.settle()
      this.clock.advance(stepMs)
    }
    this.settle()
  }

  /** Connects as a client would; its session outlives the connection unless told otherwise. */
  connect(clientId: string, request: Partial<OpenRequest> = {}, receiveMax?: number): Connected {
    const principal = principalOf(clientId)
    const will: Will | undefined = undefined
    this.turn.open()
    const opened = this.sessions.open({
      principal,
      cleanStart: false,
      expiryS: 3600,
      will,
      ...request,
    })
    if (opened.session === undefined) throw new Error(`refused with ${opened.reason}`)
    const { session, isPresent } = opened
    const peer = new TestPeer(receiveMax)
    const close = (ending: Ending = { dropsWill: false }): void =>
      this.sessions.close(session, peer, ending)
    peer.whenClosed = () => close()
    session.attach(peer)
    return { session, peer, isPresent, close }
  }

  /** Publishes as the server, or as a client. */
  publish(
    topic: string,
    text: string,
    fields: Partial<Omit<Message, 'topic'>> = {},
    principal?: Principal,
  ): ReturnType<Hub['publish']> {
    const payload = new TextEncoder().encode(text)
    const message = createMessage(topic, { payload, qos: 1, retain: false, ...fields })
    return this.hub.publish(message, principal)
  }
}

export function principalOf(clientId: string, user?: string): Principal {
  return { user, clientId, address: 'local', front: 'mqtt' }
}

export function parsed(filter: string): SubscriptionFilter {
  const found = parseSubscriptionFilter(filter, 128)
  if (found === undefined) throw new Error(`no filter: ${filter}`)
  return found
}

export function optionsOf(options: Partial<SubscriptionOptions> = {}): SubscriptionOptions {
  return {
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    id: 0,
    ...options,
  }
}

export function subscribe(
  { session }: { readonly session: Session },
  filter: string,
  options: Partial<SubscriptionOptions> = {},
): Reason {
  return session.subscriptions.add(parsed(filter), optionsOf(options))
}

export function textOf(message: Message): string {
  return new TextDecoder().decode(message.payload)
}

/** A store that keeps nothing, but for what is said otherwise. */
export function storeWith(parts: Partial<Store>): Store {
  return {
    holdsQueues: false,
    isCongested: false,
    recover: (into: Recovery, done) => {
      into.begin(1000, Date.UTC(2030, 0, 1))
      done(undefined)
    },
    append: () => {},
    commit: (done) => done(undefined),
    read: () => {
      throw new Error('it holds no queues')
    },
    refusal: () => undefined,
    close: () => Promise.resolve(),
    ...parts,
  }
}

// What the function of each packet sees: the client that sent it, what CONNECT made of it, and what
// all clients share. Connection and MqttFront are these; only they know each other.

import type { Deadlines } from '../../base/deadlines.ts'
import type { Gate } from '../../base/gate.ts'
import type { Outbox } from '../../base/outbox.ts'
import type { Random } from '../../base/random.ts'
import type { Reason } from '../../base/reason.ts'
import type { SlabPool } from '../../base/slabs.ts'
import type { Turn } from '../../base/turn.ts'
import type { Wire } from '../../base/wire.ts'
import type { TopicCache } from '../../codec/mqtt/topic-cache.ts'
import type { Counters } from '../../core/counters.ts'
import type { Hub } from '../../core/hub.ts'
import type { Limits } from '../../core/limits.ts'
import type { Observer } from '../../core/observer.ts'
import type {
  Access,
  AuthenticationExchange,
  AuthenticationStep,
  Cluster,
  Log,
  Principal,
} from '../../core/ports.ts'
import type { Store, StoreRecord } from '../../core/store.ts'
import type { Topic } from '../../core/topic.ts'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Congestion } from './congestion.ts'
import type { Dialect } from './dialect.ts'
import type { MqttPeer } from './peer.ts'
import type { PublishFrames } from './publish-frames.ts'
import type { MqttSettings } from './settings.ts'
import type { IncomingAliases } from './topic-aliases.ts'

export interface MqttFrontParts {
  readonly turn: Turn<StoreRecord>
  readonly store: Pick<Store, 'isCongested' | 'refusal'>
  readonly gate: Gate
  readonly deadlines: Deadlines
  readonly random: Random
  readonly hub: Hub
  readonly sessions: Sessions
  readonly access: Access
  readonly cluster: Cluster
  readonly log: Log
  readonly counters: Counters
  readonly observer: Observer
  readonly limits: Limits
  readonly settings: MqttSettings
}

/** What all clients of one server share. */
export interface Shared {
  readonly parts: MqttFrontParts
  readonly slabs: SlabPool
  readonly frames: PublishFrames
  readonly topics: TopicCache
  readonly congestion: Congestion
  /** False while no more connections are taken: too many, or the server is ending. */
  readonly hasRoom: boolean
  readonly isDraining: boolean
  /** A client id that no session has [MQTT-3.2.2-16]. */
  assignClientId(): string
  /** A client was accepted. */
  admitted(): void
  /** The client's wire is gone. */
  remove(client: Client, wasAdmitted: boolean): void
}

/** What CONNECT made of a connection. */
export interface Admission {
  readonly session: Session
  readonly peer: MqttPeer
  /** Another one of the same user after each re-authentication. */
  readonly principal: Principal
  /** The Authentication Method of CONNECT [MQTT-4.12.0-5]. */
  readonly method: string | undefined
  readonly dialect: Dialect
  /** 0 for none. */
  readonly keepAliveMs: number
  /** The Session Expiry Interval of CONNECT, in seconds. */
  readonly expiryS: number
}

/** An enhanced authentication that is under way, section 4.12. */
export interface Login {
  readonly method: string
  readonly exchange: AuthenticationExchange
  /** Sends AUTH with what the method says. */
  readonly say: (reason: Reason, data: Uint8Array | undefined) => void
  readonly finish: (step: Exclude<AuthenticationStep, { outcome: 'continue' }>) => void
  /** The method is thinking: it is not the client's turn. */
  isBusy: boolean
}

/** One client's connection, as the functions of its packets use it. */
export interface Client {
  readonly front: Shared
  readonly wire: Wire
  /** Who may come in by the listener that it came by. */
  readonly access: Access
  readonly outbox: Outbox
  /** Undefined where no enhanced authentication is under way. */
  login: Login | undefined
  readonly aliases: IncomingAliases
  /** CONNACK 0x00 was sent, and neither end has closed. */
  readonly isOpen: boolean
  /** Only while it is open: what CONNECT made of it. */
  readonly admission: Admission
  /** The topic of that name, or undefined where it breaks a limit. */
  topic(name: string): Topic | undefined
  /** CONNECT is being authenticated elsewhere: nothing more is read meanwhile. */
  hold(): void
  /** What `hold` waited for is there; `go` decides, then whatever came meanwhile is read. */
  release(go: () => void): void
  /** CONNECT asked for a method, and the client is to answer with AUTH. */
  awaitAuth(dialect: Dialect): void
  /** CONNACK 0x00 is being sent. */
  open(admission: Admission): void
  /** The client proved again who he is. */
  reauthenticated(principal: Principal): void
  /** CONNECT was refused, and CONNACK has said so where the version has a word for it. */
  refused(reason: Reason): void
  /** The client said DISCONNECT: closes without a word. */
  leave(reason: Reason, dropsWill: boolean): void
  /** Closes, with a DISCONNECT where the client can be told; its will is published. */
  close(reason: Reason): void
  /** Called at intervals: closes it where it has been silent too long [MQTT-3.1.2-22]. */
  checkKeepAlive(nowMs: number): void
  /** Called when passwords or rules changed: closes it where its login stands no more. */
  checkLogin(): void
}

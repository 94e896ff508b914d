// What the function of each packet sees: the client that sent it, what CONNECT made of it, and what
// all clients share. Connection and MqttFront are these; only they know each other.

import type { Deadlines } from '../../base/deadlines.ts'
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
import type { Access, Cluster, Log, Principal, StoreRecord } from '../../core/ports.ts'
import type { Topic } from '../../core/topic.ts'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Dialect } from './dialect.ts'
import type { MqttPeer } from './peer.ts'
import type { PublishFrames } from './publish-frames.ts'
import type { MqttSettings } from './settings.ts'
import type { IncomingAliases } from './topic-aliases.ts'

export interface MqttFrontParts {
  readonly turn: Turn<StoreRecord>
  readonly deadlines: Deadlines
  readonly random: Random
  readonly hub: Hub
  readonly sessions: Sessions
  readonly access: Access
  readonly cluster: Cluster
  readonly log: Log
  readonly counters: Counters
  readonly limits: Limits
  readonly settings: MqttSettings
}

/** What all clients of one server share. */
export interface Shared {
  readonly parts: MqttFrontParts
  readonly slabs: SlabPool
  readonly frames: PublishFrames
  readonly topics: TopicCache
  /** False while no more connections are taken: too many, or the server is ending. */
  readonly hasRoom: boolean
  readonly isDraining: boolean
  /** A client id that no session has [MQTT-3.2.2-16]. */
  assignClientId(): string
  /** The client's wire is gone. */
  remove(client: Client): void
}

/** What CONNECT made of a connection. */
export interface Admission {
  readonly session: Session
  readonly peer: MqttPeer
  readonly principal: Principal
  readonly dialect: Dialect
  /** 0 for none. */
  readonly keepAliveMs: number
  /** The Session Expiry Interval of CONNECT, in seconds. */
  readonly expiryS: number
}

/** One client's connection, as the functions of its packets use it. */
export interface Client {
  readonly front: Shared
  readonly wire: Wire
  readonly outbox: Outbox
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
  /** CONNACK 0x00 is being sent. */
  open(admission: Admission): void
  /** CONNECT was refused, and CONNACK has said so where the version has a word for it. */
  refused(reason: Reason): void
  /** The client said DISCONNECT: closes without a word. */
  leave(reason: Reason, dropsWill: boolean): void
  /** Closes, with a DISCONNECT where the client can be told; its will is published. */
  close(reason: Reason): void
  /** Called at intervals: closes it where it has been silent too long [MQTT-3.1.2-22]. */
  checkKeepAlive(nowMs: number): void
}

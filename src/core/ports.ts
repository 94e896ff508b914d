// What the topic tree's world needs from outside, as narrow interfaces: a store, a cluster, access
// rules, a log. Each has a contract suite in test/contract that every implementation runs.

import type { Reason } from '../base/reason.ts'
import type { Message, MessageProperties, Qos } from './message.ts'
import type { SubscriptionOptions } from './subscription.ts'
import type { Topic, TopicFilter } from './topic.ts'

/** One durable change. A turn's records are committed together and in order. */
export type StoreRecord =
  /** Offsets below `bound` may be given out; a restart begins at `bound`. */
  | { readonly kind: 'reserved'; readonly bound: number }
  /** A message that a later record of the same turn refers to by its offset. */
  | { readonly kind: 'message'; readonly message: Message }
  /** The message is its topic's state from now on. */
  | { readonly kind: 'retained'; readonly topic: Topic; readonly offset: number }
  /** The topic has no state any more. */
  | { readonly kind: 'cleared'; readonly topic: Topic }
  | {
      readonly kind: 'opened'
      readonly clientId: string
      /** Seconds the session outlives its connection; Infinity for never ending. */
      readonly expiryS: number
      readonly owner: string | undefined
    }
  /** The connection went at `atMs`; the session ends at `endsAtMs` (wall time, ms), or Infinity. */
  | {
      readonly kind: 'closed'
      readonly clientId: string
      readonly atMs: number
      readonly endsAtMs: number
    }
  /** The session and all it holds is gone. */
  | { readonly kind: 'ended'; readonly clientId: string }
  | {
      readonly kind: 'subscribed'
      readonly clientId: string
      readonly filter: TopicFilter
      readonly share: string | undefined
      readonly options: SubscriptionOptions
    }
  | {
      readonly kind: 'unsubscribed'
      readonly clientId: string
      readonly filter: TopicFilter
      readonly share: string | undefined
    }
  /** The message waits in the queue of a session (by client id) or a shared group (by its name). */
  | {
      readonly kind: 'queued'
      readonly queue: string
      readonly offset: number
      readonly qos: Qos
      readonly retain: boolean
      readonly ids: readonly number[]
    }
  /** The message left the queue unsent: expired, too large for the client, or moved to a member. */
  | { readonly kind: 'unqueued'; readonly queue: string; readonly offset: number }
  /** The message is in flight to the client under this packet id (it left the queue, if in one). */
  | {
      readonly kind: 'sent'
      readonly clientId: string
      readonly packetId: number
      readonly offset: number
      readonly qos: Qos
      readonly retain: boolean
      readonly ids: readonly number[]
      /** The shared group that it was assigned from. */
      readonly group: string | undefined
    }
  /** PUBREC came: only PUBREL and PUBCOMP remain. */
  | { readonly kind: 'released'; readonly clientId: string; readonly packetId: number }
  /** The delivery is over. */
  | { readonly kind: 'settled'; readonly clientId: string; readonly packetId: number }
  /** A QoS 2 message came under this id and is owned; PUBREL is awaited. */
  | { readonly kind: 'received'; readonly clientId: string; readonly packetId: number }
  /** PUBREL came: the id is free again. */
  | { readonly kind: 'forgotten'; readonly clientId: string; readonly packetId: number }
  | { readonly kind: 'will'; readonly clientId: string; readonly will: StoredWill | undefined }

export interface StoredWill {
  readonly topic: Topic
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: MessageProperties
  /** Seconds. */
  readonly delayS: number
  /** Seconds, or Infinity. */
  readonly expiryS: number
  readonly principal: Principal
}

export interface Store {
  /** Where offsets begin: above every offset ever given out. */
  readonly firstOffset: number
  /** Adds to the batch of this turn. Never fails: whether there is room was asked by `refusal`. */
  append(record: StoreRecord): void
  /**
   * Makes all that was appended so far durable, then calls `done`, perhaps before it returns. One
   * commit at a time. With an error nothing is forgotten: the next commit tries all of it again.
   */
  commit(done: (error: Error | undefined) => void): void
  /** Why no new durable work may be admitted at present (0x97 no room, 0x83 failing), if so. */
  refusal(): Reason | undefined
  /** Ends it after what is appended was committed. */
  close(): Promise<void>
}

/** The other nodes, if any. */
export interface Cluster {
  /** Somebody here wants what matches. Announced once per filter, withdrawn once. */
  announce(filter: TopicFilter): void
  withdraw(filter: TopicFilter): void
  /** Passes a message on to the nodes that announced a matching filter. */
  forward(message: Message): void
  /** The client connected here: any session of it elsewhere must let go. */
  takeover(clientId: string): void
}

/** Who somebody proved to be, by whichever front he came. */
export interface Principal {
  /** Undefined for anonymous. */
  readonly user: string | undefined
  readonly clientId: string
  readonly address: string
  readonly front: 'mqtt' | 'http' | 'coap' | 'embedded'
  /** The name of the rules that he came in under, where not those of the whole server. */
  readonly rules?: string
}

export interface Credentials {
  readonly clientId: string
  readonly user: string | undefined
  readonly password: Uint8Array | undefined
  readonly address: string
  readonly front: Principal['front']
}

/** Success with a principal, or a refusal with its reason and a word for the log. */
export type Authentication =
  | { readonly reason: typeof Reason.success; readonly principal: Principal }
  | { readonly reason: Reason; readonly principal: undefined; readonly text: string }

/** One step of an enhanced authentication; `data` is what the method says, in its own form. */
export type AuthenticationStep =
  | { readonly outcome: 'continue'; readonly data: Uint8Array | undefined }
  | {
      readonly outcome: 'success'
      readonly principal: Principal
      readonly data: Uint8Array | undefined
    }
  | { readonly outcome: 'refused'; readonly reason: Reason; readonly text: string }

/** One client's authentication by a method; it lives until success or refusal. */
export interface AuthenticationExchange {
  /** What the client said, first with its CONNECT or re-authentication, then in each answer. */
  next(data: Uint8Array | undefined): AuthenticationStep | Promise<AuthenticationStep>
}

/** A way to log in that takes several messages (MQTT's enhanced authentication, section 4.12). */
export interface AuthenticationMethod {
  start(credentials: Credentials): AuthenticationExchange
}

/**
 * Decisions, never actions. All but logging in is synchronous: it is asked per message. A principal
 * may be asked about at any other Access of the same server than the one that let him in.
 */
export interface Access {
  authenticate(credentials: Credentials): Authentication | Promise<Authentication>
  /** By the name that a client asks for; none where absent. */
  readonly methods?: ReadonlyMap<string, AuthenticationMethod>
  /**
   * False once a login no longer stands, since passwords or rules changed: who is connected is cut
   * off. Absent: a login stands as long as its connection.
   */
  mayStay?(principal: Principal): boolean
  /** `Reason.success`, or why not. */
  mayPublish(principal: Principal, topic: Topic, qos: Qos, retain: boolean): Reason
  /** `Reason.success`, or why not. `filter` is without its `$share/…/` prefix. */
  maySubscribe(principal: Principal, filter: TopicFilter): Reason
  /** Whether this message's topic may be read, for rules narrower than a filter. */
  mayRead(principal: Principal, topic: Topic): boolean
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** `event` is a short fixed phrase; what varies stands in `fields`. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

// What the topic tree's world needs from outside, as narrow interfaces: a cluster, access rules, a
// log; the store has a file of its own. Each has a contract suite in test/contract that every
// implementation runs.

import type { Reason } from '../base/reason.ts'
import type { Message, Qos } from './message.ts'
import type { Topic, TopicFilter } from './topic.ts'

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
  /** Roles that he proved to have, beside those that rules give him. */
  readonly roles?: readonly string[]
  /** What else was proved about him, as a token says it; rules may refer to texts and numbers. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Something that somebody wants to do. */
export type Act =
  | { readonly act: 'connect' }
  | {
      readonly act: 'publish'
      readonly topic: Topic
      readonly qos: Qos
      readonly retain: boolean
    }
  /** `filter` is without its `$share/…/` prefix. */
  | { readonly act: 'subscribe'; readonly filter: TopicFilter }
  | { readonly act: 'read'; readonly topic: Topic }

/** What decided about an act, for people. */
export interface Explanation {
  readonly isAllowed: boolean
  /** Where the rule stands, as `rules.yaml:12`, or in words what decided. */
  readonly by: string
  /** The rule as it is written. */
  readonly rule?: string | undefined
  /** What a client may be told of a refusal, in a few words; undefined: nothing. */
  readonly told?: string | undefined
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
  | {
      readonly reason: Reason
      readonly principal: undefined
      readonly text: string
      /** Where a rule decided. */
      readonly explanation?: Explanation | undefined
    }

/** One step of an enhanced authentication; `data` is what the method says, in its own form. */
export type AuthenticationStep =
  | { readonly outcome: 'continue'; readonly data: Uint8Array | undefined }
  | {
      readonly outcome: 'success'
      readonly principal: Principal
      readonly data: Uint8Array | undefined
    }
  | {
      readonly outcome: 'refused'
      readonly reason: Reason
      readonly text: string
      readonly explanation?: Explanation | undefined
    }

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
  /** What decides about the act, by the same rules; slow, so asked where somebody is refused. */
  explain?(principal: Principal, act: Act): Explanation
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** `event` is a short fixed phrase; what varies stands in `fields`. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

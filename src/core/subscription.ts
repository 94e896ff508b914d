// What a subscriber asked for, and what a message's match with it comes to.

import type { Message, Qos } from './message.ts'
import type { Topic, TopicFilter } from './topic.ts'

/** When retained messages are sent at subscribe [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]. */
export const RetainHandling = { send: 0, sendIfNew: 1, doNotSend: 2 } as const
export type RetainHandling = (typeof RetainHandling)[keyof typeof RetainHandling]

export interface SubscriptionOptions {
  /** The highest QoS at which messages are delivered, as granted. */
  readonly qos: Qos
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: RetainHandling
  /** The Subscription Identifier, 0 where there is none. */
  readonly id: number
}

export interface Subscription extends SubscriptionOptions {
  readonly subscriber: Subscriber
  readonly filter: TopicFilter
  /** The ShareName of a shared subscription, undefined for an ordinary one. */
  readonly share: string | undefined
}

/** How all of one subscriber's matching subscriptions come together for one message. */
export interface Match {
  /** The highest granted QoS among them [MQTT-3.3.4-2]; not yet lowered to the message's own. */
  readonly qos: Qos
  /** True when one of them has Retain As Published. */
  readonly retainAsPublished: boolean
  /** Their Subscription Identifiers, duplicates kept [MQTT-3.3.4-4]. */
  readonly ids: readonly number[]
}

/** One kind of subscriber for everyone: an MQTT session, an event stream, an observation, … */
export interface Subscriber {
  /** The client id, against which No Local compares a message's publisher. */
  readonly clientId: string
  /**
   * Takes a message, synchronously and without ever failing; whoever cannot send it now queues or
   * drops it by a rule of his own. The payload is valid only until the end of the call unless kept.
   */
  deliver(message: Message, match: Match): void
}

/** One subscriber's place in an {@link Audience}. */
export interface Listener {
  readonly subscriber: Subscriber
  /** What he gets of others' messages; undefined for nothing. */
  readonly match: Match
  /** What he gets of his own: No Local taken out before merging; undefined for nothing. */
  readonly ownMatch: Match | undefined
}

/** Who gets a message: all of `all`, and one member of each group in `groups`. */
export interface Audience {
  readonly all: readonly Listener[]
  readonly groups: readonly Group[]
}

/** The members of one shared subscription: one share name and one filter [U5-36]. */
export interface Group {
  readonly share: string
  readonly filter: TopicFilter
  /** In the order of joining. */
  readonly members: readonly Subscription[]
}

/**
 * Maps topic filters to subscriptions. Knows `/`, `+`, `#`, `$` and `$share`; nothing of sessions.
 *
 * An audience never changes once handed out: a subscription that comes or goes makes the next call
 * build another. So a steady publisher allocates nothing here, and a subscriber may publish,
 * subscribe or leave while it is being visited.
 */
export interface TopicTree {
  /** The number of subscriptions. */
  readonly size: number
  /** Adds, or replaces the same subscriber's subscription to the same filter and share. */
  add(subscription: Subscription): void
  /** False where there was none. */
  remove(subscriber: Subscriber, filter: TopicFilter, share: string | undefined): boolean
  audience(topic: Topic): Audience
}

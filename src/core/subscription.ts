// What a subscriber asked for, and what a message's match with it comes to.

import type { Message, Qos } from './message.ts'
import type { TopicFilter } from './topic.ts'

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

/**
 * One kind of subscriber for everyone: an MQTT session, a group of shared subscriptions, an event
 * stream, an observation, …
 */
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
  /** What he gets of others' messages. */
  readonly match: Match
  /**
   * What he gets of his own: No Local taken out before merging [MQTT-3.8.3-3]; undefined for
   * nothing. The very same object as `match` where No Local plays no part.
   */
  readonly ownMatch: Match | undefined
}

/** Who gets a message: each subscriber once, in the order of their first subscription. */
export type Audience = readonly Listener[]

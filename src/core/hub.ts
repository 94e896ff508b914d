// The one way in. Every front, every will and the server itself publish here; everyone who wants
// messages is a Subscriber in the tree. Knows no packets and no sessions.

import { assert } from '../base/assert.ts'
import { Reason } from '../base/reason.ts'
import type { Turn } from '../base/turn.ts'
import { keep, type Message } from './message.ts'
import type { Observer } from './observer.ts'
import type { Access, Cluster, Principal } from './ports.ts'
import type { Retained } from './retained.ts'
import type { Store, StoreRecord } from './store.ts'
import type { Subscriber, Subscription } from './subscription.ts'
import type { Topic, TopicFilter } from './topic.ts'
import type { TopicTree } from './topic-tree.ts'

/**
 * Offsets are reserved ahead in lots of this size, so that a restart never gives one out twice. The
 * next lot is reserved when half of one is used: long before it is needed that is durable.
 */
export const OFFSETS_RESERVED: number = 2 ** 20

/** The server itself publishes as this: under no rules, and to topics that start with `$`. */
export const SERVER = undefined

export interface Outcome {
  /** Success, `noMatchingSubscribers`, or why the message was refused. */
  reason: Reason
  /** The offset that the message got; 0 where it was refused. */
  offset: number
  /** What an acknowledgement waits for; 0 for nothing, as at QoS 0. */
  ticket: number
}

/** Decides, in the same step as the write, whether the topic's present state allows it. */
export type Precondition = (state: Message | undefined) => Reason

export interface HubParts {
  readonly turn: Turn<StoreRecord>
  readonly store: Store
  readonly tree: TopicTree
  readonly retained: Retained
  readonly access: Access
  readonly cluster: Cluster
  readonly observer: Observer
}

export class Hub {
  readonly #turn: Turn<StoreRecord>
  readonly #store: Store
  readonly #tree: TopicTree
  readonly #retained: Retained
  readonly #access: Access
  readonly #cluster: Cluster
  readonly #observer: Observer
  /** How many subscriptions there are to each filter, so that each is announced once. */
  readonly #announced = new Map<TopicFilter, number>()
  #offset = 0
  #offsetBound = 0

  constructor(parts: HubParts) {
    this.#turn = parts.turn
    this.#store = parts.store
    this.#tree = parts.tree
    this.#retained = parts.retained
    this.#access = parts.access
    this.#cluster = parts.cluster
    this.#observer = parts.observer
  }

  /** Before anything is published: offsets begin above `firstOffset`. */
  begin(firstOffset: number): void {
    this.#offset = firstOffset
    this.#offsetBound = firstOffset
    this.#reserve()
  }

  /** The offset of the newest message; whatever comes later has a larger one. */
  get head(): number {
    return this.#offset
  }

  /**
   * Publishes: checks, gives the offset, sets or clears the state if `retain` is set, and delivers
   * to everyone who subscribed, all before it returns. Success means on disk only once the ticket
   * is durable.
   */
  publish(
    message: Message,
    principal: Principal | undefined,
    precondition?: Precondition,
  ): Outcome {
    this.#turn.open()
    const refusal =
      this.#refusal(message, principal) ??
      this.#storeRefusal(message) ??
      precondition?.(this.state(message.topic)) ??
      Reason.success
    if (refusal !== Reason.success) return refused(refusal)
    return this.#accept(message, principal)
  }

  /**
   * Publishes what was promised before, a will: a store that fails delays what is durable of it,
   * but it is too late to refuse it.
   */
  publishPromised(message: Message, principal: Principal): Outcome {
    this.#turn.open()
    const refusal = this.#refusal(message, principal)
    return refusal === undefined ? this.#accept(message, principal) : refused(refusal)
  }

  #accept(message: Message, principal: Principal | undefined): Outcome {
    message.offset = this.#nextOffset()
    if (message.retain && !this.#setState(message)) {
      return refused(Reason.quotaExceeded)
    }
    const audience = this.#tree.audience(message.topic)
    for (const { subscriber, match, ownMatch } of audience) {
      const fitting = subscriber.clientId === message.publisher ? ownMatch : match
      if (fitting !== undefined) subscriber.deliver(message, fitting)
    }
    this.#cluster.forward(message)
    if (this.#observer.publish.isHeard && !message.topic.startsWith('$')) {
      this.#observer.publish.emit({ message: keep(message), principal })
    }
    return {
      reason: audience.length === 0 ? Reason.noMatchingSubscribers : Reason.success,
      offset: message.offset,
      // Who asks for one makes the turn sync, and at QoS 0 nobody is acknowledged.
      ticket: message.qos === 0 ? 0 : this.#turn.ticket(),
    }
  }

  /** Adds or replaces; true where it is new. Nothing is delivered before this turn's end. */
  subscribe(subscription: Subscription): boolean {
    const isNew = this.#tree.add(subscription)
    if (!isNew) return false
    const count = this.#announced.get(subscription.filter) ?? 0
    this.#announced.set(subscription.filter, count + 1)
    if (count === 0) this.#cluster.announce(subscription.filter)
    return true
  }

  /** False where there was no such subscription. */
  unsubscribe(subscriber: Subscriber, filter: TopicFilter): boolean {
    if (!this.#tree.remove(subscriber, filter)) return false
    const count = this.#announced.get(filter) ?? 1
    if (count > 1) this.#announced.set(filter, count - 1)
    else {
      this.#announced.delete(filter)
      this.#cluster.withdraw(filter)
    }
    return true
  }

  /** The topic's state, if it has one that has not expired. */
  state(topic: Topic): Message | undefined {
    this.#turn.open()
    return this.#retained.get(topic, this.#turn.wallMs)
  }

  #refusal(message: Message, principal: Principal | undefined): Reason | undefined {
    if (principal === SERVER) return undefined
    if (message.topic.startsWith('$')) return Reason.notAuthorized // [U5-18]
    const reason = this.#access.mayPublish(principal, message.topic, message.qos, message.retain)
    return reason === Reason.success ? undefined : reason
  }

  #storeRefusal({ qos, retain, topic }: Message): Reason | undefined {
    const isStored = retain && !topic.startsWith('$')
    return qos > 0 || isStored ? this.#store.refusal() : undefined
  }

  /** False where the state does not fit. */
  #setState(message: Message): boolean {
    if (message.payload.length === 0) {
      // An empty one removes the state and is never stored [MQTT-3.3.1-6] [MQTT-3.3.1-7].
      if (this.#retained.clear(message.topic)) {
        this.#turn.append({ kind: 'cleared', topic: message.topic })
      }
      return true
    }
    if (!this.#retained.set(keep(message))) return false // [MQTT-3.3.1-5]
    // What the server says of itself is computed anew after a restart.
    if (message.topic.startsWith('$')) return true
    this.#turn.append({ kind: 'retained', message })
    return true
  }

  #nextOffset(): number {
    this.#offset += 1
    if (this.#offsetBound - this.#offset <= OFFSETS_RESERVED / 2) this.#reserve()
    return this.#offset
  }

  #reserve(): void {
    assert(this.#offsetBound > 0, 'offsets have begun')
    this.#offsetBound += OFFSETS_RESERVED
    this.#turn.append({ kind: 'reserved', bound: this.#offsetBound })
    this.#turn.ticket() // So that it is committed.
  }
}

function refused(reason: Reason): Outcome {
  return { reason, offset: 0, ticket: 0 }
}

// One session's subscriptions, ordinary and shared, by the whole text of their filter.

import { Reason } from '../base/reason.ts'
import type { StoredSession } from '../core/store.ts'
import {
  RetainHandling,
  type Subscriber,
  type Subscription,
  type SubscriptionOptions,
} from '../core/subscription.ts'
import {
  parseSubscriptionFilter,
  type SubscriptionFilter,
  shareName,
  type TopicFilter,
} from '../core/topic.ts'
import { Replay } from './replay.ts'
import type { GroupMember, SharedGroup, SharedGroups } from './shared-group.ts'
import type { World } from './world.ts'

/** What it needs of its session. */
export interface Owner extends Subscriber, GroupMember {
  readonly clientId: string
  /** Owes the client the retained messages of a subscription; one replay a filter. */
  replay(filter: string, replay: Replay): void
  /** The subscription is gone: nothing more is owed for it. */
  cancelReplay(filter: string): void
}

export class Subscriptions {
  readonly #world: World
  readonly #groups: SharedGroups
  readonly #session: Owner
  /** By far the most sessions have one, or none: a Map would cost as much again as the rest. */
  #own: Map<string, Subscription> | Subscription | undefined
  #shared: Map<string, SharedGroup> | undefined

  constructor(world: World, groups: SharedGroups, session: Owner) {
    this.#world = world
    this.#groups = groups
    this.#session = session
  }

  get size(): number {
    return this.#ownSize + (this.#shared?.size ?? 0)
  }

  /**
   * Subscribes, or replaces options and identifier of the same filter [MQTT-3.8.4-3]. Returns what
   * was granted or why not; retained messages follow at the end of the turn.
   */
  add({ filter, share }: SubscriptionFilter, options: SubscriptionOptions): Reason {
    const name = share === undefined ? filter : shareName(share, filter)
    const existed = this.#has(name) || this.#shared?.has(name) === true
    if (!existed && this.size >= this.#world.limits.subscriptionsPerSessionMax) {
      return Reason.quotaExceeded
    }
    const { isDurable } = this.#session
    const refusal = isDurable ? this.#world.store.refusal() : undefined
    if (refusal !== undefined) return refusal
    if (share === undefined) this.#replay(this.#subscribe(filter, options), !existed)
    else {
      const group = this.#join(name, filter, options)
      // What waits there, never anything retained [U5-20].
      this.#world.turn.atEnd(() => group.pump())
    }
    if (isDurable) {
      const { clientId } = this.#session
      const { qos, noLocal, retainAsPublished, retainHandling, id } = options
      this.#world.turn.append({
        kind: 'subscribed',
        clientId,
        filter,
        share,
        options: { qos, noLocal, retainAsPublished, retainHandling, id },
      })
    }
    return options.qos
  }

  /** False where there was none [MQTT-3.10.4-1]. Deliveries already begun go on [MQTT-3.10.4-3]. */
  remove({ filter, share }: SubscriptionFilter): boolean {
    const name = share === undefined ? filter : shareName(share, filter)
    const group = this.#shared?.get(name)
    if (group !== undefined) {
      this.#shared?.delete(name)
      this.#groups.leave(group, this.#session)
    } else if (this.#delete(name)) {
      this.#world.hub.unsubscribe(this.#session, filter)
      this.#session.cancelReplay(filter)
    } else return false
    if (this.#session.isDurable) {
      const { clientId } = this.#session
      this.#world.turn.append({ kind: 'unsubscribed', clientId, filter, share })
    }
    return true
  }

  /** One that an earlier run left: nothing is owed for it, and nothing recorded. */
  restore({ filter, share, options }: StoredSession['subscriptions'][number]): void {
    if (share === undefined) this.#subscribe(filter, options)
    else this.#join(shareName(share, filter), filter, options)
  }

  /** All, as they are at present. */
  list(): SubscriptionFilter[] {
    const own = this.#own instanceof Map ? [...this.#own.values()] : this.#own ? [this.#own] : []
    const shared = [...(this.#shared?.keys() ?? [])]
    return [
      ...own.map(({ filter }) => ({ filter, share: undefined })),
      ...shared.flatMap((name) => parseSubscriptionFilter(name, Number.POSITIVE_INFINITY) ?? []),
    ]
  }

  /** The session has a connection: its groups may count on it. */
  attached(): void {
    if (this.#shared === undefined) return
    for (const group of this.#shared.values()) group.attached(this.#session)
  }

  detached(): void {
    if (this.#shared === undefined) return
    for (const group of this.#shared.values()) group.detached(this.#session)
  }

  /** The session ends: leaves all. */
  clear(): void {
    const own = this.#own instanceof Map ? this.#own.values() : this.#own && [this.#own]
    for (const { filter } of own ?? []) this.#world.hub.unsubscribe(this.#session, filter)
    for (const group of this.#shared?.values() ?? []) this.#groups.leave(group, this.#session)
    this.#own = undefined
    this.#shared = undefined
  }

  /** The group that a delivery came from, if the session is still its member. */
  group(name: string | undefined): SharedGroup | undefined {
    return name === undefined ? undefined : this.#shared?.get(name)
  }

  /** The group that a delivery came from, if it still has members. */
  living(name: string | undefined): SharedGroup | undefined {
    return name === undefined ? undefined : this.#groups.find(name)
  }

  /** The session has room: lets its groups hand out what waits in them. */
  pumpGroups(): void {
    if (this.#shared === undefined) return
    for (const group of this.#shared.values()) if (group.waiting > 0) group.pump()
  }

  #subscribe(filter: TopicFilter, options: SubscriptionOptions): Subscription {
    const subscription: Subscription = { ...options, subscriber: this.#session, filter }
    this.#world.hub.subscribe(subscription)
    this.#set(subscription)
    return subscription
  }

  #join(name: string, filter: TopicFilter, options: SubscriptionOptions): SharedGroup {
    const group = this.#groups.group(name, filter)
    group.join(this.#session, options)
    this.#shared ??= new Map()
    this.#shared.set(name, group)
    return group
  }

  get #ownSize(): number {
    if (this.#own instanceof Map) return this.#own.size
    return this.#own === undefined ? 0 : 1
  }

  #has(filter: string): boolean {
    return this.#own instanceof Map ? this.#own.has(filter) : this.#own?.filter === filter
  }

  #set(subscription: Subscription): void {
    const { filter } = subscription
    if (this.#own instanceof Map) this.#own.set(filter, subscription)
    else if (this.#own === undefined || this.#own.filter === filter) this.#own = subscription
    else {
      this.#own = new Map([
        [this.#own.filter, this.#own],
        [filter, subscription],
      ])
    }
  }

  /** False where there was none. */
  #delete(filter: string): boolean {
    if (this.#own instanceof Map) return this.#own.delete(filter)
    if (this.#own?.filter !== filter) return false
    this.#own = undefined
    return true
  }

  #replay(subscription: Subscription, isNew: boolean): void {
    const { retainHandling, filter } = subscription
    if (retainHandling === RetainHandling.doNotSend) return // [MQTT-3.3.1-11]
    if (retainHandling === RetainHandling.sendIfNew && !isNew) return // [MQTT-3.3.1-10]
    const messages = this.#world.retained.search(filter, this.#world.turn.wallMs)
    // [MQTT-3.3.1-9] [MQTT-3.8.4-4]
    this.#session.replay(filter, new Replay(messages, this.#world.hub.head, subscription))
  }
}

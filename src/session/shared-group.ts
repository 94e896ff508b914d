// A shared subscription, section 4.8.2: to the tree one subscriber like any other, that hands each
// message to one of its members [U5-36].
//
// Strategy: round robin among the members that can take a message now, so that who is online goes
// before who is not and a slow one gets less. What nobody can take waits in the group's own queue,
// and members pull from it. So a member that goes leaves nothing behind but what it had in flight:
// its QoS 1 deliveries come back to the group [U5-35], a QoS 2 delivery that was begun stays with
// it [MQTT-4.8.2-4] [MQTT-4.8.2-5].

import type { Message, Qos } from '../core/message.ts'
import type { Subscriber, SubscriptionOptions } from '../core/subscription.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import { Backlog } from './backlog.ts'
import { createDelivery, type Delivery, type Returns } from './delivery.ts'
import type { World } from './world.ts'

/** What a group needs of a session. */
export interface GroupMember {
  readonly clientId: string
  readonly isDurable: boolean
  readonly isConnected: boolean
  /** Connected, and its socket takes more. */
  readonly isReady: boolean
  /** Ready, with room in its window and nothing older waiting. */
  readonly canTake: boolean
  /** False where rules narrower than the filter keep the topic from it. */
  mayRead(topic: Topic): boolean
  sendAtMostOnce(message: Message, retain: boolean, ids: readonly number[]): void
  /** Sends a message that is the group's no more; may only be called while it `canTake`. */
  take(delivery: Delivery): void
}

interface Membership {
  readonly member: GroupMember
  options: SubscriptionOptions
  ids: readonly number[]
}

/** What the group asks of the tree: all, as it came. Each member's own options come after. */
const GROUP_OPTIONS: SubscriptionOptions = {
  qos: 2,
  noLocal: false,
  retainAsPublished: true,
  retainHandling: 2,
  id: 0,
}

export class SharedGroup implements Subscriber, Returns {
  /** No client: No Local cannot be asked of a shared subscription [MQTT-3.8.3-4]. */
  readonly clientId = ''
  /** `$share/{ShareName}/{filter}` */
  readonly name: string
  readonly filter: TopicFilter
  readonly #world: World
  readonly #backlog: Backlog
  readonly #memberships: Membership[] = []
  /** Whose turn it is. */
  #next = 0

  constructor(world: World, name: string, filter: TopicFilter) {
    this.#world = world
    this.name = name
    this.filter = filter
    this.#backlog = new Backlog(world, name)
  }

  get size(): number {
    return this.#memberships.length
  }

  /** Messages that wait for a member. */
  get waiting(): number {
    return this.#backlog.length
  }

  /** Adds a member, or changes its options [U5-37]. True where it is new. */
  join(member: GroupMember, options: SubscriptionOptions): boolean {
    const ids = options.id === 0 ? [] : [options.id]
    const existing = this.#memberships.find((membership) => membership.member === member)
    if (existing !== undefined) {
      existing.options = options
      existing.ids = ids
      return false
    }
    if (this.#memberships.length === 0) {
      this.#world.hub.subscribe({ ...GROUP_OPTIONS, subscriber: this, filter: this.filter })
    }
    this.#memberships.push({ member, options, ids })
    if (member.isDurable) this.#backlog.makeDurable()
    return true
  }

  /** Takes a member out; with the last one the group ends, and what waits in it is dropped. */
  leave(member: GroupMember): void {
    const index = this.#memberships.findIndex((membership) => membership.member === member)
    if (index === -1) return
    this.#memberships.splice(index, 1)
    if (index < this.#next) this.#next -= 1
    if (this.#memberships.length > 0) return
    this.#world.hub.unsubscribe(this, this.filter)
    while (this.#backlog.length > 0) {
      const delivery = this.#backlog.shift()
      if (delivery !== undefined) this.#backlog.gone(delivery)
    }
  }

  deliver(message: Message): void {
    if (message.qos === 0) {
      const ready = this.#choose(message, (member) => member.isReady)
      if (ready !== undefined) {
        ready.member.sendAtMostOnce(message, this.#retain(ready, message.retain), ready.ids)
      } else if (this.#memberships.some(({ member }) => member.isConnected)) {
        this.#world.counters.droppedSlow += 1
        this.#world.observer.dropped(this.name, message.topic, 'slow')
      }
      return
    }
    const able = this.#backlog.length === 0 ? this.#choose(message, canTake) : undefined
    if (able !== undefined) this.#assign(able, message, message.qos, message.retain)
    else if (this.#isWanted(message)) {
      this.#backlog.push(createDelivery(message, message.qos, message.retain, [], this))
    }
  }

  /** Hands out what waits to whoever can take it. */
  pump(): void {
    for (let next = this.#backlog.peek(); next !== undefined; next = this.#backlog.peek()) {
      const able = this.#choose(next.message, canTake)
      if (able === undefined && this.#isWanted(next.message)) return
      this.#backlog.shift()
      if (able !== undefined) this.#assign(able, next.message, next.qos, next.retain)
      this.#backlog.gone(next)
    }
  }

  /** Takes expired messages out of the counts. */
  sweep(): void {
    this.#backlog.sweep()
  }

  /** Takes back QoS 1 deliveries of a member that is gone, and passes them on. */
  takeBack(deliveries: readonly Delivery[]): void {
    this.#backlog.putBack(
      deliveries.map(({ message }) =>
        createDelivery(message, message.qos === 2 ? 2 : 1, message.retain, [], this),
      ),
    )
    this.pump()
  }

  #assign(to: Membership, message: Message, qos: 1 | 2, retain: boolean): void {
    const granted = Math.min(qos, to.options.qos) as Qos // [MQTT-4.8.2-3]
    const own = this.#retain(to, retain)
    if (granted === 0) to.member.sendAtMostOnce(message, own, to.ids)
    else to.member.take(createDelivery(message, granted, own, to.ids, this))
  }

  #retain(to: Membership, retain: boolean): boolean {
    return retain && to.options.retainAsPublished
  }

  /** False where no member may read it: then it waits for nobody. */
  #isWanted({ topic }: Message): boolean {
    return this.#memberships.some(({ member }) => member.mayRead(topic))
  }

  #choose({ topic }: Message, isFit: (member: GroupMember) => boolean): Membership | undefined {
    const count = this.#memberships.length
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count
      const membership = this.#memberships[index]
      if (membership === undefined || !isFit(membership.member)) continue
      if (!membership.member.mayRead(topic)) continue
      this.#next = (index + 1) % count
      return membership
    }
    return undefined
  }
}

function canTake(member: GroupMember): boolean {
  return member.canTake
}

/** All shared subscriptions of a server, by name. */
export class SharedGroups {
  readonly #world: World
  readonly #groups = new Map<string, SharedGroup>()

  constructor(world: World) {
    this.#world = world
  }

  get size(): number {
    return this.#groups.size
  }

  /** The members of all; looks at each group. */
  get members(): number {
    let count = 0
    for (const group of this.#groups.values()) count += group.size
    return count
  }

  /** The group of that name, made where there is none. */
  group(name: string, filter: TopicFilter): SharedGroup {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = new SharedGroup(this.#world, name, filter)
      this.#groups.set(name, group)
    }
    return group
  }

  find(name: string): SharedGroup | undefined {
    return this.#groups.get(name)
  }

  sweep(): void {
    for (const group of this.#groups.values()) group.sweep()
  }

  leave(group: SharedGroup, member: GroupMember): void {
    group.leave(member)
    if (group.size === 0) this.#groups.delete(group.name)
  }
}

// A shared subscription, section 4.8.2: to the tree one subscriber like any other, that hands each
// message to one of its members [U5-36].
//
// Strategy: round robin among the members that can take a message now, so that who is online goes
// before who is not and a slow one gets less. What nobody can take waits in the group's own queue,
// and members pull from it. So a member that goes leaves nothing behind but what it had in flight:
// its QoS 1 deliveries come back to the group [U5-35], a QoS 2 delivery that was begun stays with
// it [MQTT-4.8.2-4] [MQTT-4.8.2-5].

import { lower, type Message } from '../core/message.ts'
import { groupQueue, type StoredQueue } from '../core/store.ts'
import type { Subscriber, SubscriptionOptions } from '../core/subscription.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import { Backlog, type BacklogOwner } from './backlog.ts'
import { createDelivery, type Delivery } from './delivery.ts'
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
  /** What it has in flight of a group that ends stands in its queue no more. */
  own(delivery: Delivery): void
}

/** A delivery that a member has in flight. */
interface Flight {
  readonly member: GroupMember
  readonly delivery: Delivery
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

export class SharedGroup implements Subscriber, BacklogOwner {
  /** No client: No Local cannot be asked of a shared subscription [MQTT-3.8.3-4]. */
  readonly clientId = ''
  /** `$share/{ShareName}/{filter}` */
  readonly name: string
  readonly filter: TopicFilter
  readonly #world: World
  readonly #backlog: Backlog
  readonly #memberships: Membership[] = []
  readonly #byMember = new Map<GroupMember, Membership>()
  readonly #connected = new Set<GroupMember>()
  /** What members have in flight and stands in the group's queue meanwhile, by offset. */
  readonly #out = new Map<number, Flight>()
  /** Whose turn it is. */
  #next = 0

  constructor(world: World, name: string, filter: TopicFilter) {
    this.#world = world
    this.name = name
    this.filter = filter
    const queue = groupQueue(name)
    this.#backlog = new Backlog(world, { name, queue, group: name, owner: this })
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
    const existing = this.#byMember.get(member)
    if (existing !== undefined) {
      existing.options = options
      existing.ids = ids
      return false
    }
    if (this.#memberships.length === 0) {
      this.#world.hub.subscribe({ ...GROUP_OPTIONS, subscriber: this, filter: this.filter })
    }
    const membership = { member, options, ids }
    this.#memberships.push(membership)
    this.#byMember.set(member, membership)
    if (member.isConnected) this.attached(member)
    if (member.isDurable) this.#backlog.makeDurable()
    return true
  }

  /** Takes a member out; with the last one the group ends, and what waits in it is dropped. */
  leave(member: GroupMember): void {
    const index = this.#memberships.findIndex((membership) => membership.member === member)
    if (index === -1) return
    this.#memberships.splice(index, 1)
    this.#byMember.delete(member)
    this.detached(member)
    if (index < this.#next) this.#next -= 1
    if (this.#memberships.length > 0) return
    this.#world.hub.unsubscribe(this, this.filter)
    for (const { member: holder, delivery } of this.#out.values()) holder.own(delivery)
    this.#out.clear()
    this.#backlog.end()
  }

  /** A member has a connection: what waits may be held in memory for it. */
  attached(member: GroupMember): void {
    this.#connected.add(member)
    this.#backlog.open()
  }

  detached(member: GroupMember): void {
    if (this.#connected.delete(member) && this.#connected.size === 0) this.#backlog.release()
  }

  /** What an earlier run left in its queue, what is in flight from it included. */
  restore(stored: StoredQueue): void {
    this.#backlog.restore(stored, 0)
  }

  /** What an earlier run left in flight to one who is or was a member. */
  restoreFlight(member: GroupMember, delivery: Delivery): void {
    this.#out.set(delivery.message.offset, { member, delivery })
    this.#backlog.restoreOut(delivery.message)
  }

  isOut(offset: number): boolean {
    return this.#out.has(offset)
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
    if (able === undefined && !this.#isWanted(message)) return
    const delivery = createDelivery(message, message.qos, message.retain, [], this.name)
    if (able === undefined) this.#backlog.push(delivery)
    else {
      // A member that ends with its connection cannot keep it for the group.
      if (!able.member.isDurable && able.options.qos > 0) this.#backlog.stand(delivery)
      this.#assign(able, delivery)
    }
  }

  /** Hands out what waits to whoever can take it. */
  pump(): void {
    for (let next = this.#backlog.peek(); next !== undefined; next = this.#backlog.peek()) {
      const able = this.#choose(next.message, canTake)
      if (able === undefined && this.#isWanted(next.message)) return
      this.#backlog.shift()
      if (able !== undefined) this.#assign(able, next)
      else this.#backlog.gone(next)
    }
  }

  /** Takes expired messages out of the counts; returns the queue where more is to be looked at. */
  sweep(): Backlog | undefined {
    this.#backlog.sweep()
    return this.#backlog.isSweepDue ? this.#backlog : undefined
  }

  /** A member is done with what stood in the group's queue. */
  settled(offset: number): void {
    this.#out.delete(offset)
    this.#backlog.settled(offset)
  }

  /** Takes back QoS 1 deliveries of a member that is gone; whoever calls then lets it `pump`. */
  takeBack(deliveries: readonly Delivery[]): void {
    this.#backlog.putBack(deliveries.map((delivery) => this.#takenBack(delivery)))
  }

  #takenBack({ message, queue, isOwn }: Delivery): Delivery {
    this.#out.delete(message.offset)
    const qos = message.qos === 2 ? 2 : 1
    const delivery = createDelivery(message, qos, message.retain, [], this.name)
    delivery.queue = queue
    delivery.isOwn = isOwn
    return delivery
  }

  /** Hands one on that waits no more; it stays in the stored queue until it is settled. */
  #assign(to: Membership, waiting: Delivery): void {
    const { message, qos, queue, isOwn } = waiting
    const granted = lower(qos, to.options.qos) // [MQTT-4.8.2-3]
    const retain = this.#retain(to, waiting.retain)
    if (granted === 0) {
      to.member.sendAtMostOnce(message, retain, to.ids)
      this.#backlog.gone(waiting)
      return
    }
    const delivery = createDelivery(message, granted, retain, to.ids, this.name)
    delivery.queue = queue
    delivery.isOwn = isOwn
    if (queue !== undefined) this.#out.set(message.offset, { member: to.member, delivery })
    to.member.take(delivery)
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

  /** Takes expired messages out of the counts; returns the queues where more is to be looked at. */
  sweep(): readonly Backlog[] {
    const due: Backlog[] = []
    for (const group of this.#groups.values()) {
      const backlog = group.sweep()
      if (backlog !== undefined) due.push(backlog)
    }
    return due
  }

  leave(group: SharedGroup, member: GroupMember): void {
    group.leave(member)
    if (group.size === 0) this.#groups.delete(group.name)
  }
}

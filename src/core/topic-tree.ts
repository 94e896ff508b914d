// Maps topic filters to subscriptions: knows `/`, `+`, `#` and `$`, merges what one subscriber
// asked for, and keeps what it found. Knows nothing of shares, sessions or retained messages.

import { AudienceCache } from './audience-cache.ts'
import { type Children, childAt, endOfLevel, withChild, withoutChild } from './branch.ts'
import { audienceOf, type SeatGroup, type Seats, seatOf, withoutSeat, withSeat } from './seats.ts'
import type { Audience, Subscriber, Subscription } from './subscription.ts'
import type { Topic, TopicFilter } from './topic.ts'

/** One level of the filters. `#` is no node of its own, it sits with its parent. */
interface Node {
  readonly level: string
  readonly parent: Node | undefined
  children: Children<Node>
  plus: Node | undefined
  here: Seats
  hash: Seats
}

/**
 * The subscriptions of everybody, for finding who gets a message.
 *
 * An audience never changes once handed out: a subscription that comes or goes makes the next call
 * build another. So a steady publisher allocates nothing here, and a subscriber may publish,
 * subscribe or leave while an audience is being visited.
 */
export class TopicTree {
  readonly #root: Node = createNode('', undefined)
  readonly #cache: AudienceCache
  #size = 0
  #nodes = 0
  #nextRank = 0

  /** Keeps at most `audiencesMax` audiences for look-up; see {@link AudienceCache}. */
  constructor(audiencesMax: number) {
    this.#cache = new AudienceCache(audiencesMax)
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size
  }

  /** How many levels the filters make together, those that they share counted once; for metrics. */
  get nodes(): number {
    return this.#nodes
  }

  /**
   * True when it is new; false when it took the place of the same subscriber's subscription to the
   * same filter [MQTT-3.8.4-3], whose rank in audiences it keeps.
   */
  add(subscription: Subscription): boolean {
    const { filter, subscriber } = subscription
    const node = this.#nodeFor(filter)
    const seats = seatsAt(node, filter)
    const former = seatOf(seats, subscriber)
    if (former !== undefined && isSame(former.subscription, subscription)) return false

    const rank = former === undefined ? this.#nextRank++ : former.rank
    setSeats(node, filter, withSeat(seats, { subscription, rank, listener: undefined }))
    this.#cache.drop(filter)
    if (former !== undefined) return false
    this.#size += 1
    return true
  }

  /** False when there was no such subscription. */
  remove(subscriber: Subscriber, filter: TopicFilter): boolean {
    const node = this.#find(filter)
    if (node === undefined) return false
    const seats = seatsAt(node, filter)
    if (seatOf(seats, subscriber) === undefined) return false

    setSeats(node, filter, withoutSeat(seats, subscriber))
    this.#prune(node)
    this.#cache.drop(filter)
    this.#size -= 1
    return true
  }

  /** Who gets a message on this topic: each subscriber once, by his first matching subscription. */
  audience(topic: Topic): Audience {
    const cached = this.#cache.get(topic)
    if (cached !== undefined) return cached

    const found: SeatGroup[] = []
    collect(this.#root, topic, 0, !topic.startsWith('$'), found) // [MQTT-4.7.2-1]
    const audience = audienceOf(found)
    this.#cache.set(topic, audience)
    return audience
  }

  /** The node at which the filter ends, made where it does not exist yet. */
  #nodeFor(filter: TopicFilter): Node {
    let node = this.#root
    for (let start = 0, end = 0; end < filter.length; start = end + 1) {
      end = endOfLevel(filter, start)
      const level = filter.slice(start, end)
      if (level === '#') return node
      if (level === '+') {
        node.plus ??= this.#createNode(level, node)
        node = node.plus
      } else {
        let child = childAt(node.children, filter, start, end)
        if (child === undefined) {
          child = this.#createNode(level, node)
          node.children = withChild(node.children, child)
        }
        node = child
      }
    }
    return node
  }

  /** The node at which the filter ends, if anybody subscribed to anything there or below. */
  #find(filter: TopicFilter): Node | undefined {
    let node: Node | undefined = this.#root
    for (let start = 0, end = 0; end < filter.length && node !== undefined; start = end + 1) {
      end = endOfLevel(filter, start)
      const isWhole = end - start === 1
      if (isWhole && filter.charAt(start) === '#') return node
      if (isWhole && filter.charAt(start) === '+') node = node.plus
      else node = childAt(node.children, filter, start, end)
    }
    return node
  }

  #createNode(level: string, parent: Node): Node {
    this.#nodes += 1
    return createNode(level, parent)
  }

  /** Removes the node, and then its parents, as long as nobody sits there or below. */
  #prune(leaf: Node): void {
    let node = leaf
    while (node.parent !== undefined && isEmpty(node)) {
      const { parent } = node
      if (parent.plus === node) parent.plus = undefined
      else parent.children = withoutChild(parent.children, node)
      this.#nodes -= 1
      node = parent
    }
  }
}

function createNode(level: string, parent: Node | undefined): Node {
  return { level, parent, children: undefined, plus: undefined, here: undefined, hash: undefined }
}

/**
 * Adds to `found` who sits at filters that match the rest of the topic, from `start` on. `isWild`
 * is false where wildcards do not count. The depth of topics bounds the recursion.
 */
function collect(
  node: Node,
  topic: Topic,
  start: number,
  isWild: boolean,
  found: SeatGroup[],
): void {
  if (isWild && node.hash !== undefined) found.push(node.hash) // `a/#` matches `a` too.
  if (start > topic.length) {
    if (node.here !== undefined) found.push(node.here)
    return
  }
  const end = endOfLevel(topic, start)
  const child = childAt(node.children, topic, start, end)
  if (child !== undefined) collect(child, topic, end + 1, true, found)
  if (isWild && node.plus !== undefined) collect(node.plus, topic, end + 1, true, found)
}

function isEmpty(node: Node): boolean {
  return (
    node.here === undefined &&
    node.hash === undefined &&
    node.plus === undefined &&
    node.children === undefined
  )
}

function seatsAt(node: Node, filter: TopicFilter): Seats {
  return filter.endsWith('#') ? node.hash : node.here
}

function setSeats(node: Node, filter: TopicFilter, seats: Seats): void {
  if (filter.endsWith('#')) node.hash = seats
  else node.here = seats
}

/** Whether audiences would not change: Retain Handling counts only at subscribing. */
function isSame(one: Subscription, other: Subscription): boolean {
  return (
    one.qos === other.qos &&
    one.noLocal === other.noLocal &&
    one.retainAsPublished === other.retainAsPublished &&
    one.id === other.id
  )
}

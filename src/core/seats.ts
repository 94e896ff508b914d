// Who subscribed to one filter, and how the seats at all filters that match one topic become its
// audience. Where the filters stand in the tree is topic-tree's.

import type { Qos } from './message.ts'
import type { Audience, Listener, Match, Subscriber, Subscription } from './subscription.ts'

/** One subscription's seat at its filter. */
export interface Seat {
  readonly subscription: Subscription
  /** Its rank among all subscriptions of the tree, by when it came. */
  readonly rank: number
  /** Its listener in audiences where it is its subscriber's only match; made on the first use. */
  listener: Listener | undefined
}

/** One (by far the most filters), or many in order of rank. */
export type SeatGroup = Map<Subscriber, Seat> | Seat

export type Seats = SeatGroup | undefined

/** The subscriber's seat, if he has one. */
export function seatOf(seats: Seats, subscriber: Subscriber): Seat | undefined {
  if (seats instanceof Map) return seats.get(subscriber)
  return seats?.subscription.subscriber === subscriber ? seats : undefined
}

/** The seats with this one in place of its subscriber's former one, or as the last. */
export function withSeat(seats: Seats, seat: Seat): Seats {
  const { subscriber } = seat.subscription
  if (seats instanceof Map) return seats.set(subscriber, seat)
  if (seats === undefined || seats.subscription.subscriber === subscriber) return seat
  return new Map([
    [seats.subscription.subscriber, seats],
    [subscriber, seat],
  ])
}

/** The seats without the subscriber's, which is among them. */
export function withoutSeat(seats: Seats, subscriber: Subscriber): Seats {
  if (!(seats instanceof Map)) return undefined
  seats.delete(subscriber)
  return seats.size === 0 ? undefined : seats
}

/** Each subscriber once, by his lowest rank, with all his subscriptions merged. */
export function audienceOf(groups: readonly SeatGroup[]): Audience {
  const [only] = groups
  if (only === undefined) return NOBODY
  if (groups.length === 1) {
    // Within one filter nobody sits twice, and the order is right already.
    return only instanceof Map ? Array.from(only.values(), listenerOf) : [listenerOf(only)]
  }

  const seats: Seat[] = []
  for (const group of groups) {
    if (!(group instanceof Map)) seats.push(group)
    else for (const seat of group.values()) seats.push(seat)
  }
  seats.sort((one, other) => one.rank - other.rank) // Nearly linear: each group is in order.

  const bySubscriber = new Map<Subscriber, Seat | Seat[]>()
  for (const seat of seats) {
    const { subscriber } = seat.subscription
    const earlier = bySubscriber.get(subscriber)
    if (earlier === undefined) bySubscriber.set(subscriber, seat)
    else if (Array.isArray(earlier)) earlier.push(seat)
    else bySubscriber.set(subscriber, [earlier, seat])
  }
  return Array.from(bySubscriber, ([subscriber, mine]) =>
    Array.isArray(mine) ? mergedListener(subscriber, mine) : listenerOf(mine),
  )
}

const NOBODY: Audience = Object.freeze([])
const NO_IDS: readonly number[] = Object.freeze([])

/** What most subscriptions come to, shared by all: no id, by QoS and Retain As Published. */
const PLAIN_MATCHES: readonly Match[] = ([0, 1, 2] as const).flatMap((qos) => [
  Object.freeze({ qos, retainAsPublished: false, ids: NO_IDS }),
  Object.freeze({ qos, retainAsPublished: true, ids: NO_IDS }),
])

/** The listener of a seat that is alone; the same object in every audience. */
function listenerOf(seat: Seat): Listener {
  if (seat.listener === undefined) {
    const { subscriber, qos, noLocal, retainAsPublished, id } = seat.subscription
    const match = matchOf(qos, retainAsPublished, id === 0 ? NO_IDS : [id])
    seat.listener = { subscriber, match, ownMatch: noLocal ? undefined : match }
  }
  return seat.listener
}

/** Several seats of one subscriber as one listener. */
function mergedListener(subscriber: Subscriber, seats: readonly Seat[]): Listener {
  const match = mergedMatch(seats)
  const own = seats.filter((seat) => !seat.subscription.noLocal) // [MQTT-3.8.3-3]
  if (own.length === seats.length) return { subscriber, match, ownMatch: match }
  return { subscriber, match, ownMatch: own.length === 0 ? undefined : mergedMatch(own) }
}

function mergedMatch(seats: readonly Seat[]): Match {
  let qos: Qos = 0
  let retainAsPublished = false
  const ids: number[] = []
  for (const { subscription } of seats) {
    if (subscription.qos > qos) qos = subscription.qos // [MQTT-3.3.4-2]
    if (subscription.retainAsPublished) retainAsPublished = true
    if (subscription.id !== 0) ids.push(subscription.id) // Twice if asked for twice. [MQTT-3.3.4-4]
  }
  return matchOf(qos, retainAsPublished, ids)
}

function matchOf(qos: Qos, retainAsPublished: boolean, ids: readonly number[]): Match {
  const plain = ids.length === 0 ? PLAIN_MATCHES[qos * 2 + (retainAsPublished ? 1 : 0)] : undefined
  return plain ?? { qos, retainAsPublished, ids }
}

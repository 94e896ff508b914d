// What a store must bring back, as plain maps: the reference that durable stores are compared with.

import { bytesOf, type Message, NEVER } from '../../src/core/message.ts'
import {
  type QueueName,
  type Recovery,
  sessionQueue,
  type StoredDelivery,
  type StoredFlight,
  type StoredQueue,
  type StoredSession,
  type StoreRecord,
} from '../../src/core/store.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

interface ModelSession {
  expiryS: number
  principal: StoredSession['principal']
  closedAtMs: number | undefined
  endsAtMs: number | undefined
  will: StoredSession['will']
  readonly subscriptions: Map<string, StoredSession['subscriptions'][number]>
  readonly flights: Map<number, Writable<StoredFlight>>
  readonly received: Set<number>
}

export class StoreModel {
  readonly retained: Map<string, Message> = new Map()
  readonly sessions: Map<string, ModelSession> = new Map()
  readonly queues: Map<QueueName, Map<number, StoredDelivery>> = new Map()
  reservedBound = 0

  apply(record: StoreRecord): void {
    switch (record.kind) {
      case 'reserved':
        this.reservedBound = record.bound
        return
      case 'retained':
        this.retained.set(record.message.topic, record.message)
        return
      case 'cleared':
        this.retained.delete(record.topic)
        return
      case 'queued':
        this.queue(record.queue).set(record.message.offset, deliveryOf(record))
        return
      case 'unqueued':
        this.queue(record.queue).delete(record.offset)
        return
      case 'emptied':
        this.queues.delete(record.queue)
        return
      case 'opened':
        this.#opened(record.clientId, record.expiryS, record.principal)
        return
      case 'ended':
        this.sessions.delete(record.clientId)
        this.queues.delete(sessionQueue(record.clientId))
        return
      default:
        this.#applyToSession(record)
    }
  }

  #applyToSession(
    record: Exclude<
      StoreRecord,
      {
        kind:
          | 'reserved'
          | 'retained'
          | 'cleared'
          | 'queued'
          | 'unqueued'
          | 'emptied'
          | 'opened'
          | 'ended'
      }
    >,
  ): void {
    const session = this.sessions.get(record.clientId)
    if (session === undefined) throw new Error(`${record.kind} of no session`)
    switch (record.kind) {
      case 'closed':
        session.closedAtMs = record.atMs
        session.endsAtMs = record.endsAtMs
        return
      case 'subscribed': {
        const { filter, share, options } = record
        session.subscriptions.set(`${share}/${filter}`, { filter, share, options })
        return
      }
      case 'unsubscribed':
        session.subscriptions.delete(`${record.share}/${record.filter}`)
        return
      case 'sent': {
        const { packetId, queue, group } = record
        const delivery = deliveryOf(record)
        session.flights.set(packetId, { ...delivery, packetId, queue, group, isReleased: false })
        return
      }
      case 'released': {
        const flight = session.flights.get(record.packetId)
        if (flight !== undefined) flight.isReleased = true
        return
      }
      case 'settled':
        session.flights.delete(record.packetId)
        if (record.queue !== undefined) this.queue(record.queue).delete(record.offset)
        return
      case 'returned':
        session.flights.delete(record.packetId)
        return
      case 'received':
        session.received.add(record.packetId)
        return
      case 'forgotten':
        session.received.delete(record.packetId)
        return
      case 'will':
        session.will = record.will
    }
  }

  queue(name: QueueName): Map<number, StoredDelivery> {
    let queue = this.queues.get(name)
    if (queue === undefined) {
      queue = new Map()
      this.queues.set(name, queue)
    }
    return queue
  }

  /** What stands in the queue, in order. */
  standing(name: QueueName): StoredDelivery[] {
    const queue = [...(this.queues.get(name) ?? new Map<number, StoredDelivery>()).values()]
    return queue.sort((one, other) => one.message.offset - other.message.offset)
  }

  /** All of it in one order, to be compared. */
  state(): StoreState {
    const sessions = [...this.sessions].map(([clientId, session]) => {
      const { subscriptions, flights, received, ...rest } = session
      return {
        ...{ clientId, ...rest },
        subscriptions: [...subscriptions.values()].sort(bySubscription),
        flights: [...flights.values()].map((flight) => ({ ...flight })),
        received: [...received].sort((one, other) => one - other),
        queue: summed(this.standing(sessionQueue(clientId))),
      }
    })
    return {
      retained: [...this.retained.values()].sort(byTopic),
      sessions: sessions.sort(byClientId),
      groups: [...this.queues.keys()]
        .filter((name) => name.startsWith('g/') && this.standing(name).length > 0)
        .sort()
        .map((name) => ({ name: name.slice(2), queue: summed(this.standing(name)) })),
      queues: [...this.queues.keys()]
        .filter((name) => this.standing(name).length > 0)
        .sort()
        .map((name) => ({ name, deliveries: this.standing(name) })),
    }
  }

  #opened(clientId: string, expiryS: number, principal: StoredSession['principal']): void {
    const known = this.sessions.get(clientId)
    if (known === undefined) {
      this.sessions.set(clientId, {
        ...{ expiryS, principal, closedAtMs: undefined, endsAtMs: undefined, will: undefined },
        ...{ subscriptions: new Map(), flights: new Map(), received: new Set() },
      })
      return
    }
    known.expiryS = expiryS
    known.principal = principal
    known.closedAtMs = undefined
    known.endsAtMs = undefined
  }
}

export interface StoreState {
  readonly retained: readonly Message[]
  readonly sessions: readonly StoredSession[]
  readonly groups: readonly { readonly name: string; readonly queue: StoredQueue }[]
  readonly queues: readonly {
    readonly name: QueueName
    readonly deliveries: readonly StoredDelivery[]
  }[]
}

/** Takes a recovery, and checks its order. */
export class RecoveredState implements Recovery {
  firstOffset = 0
  wallMs = 0
  readonly #retained: Message[] = []
  readonly #sessions: StoredSession[] = []
  readonly #groups: { name: string; queue: StoredQueue }[] = []

  begin(firstOffset: number, wallMs: number): void {
    if (this.firstOffset !== 0) throw new Error('begun twice')
    this.firstOffset = firstOffset
    this.wallMs = wallMs
  }

  retained(message: Message): void {
    if (this.#sessions.length > 0) throw new Error('a retained message after a session')
    this.#retained.push(message)
  }

  session(session: StoredSession): void {
    if (this.#groups.length > 0) throw new Error('a session after a group')
    this.#sessions.push(session)
  }

  group(name: string, queue: StoredQueue): void {
    this.#groups.push({ name, queue })
  }

  /** As the model gives it; `queues` are what was read back of each. */
  state(queues: StoreState['queues']): StoreState {
    const sessions = this.#sessions.map((session) => ({
      ...session,
      subscriptions: [...session.subscriptions].sort(bySubscription),
      received: [...session.received].sort((one, other) => one - other),
    }))
    return {
      retained: this.#retained.sort(byTopic),
      sessions: sessions.sort(byClientId),
      groups: this.#groups
        .filter(({ queue }) => queue.count > 0)
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
      queues,
    }
  }
}

function deliveryOf({ message, qos, retain, ids, isOwn }: StoredDelivery): StoredDelivery {
  return { message, qos, retain, ids, isOwn }
}

function summed(deliveries: readonly StoredDelivery[]): StoredQueue {
  let bytes = 0
  let expiresAtMs = NEVER
  for (const { message } of deliveries) {
    bytes += bytesOf(message)
    expiresAtMs = Math.min(expiresAtMs, message.expiresAtMs)
  }
  return { count: deliveries.length, bytes, expiresAtMs }
}

function byTopic(one: Message, other: Message): number {
  return one.topic < other.topic ? -1 : 1
}

function byClientId(one: StoredSession, other: StoredSession): number {
  return one.clientId < other.clientId ? -1 : 1
}

function bySubscription(
  one: StoredSession['subscriptions'][number],
  other: StoredSession['subscriptions'][number],
): number {
  return `${one.share}/${one.filter}` < `${other.share}/${other.filter}` ? -1 : 1
}

// What a store holds, rebuilt from its records in the plainest way: the oracle for stores that do
// it on disk, and for those who write the records. A record that makes no sense in its place is an
// error.

import { bytesOf, keep, type Message, NEVER } from '../../src/core/message.ts'
import {
  groupQueue,
  type QueueName,
  type Recovery,
  sessionQueue,
  type StoredDelivery,
  type StoredFlight,
  type StoredQueue,
  type StoredSession,
  type StoreRecord,
} from '../../src/core/store.ts'

type Changeable<T> = { -readonly [K in keyof T]: T[K] }
type SessionRecord = Extract<StoreRecord, { clientId: string }>

interface KeptSession
  extends Omit<Changeable<StoredSession>, 'subscriptions' | 'flights' | 'received' | 'queue'> {
  readonly subscriptions: Map<string, StoredSession['subscriptions'][number]>
  readonly flights: Map<number, StoredFlight>
  readonly received: Set<number>
}

export class KeptState {
  readonly sessions: Map<string, KeptSession> = new Map()
  /** Each in the order of offsets. */
  readonly queues: Map<QueueName, Map<number, StoredDelivery>> = new Map()
  readonly retained: Map<string, Message> = new Map()
  bound = 0

  apply(record: StoreRecord): void {
    switch (record.kind) {
      case 'reserved':
        this.bound = record.bound
        return
      case 'retained':
        this.retained.set(record.message.topic, this.#kept(record.message))
        return
      case 'cleared':
        expect(this.retained.delete(record.topic), record, 'nothing is retained')
        return
      case 'queued':
        return this.#queued(record)
      case 'unqueued':
        return this.#unqueue(record, record.queue, record.offset, record.isOwn)
      case 'emptied':
        this.queues.delete(record.queue)
        return
      case 'opened':
        return this.#opened(record)
      default: {
        const session = this.sessions.get(record.clientId)
        if (session === undefined) throw wrong(record, 'there is no such session')
        this.#session(record, session)
      }
    }
  }

  /** What stands in a queue beyond an offset, the oldest first. */
  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
  ): { readonly found: readonly StoredDelivery[]; readonly isEnd: boolean } {
    const found: StoredDelivery[] = []
    let bytes = 0
    for (const delivery of this.waiting(queue)) {
      if (delivery.message.offset <= after) continue
      if (found.length > 0 && (found.length >= countMax || bytes >= bytesMax)) {
        return { found, isEnd: false }
      }
      found.push(delivery)
      bytes += bytesOf(delivery.message)
    }
    return { found, isEnd: true }
  }

  /** All that stands in a queue, in flight or not. */
  waiting(queue: QueueName): readonly StoredDelivery[] {
    const entries = [...(this.queues.get(queue)?.values() ?? [])]
    return entries.sort((one, other) => one.message.offset - other.message.offset)
  }

  bringBack(into: Recovery, firstOffset: number, wallMs: number): void {
    into.begin(firstOffset, wallMs)
    for (const message of this.retained.values()) into.retained(message)
    for (const session of this.sessions.values()) into.session(this.#stored(session))
    for (const queue of this.queues.keys()) {
      if (queue.startsWith(groupQueue(''))) into.group(queue.slice(2), this.#counted(queue))
    }
  }

  #stored(session: KeptSession): StoredSession {
    return {
      ...session,
      subscriptions: [...session.subscriptions.values()],
      flights: [...session.flights.values()],
      received: [...session.received],
      queue: this.#counted(sessionQueue(session.clientId)),
    }
  }

  #counted(queue: QueueName): StoredQueue {
    const counted = { count: 0, bytes: 0, expiresAtMs: NEVER }
    for (const { message } of this.waiting(queue)) {
      counted.count += 1
      counted.bytes += bytesOf(message)
      counted.expiresAtMs = Math.min(counted.expiresAtMs, message.expiresAtMs)
    }
    return counted
  }

  #opened({ clientId, expiryS, principal }: Extract<StoreRecord, { kind: 'opened' }>): void {
    const session: KeptSession = this.sessions.get(clientId) ?? {
      clientId,
      principal,
      expiryS,
      closedAtMs: undefined,
      endsAtMs: undefined,
      will: undefined,
      subscriptions: new Map(),
      flights: new Map(),
      received: new Set(),
    }
    const now = { expiryS, principal, closedAtMs: undefined, endsAtMs: undefined }
    this.sessions.set(clientId, Object.assign(session, now))
  }

  #session(record: Exclude<SessionRecord, { kind: 'opened' }>, session: KeptSession): void {
    switch (record.kind) {
      case 'closed':
        expect(session.closedAtMs === undefined, record, 'closed twice')
        session.closedAtMs = record.atMs
        session.endsAtMs = record.endsAtMs
        return
      case 'ended':
        this.sessions.delete(record.clientId)
        this.queues.delete(sessionQueue(record.clientId))
        return
      case 'subscribed':
        session.subscriptions.set(fullName(record), record)
        return
      case 'unsubscribed':
        expect(session.subscriptions.delete(fullName(record)), record, 'not subscribed')
        return
      case 'will':
        session.will = record.will
        return
      case 'received':
        expect(!session.received.has(record.packetId), record, 'received twice')
        session.received.add(record.packetId)
        return
      case 'forgotten':
        expect(session.received.delete(record.packetId), record, 'was not received')
        return
      default:
        this.#flight(record, session)
    }
  }

  #flight(
    record: Extract<StoreRecord, { kind: 'sent' | 'released' | 'settled' | 'returned' }>,
    { flights }: KeptSession,
  ): void {
    const flight = flights.get(record.packetId)
    if (record.kind === 'sent') {
      if (flight !== undefined) {
        const isSame = flight.message.offset === record.message.offset
        expect(isSame, record, 'the packet id is in use')
      }
      this.#stands(record, record.queue, record.message.offset, record.isOwn)
      flights.set(record.packetId, {
        ...record,
        message: this.#kept(record.message),
        isReleased: false,
      })
      return
    }
    if (flight === undefined) throw wrong(record, 'nothing is in flight')
    if (record.kind === 'released') {
      flights.set(record.packetId, { ...flight, isReleased: true })
      return
    }
    flights.delete(record.packetId)
    if (record.kind === 'returned') {
      expect(flight.queue !== undefined, record, 'it stands nowhere')
      return
    }
    const { offset, queue, isOwn } = record
    const isSame =
      flight.message.offset === offset && flight.queue === queue && flight.isOwn === isOwn
    expect(isSame, record, 'it was sent otherwise')
    if (queue !== undefined) this.#unqueue(record, queue, offset, isOwn)
  }

  #queued(record: Extract<StoreRecord, { kind: 'queued' }>): void {
    const entries = this.queues.get(record.queue) ?? new Map<number, StoredDelivery>()
    expect(!entries.has(record.message.offset), record, 'it stands there already')
    entries.set(record.message.offset, { ...record, message: this.#kept(record.message) })
    this.queues.set(record.queue, entries)
  }

  #unqueue(record: StoreRecord, queue: QueueName, offset: number, isOwn: boolean): void {
    this.#stands(record, queue, offset, isOwn)
    const entries = this.queues.get(queue)
    entries?.delete(offset)
    if (entries?.size === 0) this.queues.delete(queue)
  }

  /** It stands where the record says it stands, as the record says. */
  #stands(record: StoreRecord, queue: QueueName | undefined, offset: number, isOwn: boolean): void {
    if (queue === undefined) return expect(isOwn, record, 'nobody else has it')
    const entry = this.queues.get(queue)?.get(offset)
    if (entry === undefined) throw wrong(record, 'not in the queue')
    expect(entry.isOwn === isOwn, record, 'whose copy it is')
  }

  /** A copy, as a store on disk would have one. */
  #kept(message: Message): Message {
    if (!message.isKept) throw new Error(`the payload of ${message.offset} is not kept`)
    if (message.offset >= this.bound) throw new Error(`offset ${message.offset} was not reserved`)
    return keep({ ...message, isKept: false })
  }
}

function fullName({ filter, share }: { filter: string; share: string | undefined }): string {
  return share === undefined ? filter : `$share/${share}/${filter}`
}

function expect(isSo: boolean, record: StoreRecord, what: string): void {
  if (!isSo) throw wrong(record, what)
}

function wrong(record: StoreRecord, what: string): Error {
  const said = JSON.stringify(record, (name, value: unknown) =>
    name === 'payload' ? undefined : value,
  )
  return new Error(`record out of place: ${said}: ${what}`)
}

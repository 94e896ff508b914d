// What a store on disk would hold, rebuilt from the records alone. Every record must make sense in
// its place: that is what a later start from a journal will rely on.

import type { StoreRecord } from '../../src/core/ports.ts'
import type { World } from './world.ts'

export interface StoredDelivery {
  readonly packetId: number
  readonly offset: number
  readonly qos: number
  isReleased: boolean
}

export interface StoredSession {
  readonly subscriptions: Map<string, number>
  /** In the order of first sending. */
  readonly inflight: Map<number, StoredDelivery>
  readonly received: Set<number>
  will: string | undefined
  isConnected: boolean
}

type RecordOf<K extends StoreRecord['kind']> = Extract<StoreRecord, { kind: K }>

export class RecordModel {
  readonly sessions: Map<string, StoredSession> = new Map()
  readonly queues: Map<string, number[]> = new Map()
  readonly retained: Map<string, number> = new Map()
  /** The number of the newest record of each kind about each thing, for the checkers. */
  readonly latest: Map<string, number> = new Map()
  /** The numbers of all records about one subscription. */
  readonly subscribed: Map<string, number[]> = new Map()
  /** The first words of each message's payload, by offset. */
  readonly names: Map<number, string> = new Map()
  /** The step that first stored a message, by its name: its acknowledgement waits for that. */
  readonly firstStored: Map<string, { event: number; record: number }> = new Map()
  queueMax: number = Number.POSITIVE_INFINITY
  readonly #world: World
  /** How often each message is referred to; a message that nobody refers to is gone for good. */
  readonly #references = new Map<number, number>()
  /** Messages of the present batch, which may be referred to later in it. */
  readonly #fresh = new Map<number, number>()
  #bound = 0
  #index = 0

  constructor(world: World) {
    this.#world = world
  }

  apply(record: StoreRecord, index: number): void {
    this.#index = index
    switch (record.kind) {
      case 'reserved':
        this.#bound = record.bound
        return
      case 'message':
        return this.#message(record, index)
      case 'retained':
        this.#refer(record.offset, index)
        this.#release(this.retained.get(record.topic))
        this.retained.set(record.topic, record.offset)
        return
      case 'cleared':
        if (!this.retained.has(record.topic)) this.#wrong(record, 'nothing is retained')
        this.#release(this.retained.get(record.topic))
        this.retained.delete(record.topic)
        return
      case 'queued':
        return this.#queued(record, index)
      case 'unqueued':
        if (!this.#unqueue(record.queue, record.offset)) this.#wrong(record, 'not in the queue')
        return
      default:
        this.latest.set(`${record.kind} ${record.clientId}`, index)
        return this.#session(record, index)
    }
  }

  /** A batch is durable: no later record may refer to those of its messages that nothing holds. */
  committed(upTo: number): void {
    for (const [offset, index] of this.#fresh) if (index <= upTo) this.#fresh.delete(offset)
  }

  describe(record: StoreRecord): string {
    const { kind } = record
    if (kind === 'message') return `message ${record.message.offset}`
    const words: string[] = [kind]
    for (const [name, value] of Object.entries(record)) {
      if (name !== 'kind' && typeof value !== 'object') words.push(`${name}=${String(value)}`)
    }
    return words.join(' ')
  }

  #message({ message }: RecordOf<'message'>, index: number): void {
    const { offset, payload } = message
    if (offset >= this.#bound) this.#world.violation(`offset ${offset} was not reserved`)
    const name = nameOf(payload)
    // It may be stored again, where the store may have let go of it, but never another one.
    if ((this.names.get(offset) ?? name) !== name)
      this.#world.violation(`${offset} is two messages`)
    this.names.set(offset, name)
    this.#fresh.set(offset, index)
    if (!this.firstStored.has(name)) {
      this.firstStored.set(name, { event: this.#world.eventId, record: index })
    }
  }

  #queued(record: RecordOf<'queued'>, index: number): void {
    const queue = this.queues.get(record.queue) ?? []
    this.#refer(record.offset, index)
    queue.push(record.offset)
    this.queues.set(record.queue, queue)
    if (queue.length > this.queueMax && !record.queue.startsWith('$share/')) {
      this.#wrong(record, `${queue.length} messages wait`)
    }
  }

  #session(
    record: Exclude<
      StoreRecord,
      { kind: 'reserved' | 'message' | 'retained' | 'cleared' | 'queued' | 'unqueued' }
    >,
    index: number,
  ): void {
    const { clientId } = record
    if (record.kind === 'opened') {
      const session = this.sessions.get(clientId) ?? {
        subscriptions: new Map<string, number>(),
        inflight: new Map<number, StoredDelivery>(),
        received: new Set<number>(),
        will: undefined,
        isConnected: true,
      }
      session.isConnected = true
      this.sessions.set(clientId, session)
      return
    }
    const session = this.sessions.get(clientId)
    if (session === undefined) return this.#wrong(record, 'there is no such session')
    switch (record.kind) {
      case 'closed':
        if (!session.isConnected) this.#wrong(record, 'closed twice')
        session.isConnected = false
        return
      case 'ended':
        return this.#ended(clientId, session)
      case 'subscribed':
        this.#noteSubscription(record, index)
        session.subscriptions.set(fullName(record), record.options.qos)
        return
      case 'unsubscribed':
        this.#noteSubscription(record, index)
        if (!session.subscriptions.delete(fullName(record))) this.#wrong(record, 'not subscribed')
        return
      case 'will':
        session.will = record.will === undefined ? undefined : nameOf(record.will.payload)
        return
      case 'received':
        if (session.received.has(record.packetId)) this.#wrong(record, 'received twice')
        session.received.add(record.packetId)
        this.latest.set(`received ${clientId} ${record.packetId}`, index)
        return
      case 'forgotten':
        if (!session.received.delete(record.packetId)) this.#wrong(record, 'was not received')
        this.latest.set(`forgotten ${clientId} ${record.packetId}`, index)
        return
      default:
        return this.#inflight(record, session, index)
    }
  }

  #noteSubscription(record: RecordOf<'subscribed' | 'unsubscribed'>, index: number): void {
    const key = `${record.kind} ${record.clientId} ${fullName(record)}`
    const indexes = this.subscribed.get(key)
    if (indexes === undefined) this.subscribed.set(key, [index])
    else indexes.push(index)
  }

  #inflight(
    record: RecordOf<'sent' | 'released' | 'settled'>,
    session: StoredSession,
    index: number,
  ): void {
    const { packetId, clientId } = record
    this.latest.set(`${record.kind} ${clientId} ${packetId}`, index)
    const delivery = session.inflight.get(packetId)
    if (record.kind === 'sent') {
      const { offset, qos } = record
      if (delivery !== undefined) this.#wrong(record, 'the packet id is in use')
      // Nobody here asks for Retain As Published, so this is the state of a topic.
      if (record.retain && ![...this.retained.values()].includes(offset)) {
        this.#wrong(record, 'it is no state any more')
      }
      this.#refer(offset, index)
      this.#unqueue(clientId, offset)
      session.inflight.set(packetId, { packetId, offset, qos, isReleased: false })
      return
    }
    if (delivery === undefined) return this.#wrong(record, 'nothing is in flight')
    if (record.kind === 'released') delivery.isReleased = true
    else {
      session.inflight.delete(packetId)
      this.#release(delivery.offset)
    }
  }

  #ended(clientId: string, session: StoredSession): void {
    for (const { offset } of session.inflight.values()) this.#release(offset)
    for (const offset of this.queues.get(clientId) ?? []) this.#release(offset)
    this.queues.delete(clientId)
    this.sessions.delete(clientId)
  }

  #unqueue(queue: string, offset: number): boolean {
    const offsets = this.queues.get(queue) ?? []
    const index = offsets.indexOf(offset)
    if (index === -1) return false
    offsets.splice(index, 1)
    this.#release(offset)
    return true
  }

  #refer(offset: number, index: number): void {
    const references = this.#references.get(offset) ?? 0
    const name = this.names.get(offset)
    if (references === 0 && !this.#fresh.has(offset)) {
      this.#world.violation(`record ${index} refers to message ${offset}, which is gone`)
    }
    this.#references.set(offset, references + 1)
    const first = name === undefined ? undefined : this.firstStored.get(name)
    if (first?.event === this.#world.eventId) first.record = index
  }

  #release(offset: number | undefined): void {
    if (offset === undefined) return
    const references = (this.#references.get(offset) ?? 0) - 1
    if (references > 0) return void this.#references.set(offset, references)
    // A later record of the same batch may still take it up.
    this.#references.delete(offset)
    this.#fresh.set(offset, this.#index)
  }

  #wrong(record: StoreRecord, what: string): void {
    this.#world.violation(`record out of place: ${this.describe(record)}: ${what}`)
  }
}

function fullName(record: { filter: string; share: string | undefined }): string {
  return record.share === undefined ? record.filter : `$share/${record.share}/${record.filter}`
}

/** Each payload begins with the message's name and a bar. */
export function nameOf(payload: Uint8Array): string {
  const end = payload.indexOf(0x7c)
  return Buffer.from(payload.subarray(0, end === -1 ? 0 : end)).toString('latin1')
}

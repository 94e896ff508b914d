// Records as bytes in the journal. A session or a queue goes by its number once a record has named
// it, a body by its place once it was written in the same epoch. What a record changes it changes
// in the overlay at once, by the same calls whether it is written or replayed.

import { assert } from '../base/assert.ts'
import { bytesOf, type Message, NEVER } from '../core/message.ts'
import {
  type QueueName,
  sessionQueue,
  type StoredDelivery,
  type StoreRecord,
} from '../core/store.ts'
import type { SubscriptionOptions } from '../core/subscription.ts'
import { shareName } from '../core/topic.ts'
import {
  bodyBytesMax,
  principalBytesMax,
  willBytesMax,
  writeBody,
  writePrincipal,
  writeWill,
} from './body-codec.ts'
import { GONE, type QueueState, type SessionState, UNSAID } from './changes.ts'
import { type FieldWriter, INTEGER_BYTES_MAX, textBytesMax } from './fields.ts'
import type { Overlay } from './overlay.ts'
import type { Registry } from './registry.ts'

/** The first byte of each record; never renumbered. */
export const Tag = {
  nameSession: 1,
  nameQueue: 2,
  reserved: 3,
  retained: 4,
  cleared: 5,
  opened: 6,
  closed: 7,
  ended: 8,
  subscribed: 9,
  unsubscribed: 10,
  queued: 11,
  unqueued: 12,
  emptied: 13,
  sent: 14,
  released: 15,
  settled: 16,
  returned: 17,
  received: 18,
  forgotten: 19,
  will: 20,
} as const

/** Flags of a delivery, in a queue and in flight, in the journal and in the table. */
export const IS_QOS_2 = 0b1
export const IS_RETAIN = 0b10
export const IS_OWN = 0b100
export const HAS_IDS = 0b1000
export const EXPIRES = 0b1_0000
/** The body is not here: its place follows (journal), or it is kept by its offset (table). */
export const IS_ELSEWHERE = 0b10_0000
/** Of a flight: it stands in a queue. */
export const IN_QUEUE = 0b100_0000
/** Of a flight: the name of the group follows. */
export const HAS_GROUP = 0b1000_0000

/** Of a `will` and an `unqueued` or `settled`: what the byte after the number says. */
export const HAS_WILL = 1
export const SETTLED_IN_QUEUE = 0b1
export const SETTLED_OWN = 0b10

/** Flags of a subscription's options. */
export const OPTION_QOS = 0b11
export const OPTION_NO_LOCAL = 0b100
export const OPTION_RETAIN_AS_PUBLISHED = 0b1000
export const OPTION_HANDLING_SHIFT = 4

/** More than the fixed part of any record. */
const RECORD_BYTES = 64

type Of<Kind extends StoreRecord['kind']> = Extract<StoreRecord, { kind: Kind }>
type AnyDelivery = Of<'queued'> | Of<'sent'>

/** Writes records into the bytes of an epoch and their meaning into its overlay. */
export class RecordWriter {
  readonly #registry: Registry
  /** Of the call under way. */
  #overlay: Overlay

  constructor(registry: Registry, overlay: Overlay) {
    this.#registry = registry
    this.#overlay = overlay
  }

  write(overlay: Overlay, record: StoreRecord): void {
    this.#overlay = overlay
    switch (record.kind) {
      case 'sent':
        return this.#sent(record)
      case 'settled':
        return this.#settled(record)
      case 'queued':
        return this.#queued(record)
      case 'unqueued':
        return this.#unqueued(record)
      case 'received':
        return overlay.session(this.#packet(Tag.received, record)).receive(record.packetId)
      case 'forgotten':
        return overlay.session(this.#packet(Tag.forgotten, record)).forget(record.packetId)
      case 'released':
        return overlay.session(this.#packet(Tag.released, record)).released(record.packetId)
      case 'returned':
        return overlay.session(this.#packet(Tag.returned, record)).landed(record.packetId)
      case 'retained':
        return this.#retained(record.message)
      default:
        return this.#writeRare(record)
    }
  }

  #writeRare(record: StoreRecord): void {
    const overlay = this.#overlay
    switch (record.kind) {
      case 'reserved':
        this.#begin(Tag.reserved, 0).integer(record.bound)
        overlay.reservedBound = record.bound
        return
      case 'cleared':
        this.#begin(Tag.cleared, textBytesMax(record.topic)).text(record.topic)
        overlay.retained.set(record.topic, GONE)
        return
      case 'opened':
        return this.#opened(record)
      case 'closed':
        return this.#closed(record)
      case 'ended':
        return this.#ended(record.clientId)
      case 'subscribed':
        return this.#subscribed(record)
      case 'unsubscribed':
        return this.#unsubscribed(record)
      case 'emptied':
        return this.#emptied(record.queue)
      case 'will':
        return this.#will(record)
      default:
        assert(false, 'a record of no known kind')
    }
  }

  #sent(record: Of<'sent'>): void {
    const { clientId, packetId, message, queue, group } = record
    const session = this.#session(clientId)
    const queueId = queue === undefined ? 0 : this.#queue(queue).id
    let count = record.ids.length * INTEGER_BYTES_MAX
    if (group !== undefined) count += textBytesMax(group)
    const place = queue === undefined ? this.#overlay.bodyPlace(message.offset) : 0
    if (place === UNSAID) count += bodyBytesMax(message)
    const writer = this.#begin(Tag.sent, count)
    writer.integer(session.id)
    writer.u16(packetId)
    const start = this.#overlay.bytes.position
    let flags = deliveryFlags(record, message.expiresAtMs)
    if (queue !== undefined) flags |= IN_QUEUE
    if (group !== undefined) flags |= HAS_GROUP
    if (queue === undefined && place !== UNSAID) flags |= IS_ELSEWHERE
    this.#delivery(writer, flags, record)
    if (group !== undefined) writer.text(group)
    if (queue === undefined) {
      this.#body(writer, message, place)
    } else {
      writer.integer(queueId)
      writer.ordered(message.offset)
    }
    this.#overlay.session(session).sent(packetId, start)
  }

  #settled(record: Of<'settled'>): void {
    const { clientId, packetId, offset, queue, isOwn } = record
    const session = this.#session(clientId)
    const state = queue === undefined ? undefined : this.#queue(queue)
    const writer = this.#begin(Tag.settled, 0)
    writer.integer(session.id)
    writer.u16(packetId)
    this.#overlay.session(session).landed(packetId)
    if (state === undefined) {
      writer.u8(0)
    } else {
      writer.u8(isOwn ? SETTLED_IN_QUEUE | SETTLED_OWN : SETTLED_IN_QUEUE)
      writer.integer(state.id)
      writer.ordered(offset)
      this.#overlay.queue(state).take(offset, isOwn)
    }
  }

  #queued(record: Of<'queued'>): void {
    const { message, queue } = record
    const state = this.#queue(queue)
    const place = this.#overlay.bodyPlace(message.offset)
    let count = record.ids.length * INTEGER_BYTES_MAX
    if (place === UNSAID) count += bodyBytesMax(message)
    const writer = this.#begin(Tag.queued, count)
    writer.integer(state.id)
    const start = this.#overlay.bytes.position
    const flags = deliveryFlags(record, message.expiresAtMs)
    this.#delivery(writer, place === UNSAID ? flags : flags | IS_ELSEWHERE, record)
    this.#body(writer, message, place)
    this.#overlay.queue(state).put(message.offset, start)
  }

  #unqueued({ queue, offset, isOwn }: Of<'unqueued'>): void {
    const state = this.#queue(queue)
    const writer = this.#begin(Tag.unqueued, 0)
    writer.integer(state.id)
    writer.u8(isOwn ? SETTLED_OWN : 0)
    writer.ordered(offset)
    this.#overlay.queue(state).take(offset, isOwn)
  }

  #retained(message: Message): void {
    const place = this.#overlay.bodyPlace(message.offset)
    const writer = this.#begin(Tag.retained, place === UNSAID ? bodyBytesMax(message) : 0)
    writer.u8(place === UNSAID ? 0 : IS_ELSEWHERE)
    const body = this.#body(writer, message, place)
    this.#overlay.retained.set(message.topic, body)
  }

  #opened({ clientId, expiryS, principal }: Of<'opened'>): void {
    const session = this.#session(clientId)
    const writer = this.#begin(Tag.opened, principalBytesMax(principal))
    writer.integer(session.id)
    const start = this.#overlay.bytes.position
    writer.f64(expiryS)
    writePrincipal(writer, principal)
    this.#overlay.opened(session, start)
  }

  #closed({ clientId, atMs, endsAtMs }: Of<'closed'>): void {
    const session = this.#session(clientId)
    const writer = this.#begin(Tag.closed, 0)
    writer.integer(session.id)
    const start = this.#overlay.bytes.position
    writer.f64(atMs)
    writer.f64(endsAtMs)
    this.#overlay.session(session).closed = start
  }

  #ended(clientId: string): void {
    this.#emptied(sessionQueue(clientId))
    const session = this.#registry.sessions.get(clientId)
    if (session === undefined) return
    this.#begin(Tag.ended, 0).integer(session.id)
    this.#overlay.ended(session)
  }

  #emptied(queue: QueueName): void {
    const state = this.#registry.queues.get(queue)
    if (state === undefined) return
    this.#begin(Tag.emptied, 0).integer(state.id)
    this.#overlay.emptied(state)
  }

  #subscribed({ clientId, filter, share, options }: Of<'subscribed'>): void {
    const key = share === undefined ? filter : shareName(share, filter)
    const session = this.#session(clientId)
    const writer = this.#begin(Tag.subscribed, textBytesMax(key))
    writer.integer(session.id)
    writer.text(key)
    const start = this.#overlay.bytes.position
    writeOptions(writer, options)
    this.#overlay.subscribed(session, key, start)
  }

  #unsubscribed({ clientId, filter, share }: Of<'unsubscribed'>): void {
    const key = share === undefined ? filter : shareName(share, filter)
    const session = this.#session(clientId)
    const writer = this.#begin(Tag.unsubscribed, textBytesMax(key))
    writer.integer(session.id)
    writer.text(key)
    this.#overlay.subscribed(session, key, GONE)
  }

  #will({ clientId, will }: Of<'will'>): void {
    const session = this.#session(clientId)
    const writer = this.#begin(Tag.will, will === undefined ? 0 : willBytesMax(will))
    writer.integer(session.id)
    writer.u8(will === undefined ? 0 : HAS_WILL)
    const start = this.#overlay.bytes.position
    if (will !== undefined) writeWill(writer, will)
    this.#overlay.session(session).will = will === undefined ? GONE : start
  }

  #packet(tag: number, { clientId, packetId }: PacketRecord): SessionState {
    const session = this.#session(clientId)
    const writer = this.#begin(tag, 0)
    writer.integer(session.id)
    writer.u16(packetId)
    return session
  }

  #delivery(writer: FieldWriter, flags: number, { message, ids }: AnyDelivery): void {
    writeDeliveryHead(writer, flags, bytesOf(message), message.expiresAtMs, ids)
  }

  /** Writes the body, or the place where it is. Returns that place. */
  #body(writer: FieldWriter, message: Message, place: number): number {
    if (place !== UNSAID) {
      writer.integer(place)
      return place
    }
    const start = this.#overlay.bytes.position
    writeBody(writer, message)
    this.#overlay.setBodyPlace(message.offset, start)
    return start
  }

  #begin(tag: number, count: number): FieldWriter {
    const { bytes } = this.#overlay
    bytes.reserve(RECORD_BYTES + count)
    bytes.writer.u8(tag)
    return bytes.writer
  }

  #session(clientId: string): SessionState {
    const state = this.#registry.sessions.get(clientId)
    if (state !== undefined) return state
    const id = this.#registry.nextId
    const writer = this.#begin(Tag.nameSession, textBytesMax(clientId))
    writer.integer(id)
    writer.text(clientId)
    return this.#registry.addSession(id, clientId, this.#overlay.number)
  }

  #queue(name: QueueName): QueueState {
    const state = this.#registry.queues.get(name)
    if (state !== undefined) return state
    const id = this.#registry.nextId
    const writer = this.#begin(Tag.nameQueue, textBytesMax(name))
    writer.integer(id)
    writer.text(name)
    return this.#registry.addQueue(id, name, this.#overlay.number)
  }
}

interface PacketRecord {
  readonly clientId: string
  readonly packetId: number
}

/** The flags of what stands in a queue, or of a flight before it is said where that stands. */
export function deliveryFlags(
  { qos, retain, isOwn, ids }: Omit<StoredDelivery, 'message'>,
  expiresAtMs: number,
): number {
  let flags = qos === 2 ? IS_QOS_2 : 0
  if (retain) flags |= IS_RETAIN
  if (isOwn) flags |= IS_OWN
  if (ids.length > 0) flags |= HAS_IDS
  if (expiresAtMs !== NEVER) flags |= EXPIRES
  return flags
}

/** `bytes` and `expiresAtMs` are those of the message. */
export function writeDeliveryHead(
  writer: FieldWriter,
  flags: number,
  bytes: number,
  expiresAtMs: number,
  ids: readonly number[],
): void {
  writer.u8(flags)
  writer.integer(bytes)
  if ((flags & EXPIRES) !== 0) writer.f64(expiresAtMs)
  if ((flags & HAS_IDS) === 0) return
  writer.integer(ids.length)
  for (const id of ids) writer.integer(id)
}

export function writeOptions(writer: FieldWriter, options: SubscriptionOptions): void {
  let flags: number = options.qos | (options.retainHandling << OPTION_HANDLING_SHIFT)
  if (options.noLocal) flags |= OPTION_NO_LOCAL
  if (options.retainAsPublished) flags |= OPTION_RETAIN_AS_PUBLISHED
  writer.u8(flags)
  writer.integer(options.id)
}

// Fills the table of a new store, line by line of an export. A line that is wrong is told; whoever
// calls it throws the table away then.

import { bytesOf, type Message } from '../core/message.ts'
import { type QueueName, sessionQueue } from '../core/store.ts'
import { shareName } from '../core/topic.ts'
import {
  bodyBytesMax,
  principalBytesMax,
  willBytesMax,
  writeBody,
  writePrincipal,
  writeWill,
} from './body-codec.ts'
import { EXPORT_KIND, EXPORT_FORMAT } from './export-text.ts'
import { FieldReader, INTEGER_BYTES_MAX, textBytesMax } from './fields.ts'
import { ImportBatch } from './import-batch.ts'
import { JsonFields, LineError } from './import-fields.ts'
import {
  type FlightLine,
  type QueuedLine,
  readFlight,
  readMessage,
  readQueued,
  readSession,
} from './import-text.ts'
import type { Kv } from './kv.ts'
import {
  deliveryFlags,
  HAS_GROUP,
  IN_QUEUE,
  IS_ELSEWHERE,
  writeDeliveryHead,
  writeOptions,
} from './record-codec.ts'
import type { LoadedSession } from './session-load.ts'
import { openValue, readDeliveryHead, ValueWriter } from './table-entry.ts'
import {
  bodyKey,
  flightKey,
  kept,
  queueEntryKey,
  queueNameKey,
  receivedKey,
  retainedKey,
  SessionPart,
  sessionKey,
  subscriptionKey,
} from './table-keys.ts'
import type { TableMeta } from './table-state.ts'

/** What lines are of, in the order in which they come. */
const KINDS = ['retained', 'session', 'message', 'queued', 'flight', 'end'] as const
type Kind = (typeof KINDS)[number]

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** More than the fixed part of any value. */
const VALUE_BYTES = 64
/** Flights are looked up in the table so many at a time. */
const FLIGHTS_AT_ONCE = 64

/** A message that several queues refer to. */
interface Shared {
  readonly bytes: number
  readonly expiresAtMs: number
  readonly line: number
  count: number
}

export class ImportTable {
  readonly #batch: ImportBatch
  readonly #values = new ValueWriter()
  readonly #sessions = new Map<string, number>()
  readonly #queues = new Map<QueueName, number>()
  readonly #shared = new Map<number, Shared>()
  #flights: { readonly line: number; readonly flight: FlightLine }[] = []
  #meta: TableMeta | undefined
  #kind: Kind | undefined
  /** The number of the present line, from 1. */
  #line = 0

  /** `onWrong` hears of lines that are wrong. */
  constructor(kv: Kv, onWrong: (line: number, what: string) => void) {
    this.#batch = new ImportBatch(kv, onWrong)
  }

  get line(): number {
    return this.#line
  }

  /** Whether the first line was one. */
  get isBegun(): boolean {
    return this.#meta !== undefined
  }

  async take(line: Uint8Array): Promise<void> {
    this.#line += 1
    await this.#tried(this.#line, () => this.#take(line))
    if (this.#batch.isFull) await this.#batch.flush()
  }

  /** After the last line: all is in the table then, unless a line was wrong. */
  async finish(): Promise<void> {
    await this.#tried(this.#line + 1, () => {
      if (this.#kind !== 'end') throw new LineError('it is cut off: the last line must be its end')
    })
    await this.#putFlights()
    for (const { count, line } of this.#shared.values()) {
      if (count === 0) this.#batch.onWrong(line, 'no queue refers to this message')
    }
    await this.#batch.finish(this.#meta)
  }

  async #tried(line: number, step: () => void | Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof LineError)) throw error
      this.#batch.onWrong(line, error.message)
    }
  }

  async #take(line: Uint8Array): Promise<void> {
    const fields = new JsonFields(parseLine(line))
    if (this.#line === 1) this.#begin(fields)
    else await this.#one(fields)
  }

  #begin(fields: JsonFields): void {
    if (fields.textIf('kind') !== EXPORT_KIND) throw new LineError('it is no export of a store')
    const found = fields.integer('version', 1)
    if (found !== EXPORT_FORMAT) {
      throw new LineError(
        `the export has version ${found}, and this version of rameau reads ${EXPORT_FORMAT}`,
      )
    }
    this.#meta = {
      ...{ batch: 1, position: 0, epoch: 0, reservedBound: fields.integer('offset', 0) },
      ...{ nextId: 1, nextFlight: 1, wallMs: fields.time('wallMs') },
    }
    fields.done()
  }

  async #one(fields: JsonFields): Promise<void> {
    const before = this.#kind
    const kind = this.#next(fields)
    // What a flight refers to is looked up in the table.
    if (kind === 'flight' && kind !== before) await this.#batch.flush()
    const offsetMax = this.#known.reservedBound - 1
    switch (kind) {
      case 'retained': {
        const message = readMessage(fields.object('message'), offsetMax)
        fields.done()
        return this.#putBody(retainedKey(message.topic), message)
      }
      case 'session':
        return this.#session(readSession(fields))
      case 'message': {
        const message = readMessage(fields.object('message'), offsetMax)
        fields.done()
        return this.#message(message)
      }
      case 'queued':
        return this.#queued(readQueued(fields, offsetMax))
      case 'flight':
        this.#flights.push({ line: this.#line, flight: readFlight(fields, offsetMax) })
        if (this.#flights.length >= FLIGHTS_AT_ONCE) await this.#putFlights()
        return
      case 'end': {
        const lines = fields.integer('lines', 0)
        fields.done()
        if (lines !== this.#line - 1) throw new LineError(`${lines} lines come before it, it says`)
      }
    }
  }

  get #known(): TableMeta {
    if (this.#meta === undefined) throw new LineError('the first line is missing')
    return this.#meta
  }

  #next(fields: JsonFields): Kind {
    const text = fields.text('kind')
    const kind = KINDS.find((one) => one === text)
    if (kind === undefined) throw new LineError(`'kind' is none of ${KINDS.join(', ')}`)
    const before = this.#kind
    if (before === 'end') throw new LineError('it comes after the end')
    if (before !== undefined && KINDS.indexOf(kind) < KINDS.indexOf(before)) {
      throw new LineError(`a line of kind ${kind} after one of kind ${before}`)
    }
    this.#kind = kind
    return kind
  }

  #session(session: Omit<LoadedSession, 'flights'>): void {
    const { clientId, expiryS, principal, closedAtMs, endsAtMs, will } = session
    if (this.#sessions.has(clientId)) throw new LineError(`a second session '${clientId}'`)
    const id = this.#known.nextId++
    this.#sessions.set(clientId, id)
    const opened = this.#values.begin(textBytesMax(clientId) + 8 + principalBytesMax(principal))
    opened.text(clientId)
    opened.f64(expiryS)
    writePrincipal(opened, principal)
    this.#put(sessionKey(id, SessionPart.opened))
    if (closedAtMs !== undefined && endsAtMs !== undefined) {
      const closed = this.#values.begin(VALUE_BYTES)
      closed.f64(closedAtMs)
      closed.f64(endsAtMs)
      this.#put(sessionKey(id, SessionPart.closed))
    }
    if (will !== undefined) {
      writeWill(this.#values.begin(willBytesMax(will)), will)
      this.#put(sessionKey(id, SessionPart.will))
    }
    for (const { filter, share, options } of session.subscriptions) {
      writeOptions(this.#values.begin(VALUE_BYTES), options)
      this.#put(subscriptionKey(id, share === undefined ? filter : shareName(share, filter)))
    }
    for (const packetId of session.received) {
      this.#values.begin(0)
      this.#put(receivedKey(id, packetId))
    }
  }

  #message(message: Message): void {
    const { offset, expiresAtMs } = message
    if (this.#shared.has(offset)) throw new LineError(`a second message ${offset}`)
    const shared = { bytes: bytesOf(message), expiresAtMs, line: this.#line, count: 0 }
    this.#shared.set(offset, shared)
    this.#putBody(bodyKey(offset), message)
  }

  #queued({ queue, qos, retain, ids, message }: QueuedLine): void {
    const id = this.#queueId(queue)
    const count = VALUE_BYTES + ids.length * INTEGER_BYTES_MAX
    if (typeof message !== 'number') {
      const { offset, expiresAtMs } = message
      const flags = deliveryFlags({ qos, retain, ids, isOwn: true }, expiresAtMs)
      const writer = this.#values.begin(count + bodyBytesMax(message))
      writeDeliveryHead(writer, flags, bytesOf(message), expiresAtMs, ids)
      writeBody(writer, message)
      this.#put(queueEntryKey(id, offset))
      return
    }
    const shared = this.#shared.get(message)
    if (shared === undefined) throw new LineError(`there is no message ${message}`)
    const { bytes, expiresAtMs } = shared
    shared.count += 1
    const flags = deliveryFlags({ qos, retain, ids, isOwn: false }, expiresAtMs)
    const writer = this.#values.begin(count)
    writeDeliveryHead(writer, flags | IS_ELSEWHERE, bytes, expiresAtMs, ids)
    this.#put(queueEntryKey(id, message))
  }

  /** Its number; it gets one where it is named for the first time. */
  #queueId(queue: QueueName): number {
    const known = this.#queues.get(queue)
    if (known !== undefined) return known
    const clientId = queue.slice(2)
    if (queue === sessionQueue(clientId)) this.#sessionId(clientId)
    const id = this.#known.nextId++
    this.#queues.set(queue, id)
    this.#values.begin(textBytesMax(queue)).rawText(queue)
    this.#put(queueNameKey(id))
    return id
  }

  #sessionId(clientId: string): number {
    const id = this.#sessions.get(clientId)
    if (id === undefined) throw new LineError(`there is no session '${clientId}'`)
    return id
  }

  /** Flights refer to what stands in queues, all of which is in the table by now. */
  async #putFlights(): Promise<void> {
    const flights = this.#flights
    this.#flights = []
    const keys = flights.map(({ flight: { message } }) => {
      const queue = 'queue' in message ? this.#queues.get(message.queue) : undefined
      return queue === undefined ? undefined : kept(queueEntryKey(queue, message.offset))
    })
    const values = await this.#batch.find(keys)
    for (const [index, { line, flight }] of flights.entries()) {
      const key = keys[index]
      const value = values[index]
      const found = key === undefined || value === undefined ? undefined : { key, value }
      await this.#tried(line, () => this.#putFlight(flight, found, line))
    }
  }

  #putFlight(
    { clientId, packetId, qos, retain, ids, group, isReleased, message }: FlightLine,
    found: { readonly key: Uint8Array; readonly value: Uint8Array } | undefined,
    line: number,
  ): void {
    const id = this.#sessionId(clientId)
    let count = VALUE_BYTES + ids.length * INTEGER_BYTES_MAX + textBytesMax(group ?? '')
    let head = { bytes: 0, expiresAtMs: 0, isOwn: true }
    let flags = group === undefined ? 0 : HAS_GROUP
    if (!('queue' in message)) {
      head = { bytes: bytesOf(message), expiresAtMs: message.expiresAtMs, isOwn: true }
      count += bodyBytesMax(message)
    } else {
      if (found === undefined) throw new LineError('what is in flight stands in no such queue')
      const reader = new FieldReader()
      openValue(reader, found.key, found.value)
      head = readDeliveryHead(reader)
      flags |= IN_QUEUE
    }
    const { bytes, expiresAtMs, isOwn } = head
    flags |= deliveryFlags({ qos, retain, ids, isOwn }, expiresAtMs)
    const writer = this.#values.begin(count)
    writer.ordered(this.#known.nextFlight++)
    writeDeliveryHead(writer, flags, bytes, expiresAtMs, ids)
    if (group !== undefined) writer.text(group)
    if ('queue' in message) {
      writer.integer(this.#queues.get(message.queue) ?? 0)
      writer.ordered(message.offset)
    } else {
      writeBody(writer, message)
    }
    this.#put(flightKey(id, packetId, false), line)
    if (!isReleased) return
    this.#values.begin(0)
    this.#put(flightKey(id, packetId, true), line)
  }

  #putBody(key: Uint8Array, message: Message): void {
    writeBody(this.#values.begin(bodyBytesMax(message)), message)
    this.#put(key)
  }

  /** Puts the value that was written last. */
  #put(key: Uint8Array, line: number = this.#line): void {
    this.#batch.put(key, this.#values.sealed(key), line)
  }
}

function parseLine(line: Uint8Array): unknown {
  let text: string
  try {
    text = decoder.decode(line)
  } catch {
    throw new LineError('it is no UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new LineError('it is no JSON')
  }
}

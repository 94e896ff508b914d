// What one epoch changed in a session, as part of a batch of the table.

import { bodyView, readPrincipal, readWill } from './body-codec.ts'
import { flightPlace, GONE, isReleased, type SessionChanges, UNSAID } from './changes.ts'
import { type FieldReader, textBytesMax } from './fields.ts'
import type { KvBatch } from './kv.ts'
import type { Overlay } from './overlay.ts'
import { HAS_GROUP, IN_QUEUE, IS_ELSEWHERE } from './record-codec.ts'
import { readDeliveryHead, type ValueWriter } from './table-entry.ts'
import { flightKey, receivedKey, SessionPart, sessionKey, subscriptionKey } from './table-keys.ts'
import type { TableMeta } from './table-state.ts'

/** What a flight has beside the bytes of its record. */
const FLIGHT_BYTES = 16

export class SessionBatch {
  readonly #overlay: Overlay
  readonly #batch: KvBatch
  readonly #values: ValueWriter
  readonly #meta: TableMeta

  /** The place of the next flight is taken from `meta`, and moved on there. */
  constructor(overlay: Overlay, batch: KvBatch, values: ValueWriter, meta: TableMeta) {
    this.#overlay = overlay
    this.#batch = batch
    this.#values = values
    this.#meta = meta
  }

  /** Puts one session into the batch, a step for each of its changes. */
  *put(changes: SessionChanges): Generator<void, undefined> {
    if (changes.isDead) return undefined
    const { state, opened, closed, will, subscriptions, flights, received } = changes
    if (opened !== UNSAID) this.#putOpened(changes)
    if (closed !== UNSAID) this.#copy(sessionKey(state.id, SessionPart.closed), closed, passTimes)
    if (will !== UNSAID) this.#copy(sessionKey(state.id, SessionPart.will), will, readWill)
    yield
    for (const [text, place] of subscriptions ?? []) {
      this.#copy(subscriptionKey(state.id, text), place, passOptions)
      yield
    }
    changes.firstFlight = this.#meta.nextFlight
    for (const [packetId, value] of flights ?? []) {
      this.#putFlight(changes, packetId, value)
      yield
    }
    for (const [packetId, value] of received ?? []) {
      const key = receivedKey(state.id, packetId)
      if (value === GONE) this.#batch.del(key)
      else this.#putMark(key)
      yield
    }
    return undefined
  }

  #putOpened({ state, opened }: SessionChanges): void {
    const reader = this.#overlay.bytes.at(opened)
    const start = reader.at
    reader.f64()
    readPrincipal(reader)
    const bytes = reader.view(start, reader.at)
    const writer = this.#values.begin(textBytesMax(state.clientId) + bytes.length)
    writer.text(state.clientId)
    writer.raw(bytes)
    const key = sessionKey(state.id, SessionPart.opened)
    this.#batch.put(key, this.#values.sealed(key))
  }

  #putFlight(changes: SessionChanges, packetId: number, value: number): void {
    const { id } = changes.state
    const place = flightPlace(value)
    if (value === GONE) {
      this.#batch.del(flightKey(id, packetId, false))
    } else if (place !== undefined) {
      const number = flightNumber(changes, packetId) ?? this.#meta.nextFlight++
      const bytes = this.#flightBytes(place)
      const body = this.#flightBody(place)
      const writer = this.#values.begin(FLIGHT_BYTES + bytes.length + body.length)
      writer.ordered(number)
      writer.raw(bytes)
      writer.bytes[writer.at - bytes.length] = (bytes[0] ?? 0) & ~IS_ELSEWHERE
      writer.raw(body)
      const key = flightKey(id, packetId, false)
      this.#batch.put(key, this.#values.sealed(key))
    }
    if (isReleased(value)) this.#putMark(flightKey(id, packetId, true))
    else if (value === GONE || changes.state.flights?.has(packetId) === true) {
      this.#batch.del(flightKey(id, packetId, true))
    }
  }

  /** All of the flight's record but its body. */
  #flightBytes(place: number): Uint8Array {
    const reader = this.#overlay.bytes.at(place)
    const start = reader.at
    const { flags } = readDeliveryHead(reader)
    if ((flags & HAS_GROUP) !== 0) reader.text()
    if ((flags & IN_QUEUE) !== 0) {
      reader.integer()
      reader.ordered()
    }
    return reader.view(start, reader.at)
  }

  /** The flight's body; nothing where it stands in a queue. */
  #flightBody(place: number): Uint8Array {
    const reader = this.#overlay.bytes.at(place)
    const { flags } = readDeliveryHead(reader)
    if ((flags & IN_QUEUE) !== 0) return NOTHING
    if ((flags & HAS_GROUP) !== 0) reader.text()
    return writtenBody(this.#overlay, reader, flags)
  }

  /** Puts the bytes from `place` to where `pass` ends; deletes the key where there is none. */
  #copy(key: Uint8Array, place: number, pass: (reader: FieldReader) => unknown): void {
    if (place === GONE) {
      this.#batch.del(key)
      return
    }
    const reader = this.#overlay.bytes.at(place)
    const start = reader.at
    pass(reader)
    const bytes = reader.view(start, reader.at)
    this.#values.begin(bytes.length).raw(bytes)
    this.#batch.put(key, this.#values.sealed(key))
  }

  #putMark(key: Uint8Array): void {
    this.#values.begin(0)
    this.#batch.put(key, this.#values.sealed(key))
  }
}

const NOTHING = new Uint8Array(0)

/** The batch is on the disk: what is known in memory of the table is brought up to it. */
export function settleSession(changes: SessionChanges): void {
  const { state, epoch, isDead, flights, received } = changes
  let next = changes.firstFlight
  if (!isDead) {
    for (const [packetId, value] of flights ?? []) {
      if (value === GONE) {
        state.flights?.delete(packetId)
      } else if (flightPlace(value) !== undefined) {
        const number = flightNumber(changes, packetId) ?? next++
        state.flights ??= new Map()
        state.flights.set(packetId, number)
      }
    }
    for (const [packetId, value] of received ?? []) {
      state.received ??= new Set()
      if (value === GONE) state.received.delete(packetId)
      else state.received.add(packetId)
    }
    if (state.flights?.size === 0) state.flights = undefined
    if (state.received?.size === 0) state.received = undefined
  }
  if (state.frozen?.epoch === epoch) state.frozen = undefined
  if (state.changes?.epoch === epoch) state.changes = undefined
}

/** The place of a flight that was sent before this epoch, and is told of anew. */
function flightNumber({ state, reused }: SessionChanges, packetId: number): number | undefined {
  return reused?.has(packetId) === true ? undefined : state.flights?.get(packetId)
}

/** The body that stands where the reader is, or at the place that does; the reader is used up. */
export function writtenBody(overlay: Overlay, reader: FieldReader, flags: number): Uint8Array {
  if ((flags & IS_ELSEWHERE) === 0) return bodyView(reader)
  return bodyView(overlay.bytes.at(reader.integer()))
}

function passTimes(reader: FieldReader): void {
  reader.skip(16)
}

function passOptions(reader: FieldReader): void {
  reader.u8()
  reader.integer()
}

// What one epoch changed in one queue and in one session. A value is the place of a record within
// the epoch's bytes, or one of the marks below. Knows no bytes.

import { OffsetList } from './offset-list.ts'

/** Nothing was said of it in this epoch; of a queue's entry: it is not known what stood there. */
export const UNSAID: number = -1
/** It is gone, and the table may still hold it. */
export const GONE: number = -2
/** Of a queue's entry: likewise, and it was not a copy of its own. */
export const GONE_SHARED: number = -3
/** Of a flight: it was released, and was sent in an earlier epoch. */
export const RELEASED: number = -4
/** Of a flight: it was released, and was sent in this epoch at the place `RELEASED_AT - value`. */
const RELEASED_AT = -16

/** A queue, as long as it exists. */
export class QueueState {
  readonly id: number
  readonly name: string
  /** The epoch that it began in. */
  readonly bornIn: number
  /** The largest offset that it ever held. */
  offsetMax = -1
  /** The largest offset of it that the table may hold. */
  tableMax = -1
  /** Of the present epoch or, where nothing was said since, of the one before. */
  changes: QueueChanges | undefined
  /** Of the epoch before, until the table has it. */
  frozen: QueueChanges | undefined

  constructor(id: number, name: string, bornIn: number) {
    this.id = id
    this.name = name
    this.bornIn = bornIn
  }
}

export class QueueChanges {
  readonly state: QueueState
  readonly epoch: number
  /** Offsets up to here may stand in the table or in an earlier epoch. */
  readonly belowMax: number
  /** What was put, by its place. */
  readonly puts: OffsetList = new OffsetList()
  /** What stands there no more as the table has it, put anew or not. */
  readonly gone: OffsetList = new OffsetList()
  /** Whether one of `gone` is UNSAID: most epochs have none, and need not be searched for them. */
  hasUnsaid = false
  isDead = false

  constructor(state: QueueState, epoch: number) {
    this.state = state
    this.epoch = epoch
    this.belowMax = state.offsetMax
  }

  put(offset: number, place: number): void {
    this.puts.set(offset, place)
    if (offset > this.state.offsetMax) this.state.offsetMax = offset
    else if (offset <= this.belowMax && this.gone.get(offset) === undefined) {
      this.gone.set(offset, UNSAID)
      this.hasUnsaid = true
    }
  }

  take(offset: number, isOwn: boolean): void {
    this.puts.delete(offset)
    if (offset <= this.belowMax && this.gone.get(offset) === undefined) {
      this.gone.set(offset, isOwn ? GONE : GONE_SHARED)
    }
  }
}

/** A session, as long as it exists. */
export class SessionState {
  readonly id: number
  readonly clientId: string
  readonly bornIn: number
  changes: SessionChanges | undefined
  frozen: SessionChanges | undefined
  /** The packet ids that the table has, with their place among the flights. */
  flights: Map<number, number> | undefined
  received: Set<number> | undefined

  constructor(id: number, clientId: string, bornIn: number) {
    this.id = id
    this.clientId = clientId
    this.bornIn = bornIn
  }
}

export class SessionChanges {
  readonly state: SessionState
  readonly epoch: number
  opened: number = UNSAID
  closed: number = UNSAID
  will: number = UNSAID
  /** By `subscriptionKey`. */
  subscriptions: Map<string, number> | undefined
  /** By packet id, in the order of sending. */
  flights: Map<number, number> | undefined
  /** Packet ids that the table has for another flight than this epoch. */
  reused: Set<number> | undefined
  /** By packet id; 0 where it was received. */
  received: Map<number, number> | undefined
  /** The place that its first new flight takes among all, once the epoch is written. */
  firstFlight = 0
  isDead = false

  constructor(state: SessionState, epoch: number) {
    this.state = state
    this.epoch = epoch
  }

  sent(packetId: number, place: number): void {
    this.flights ??= new Map()
    const before = this.flights.get(packetId)
    if (before === GONE) {
      this.flights.delete(packetId)
      this.reused ??= new Set()
      this.reused.add(packetId)
    }
    this.flights.set(packetId, place)
  }

  released(packetId: number): void {
    this.flights ??= new Map()
    const before = this.flights.get(packetId)
    if (before === undefined) this.flights.set(packetId, RELEASED)
    else if (before >= 0) this.flights.set(packetId, RELEASED_AT - before)
  }

  /** It is in flight no more. */
  landed(packetId: number): void {
    const { state } = this
    const before = state.frozen?.flights?.get(packetId)
    const isBelow = before === undefined ? state.flights?.has(packetId) === true : before !== GONE
    if (isBelow) {
      this.flights ??= new Map()
      this.flights.set(packetId, GONE)
    } else {
      this.flights?.delete(packetId)
    }
  }

  receive(packetId: number): void {
    this.received ??= new Map()
    this.received.set(packetId, 0)
  }

  forget(packetId: number): void {
    const { state } = this
    const before = state.frozen?.received?.get(packetId)
    const isBelow = before === undefined ? state.received?.has(packetId) === true : before !== GONE
    if (isBelow) {
      this.received ??= new Map()
      this.received.set(packetId, GONE)
    } else {
      this.received?.delete(packetId)
    }
  }
}

export function isReleased(flight: number): boolean {
  return flight === RELEASED || flight <= RELEASED_AT
}

/** The place that a flight's value names, or undefined where it names none. */
export function flightPlace(flight: number): number | undefined {
  if (flight >= 0) return flight
  return flight <= RELEASED_AT ? RELEASED_AT - flight : undefined
}

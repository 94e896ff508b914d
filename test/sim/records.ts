// What a store on disk would hold, rebuilt from the records alone. Every record must make sense in
// its place: that is what a later start from a journal will rely on.

import { type QueueName, sessionQueue, type StoreRecord } from '../../src/core/store.ts'
import { KeptState } from '../support/kept-state.ts'
import type { World } from './world.ts'

export class RecordModel {
  readonly state: KeptState = new KeptState()
  /** The number of the newest record of each kind about each thing, for the checkers. */
  readonly latest: Map<string, number> = new Map()
  /** The numbers of all records about one subscription. */
  readonly subscribed: Map<string, number[]> = new Map()
  /** The first words of each message's payload, by offset. */
  readonly names: Map<number, string> = new Map()
  /** The step that first stored a message, by its name: its acknowledgement waits for that. */
  readonly firstStored: Map<string, { event: number; record: number }> = new Map()
  queueMax: number = Number.POSITIVE_INFINITY
  /** What was said to be released before it was said again where it stands. */
  readonly #releasedBefore = new Set<string>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** How much stands in a queue and is not in flight. */
  waiting(queue: QueueName): number {
    let count = this.state.waiting(queue).length
    for (const { flights } of this.state.sessions.values()) {
      for (const flight of flights.values()) if (flight.queue === queue) count -= 1
    }
    return count
  }

  /**
   * `event` is the step of the run in which it was appended; what is replayed after a crash was
   * checked before.
   */
  apply(record: StoreRecord, index: number, event: number, isReplayed = false): void {
    if ('message' in record) {
      const { offset, payload } = record.message
      this.#message(offset, payload, index, event)
    }
    // One that only changes where it stands was sent before.
    const isNew = !this.#isRepeated(record)
    if (record.kind === 'sent' && isNew && !isReplayed) this.#checkSent(record)
    try {
      this.state.apply(record)
    } catch (error) {
      this.#world.violation(String(error))
    }
    if ('clientId' in record && isNew) {
      this.latest.set(`${record.kind} ${record.clientId}`, index)
      if ('packetId' in record) {
        this.latest.set(`${record.kind} ${record.clientId} ${record.packetId}`, index)
      }
    }
    if (record.kind === 'subscribed' || record.kind === 'unsubscribed') {
      this.#noteSubscription(record, index)
    }
    if (record.kind === 'queued' && !isReplayed) this.#checkBound(record)
  }

  describe(record: StoreRecord): string {
    const words: string[] = [record.kind]
    for (const [name, value] of Object.entries(record)) {
      if (name === 'message') words.push(`message=${(value as { offset: number }).offset}`)
      else if (name !== 'kind' && typeof value !== 'object') words.push(`${name}=${String(value)}`)
    }
    return words.join(' ')
  }

  #isRepeated(record: StoreRecord): boolean {
    if (record.kind !== 'sent' && record.kind !== 'released') return false
    const name = `${record.clientId} ${record.packetId}`
    const flight = this.state.sessions.get(record.clientId)?.flights.get(record.packetId)
    if (record.kind === 'released') return this.#releasedBefore.delete(name)
    if (flight?.isReleased === true) this.#releasedBefore.add(name)
    return flight !== undefined
  }

  #message(offset: number, payload: Uint8Array, index: number, event: number): void {
    const name = nameOf(payload)
    if ((this.names.get(offset) ?? name) !== name) {
      this.#world.violation(`${offset} is two messages`)
    }
    this.names.set(offset, name)
    const first = this.firstStored.get(name)
    if (first === undefined) {
      this.firstStored.set(name, { event, record: index })
    } else if (first.event === event) first.record = index
  }

  #checkSent(record: Extract<StoreRecord, { kind: 'sent' }>): void {
    // Nobody here asks for Retain As Published, so this is the state of a topic.
    const { retain, message } = record
    const state = this.state.retained.get(message.topic)
    if (retain && state?.offset !== message.offset) {
      this.#world.violation(`${this.describe(record)}: it is no state any more`)
    }
  }

  #checkBound(record: Extract<StoreRecord, { kind: 'queued' }>): void {
    // What members give back goes past the bound of a group.
    if (record.queue[0] === 'g') return
    const waiting = this.waiting(record.queue)
    if (waiting > this.queueMax) {
      this.#world.violation(`${this.describe(record)}: ${waiting} messages wait`)
    }
  }

  #noteSubscription(
    record: Extract<StoreRecord, { kind: 'subscribed' | 'unsubscribed' }>,
    index: number,
  ): void {
    const { kind, clientId, filter, share } = record
    const name = share === undefined ? filter : `$share/${share}/${filter}`
    const key = `${kind} ${clientId} ${name}`
    const indexes = this.subscribed.get(key)
    if (indexes === undefined) this.subscribed.set(key, [index])
    else indexes.push(index)
  }

  /** The offsets of all that stands in a session's queue or is in flight. */
  kept(clientId: string): ReadonlySet<number> {
    const kept = new Set<number>()
    for (const { message } of this.state.waiting(sessionQueue(clientId))) kept.add(message.offset)
    const { flights } = this.state.sessions.get(clientId) ?? {}
    for (const { message } of flights?.values() ?? []) kept.add(message.offset)
    return kept
  }
}

/** Each payload begins with the message's name and a bar. */
export function nameOf(payload: Uint8Array): string {
  const end = payload.indexOf(0x7c)
  return Buffer.from(payload.subarray(0, end === -1 ? 0 : end)).toString('latin1')
}

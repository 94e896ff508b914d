// Reads everything in a store and tells what is not as it must be: what cannot be read, what refers
// to something that is not there, what nothing refers to. Changes nothing.

import { bytesOf } from '../core/message.ts'
import { FieldReader } from './fields.ts'
import { readBody } from './body-codec.ts'
import type { OnUnreadable, StoreReading } from './reading.ts'
import { IS_ELSEWHERE } from './record-codec.ts'
import type { Damage } from './recovery.ts'
import type { Registry } from './registry.ts'
import { UnreadableError } from './storage-errors.ts'
import { DEAD_QUEUE } from './table-batch.ts'
import { openValue, readBodyValue, readDeliveryHead } from './table-entry.ts'
import { bodyKey, entryOffset, type KeyRange, numberOf, RANGES, retainedKey } from './table-keys.ts'
import { SharedBodies } from './table-state.ts'

/** Of a key with one number, and of one with two. */
const NUMBERED_KEY_BYTES = 9
const ENTRY_KEY_BYTES = 17

/** What a store holds, counted while it was checked. */
export interface Checked {
  readonly retained: number
  readonly sessions: number
  readonly subscriptions: number
  readonly flights: number
  readonly queued: number
  /** Messages that stand in more than one queue, or did. */
  readonly shared: number
}

/** Tells `found` of each damage of the journal, then `onUnreadable` of each entry that is wrong. */
export async function checkStore(
  reading: StoreReading,
  found: (damage: string) => void,
  onUnreadable: OnUnreadable,
): Promise<Checked> {
  const { journal, lostRecords } = reading
  for (const damage of journal.damages) found(damageText(damage))
  if (lostRecords > 0) found(`journal: ${lostRecords} records refer to what is lost`)
  const retained = await checkRetained(reading)
  const sums = await checkSessions(reading)
  const queued = await new QueueCheck(reading, onUnreadable).run()
  return { retained, ...sums, queued, shared: reading.shared.size }
}

async function checkRetained(reading: StoreReading): Promise<number> {
  const reader = new FieldReader()
  let count = 0
  await reading.each(RANGES.retained, (key, value) => {
    const { topic } = readBodyValue(reader, key, value)
    if (!isSame(key, retainedKey(topic))) throw new UnreadableError('it is of another topic')
    count += 1
  })
  return count
}

/** The reading itself tells of parts without a session, and of flights without a message. */
async function checkSessions(
  reading: StoreReading,
): Promise<Pick<Checked, 'sessions' | 'subscriptions' | 'flights'>> {
  let sessions = 0
  let subscriptions = 0
  let flights = 0
  for await (const session of reading.sessions()) {
    sessions += 1
    subscriptions += session.subscriptions.length
    flights += session.flights.length
  }
  return { sessions, subscriptions, flights }
}

/** The entries of queues, and the bodies that they share. */
class QueueCheck {
  readonly #reading: StoreReading
  readonly #onUnreadable: OnUnreadable
  readonly #reader = new FieldReader()
  readonly #deadQueues = new Set<number>()
  /** Of bodies that lie by themselves. */
  readonly #offsets = new Set<number>()
  /** As they were found; to be compared with what the store counts. */
  readonly #shared = new SharedBodies()
  #count = 0

  constructor(reading: StoreReading, onUnreadable: OnUnreadable) {
    this.#reading = reading
    this.#onUnreadable = onUnreadable
    for (const { id, kind } of reading.dead) if (kind === DEAD_QUEUE) this.#deadQueues.add(id)
  }

  async run(): Promise<number> {
    await this.#reading.each(RANGES.bodies, (key, value) => this.#body(key, value))
    await this.#reading.each(RANGES.queueEntries, (key, value) => this.#entry(key, value))
    for (const offset of this.#offsets) {
      const count = this.#shared.count(offset)
      if (count === 0) this.#onUnreadable(bodyKey(offset), 'no queue refers to it')
      else if (count !== this.#reading.shared.count(offset)) {
        this.#onUnreadable(bodyKey(offset), 'the store counts its queues otherwise')
      }
    }
    return this.#count
  }

  #body(key: Uint8Array, value: Uint8Array): void {
    const { offset } = readBodyValue(this.#reader, key, value)
    if (offset !== numberOf(key)) throw new UnreadableError('it is another message')
    this.#offsets.add(offset)
  }

  #entry(key: Uint8Array, value: Uint8Array): void {
    const reader = this.#reader
    openValue(reader, key, value)
    const head = readDeliveryHead(reader)
    const offset = entryOffset(key)
    const isElsewhere = (head.flags & IS_ELSEWHERE) !== 0
    if (isElsewhere) this.#shared.add(offset, 1)
    const id = numberOf(key)
    if (this.#deadQueues.has(id)) return
    if (this.#reading.registry.queueOf(id) === undefined) {
      throw new UnreadableError('its queue has no name')
    }
    this.#count += 1
    if (isElsewhere) {
      if (!this.#offsets.has(offset)) throw new UnreadableError('its message is missing')
      return
    }
    const message = readBody(reader)
    if (message.offset !== offset) throw new UnreadableError('it is another message')
    const isCounted = head.bytes === bytesOf(message) && head.expiresAtMs === message.expiresAtMs
    if (!isCounted) throw new UnreadableError('its size or expiry is not that of its message')
  }
}

/** What was lost of the journal. */
export function damageText({ path, fromByte, toByte, firstLost, lastLost }: Damage): string {
  const where = path === undefined ? 'journal' : `${path}, bytes ${fromByte} to ${toByte}`
  const what =
    lastLost === undefined ? `from ${firstLost} on may be` : `${firstLost} to ${lastLost} are`
  return `${where}: commits ${what} lost`
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** What the entry is of, for people. */
export function entryName(key: Uint8Array, registry: Registry): string {
  const isIn = ({ from }: KeyRange, bytes: number): boolean =>
    key[0] === from[0] && key.length >= bytes
  if (isIn(RANGES.retained, 1)) return `retained ${new TextDecoder().decode(key.subarray(1))}`
  if (isIn(RANGES.queueEntries, ENTRY_KEY_BYTES)) {
    const id = numberOf(key)
    const name = registry.queueOf(id)?.name.slice(2) ?? String(id)
    return `message ${entryOffset(key)} in the queue of ${name}`
  }
  if (isIn(RANGES.queueNames, NUMBERED_KEY_BYTES)) return `name of queue ${numberOf(key)}`
  if (isIn(RANGES.bodies, NUMBERED_KEY_BYTES)) return `message ${numberOf(key)}`
  if (isIn(RANGES.sessions, NUMBERED_KEY_BYTES)) {
    const id = numberOf(key)
    return `session ${registry.sessionOf(id)?.clientId ?? id}`
  }
  return `entry ${Buffer.from(key).toString('hex')}`
}

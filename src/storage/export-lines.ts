// A store as JSON, one line for each thing that it holds, in an order in which each line refers to
// earlier ones only. Nothing is gathered: what is written is forgotten.

import type { Message } from '../core/message.ts'
import {
  deliveryJson,
  EXPORT_KIND,
  EXPORT_FORMAT,
  flightJson,
  messageJson,
  queueJson,
  sessionJson,
} from './export-text.ts'
import { readBody } from './body-codec.ts'
import { FieldReader } from './fields.ts'
import type { StoreReading } from './reading.ts'
import { IS_ELSEWHERE } from './record-codec.ts'
import { UnreadableError } from './storage-errors.ts'
import { DEAD_QUEUE } from './table-batch.ts'
import { openValue, readBodyValue, readDeliveryHead } from './table-entry.ts'
import { entryOffset, numberOf, RANGES } from './table-keys.ts'
import { isElsewhere } from './table-jobs.ts'
import { SharedBodies } from './table-state.ts'

/** About as much goes to whoever writes it, at once. */
const CHUNK_CHARACTERS = 64 * 1024

/** Text with whole lines, a little at a time. What cannot be read is told by the reading. */
export async function* exportText(reading: StoreReading): AsyncGenerator<string, undefined> {
  let chunk = ''
  let count = 0
  for await (const line of linesOf(reading)) {
    chunk += `${JSON.stringify(line)}\n`
    count += 1
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  // Tells an export from one that was cut off.
  yield `${chunk}${JSON.stringify({ kind: 'end', lines: count })}\n`
  return undefined
}

async function* linesOf(reading: StoreReading): AsyncGenerator<object, undefined> {
  const { reservedBound: offset, wallMs } = reading.meta
  yield { kind: EXPORT_KIND, version: EXPORT_FORMAT, offset, wallMs }
  for await (const message of reading.retained()) {
    yield { kind: 'retained', message: messageJson(message) }
  }
  for await (const session of reading.sessions()) {
    yield { kind: 'session', ...sessionJson(session) }
  }
  const living = await livingShares(reading)
  /** Of messages that stand by themselves. */
  const written = new Set<number>()
  for await (const message of sharedMessages(reading)) {
    if (!living.has(message.offset)) continue
    written.add(message.offset)
    yield { kind: 'message', message: messageJson(message) }
  }
  yield* queueLines(reading, written)
  for await (const { clientId, flights } of reading.sessions()) {
    for (const flight of flights) yield { kind: 'flight', ...flightJson(clientId, flight) }
  }
  return undefined
}

/** How many queues that still exist share each message. */
async function livingShares(reading: StoreReading): Promise<SharedBodies> {
  if (!reading.dead.some(({ kind }) => kind === DEAD_QUEUE)) return reading.shared
  const living = new SharedBodies()
  const reader = new FieldReader()
  for await (const page of reading.pages(RANGES.queueEntries)) {
    for (const [key, value] of page) {
      if (reading.registry.queueOf(numberOf(key)) === undefined) continue
      if (isElsewhere(reader, key, value)) living.add(entryOffset(key), 1)
    }
  }
  return living
}

async function* sharedMessages(reading: StoreReading): AsyncGenerator<Message, undefined> {
  const reader = new FieldReader()
  for await (const page of reading.pages(RANGES.bodies)) {
    for (const [key, value] of page) {
      const message = reading.tried(key, () => readBodyValue(reader, key, value))
      if (message !== undefined) yield message
    }
  }
  return undefined
}

async function* queueLines(
  reading: StoreReading,
  written: ReadonlySet<number>,
): AsyncGenerator<object, undefined> {
  const reader = new FieldReader()
  for await (const page of reading.pages(RANGES.queueEntries)) {
    for (const [key, value] of page) {
      const state = reading.registry.queueOf(numberOf(key))
      if (state === undefined) continue // The queue is gone.
      const line = reading.tried(key, () => entryLine(reader, key, value, written))
      if (line !== undefined) yield { kind: 'queued', queue: queueJson(state.name), ...line }
    }
  }
  return undefined
}

function entryLine(
  reader: FieldReader,
  key: Uint8Array,
  value: Uint8Array,
  written: ReadonlySet<number>,
): object {
  openValue(reader, key, value)
  const head = readDeliveryHead(reader)
  const offset = entryOffset(key)
  if ((head.flags & IS_ELSEWHERE) !== 0) {
    if (!written.has(offset)) throw new UnreadableError('its message is missing')
    return { ...deliveryJson(head), offset }
  }
  const message = readBody(reader)
  if (message.offset !== offset) throw new UnreadableError('it is another message')
  return { ...deliveryJson(head), message: messageJson(message) }
}

// The keys of the table. A letter says of what, numbers follow with the highest byte first, so that
// what belongs together lies together, in order. All of one session, and all of one queue, is one
// range.

import { FieldReader, FieldWriter } from './fields.ts'

export const META_KEY: Uint8Array = Uint8Array.of(0x4d) // M

const QUEUE_NAME = 0x6e // n
const QUEUE_ENTRY = 0x71 // q
const BODY = 0x6d // m
const RETAINED = 0x74 // t
const SESSION = 0x73 // s
const DEAD = 0x64 // d

/** What of a session; the byte after its number. */
export const SessionPart = {
  opened: 0,
  closed: 1,
  will: 2,
  subscription: 3,
  flight: 4,
  received: 5,
} as const

const TEXT_BYTES_MAX = 3 * 65_536
const writer = new FieldWriter(new Uint8Array(16 + TEXT_BYTES_MAX))
const reader = new FieldReader()

// Each of these is valid until the next call of any of them; `kept` copies.

export function queueNameKey(id: number): Uint8Array {
  return numbered(QUEUE_NAME, id).written
}

export function queueEntryKey(id: number, offset: number): Uint8Array {
  numbered(QUEUE_ENTRY, id).ordered(offset)
  return writer.written
}

export function bodyKey(offset: number): Uint8Array {
  return numbered(BODY, offset).written
}

export function retainedKey(topic: string): Uint8Array {
  writer.at = 0
  writer.u8(RETAINED)
  writer.rawText(topic)
  return writer.written
}

export function sessionKey(id: number, part: number): Uint8Array {
  numbered(SESSION, id).u8(part)
  return writer.written
}

export function subscriptionKey(id: number, text: string): Uint8Array {
  numbered(SESSION, id).u8(SessionPart.subscription)
  writer.rawText(text)
  return writer.written
}

/** A flight, or the mark that it was released, which follows it. */
export function flightKey(id: number, packetId: number, isMark: boolean): Uint8Array {
  numbered(SESSION, id).u8(SessionPart.flight)
  writer.u16(packetId)
  writer.u8(isMark ? 1 : 0)
  return writer.written
}

export function receivedKey(id: number, packetId: number): Uint8Array {
  numbered(SESSION, id).u8(SessionPart.received)
  writer.u16(packetId)
  return writer.written
}

export function deadKey(id: number): Uint8Array {
  return numbered(DEAD, id).written
}

export function kept(key: Uint8Array): Uint8Array {
  return new Uint8Array(key)
}

/** From `from` up to `to`, without it. */
export interface KeyRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

export const RANGES: Readonly<
  Record<'queueNames' | 'queueEntries' | 'bodies' | 'retained' | 'sessions' | 'dead', KeyRange>
> = {
  queueNames: allOf(QUEUE_NAME),
  queueEntries: allOf(QUEUE_ENTRY),
  bodies: allOf(BODY),
  retained: allOf(RETAINED),
  sessions: allOf(SESSION),
  dead: allOf(DEAD),
}

export function sessionRange(id: number): KeyRange {
  return { from: kept(numbered(SESSION, id).written), to: kept(numbered(SESSION, id + 1).written) }
}

/** Entries beyond the offset. */
export function queueRange(id: number, after: number): KeyRange {
  const from = kept(queueEntryKey(id, after + 1))
  return { from, to: kept(numbered(QUEUE_ENTRY, id + 1).written) }
}

/** What the letter is followed by: the number of a name, a session, a queue, or an offset. */
export function numberOf(key: Uint8Array): number {
  reader.use(key, 1)
  return reader.ordered()
}

export function entryOffset(key: Uint8Array): number {
  reader.use(key, 9)
  return reader.ordered()
}

/** Reads what follows the number and the part of a session's key. */
export function sessionKeyRest(key: Uint8Array): FieldReader {
  reader.use(key, 9)
  return reader
}

function numbered(letter: number, id: number): FieldWriter {
  writer.at = 0
  writer.u8(letter)
  writer.ordered(id)
  return writer
}

function allOf(letter: number): KeyRange {
  return { from: Uint8Array.of(letter), to: Uint8Array.of(letter + 1) }
}

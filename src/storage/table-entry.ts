// The values of the table: each begins with a checksum of its key and of what follows. The engine
// has checksums too, and does not look at them where it reads.

import { crc32 } from 'node:zlib'
import { type Message, NEVER } from '../core/message.ts'
import type { StoredDelivery } from '../core/store.ts'
import { readBody } from './body-codec.ts'
import { type FieldReader, FieldWriter } from './fields.ts'
import { EXPIRES, HAS_IDS, IS_OWN, IS_QOS_2, IS_RETAIN } from './record-codec.ts'
import { UnreadableError } from './storage-errors.ts'

const CHECKSUM_BYTES = 4

/** Makes values, one at a time. */
export class ValueWriter {
  readonly #writer = new FieldWriter(new Uint8Array(64 * 1024))

  /** For a value of at most `count` bytes; {@link sealed} comes next. */
  begin(count: number): FieldWriter {
    this.#writer.at = 0
    this.#writer.ensure(CHECKSUM_BYTES + count)
    this.#writer.at = CHECKSUM_BYTES
    return this.#writer
  }

  /** The value, valid until the next one is begun. */
  sealed(key: Uint8Array): Uint8Array {
    const { written } = this.#writer
    this.#writer.setU32(0, checksum(key, written))
    return written
  }
}

/** Makes `reader` read the value; throws where it is not what was written. */
export function openValue(reader: FieldReader, key: Uint8Array, value: Uint8Array): void {
  reader.use(value)
  if (reader.u32() !== checksum(key, value)) throw new UnreadableError('its checksum is wrong')
}

/** The fields of an entry of a queue, or of a flight, up to where its body or its place comes. */
export interface DeliveryHead {
  readonly flags: number
  readonly qos: 1 | 2
  readonly retain: boolean
  readonly isOwn: boolean
  readonly ids: readonly number[]
  readonly bytes: number
  readonly expiresAtMs: number
}

const NO_IDS: readonly number[] = Object.freeze([])

export function readDeliveryHead(reader: FieldReader): DeliveryHead {
  const flags = reader.u8()
  const bytes = reader.integer()
  const expiresAtMs = (flags & EXPIRES) === 0 ? NEVER : reader.f64()
  return {
    flags,
    qos: (flags & IS_QOS_2) === 0 ? 1 : 2,
    retain: (flags & IS_RETAIN) !== 0,
    isOwn: (flags & IS_OWN) !== 0,
    ids: (flags & HAS_IDS) === 0 ? NO_IDS : readIds(reader),
    bytes,
    expiresAtMs,
  }
}

export function deliveryOf(head: DeliveryHead, message: Message): StoredDelivery {
  const { qos, retain, ids, isOwn } = head
  return { message, qos, retain, ids, isOwn }
}

/** The message of a value that holds a body and nothing else. */
export function readBodyValue(reader: FieldReader, key: Uint8Array, value: Uint8Array): Message {
  openValue(reader, key, value)
  return readBody(reader)
}

function readIds(reader: FieldReader): number[] {
  const ids: number[] = []
  for (let count = reader.integer(); count > 0; count--) ids.push(reader.integer())
  return ids
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value.subarray(CHECKSUM_BYTES), crc32(key))
}

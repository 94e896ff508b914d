// What is known in memory of the table: how far it is, and which bodies are shared in it.

import { FieldReader, type FieldWriter } from './fields.ts'
import { FORMAT } from './format.ts'
import type { KvBatch } from './kv.ts'
import { openValue, ValueWriter } from './table-entry.ts'
import { META_KEY } from './table-keys.ts'

/** Written with each batch, so that it is known which ones came to the disk. */
export interface TableMeta {
  /** The number of the batch. */
  batch: number
  /** The table holds all that the journal has up to this position. */
  position: number
  epoch: number
  /** Offsets begin here after a restart. */
  reservedBound: number
  nextId: number
  /** The place among the flights that the next one takes. */
  nextFlight: number
  wallMs: number
}

const META_BYTES_MAX = 64

export function createMeta(wallMs: number): TableMeta {
  return {
    batch: 0,
    position: 0,
    epoch: 0,
    // Wall time in µs: above any offset of a store that was here before and was thrown away.
    reservedBound: Math.floor(wallMs * 1000),
    nextId: 1,
    nextFlight: 1,
    wallMs,
  }
}

export function putMeta(batch: KvBatch, meta: TableMeta): void {
  const values = new ValueWriter()
  const writer: FieldWriter = values.begin(META_BYTES_MAX)
  writer.u8(FORMAT)
  for (const number of numbersOf(meta)) writer.integer(number)
  writer.f64(meta.wallMs)
  batch.put(META_KEY, values.sealed(META_KEY))
}

/** The format that it was written in comes first, and is all that is read of another one. */
export function readMeta(value: Uint8Array): { format: number; meta: TableMeta | undefined } {
  const reader = new FieldReader()
  openValue(reader, META_KEY, value)
  const format = reader.u8()
  if (format !== FORMAT) return { format, meta: undefined }
  const meta: TableMeta = {
    batch: reader.integer(),
    position: reader.integer(),
    epoch: reader.integer(),
    reservedBound: reader.integer(),
    nextId: reader.integer(),
    nextFlight: reader.integer(),
    wallMs: reader.f64(),
  }
  return { format, meta }
}

function numbersOf(meta: TableMeta): readonly number[] {
  const { batch, position, epoch, reservedBound, nextId, nextFlight } = meta
  return [batch, position, epoch, reservedBound, nextId, nextFlight]
}

/** How many entries in the table refer to a body that lies by itself, of those that do. */
export class SharedBodies {
  readonly #counts = new Map<number, number>()

  has(offset: number): boolean {
    return this.#counts.has(offset)
  }

  count(offset: number): number {
    return this.#counts.get(offset) ?? 0
  }

  get size(): number {
    return this.#counts.size
  }

  add(offset: number, count: number): void {
    const sum = this.count(offset) + count
    if (sum > 0) this.#counts.set(offset, sum)
    else this.#counts.delete(offset)
  }
}

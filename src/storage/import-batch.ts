// What an import writes to the table, gathered into batches. Nothing may be put twice, which is
// found out when a batch is written.

import type { Kv, KvSnapshot } from './kv.ts'
import { kept } from './table-keys.ts'
import { putMeta, type TableMeta } from './table-state.ts'

const BATCH_BYTES = 1024 * 1024
const FOUND_AT_ONCE = 1000

interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly line: number
}

export class ImportBatch {
  readonly #kv: Kv
  #entries: Entry[] = []
  #bytes = 0
  #hasWrong = false
  readonly onWrong: (line: number, what: string) => void

  constructor(kv: Kv, onWrong: (line: number, what: string) => void) {
    this.#kv = kv
    this.onWrong = (line, what) => {
      this.#hasWrong = true
      onWrong(line, what)
    }
  }

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES
  }

  /** Key and value are copied. */
  put(key: Uint8Array, value: Uint8Array, line: number): void {
    this.#entries.push({ key: kept(key), value: kept(value), line })
    this.#bytes += key.length + value.length
  }

  /** The values of the keys as earlier batches put them. */
  async find(
    keys: readonly (Uint8Array | undefined)[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const asked = keys.filter((key) => key !== undefined)
    if (asked.length === 0) return keys.map(() => undefined)
    const values = (await this.#get(asked)).values()
    return keys.map((key) => (key === undefined ? undefined : values.next().value))
  }

  async flush(): Promise<void> {
    const entries = this.#entries
    this.#entries = []
    this.#bytes = 0
    await this.#findTwice(entries)
    await this.#write(entries)
  }

  /** With the last batch the table says what it is, unless something was wrong. */
  async finish(meta: TableMeta | undefined): Promise<void> {
    await this.flush()
    if (!this.#hasWrong && meta !== undefined) await this.#write([], meta)
  }

  async #findTwice(entries: readonly Entry[]): Promise<void> {
    const names = new Set<string>()
    for (const { key, line } of entries) {
      const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
      if (names.has(name)) this.#twice(line)
      names.add(name)
    }
    for (let at = 0; at < entries.length; at += FOUND_AT_ONCE) {
      const some = entries.slice(at, at + FOUND_AT_ONCE)
      const values = await this.#get(some.map(({ key }) => key))
      for (const [index, { line }] of some.entries()) {
        if (values[index] !== undefined) this.#twice(line)
      }
    }
  }

  #twice(line: number): void {
    this.onWrong(line, 'it was said before')
  }

  #get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const table: KvSnapshot = this.#kv.snapshot()
    return new Promise<readonly (Uint8Array | undefined)[]>((resolve, reject) => {
      table.get(keys, (error, values) => {
        if (error === undefined) resolve(values)
        else reject(error)
      })
    }).finally(() => table.close())
  }

  #write(entries: readonly Entry[], meta?: TableMeta): Promise<void> {
    const batch = this.#kv.batch()
    for (const { key, value } of entries) batch.put(key, value)
    if (meta !== undefined) putMeta(batch, meta)
    return new Promise((resolve, reject) => {
      batch.write((error) => (error === undefined ? resolve() : reject(error)))
    })
  }
}

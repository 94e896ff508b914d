// Entries of the table that cannot be read: they are kept in a file beside it, so that somebody may
// look at them, and taken out of the table.

import { asked, type Disk, type DiskFile } from './disk.ts'
import type { Kv } from './kv.ts'
import { kept } from './table-keys.ts'

/** What waits to be written comes to about this at most. */
const BYTES_MAX = 1024 * 1024

export class TableQuarantine {
  readonly #disk: Disk
  readonly #kv: Kv
  readonly #path: string
  #keys: Uint8Array[] = []
  #lines: string[] = []
  #bytes = 0
  #at = 0
  /** How many entries there were in all. */
  count = 0
  /** Hears of each. */
  onAdded: (key: Uint8Array, reason: string) => void = () => {}

  /** `path` is that of a file that is not there yet. */
  constructor(disk: Disk, kv: Kv, path: string) {
    this.#disk = disk
    this.#kv = kv
    this.#path = path
  }

  get path(): string {
    return this.#path
  }

  get isFull(): boolean {
    return this.#bytes >= BYTES_MAX
  }

  add(key: Uint8Array, value: Uint8Array, reason: string): void {
    const entry = { reason, key: base64(key), value: base64(value) }
    this.#keys.push(kept(key))
    this.#lines.push(`${JSON.stringify(entry)}\n`)
    this.#bytes += key.length + value.length
    this.count += 1
    this.onAdded(key, reason)
  }

  /** Writes what was added to the file; then it leaves the table. */
  async flush(): Promise<void> {
    if (this.#keys.length === 0) return
    const bytes = new TextEncoder().encode(this.#lines.join(''))
    const file = await asked<DiskFile>((done) => this.#disk.open(this.#path, 'synced', done))
    await asked<undefined>((done) =>
      file.write([bytes], this.#at, (error) => done(error, undefined)),
    )
    await asked<undefined>((done) => file.close((error) => done(error, undefined)))
    const batch = this.#kv.batch()
    for (const key of this.#keys) batch.del(key)
    await new Promise<void>((resolve, reject) => {
      batch.write((error) => (error === undefined ? resolve() : reject(error)))
    })
    this.#at += bytes.length
    this.#keys = []
    this.#lines = []
    this.#bytes = 0
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

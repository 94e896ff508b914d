// The contents of requests while they are being read: together they have a bound, so that many
// large ones at once do not fill the memory.

import type { Asked } from './exchange.ts'
import { Refusal } from './refusal.ts'

/** Bytes of all contents that are being read. Above: a further request is refused with 429. */
export const CONTENTS_BYTES_MAX: number = 256 * 1024 * 1024

export class Contents {
  #bytes = 0

  /** The whole content; undefined where it has more than `bytesMax`. */
  async read(asked: Asked, bytesMax: number): Promise<Uint8Array | undefined | Refusal> {
    const length = asked.field('content-length')
    if (length !== undefined && Number(length) > bytesMax) return undefined
    let taken = 0
    let isFull = false
    const take = (bytes: number): boolean => {
      // One alone always has room.
      isFull = this.#bytes > taken && this.#bytes + bytes > CONTENTS_BYTES_MAX
      if (isFull) return false
      this.#bytes += bytes
      taken += bytes
      return true
    }
    try {
      // What says its length has its room at once; the rest as it comes.
      if (length !== undefined && !take(Number(length))) return tooMuch()
      const content = await asked.content(bytesMax, length === undefined ? take : () => true)
      return isFull ? tooMuch() : content
    } catch {
      return new Refusal('request-invalid', 'the content did not come whole')
    } finally {
      this.#bytes -= taken
    }
  }
}

function tooMuch(): Refusal {
  const fields = { connection: 'close' }
  return new Refusal('quota', 'too much is being sent at once', undefined, fields)
}

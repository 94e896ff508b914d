// The contents of requests while they are being read: together they have a bound, so that many
// large ones at once do not fill the memory.

import type { Asked } from './exchange.ts'
import { Refusal } from './refusal.ts'

/** Bytes of all contents that are being read. Above: a further request is refused with 429. */
const BYTES_MAX = 256 * 1024 * 1024

export class Contents {
  #bytes = 0

  /** The whole content; undefined where it has more than `bytesMax`. */
  async read(asked: Asked, bytesMax: number): Promise<Uint8Array | undefined | Refusal> {
    const length = asked.field('content-length')
    if (length !== undefined && Number(length) > bytesMax) return undefined
    // One that does not say how long it is may be as long as any.
    const bytes = lengthOf(asked, bytesMax)
    if (this.#bytes > 0 && this.#bytes + bytes > BYTES_MAX) {
      const fields = { connection: 'close' }
      return new Refusal('quota', 'too much is being sent at once', undefined, fields)
    }
    this.#bytes += bytes
    try {
      return await asked.content(bytesMax)
    } catch {
      return new Refusal('request-invalid', 'the content did not come whole')
    } finally {
      this.#bytes -= bytes
    }
  }
}

function lengthOf({ field }: Asked, bytesMax: number): number {
  const length = field('content-length')
  if (length !== undefined) return Number(length)
  return field('transfer-encoding') === undefined ? 0 : bytesMax
}

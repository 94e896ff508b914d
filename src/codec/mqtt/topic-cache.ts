// A bounded table from the bytes of topic names to their strings, so that a topic that comes again
// is neither checked nor decoded again, and is the very same flat string.

import { type Random, systemRandom } from '../../base/random.ts'
import { byteAt } from './bytes.ts'
import { decodeTopicName } from './topic-name.ts'

/** Longer names are decoded each time: they are rare, and would let the table take much memory. */
const CACHED_NAME_BYTES_MAX = 256

/** Entries of one hash value. A new name takes the place of the one of them not used last. */
const WAYS = 2

interface Entry {
  readonly bytes: Uint8Array
  readonly name: string
}

const EMPTY: Entry = { bytes: new Uint8Array(0), name: '' }

/**
 * Holds up to `entriesMax` names, rounded up to a power of two and at least two. At the bound a new
 * name replaces an old one of the same hash; the hash is seeded, so that nobody outside can choose
 * names that replace each other.
 */
export class TopicCache {
  readonly #entries: (Entry | undefined)[]
  readonly #mask: number
  readonly #seed: number
  /** A publisher mostly repeats itself. */
  #last: Entry = EMPTY

  constructor(entriesMax: number, random: Random = systemRandom) {
    let sets = 1
    while (sets * WAYS < entriesMax) sets *= 2
    this.#entries = new Array<Entry | undefined>(sets * WAYS).fill(undefined)
    this.#mask = sets - 1
    this.#seed = random.below(0x8000_0000)
  }

  /** The topic name in the bytes from `start` up to `end`. Throws ProtocolError if it is none. */
  lookup(bytes: Uint8Array, start: number, end: number): string {
    if (isSame(this.#last, bytes, start, end)) return this.#last.name
    const length = end - start
    if (length === 0 || length > CACHED_NAME_BYTES_MAX) return decodeTopicName(bytes, start, end)
    const entry = this.#find(bytes, start, end)
    this.#last = entry
    return entry.name
  }

  #find(bytes: Uint8Array, start: number, end: number): Entry {
    const at = this.#hash(bytes, start, end) * WAYS
    const first = this.#entries[at] ?? EMPTY
    if (isSame(first, bytes, start, end)) return first
    let entry = this.#entries[at + 1] ?? EMPTY
    if (!isSame(entry, bytes, start, end)) {
      const name = decodeTopicName(bytes, start, end)
      entry = { bytes: Uint8Array.from(bytes.subarray(start, end)), name }
    }
    // The one used last stands first, and so is not replaced next.
    this.#entries[at] = entry
    this.#entries[at + 1] = first
    return entry
  }

  /** FNV-1a from a secret start, with a final mixing so that all bytes reach the low bits. */
  #hash(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.#seed
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ byteAt(bytes, at), 0x0100_0193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d)
    return (hash ^ (hash >>> 13)) & this.#mask
  }
}

function isSame(entry: Entry, bytes: Uint8Array, start: number, end: number): boolean {
  const known = entry.bytes
  const length = end - start
  if (known.length !== length || length === 0) return false
  // From the end: names differ there more often than at their beginning.
  for (let at = length - 1; at >= 0; at--) {
    if (byteAt(known, at) !== byteAt(bytes, start + at)) return false
  }
  return true
}

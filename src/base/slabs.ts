// Pooled memory for what is about to be written, so that a turn's many small packets leave in one
// piece. Knows nothing of sockets.

/** A lane begins with a small slab, so that ten thousand dirty sockets cost little … */
export const SLAB_BYTES_SMALL: number = 4 * 1024
/** … and goes on with large ones. */
export const SLAB_BYTES_LARGE: number = 64 * 1024
/** Slabs of each size that are kept for reuse; above, they are left to the garbage collector. */
export const SLABS_KEPT_MAX = 256

export class SlabPool {
  readonly #small: Uint8Array[] = []
  readonly #large: Uint8Array[] = []

  take(isSmall: boolean): Uint8Array {
    const kept = isSmall ? this.#small.pop() : this.#large.pop()
    return kept ?? new Uint8Array(isSmall ? SLAB_BYTES_SMALL : SLAB_BYTES_LARGE)
  }

  give(slab: Uint8Array): void {
    const kept = slab.length === SLAB_BYTES_SMALL ? this.#small : this.#large
    if (kept.length < SLABS_KEPT_MAX) kept.push(slab)
  }
}

/** Below this a loop copies faster than a call does. */
const LOOP_BYTES_MAX = 48

/**
 * Bytes in the order in which they were added: pieces of pooled slabs, and large ones by reference.
 */
export class Lane {
  readonly #pool: SlabPool
  #chunks: Uint8Array[] = []
  #slabs: Uint8Array[] = []
  #slab: Uint8Array | undefined
  #start = 0
  #end = 0
  bytes = 0

  constructor(pool: SlabPool) {
    this.#pool = pool
  }

  /** Copies `source` in. */
  add(source: Uint8Array): void {
    this.bytes += source.length
    let from = 0
    while (from < source.length) {
      const slab = this.#room()
      const length = Math.min(source.length - from, slab.length - this.#end)
      copy(source, from, slab, this.#end, length)
      this.#end += length
      from += length
    }
  }

  /** Takes `source` as it is; nobody may change it until it was written. */
  addByReference(source: Uint8Array): void {
    this.#seal()
    this.bytes += source.length
    this.#chunks.push(source)
  }

  /** Moves all of `other` to the end of this one; `other` is empty then. */
  addLane(other: Lane): void {
    this.#seal()
    other.#seal()
    this.bytes += other.bytes
    for (const chunk of other.#chunks) this.#chunks.push(chunk)
    for (const slab of other.#slabs) this.#slabs.push(slab)
    if (other.#slab !== undefined) this.#slabs.push(other.#slab)
    other.#reset()
  }

  /** Hands all out, in order; `slabs` are to be given back to the pool when they were written. */
  take(): { chunks: Uint8Array[]; slabs: Uint8Array[] } {
    this.#seal()
    if (this.#slab !== undefined) this.#slabs.push(this.#slab)
    const taken = { chunks: this.#chunks, slabs: this.#slabs }
    this.#reset()
    return taken
  }

  /** Drops all. */
  clear(): void {
    for (const slab of this.take().slabs) this.#pool.give(slab)
  }

  #room(): Uint8Array {
    const current = this.#slab
    if (current !== undefined && this.#end < current.length) return current
    this.#seal()
    if (current !== undefined) this.#slabs.push(current)
    const slab = this.#pool.take(current === undefined && this.#chunks.length === 0)
    this.#slab = slab
    this.#start = 0
    this.#end = 0
    return slab
  }

  #seal(): void {
    if (this.#slab === undefined || this.#end === this.#start) return
    this.#chunks.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }

  #reset(): void {
    this.#chunks = []
    this.#slabs = []
    this.#slab = undefined
    this.#start = 0
    this.#end = 0
    this.bytes = 0
  }
}

function copy(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  if (length > LOOP_BYTES_MAX) {
    to.set(at === 0 && length === from.length ? from : from.subarray(at, at + length), toAt)
    return
  }
  for (let index = 0; index < length; index++) to[toAt + index] = from[at + index] ?? 0
}

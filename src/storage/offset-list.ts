// Numbers by offset, in the order of the offsets: made for offsets that come in ascending and go
// in about the same order, which costs no search and no garbage.

/** A value that stands for no entry. */
const VOID = -(2 ** 30)
const TIDY_MIN = 64

export class OffsetList {
  #offsets: number[] = []
  #values: number[] = []
  /** Where the first entry stands. */
  #head = 0
  /** How many beyond it went out of turn. */
  #voids = 0

  get size(): number {
    return this.#offsets.length - this.#head - this.#voids
  }

  /** The largest offset, or -1; that of an entry which went may count. */
  get last(): number {
    return this.#offsets[this.#offsets.length - 1] ?? -1
  }

  get(offset: number): number | undefined {
    const index = this.#find(offset)
    const value = index < 0 ? VOID : this.#values[index]
    return value === VOID ? undefined : value
  }

  set(offset: number, value: number): void {
    const offsets = this.#offsets
    const last = offsets[offsets.length - 1]
    if (last === undefined || offset > last) {
      offsets.push(offset)
      this.#values.push(value)
      return
    }
    const index = this.#indexAfter(offset)
    if (index > this.#head && offsets[index - 1] === offset) {
      if (this.#values[index - 1] === VOID) this.#voids -= 1
      this.#values[index - 1] = value
    } else {
      offsets.splice(index, 0, offset)
      this.#values.splice(index, 0, value)
    }
  }

  /** Whether there was one. */
  delete(offset: number): boolean {
    const index = this.#find(offset)
    if (index < 0 || this.#values[index] === VOID) return false
    this.#values[index] = VOID
    this.#voids += 1
    this.#tidy()
    return true
  }

  /** The entries beyond `after`, in order; it must not change meanwhile. */
  *beyond(after: number): Generator<readonly [offset: number, value: number], undefined> {
    const offsets = this.#offsets
    for (let index = this.#indexAfter(after); index < offsets.length; index++) {
      const value = this.#values[index] ?? VOID
      if (value !== VOID) yield [offsets[index] ?? 0, value]
    }
    return undefined
  }

  /** The index of the offset, or -1. */
  #find(offset: number): number {
    if (this.#offsets[this.#head] === offset) return this.#head
    const index = this.#indexAfter(offset) - 1
    return index >= this.#head && this.#offsets[index] === offset ? index : -1
  }

  /** The index of the first offset beyond this one. */
  #indexAfter(offset: number): number {
    let low = this.#head
    let high = this.#offsets.length
    if (high > low && (this.#offsets[high - 1] ?? 0) <= offset) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Passes over what went, and now and then gives its room back. */
  #tidy(): void {
    const values = this.#values
    while (values[this.#head] === VOID) {
      this.#head += 1
      this.#voids -= 1
    }
    const unused = this.#head + this.#voids
    if (unused < TIDY_MIN || unused * 2 < values.length) return
    const isUsed = (_: number, index: number): boolean =>
      index >= this.#head && values[index] !== VOID
    this.#offsets = this.#offsets.filter(isUsed)
    this.#values = values.filter(isUsed)
    this.#head = 0
    this.#voids = 0
  }
}

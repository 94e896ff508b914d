// Frames that are wrong in the ways that hostile or broken peers are: known packets with bytes
// changed, cut, doubled or spliced, and plain noise. All of it follows from one seed.

import type { Random } from '../../src/base/random.ts'
import type { Version } from '../../src/codec/mqtt/packets.ts'
import { REFUSALS } from '../model/codec-refusals.ts'
import { fromHex, VECTORS } from '../model/codec-vectors.ts'

export interface Mutant {
  readonly version: Version
  readonly bytes: Uint8Array
}

/** Values at which lengths, flags and UTF-8 change their meaning. */
const TELLING = [0x00, 0x01, 0x02, 0x03, 0x04, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xef, 0xfe, 0xff]

/** Right ones count threefold, so that enough of what is made of them is nearly right. */
const SEEDS: readonly Mutant[] = [...VECTORS, ...VECTORS, ...VECTORS, ...REFUSALS].flatMap(
  ({ versions, hex }) => versions.map((version) => ({ version, bytes: fromHex(hex) })),
)

export class Mutator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** One frame, or bytes that only look like one. */
  next(): Mutant {
    const { version, bytes } = this.#pick(SEEDS)
    const ownVersion = this.#chance(8) ? this.#pick([3, 4, 5] as const) : version
    if (this.#chance(10)) return { version: ownVersion, bytes: this.#noise() }
    let mutated = [...bytes]
    for (let changes = this.#random.below(4); changes > 0; changes--)
      mutated = this.#change(mutated)
    if (!this.#chance(4)) this.#repairLength(mutated)
    return { version: ownVersion, bytes: Uint8Array.from(mutated) }
  }

  #noise(): Uint8Array {
    const noise = Array.from({ length: 2 + this.#random.below(60) }, () => this.#random.below(256))
    if (!this.#chance(3)) this.#repairLength(noise)
    return Uint8Array.from(noise)
  }

  #change(bytes: readonly number[]): number[] {
    const at = this.#random.below(bytes.length + 1)
    switch (this.#random.below(7)) {
      case 0:
        return bytes.with(at % bytes.length, this.#pick(TELLING))
      case 1:
        return bytes.with(at % bytes.length, this.#random.below(256))
      case 2: {
        const flipped = (bytes[at % bytes.length] ?? 0) ^ (1 << this.#random.below(8))
        return bytes.with(at % bytes.length, flipped)
      }
      case 3:
        return bytes.toSpliced(Math.max(at, 1), 1 + this.#random.below(4))
      case 4:
        return bytes.toSpliced(at, 0, this.#pick(TELLING), this.#random.below(256))
      case 5: {
        const from = this.#random.below(bytes.length)
        return bytes.toSpliced(at, 0, ...bytes.slice(from, from + 1 + this.#random.below(12)))
      }
      default: {
        const other = this.#pick(SEEDS).bytes
        return [
          ...bytes.slice(0, Math.max(at, 1)),
          ...other.subarray(this.#random.below(other.length)),
        ]
      }
    }
  }

  /** Without this most mutants would fail at their length and nothing behind it be tried. */
  #repairLength(bytes: number[]): void {
    if (bytes.length >= 2 && bytes.length < 130) bytes[1] = bytes.length - 2
  }

  #chance(oneIn: number): boolean {
    return this.#random.below(oneIn) === 0
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!
  }
}

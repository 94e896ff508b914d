// Chance as a port: the program gets the system's generator, the simulation a seeded one.

export interface Random {
  /** A uniformly chosen integer from 0 up to, not including, `bound` (1 to 2^31). */
  below(bound: number): number
  /** An unguessable text of `length` characters from [0-9a-z]. */
  id(length: number): string
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The system's cryptographic generator. */
export const systemRandom: Random = {
  below: (bound) => Math.floor((word() / 0x1_0000_0000) * bound),
  id(length) {
    let text = ''
    while (text.length < length) text += ALPHABET.charAt(systemRandom.below(ALPHABET.length))
    return text
  },
}

function word(): number {
  return globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
}

/** A generator that repeats itself for a seed: for the simulation and for tests. (mulberry32) */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const random: Random = {
    below(bound) {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound)
    },
    id(length) {
      let text = ''
      while (text.length < length) text += ALPHABET.charAt(random.below(ALPHABET.length))
      return text
    },
  }
  return random
}

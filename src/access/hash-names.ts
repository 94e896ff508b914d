// Chooses for a name that does not exist what a real one might have: always the same for the same
// name, and to be guessed by nobody. So who asks twice learns nothing.

import { createHash, createHmac } from 'node:crypto'
import { unguessable } from './hash-bytes.ts'

export class NameKey {
  readonly secret: Uint8Array

  /** `seed` is secret too; the same one gives the same choices, also after a restart. */
  constructor(seed: string | undefined) {
    this.secret =
      seed === undefined ? unguessable(32) : createHash('sha256').update(`names\0${seed}`).digest()
  }

  /** One of the choices, by the name; undefined where there are none. */
  pick<T>(choices: readonly T[], name: string): T | undefined {
    const digest = createHmac('sha256', this.secret).update(`pick\0${name}`).digest()
    return choices[digest.readUInt32BE(0) % Math.max(choices.length, 1)]
  }
}

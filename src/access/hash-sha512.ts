// The two forms that Mosquitto's mosquitto_passwd writes:
//   $6$<salt>$<hash>                 SHA-512 of password and salt
//   $7$<iterations>$<salt>$<hash>    PBKDF2 with HMAC-SHA-512

import { createHash, pbkdf2 } from 'node:crypto'
import { HashError, type PasswordHash } from './hash.ts'
import { isEqual, newSalt, unguessable, parseBase64, parseCount, toBase64 } from './hash-bytes.ts'

const HASH_BYTES = 64
/** Mosquitto reads no other length. */
const SALT_BYTES = 12
/** What mosquitto_passwd of Mosquitto 2.1 writes is 1,000 and more. Above: 10 s and longer. */
const ITERATIONS_MAX = 10_000_000
/** Of what we write. */
const ITERATIONS = 10_000

/** Reads what stands after `$6$`. */
export function parseSha512(fields: readonly string[]): PasswordHash {
  const [salt = '', hash = '', ...more] = fields
  if (more.length > 0) throw new HashError('it is not $6$salt$hash')
  return sha512Hash(parseBase64(salt, 'salt'), parseHash(hash))
}

/** Reads what stands after `$7$`. */
export function parsePbkdf2(fields: readonly string[]): PasswordHash {
  const [iterations = '', salt = '', hash = '', ...more] = fields
  if (more.length > 0) throw new HashError('it is not $7$iterations$salt$hash')
  const count = parseCount(iterations, 'number of iterations', 1, ITERATIONS_MAX)
  return pbkdf2Hash(count, parseBase64(salt, 'salt'), parseHash(hash))
}

/** A new stored password that Mosquitto reads too, as text. */
export async function createPbkdf2(password: Uint8Array): Promise<string> {
  const salt = newSalt().subarray(0, SALT_BYTES)
  const hash = await derive(password, salt, ITERATIONS)
  return `$7$${ITERATIONS}$${toBase64(salt)}$${toBase64(hash)}`
}

function parseHash(text: string): Uint8Array {
  const hash = parseBase64(text, 'hash')
  if (hash.length !== HASH_BYTES) throw new HashError(`its hash has not ${HASH_BYTES} bytes`)
  return hash
}

function sha512Hash(salt: Uint8Array, hash: Uint8Array): PasswordHash {
  return {
    // A single round of a fast hash takes less than to hand it to a thread.
    verify: async (password) =>
      isEqual(createHash('sha512').update(password).update(salt).digest(), hash),
    decoy: () => sha512Hash(newSalt(), unguessable(HASH_BYTES)),
    scram: undefined,
  }
}

function pbkdf2Hash(iterations: number, salt: Uint8Array, hash: Uint8Array): PasswordHash {
  return {
    verify: async (password) => isEqual(await derive(password, salt, iterations), hash),
    decoy: () => pbkdf2Hash(iterations, newSalt(), unguessable(HASH_BYTES)),
    scram: undefined,
  }
}

function derive(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, HASH_BYTES, 'sha512', (error, hash) => {
      if (error === null) resolve(hash)
      else reject(error)
    })
  })
}

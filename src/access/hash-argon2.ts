// Argon2id as Mosquitto 2.1 and others write it, in the PHC string format:
//   $argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>
// Node computes it from 24.7 on; an older one needs the package @node-rs/argon2, which is optional.

import * as crypto from 'node:crypto'
import { HashError, type PasswordHash } from './hash.ts'
import { isEqual, newSalt, unguessable, parseBase64, parseCount, toBase64 } from './hash-bytes.ts'

const PACKAGE = '@node-rs/argon2'
const VERSION = 19
/** KiB of one password. A file that asks for more is refused. */
const MEMORY_KIB_MAX = 256 * 1024
/** Of what we write: 19 MiB, two passes. */
const CREATED: Cost = { memoryKib: 19_456, passes: 2, lanes: 1 }
const HASH_BYTES = 32

interface Cost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/** Computes a hash of `length` bytes. */
type Derive = (
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: Cost,
) => Promise<Uint8Array>

/** Reads what stands after `$argon2id$`. */
export type Argon2 = (fields: readonly string[]) => PasswordHash

/** Finds a way to compute it; undefined where there is none. */
export async function loadArgon2(): Promise<Argon2 | undefined> {
  const derive = nodeDerive() ?? (await packageDerive())
  return derive && ((fields) => parseArgon2(fields, derive))
}

/** Why a stored password of this form cannot be used, and what to do. */
export const ARGON2_MISSING: string = `argon2id needs Node 24.7, or: npm install ${PACKAGE}`

/** A new stored password, as text. */
export async function createArgon2(password: Uint8Array): Promise<string> {
  const derive = nodeDerive() ?? (await packageDerive())
  if (derive === undefined) throw new HashError(ARGON2_MISSING)
  const salt = newSalt()
  const hash = await derive(password, salt, HASH_BYTES, CREATED)
  const { memoryKib, passes, lanes } = CREATED
  const fields = [salt, hash].map((bytes) => toBase64(bytes).replace(/=+$/, '')).join('$')
  return `$argon2id$v=${VERSION}$m=${memoryKib},t=${passes},p=${lanes}$${fields}`
}

function parseArgon2(fields: readonly string[], derive: Derive): PasswordHash {
  const [edition, parameters = '', salt = '', hash = '', ...more] = fields
  const match = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(parameters)
  if (edition !== `v=${VERSION}` || match === null || more.length > 0) {
    throw new HashError(`it is not $argon2id$v=${VERSION}$m=…,t=…,p=…$salt$hash`)
  }
  const [, memory = '', passes = '', lanes = ''] = match
  const cost: Cost = {
    memoryKib: parseCount(memory, 'm', 8, MEMORY_KIB_MAX),
    passes: parseCount(passes, 't', 1, 100),
    lanes: parseCount(lanes, 'p', 1, 16),
  }
  return argon2Hash(derive, cost, parseBase64(salt, 'salt'), parseBase64(hash, 'hash'))
}

function argon2Hash(derive: Derive, cost: Cost, salt: Uint8Array, hash: Uint8Array): PasswordHash {
  return {
    verify: async (password) => isEqual(await derive(password, salt, hash.length, cost), hash),
    decoy: () => argon2Hash(derive, cost, newSalt(), unguessable(hash.length)),
    scram: undefined,
  }
}

/** Node's own, which older ones lack. */
function nodeDerive(): Derive | undefined {
  // Not by name in the import: there it would keep an older Node from loading this file.
  if (!('argon2' in crypto)) return undefined
  return (password, salt, length, { memoryKib, passes, lanes }) =>
    new Promise((resolve, reject) => {
      const parameters = {
        message: password,
        nonce: salt,
        parallelism: lanes,
        tagLength: length,
        memory: memoryKib,
        passes,
      }
      crypto.argon2('argon2id', parameters, (error, hash) => {
        if (error === null) resolve(hash)
        else reject(error)
      })
    })
}

/** The function of the package that we use. */
type HashRaw = (password: Uint8Array, options: Readonly<Record<string, unknown>>) => unknown

async function packageDerive(): Promise<Derive | undefined> {
  const hashRaw = await import(PACKAGE).then(parsePackage, () => undefined)
  if (hashRaw === undefined) return undefined
  return async (password, salt, length, { memoryKib, passes, lanes }) => {
    const hash = await hashRaw(password, {
      algorithm: 2, // Argon2id
      version: 1, // 0x13, which is 19
      memoryCost: memoryKib,
      timeCost: passes,
      parallelism: lanes,
      outputLen: length,
      salt,
    })
    if (hash instanceof Uint8Array) return hash
    throw new HashError(`${PACKAGE} did not return bytes`)
  }
}

function parsePackage(module: unknown): HashRaw | undefined {
  if (typeof module !== 'object' || module === null || !('hashRaw' in module)) return undefined
  return typeof module.hashRaw === 'function' ? (module.hashRaw as HashRaw) : undefined
}

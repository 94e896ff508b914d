// Rameau's own form of a stored password: scrypt with its parameters, in the PHC string format:
//   $scrypt$v=1$ln=14,r=8,p=1$<salt>$<hash>      (base64 without padding)

import { scrypt } from 'node:crypto'
import { HashError, type PasswordHash } from './hash.ts'
import { isEqual, newSalt, unguessable, parseBase64, parseCount, toBase64 } from './hash-bytes.ts'

/** 2^14 rounds with blocks of 1 KiB: 16 MiB and some 40 ms for each password. */
const LOG_ROUNDS = 14
const BLOCKS = 8
const LANES = 1
const HASH_BYTES = 32
/** Memory of one password. A file that asks for more is refused. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024

interface Parameters {
  readonly logRounds: number
  readonly blocks: number
  readonly lanes: number
}

/** Reads what stands after `$scrypt$`. */
export function parseScrypt(fields: readonly string[]): PasswordHash {
  const [edition, parameters = '', salt = '', hash = '', ...more] = fields
  if (edition !== 'v=1') throw new HashError('its version is not v=1')
  const match = /^ln=(\d+),r=(\d+),p=(\d+)$/.exec(parameters)
  if (match === null || more.length > 0) {
    throw new HashError('it is not $scrypt$v=1$ln=…,r=…,p=…$salt$hash')
  }
  const [, logRounds = '', blocks = '', lanes = ''] = match
  const cost: Parameters = {
    logRounds: parseCount(logRounds, 'ln', 1, 24),
    blocks: parseCount(blocks, 'r', 1, 64),
    lanes: parseCount(lanes, 'p', 1, 16),
  }
  if (memoryOf(cost) > MEMORY_BYTES_MAX) throw new HashError('it asks for too much memory')
  return scryptHash(cost, parseBase64(salt, 'salt'), parseBase64(hash, 'hash'))
}

/** A new stored password, as text. */
export async function createScrypt(password: Uint8Array): Promise<string> {
  const salt = newSalt()
  const cost: Parameters = { logRounds: LOG_ROUNDS, blocks: BLOCKS, lanes: LANES }
  const hash = await derive(password, salt, HASH_BYTES, cost)
  return `$scrypt$v=1$ln=${LOG_ROUNDS},r=${BLOCKS},p=${LANES}$${bare(salt)}$${bare(hash)}`
}

/** What nobody's password fits, at the cost of ours. */
export function scryptDecoy(): PasswordHash {
  const cost: Parameters = { logRounds: LOG_ROUNDS, blocks: BLOCKS, lanes: LANES }
  return scryptHash(cost, newSalt(), unguessable(HASH_BYTES))
}

function scryptHash(cost: Parameters, salt: Uint8Array, hash: Uint8Array): PasswordHash {
  return {
    verify: async (password) => isEqual(await derive(password, salt, hash.length, cost), hash),
    decoy: () => scryptHash(cost, newSalt(), unguessable(hash.length)),
    scram: undefined,
  }
}

function derive(
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: Parameters,
): Promise<Uint8Array> {
  const { blocks, lanes } = cost
  const rounds = 2 ** cost.logRounds
  const options = { N: rounds, r: blocks, p: lanes, maxmem: 2 * memoryOf(cost) }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, hash) => {
      if (error === null) resolve(hash)
      else reject(error)
    })
  })
}

function memoryOf({ logRounds, blocks, lanes }: Parameters): number {
  return 128 * blocks * (2 ** logRounds + lanes)
}

function bare(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/=+$/, '')
}

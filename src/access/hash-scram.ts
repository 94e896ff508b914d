// The form of a stored password that SCRAM-SHA-256 can use, and the arithmetic of SCRAM [RFC5802-3]
// [RFC7677]. A plain password can be checked against it as well.
//   $scram-sha-256$v=1$i=15000$<salt>$<StoredKey>$<ServerKey>
// The messages that are exchanged are scram's.

import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { HashError, type PasswordHash, type ScramVerifier } from './hash.ts'
import { isEqual, newSalt, unguessable, parseBase64, parseCount, toBase64 } from './hash-bytes.ts'

const KEY_BYTES = 32
/** RFC 7677 asks for 4096 at least. Each client computes them, the smallest device too. */
const ITERATIONS = 15_000
const ITERATIONS_MIN = 4096
const ITERATIONS_MAX = 10_000_000

/** Reads what stands after `$scram-sha-256$`. */
export function parseScram(fields: readonly string[]): PasswordHash {
  const [edition, count = '', salt = '', storedKey = '', serverKey = '', ...more] = fields
  if (edition !== 'v=1') throw new HashError('its version is not v=1')
  if (!count.startsWith('i=') || more.length > 0) {
    throw new HashError('it is not $scram-sha-256$v=1$i=…$salt$StoredKey$ServerKey')
  }
  return scramHash({
    iterations: parseCount(count.slice(2), 'i', ITERATIONS_MIN, ITERATIONS_MAX),
    salt: parseBase64(salt, 'salt'),
    storedKey: parseKey(storedKey, 'StoredKey'),
    serverKey: parseKey(serverKey, 'ServerKey'),
  })
}

/** A new stored password, as text. */
export async function createScram(password: Uint8Array): Promise<string> {
  const { iterations, salt, storedKey, serverKey } = await scramVerifier(
    password,
    newSalt(),
    ITERATIONS,
  )
  const fields = [salt, storedKey, serverKey].map(toBase64).join('$')
  return `$scram-sha-256$v=1$i=${iterations}$${fields}`
}

/** What a server keeps of a password. */
export async function scramVerifier(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramVerifier> {
  const salted = await saltedPassword(password, salt, iterations)
  const storedKey = sha256(hmac(salted, 'Client Key'))
  return { iterations, salt, storedKey, serverKey: hmac(salted, 'Server Key') }
}

/**
 * The verifier of a user who does not exist: the same for the same name, so that asking twice tells
 * nothing, and with a salt that nobody without `secret` can tell from a real one.
 */
export function fakeVerifier(user: string, secret: Uint8Array, iterations: number): ScramVerifier {
  const seed = (purpose: string): Uint8Array => hmac(secret, `${purpose}\0${user}`)
  const salt = seed('salt').subarray(0, newSalt().length)
  return { iterations, salt, storedKey: seed('stored'), serverKey: seed('server') }
}

/** The iterations of those that we make. */
export const SCRAM_ITERATIONS: number = ITERATIONS

/** Whether the client's proof for `message` is that of the password. */
export function isProof(verifier: ScramVerifier, message: string, proof: Uint8Array): boolean {
  if (proof.length !== KEY_BYTES) return false
  const signature = hmac(verifier.storedKey, message)
  const clientKey = proof.map((byte, at) => byte ^ (signature[at] ?? 0))
  return isEqual(sha256(clientKey), verifier.storedKey)
}

/** How the server proves that it knows the password too. */
export function serverSignature(verifier: ScramVerifier, message: string): Uint8Array {
  return hmac(verifier.serverKey, message)
}

function saltedPassword(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(prepared(password), salt, iterations, KEY_BYTES, 'sha256', (error, salted) => {
      if (error === null) resolve(salted)
      else reject(error)
    })
  })
}

/** The password as both sides must spell it: SASLprep's normal form, where it is text. */
function prepared(password: Uint8Array): Uint8Array {
  if (password.every((byte) => byte < 0x80)) return password
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(password)
    return new TextEncoder().encode(text.replace(/\p{Zs}/gu, ' ').normalize('NFKC'))
  } catch {
    return password
  }
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

function scramHash(verifier: ScramVerifier): PasswordHash {
  const { salt, iterations, storedKey } = verifier
  return {
    verify: async (password) =>
      isEqual((await scramVerifier(password, salt, iterations)).storedKey, storedKey),
    decoy: () => scramHash({ ...verifier, salt: newSalt(), storedKey: unguessable(KEY_BYTES) }),
    scram: verifier,
  }
}

function parseKey(text: string, what: string): Uint8Array {
  const key = parseBase64(text, what)
  if (key.length !== KEY_BYTES) throw new HashError(`its ${what} has not ${KEY_BYTES} bytes`)
  return key
}

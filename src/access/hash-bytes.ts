// Small things of node:crypto that the stored passwords share: base64 both ways, comparison in
// constant time, chance. No form of password is known here.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { HashError } from './hash.ts'

/** Bytes of a salt that we make. */
const SALT_BYTES = 16
/** Bytes of salt or hash that a file may hold. More is no form of password that anybody writes. */
const FIELD_BYTES_MAX = 1024

export function newSalt(): Uint8Array {
  return randomBytes(SALT_BYTES)
}

/** Bytes that nobody can guess: for secrets, and for hashes that no password has. */
export function unguessable(length: number): Uint8Array {
  return randomBytes(length)
}

/** Of printable characters without comma, for SCRAM [RFC5802-5.1]. */
export function newNonce(): string {
  return toBase64(randomBytes(18))
}

/** The bytes of a base64 text, padded or not. Throws {@link HashError} on anything else. */
export function parseBase64(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  const isWhole = toBase64(bytes) === text || toBase64(bytes).replace(/=+$/, '') === text
  if (!isWhole || bytes.length === 0 || bytes.length > FIELD_BYTES_MAX) {
    throw new HashError(`its ${what} is no base64`)
  }
  return bytes
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** A whole number of a stored form, from `min` to `max`. */
export function parseCount(text: string, what: string, min: number, max: number): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (count >= min && count <= max) return count
  throw new HashError(`its ${what} must be from ${min} to ${max}`)
}

/** Whether they are equal, in a time that tells nothing but their lengths. */
export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

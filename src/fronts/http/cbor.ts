// CBOR as values of JSON and back, where that loses nothing: tags, byte strings, big integers, NaN
// and names that are no text have no equal in JSON.

import { decode, encode } from 'cborg'
import { emptyObject, type Json } from './json.ts'

const OPTIONS = {
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowBigInt: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
} as const

const REPLACEMENT = '\ufffd'

/** Undefined where the bytes are no CBOR, or JSON cannot hold exactly what they say. */
export function parseCbor(bytes: Uint8Array): { readonly value: Json } | undefined {
  try {
    const reader = new CborReader()
    const value = reader.toJson(decode(bytes, OPTIONS))
    // Bytes that are no UTF-8 were decoded to replacements, which then are more than there were.
    return reader.replacements > countReplacements(bytes) ? undefined : { value }
  } catch {
    return undefined // No CBOR, nested too deeply, or not for JSON.
  }
}

export function writeCbor(value: Json): Uint8Array {
  return encode(value)
}

class CborReader {
  replacements = 0

  toJson(value: unknown): Json {
    if (typeof value === 'string') return this.#text(value)
    if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
    if (Array.isArray(value)) return value.map((item) => this.toJson(item))
    if (!(value instanceof Map)) throw new TypeError('JSON has nothing like it')
    const object = emptyObject()
    for (const [name, member] of value) {
      if (typeof name !== 'string') throw new TypeError('a name that is no text')
      object[this.#text(name)] = this.toJson(member)
    }
    return object
  }

  #text(text: string): string {
    for (let at = text.indexOf(REPLACEMENT); at >= 0; at = text.indexOf(REPLACEMENT, at + 1)) {
      this.replacements += 1
    }
    return text
  }
}

function countReplacements(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at + 2 < bytes.length; at += 1) {
    if (bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) count += 1
  }
  return count
}

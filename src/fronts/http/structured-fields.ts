// The values of header fields that RFC 9651 defines and we use: strings, Display Strings, byte
// sequences. Whatever text goes in, what comes out is printable ASCII.

const PRINTABLE = /^[\x20-\x7e]*$/
const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A string where that can say it, else a Display String. */
export function writeText(text: string): string {
  if (PRINTABLE.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`
  let encoded = ''
  for (const byte of encoder.encode(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x22
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }
  return `%"${encoded}"`
}

export function writeBytes(bytes: Uint8Array): string {
  return `:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}:`
}

const BASE64 = /^:([A-Za-z0-9+/]*={0,2}):$/

/** Undefined for what is no byte sequence. */
export function parseBytes(text: string): Uint8Array | undefined {
  const [, base64] = BASE64.exec(text.trim()) ?? []
  if (base64 === undefined || (base64.includes('=') && base64.length % 4 !== 0)) return undefined
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

/** Writes `"name"="value", …`. */
export function writePairs(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${writeText(name)}=${writeText(value)}`).join(', ')
}

/** Undefined for what is no such list. An empty text is an empty list. */
export function parsePairs(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = []
  const reader = new PairReader(text.trim())
  if (reader.isAtEnd) return pairs
  for (;;) {
    const pair = reader.pair()
    if (pair === undefined) return undefined
    pairs.push(pair)
    if (reader.isAtEnd) return pairs
    if (!reader.comma()) return undefined
  }
}

const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const DISPLAY = /%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y
const COMMA = /[\t ]*,[\t ]*/y

class PairReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  pair(): [string, string] | undefined {
    const name = this.#string()
    if (name === undefined || this.#text[this.#at] !== '=') return undefined
    this.#at += 1
    const value = this.#string()
    return value === undefined ? undefined : [name, value]
  }

  comma(): boolean {
    return this.#take(COMMA) !== undefined
  }

  #string(): string | undefined {
    const plain = this.#take(STRING)
    if (plain !== undefined) return plain[1]?.replace(/\\(["\\])/g, '$1')
    const encoded = this.#take(DISPLAY)?.[1]
    if (encoded === undefined) return undefined
    const unescaped = encoded.replace(/%([0-9a-f]{2})/g, (_all, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
    try {
      return strict.decode(Buffer.from(unescaped, 'latin1'))
    } catch {
      return undefined
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return undefined
    this.#at = pattern.lastIndex
    return found
  }
}

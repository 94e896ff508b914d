// The query of a request target, percent-decoded. A raw `+` is a plus: it is a wildcard of MQTT,
// and no form is ever sent here.

import { Refusal } from './refusal.ts'

/** What was said more than once is refused, so that no two readers see different values. */
export type Query = Map<string, string>

export function parseQuery(
  text: string,
  /** True where it takes a further value of that name, which then is not refused. */
  takes: (name: string, value: string) => boolean = () => false,
): Query | Refusal {
  const query: Query = new Map()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = percentDecode(equals < 0 ? pair : pair.slice(0, equals))
    const value = percentDecode(equals < 0 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) {
      return new Refusal('request-invalid', 'the query is not percent-encoded UTF-8')
    }
    if (query.has(name) && takes(name, value)) continue
    if (query.has(name)) return new Refusal('request-invalid', `?${name}= is there twice`)
    query.set(name, value)
  }
  return query
}

/** Refused where the query has other parameters than these: a misspelt one must not pass. */
export function unknownOf(query: Query, known: readonly string[]): Refusal | undefined {
  for (const name of query.keys()) {
    if (known.includes(name)) continue
    return new Refusal('request-invalid', `?${name}= means nothing here`)
  }
  return undefined
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/
const PERCENT = 0x25

/** The text that percent-encoded UTF-8 stands for; undefined where it is none. */
export function percentDecode(text: string): string | undefined {
  if (PLAIN.test(text)) return text
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at += 1) {
    let byte = text.charCodeAt(at)
    if (byte > 0x7e) return undefined // It should have been encoded.
    if (byte === PERCENT) {
      const digits = text.slice(at + 1, at + 3)
      if (!/^[0-9a-f]{2}$/i.test(digits)) return undefined
      byte = Number.parseInt(digits, 16)
      at += 2
    }
    bytes[length] = byte
    length += 1
  }
  try {
    return strict.decode(bytes.subarray(0, length))
  } catch {
    return undefined
  }
}

/** Also of what is no proper Unicode, as a program may hand it in: U+FFFD stands in for that. */
export function percentEncode(text: string): string {
  return encodeURIComponent(strict.decode(encoder.encode(text)))
}

// Splits a line of a wire script into words: `topic`, `'a text'`, `x'00ff'`, `'a'*70000`,
// `key=word`. Quoted words keep what they hold; `|`, `..`, `?name`, `%name` and `*` mean
// something in bare ones only, and the matcher and the builder give them their meaning.

import { bytes, utf8 } from './raw-client-encode.ts'

export interface Word {
  /** What stands before `=`, if anything. */
  readonly key: string | undefined
  /** The characters, without quotes. */
  readonly text: string
  /** True when it was quoted, so that no character in it has a meaning of its own. */
  readonly isLiteral: boolean
  /** What a binary field takes from it. */
  readonly bytes: Uint8Array
}

const WORD = /(?:([a-z][a-z0-9.-]*)=)?(?:(x?)'((?:[^'\\]|\\.)*)'(?:\*(\d+))?|([^\s']+))(?=\s|$)/y

export function splitWords(text: string): readonly Word[] {
  const words: Word[] = []
  const pattern = new RegExp(WORD)
  let at = 0
  for (;;) {
    while (text[at] === ' ') at++
    if (at >= text.length) return words
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) throw new Error(`cannot read: ${text.slice(at)}`)
    words.push(toWord(found))
    at = pattern.lastIndex
  }
}

function toWord([, key, hex, quoted, times, bare]: RegExpExecArray): Word {
  if (bare !== undefined) return { key, text: bare, isLiteral: false, bytes: utf8(bare) }
  if (hex === 'x') {
    const content = parseHex(quoted ?? '')
    return { key, text: `x'${quoted}'`, isLiteral: true, bytes: content }
  }
  const text = unescape(quoted ?? '').repeat(Number(times ?? 1))
  return { key, text, isLiteral: true, bytes: utf8(text) }
}

function unescape(text: string): string {
  return text
    .replace(/\\u\{([0-9a-f]+)\}/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/\\(.)/g, '$1')
}

export function parseHex(text: string): Uint8Array {
  const digits = text.replaceAll(' ', '')
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hex: ${text}`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

/**
 * Bytes written out: hex digits, `s'text'` (a text after its length of 16 bits), `t'text'` (without
 * a length), each with an optional `*N`; `~` is the Remaining Length of all that follows, and
 * `p( … )` puts a property length before what it holds.
 */
export function parseRaw(text: string): Uint8Array {
  const tokens = text.match(/~|p\(|\)|[st]?'[^']*'(?:\*\d+)?|[0-9a-f]+(?:\*\d+)?/gi) ?? []
  if (tokens.join('') !== text.replace(/ (?=(?:[^']*'[^']*')*[^']*$)/g, ''))
    throw new Error(`cannot read: ${text}`)
  let at = 0
  const read = (isInner: boolean): Uint8Array => {
    const parts: Uint8Array[] = []
    while (at < tokens.length) {
      const token = tokens[at++] ?? ''
      if (token === ')') {
        if (!isInner) throw new Error(`unbalanced: ${text}`)
        return bytes(...parts)
      }
      if (token === '~' || token === 'p(') {
        const rest = read(token === 'p(')
        parts.push(lengthOf(rest), rest)
      } else parts.push(rawToken(token))
    }
    return bytes(...parts)
  }
  return read(false)
}

function rawToken(token: string): Uint8Array {
  const [content = '', times] = token.split(/\*(?=\d+$)/)
  const quoted = /^([st]?)'(.*)'$/.exec(content)
  if (quoted === null) {
    const one = parseHex(content)
    return bytes(...Array.from({ length: Number(times ?? 1) }, () => one))
  }
  const text = utf8(unescape(quoted[2] ?? '').repeat(Number(times ?? 1)))
  return quoted[1] === 't' ? text : bytes([text.length >> 8, text.length & 255], text)
}

function lengthOf(content: Uint8Array): Uint8Array {
  const out: number[] = []
  for (let rest = content.length; ; rest = rest >> 7) {
    out.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest <= 127) return Uint8Array.from(out)
  }
}

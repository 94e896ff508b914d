// Parts of a state's content: `Range` and the answers to it, RFC 9110 section 14. Only bytes.

import type { Fields, Reply } from './exchange.ts'
import { Refusal } from './refusal.ts'

interface Span {
  readonly first: number
  readonly last: number
}

/** More parts than these, after those that touch were joined: the whole content is sent. */
const SPANS_MAX = 16
const encoder = new TextEncoder()

/**
 * The answer to a GET of `content` with that `Range`; a range that nobody understands is ignored.
 * `boundary` stands between the parts, and must not occur in the content.
 */
export function rangedReply(
  range: string | undefined,
  content: Uint8Array,
  fields: Fields,
  boundary: () => string,
): Reply | Refusal {
  const whole: Reply = { status: 200, fields, content }
  const asked = range === undefined ? undefined : parseRanges(range)
  if (asked === undefined) return whole // [H-30]
  const spans = join(asked.flatMap((one) => within(one, content.length)))
  if (spans.length > SPANS_MAX) return whole
  const [span] = spans
  if (span === undefined) {
    const bounds = { 'content-range': `bytes */${content.length}` } // [H-32]
    return new Refusal('range', `it has ${content.length} bytes`, undefined, bounds)
  }
  if (spans.length === 1) {
    const part = content.subarray(span.first, span.last + 1)
    const bounds = `bytes ${span.first}-${span.last}/${content.length}`
    return { status: 206, fields: { ...fields, 'content-range': bounds }, content: part }
  }
  return severalParts(spans, content, fields, boundary())
}

/** [H-31] */
function severalParts(
  spans: readonly Span[],
  content: Uint8Array,
  fields: Fields,
  boundary: string,
): Reply {
  const pieces: Uint8Array[] = []
  for (const { first, last } of spans) {
    const head =
      `\r\n--${boundary}\r\nContent-Type: ${fields['content-type'] ?? ''}\r\n` +
      `Content-Range: bytes ${first}-${last}/${content.length}\r\n\r\n`
    pieces.push(encoder.encode(head), content.subarray(first, last + 1))
  }
  pieces.push(encoder.encode(`\r\n--${boundary}--\r\n`))
  return {
    status: 206,
    fields: { ...fields, 'content-type': `multipart/byteranges; boundary=${boundary}` },
    content: Buffer.concat(pieces),
  }
}

/** `first` undefined: the last so many bytes. `last` undefined: to the end. */
interface AskedRange {
  readonly first: number | undefined
  readonly last: number | undefined
}

function parseRanges(text: string): AskedRange[] | undefined {
  const [, list] = /^\s*bytes\s*=(.*)$/i.exec(text) ?? []
  if (list === undefined) return undefined
  const ranges: AskedRange[] = []
  for (const one of list.split(',')) {
    if (one.trim() === '') continue
    const [, first, last] = /^(\d{1,15})?-(\d{1,15})?$/.exec(one.trim()) ?? []
    if (first === undefined && last === undefined) return undefined
    const range = { first: toNumber(first), last: toNumber(last) }
    if (range.first !== undefined && range.last !== undefined && range.last < range.first) {
      return undefined
    }
    ranges.push(range)
  }
  return ranges.length > 0 ? ranges : undefined
}

function toNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

function within({ first, last }: AskedRange, length: number): Span[] {
  if (first === undefined) {
    const count = Math.min(last ?? 0, length)
    return count > 0 ? [{ first: length - count, last: length - 1 }] : []
  }
  if (first >= length) return []
  return [{ first, last: Math.min(last ?? length - 1, length - 1) }]
}

/** Those that overlap or touch become one, so that nothing is sent twice. */
function join(spans: readonly Span[]): Span[] {
  const joined: Span[] = []
  for (const span of spans.toSorted((one, other) => one.first - other.first)) {
    const before = joined.at(-1)
    if (before === undefined || span.first > before.last + 1) joined.push(span)
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, span.last) }
  }
  return joined
}

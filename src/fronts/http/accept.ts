// What a client accepts: `Accept` with its ranges and weights, RFC 9110 section 12.5.1.

interface Range {
  readonly type: string
  readonly subtype: string
  readonly parameters: readonly string[]
  readonly quality: number
}

/** More ranges than these are not looked at. */
const RANGES_MAX = 64

/** How much the client wants the media type, from 0 (not at all) to 1. [H-11] */
export function qualityOf(accept: string | undefined, mediaType: string): number {
  if (accept === undefined || accept.trim() === '') return 1
  const asked = parseMediaType(mediaType)
  if (asked === undefined) return 1
  let best = 0
  let bestRank = -1
  for (const range of parseAccept(accept)) {
    const rank = rankOf(range, asked)
    if (rank <= bestRank) continue
    bestRank = rank
    best = range.quality
  }
  return best
}

/** How specific the range is for the type; -1 where it does not match. */
function rankOf(range: Range, { type, subtype, parameters }: MediaType): number {
  if (range.type === '*') return range.subtype === '*' ? 0 : -1
  if (range.type !== type) return -1
  if (range.subtype === '*') return 1
  if (range.subtype !== subtype) return -1
  const isMatch = range.parameters.every((one) => parameters.includes(one))
  return isMatch ? 2 + range.parameters.length : -1
}

function parseAccept(accept: string): Range[] {
  const ranges: Range[] = []
  for (const element of splitOutsideQuotes(accept, ',').slice(0, RANGES_MAX)) {
    const mediaType = parseMediaType(element)
    if (mediaType === undefined) continue
    const at = mediaType.parameters.findIndex((one) => one.startsWith('q='))
    const weight = at < 0 ? 1 : parseWeight(mediaType.parameters[at]?.slice(2) ?? '')
    // A range whose weight says nothing is as good as absent.
    if (weight === undefined) continue
    const parameters = at < 0 ? mediaType.parameters : mediaType.parameters.slice(0, at)
    ranges.push({ ...mediaType, parameters, quality: weight })
  }
  return ranges
}

function parseWeight(text: string): number | undefined {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : undefined
}

interface MediaType {
  readonly type: string
  readonly subtype: string
  /** `name=value`, in lower case and without quotes. */
  readonly parameters: readonly string[]
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const ESSENCE = new RegExp(`^(${TOKEN})/(${TOKEN})$`)

/** Undefined for what is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const [essence = '', ...rest] = splitOutsideQuotes(text, ';')
  const [, type, subtype] = ESSENCE.exec(essence.trim()) ?? []
  if (type === undefined || subtype === undefined) return undefined
  const parameters = rest
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '')
    .map((one) => one.replace(/^([^=]+)="(.*)"$/, '$1=$2'))
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters }
}

/** The parts between separators that stand outside of `"…"`. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (isQuoted && character === '\\') at += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

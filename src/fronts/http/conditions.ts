// Entity tags, dates, and the conditions on them: RFC 9110 section 13. A state's version is its
// offset, so that all protocols compare the same number.

import type { Message } from '../../core/message.ts'
import type { Asked } from './exchange.ts'
import { Refusal } from './refusal.ts'

interface Tag {
  readonly isWeak: boolean
  readonly text: string
}

type Tags = '*' | readonly Tag[]

export interface Conditions {
  readonly ifMatch: Tags | undefined
  readonly ifNoneMatch: Tags | undefined
  /** Seconds since 1970. */
  readonly ifModifiedSince: number | undefined
  readonly ifUnmodifiedSince: number | undefined
}

/** More tags than these are refused. */
const TAGS_MAX = 256

/** The entity tag of a version, or of one `form` of it that it was converted to. */
export function etagOf(offset: number, form?: string): string {
  return form === undefined ? `"${offset}"` : `"${offset}.${form}"`
}

/** When the state came, in whole seconds and never in the future. */
export function lastModifiedOf({ arrivedAtMs }: Message, wallMs: number): number {
  return Math.floor(Math.min(arrivedAtMs, wallMs) / 1000)
}

export function httpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString()
}

/** What cannot be read as a list of tags is refused: a write must not happen by a mistake. */
export function parseConditions({ field }: Pick<Asked, 'field'>): Conditions | Refusal {
  const ifMatch = parseTags(field('if-match'))
  const ifNoneMatch = parseTags(field('if-none-match'))
  if (ifMatch instanceof Refusal) return ifMatch
  if (ifNoneMatch instanceof Refusal) return ifNoneMatch
  return {
    ifMatch,
    ifNoneMatch,
    ifModifiedSince: parseDate(field('if-modified-since')), // [H-24]
    ifUnmodifiedSince: parseDate(field('if-unmodified-since')),
  }
}

/** Whether a write may happen, in the order of section 13.2.2. [H-21] [H-22] */
export function mayWrite(conditions: Conditions, state: Message | undefined): boolean {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch } = conditions
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, state)) return false
  } else if (ifUnmodifiedSince !== undefined) {
    if (state === undefined || lastModifiedOf(state, Infinity) > ifUnmodifiedSince) return false
  }
  if (ifNoneMatch === undefined || state === undefined) return true
  return ifNoneMatch !== '*' && !ifNoneMatch.some(({ text }) => offsetOf(text) === state.offset)
}

/** What a read of a state comes to: `tag` is that of the form that would be sent. */
export function readOutcome(
  conditions: Conditions,
  state: Message,
  tag: string,
  wallMs: number,
): 200 | 304 | 412 {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions
  const modified = lastModifiedOf(state, wallMs)
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, state)) return 412
  } else if (ifUnmodifiedSince !== undefined && modified > ifUnmodifiedSince) return 412
  if (ifNoneMatch !== undefined) {
    // The weak comparison, and of the very form: another one is not in the client's cache.
    const isHere = ifNoneMatch === '*' || ifNoneMatch.some(({ text }) => `"${text}"` === tag)
    return isHere ? 304 : 200
  }
  return ifModifiedSince !== undefined && modified <= ifModifiedSince ? 304 : 200
}

/** Whether the range of an If-Range may be sent: only for a strong tag that is the same. [H-33] */
export function isSameForRange(ifRange: string | undefined, tag: string): boolean {
  return ifRange === undefined || ifRange.trim() === tag
}

/** [H-20]: a weak tag never matches, and of a form's tag the offset alone counts. */
function matchesStrongly(tags: Tags, state: Message | undefined): boolean {
  if (state === undefined) return false
  return tags === '*' || tags.some(({ isWeak, text }) => !isWeak && offsetOf(text) === state.offset)
}

function offsetOf(text: string): number {
  const [, digits] = /^(\d{1,16})(?:\.[a-z0-9+-]+)?$/.exec(text) ?? []
  return digits === undefined ? Number.NaN : Number(digits)
}

const ONE_TAG = /[\t ]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,|$)|[\t ]*,/y

function parseTags(text: string | undefined): Tags | Refusal | undefined {
  if (text === undefined) return undefined
  if (text.trim() === '*') return '*'
  const tags: Tag[] = []
  for (let at = 0; at < text.length; at = ONE_TAG.lastIndex) {
    ONE_TAG.lastIndex = at
    const found = ONE_TAG.exec(text)
    if (found === null || tags.length === TAGS_MAX) {
      return new Refusal('request-invalid', 'a condition is no list of entity tags')
    }
    const [, weak, opaque] = found
    if (opaque !== undefined) tags.push({ isWeak: weak !== undefined, text: opaque })
  }
  return tags.length > 0 ? tags : new Refusal('request-invalid', 'a condition without a tag')
}

const IMF = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const RFC_850 = /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

function parseDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const isAsctime = ASCTIME.test(text)
  if (!isAsctime && !IMF.test(text) && !RFC_850.test(text)) return undefined
  const ms = Date.parse(isAsctime ? `${text} GMT` : text)
  return Number.isNaN(ms) ? undefined : ms / 1000
}

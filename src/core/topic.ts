// Topic names and topic filters: the rules of sections 4.7 and 4.8 of the standard. Texts come in,
// brands go out, and nobody validates again further inside. Who subscribes where is topic-tree's.

declare const topicBrand: unique symbol
declare const topicFilterBrand: unique symbol
/** A topic name that was checked: 1 to 65,535 bytes of UTF-8, no wildcards, no U+0000. */
export type Topic = string & { readonly [topicBrand]: true }
/** A topic filter that was checked, without any `$share/…/` prefix. */
export type TopicFilter = string & { readonly [topicFilterBrand]: true }

/** What a SUBSCRIBE asks for: a filter, and the ShareName where it is `$share/ShareName/filter`. */
export interface SubscriptionFilter {
  readonly filter: TopicFilter
  readonly share: string | undefined
}

const TEXT_BYTES_MAX = 65_535
const SHARE_PREFIX = '$share/'

const NUL = 0x00
const HASH = 0x23
const PLUS = 0x2b
const SLASH = 0x2f

/**
 * The text as a topic name, or undefined where the rules forbid it or where it has more than
 * `levelsMax` levels. Who must tell the two apart asks {@link levels}, or parses with `Infinity`.
 */
export function parseTopic(text: string, levelsMax: number): Topic | undefined {
  if (!isText(text) || levels(text) > levelsMax) return undefined
  return isWild(text) ? undefined : (text as Topic) // [MQTT-4.7.0-1]
}

/**
 * The text as a topic filter without share, or undefined where the rules forbid it or where it has
 * more than `levelsMax` levels. `$share/…` is undefined too: see {@link parseSubscriptionFilter}.
 */
export function parseTopicFilter(text: string, levelsMax: number): TopicFilter | undefined {
  if (text.startsWith(SHARE_PREFIX)) return undefined
  if (!isText(text) || levels(text) > levelsMax) return undefined
  return areWildcardsPlaced(text) ? (text as TopicFilter) : undefined
}

/**
 * The text as SUBSCRIBE and UNSUBSCRIBE carry it, shared or not. `levelsMax` counts the levels of
 * the filter alone. What follows the ShareName obeys all rules of filters, so it is no share again.
 */
export function parseSubscriptionFilter(
  text: string,
  levelsMax: number,
): SubscriptionFilter | undefined {
  let filter: TopicFilter | undefined
  let share: string | undefined
  if (text.startsWith(SHARE_PREFIX)) {
    const end = text.indexOf('/', SHARE_PREFIX.length)
    share = text.slice(SHARE_PREFIX.length, end)
    if (end <= SHARE_PREFIX.length) return undefined // [MQTT-4.8.2-1]
    if (isWild(share)) return undefined // [MQTT-4.8.2-2]
    if (!isText(text)) return undefined // The filter alone might be short enough.
    filter = parseTopicFilter(text.slice(end + 1), levelsMax)
  } else {
    filter = parseTopicFilter(text, levelsMax)
  }
  return filter === undefined ? undefined : { filter, share }
}

/** The whole text of a shared subscription, as UNSUBSCRIBE names it. */
export function shareName(share: string, filter: TopicFilter): string {
  return `${SHARE_PREFIX}${share}/${filter}`
}

/** How many levels the text has; separators at its ends make empty levels, which count. */
export function levels(text: string): number {
  let count = 1
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) count += 1
  return count
}

/** True when the filter may match more than the one topic that reads like it. */
export function isWild(filter: string): boolean {
  return filter.includes('+') || filter.includes('#')
}

/** Whether the filter matches the topic, character by character. [MQTT-4.7.3-4] */
export function matches(filter: TopicFilter, topic: Topic): boolean {
  const first = filter.charCodeAt(0)
  if ((first === PLUS || first === HASH) && topic.startsWith('$')) return false // [MQTT-4.7.2-1]
  let at = 0
  for (let from = 0; from < filter.length; from += 1) {
    const code = filter.charCodeAt(from)
    if (code === HASH) return true
    if (code === PLUS) {
      const slash = topic.indexOf('/', at)
      at = slash < 0 ? topic.length : slash
    } else if (at === topic.length) {
      // Only `/#` may still follow: `a/#` matches `a` too. Nothing but a slash comes before a `#`.
      return filter.charCodeAt(from + 1) === HASH
    } else {
      if (code !== topic.charCodeAt(at)) return false
      at += 1
    }
  }
  return at === topic.length
}

/** Whether `#` and `+` each fill a whole level, and `#` the last. [MQTT-4.7.1-1] [MQTT-4.7.1-2] */
function areWildcardsPlaced(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== HASH && code !== PLUS) continue
    if (at > 0 && text.charCodeAt(at - 1) !== SLASH) return false
    const isLast = at === text.length - 1
    if (!isLast && (code === HASH || text.charCodeAt(at + 1) !== SLASH)) return false
  }
  return true
}

/**
 * Whether it is 1 to 65,535 bytes in UTF-8, without U+0000 and without half a surrogate pair. What
 * comes by a packet is known to be proper Unicode; an embedding program may hand in anything.
 */
function isText(text: string): boolean {
  if (text.length === 0 || text.length > TEXT_BYTES_MAX) return false // [MQTT-4.7.3-1]
  let bytes = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === NUL) return false // [MQTT-4.7.3-2]
    if (code < 0x80) {
      bytes += 1
    } else if (code < 0x800) {
      bytes += 2
    } else if (code < 0xd800 || code > 0xdfff) {
      bytes += 3
    } else {
      const low = text.charCodeAt(at + 1)
      if (code > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return false
      bytes += 4
      at += 1
    }
  }
  return bytes <= TEXT_BYTES_MAX // [MQTT-4.7.3-3]
}

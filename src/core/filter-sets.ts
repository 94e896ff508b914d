// Topic filters as sets of topics: which covers which, what two have in common, and topics that
// stand for all of a filter. What one filter matches is topic's.

import type { Topic, TopicFilter } from './topic.ts'

/** Half a surrogate pair is in no topic and in no filter, so only wildcards match it. */
const ANY = '\ud800'
const HASH = 0x23
const PLUS = 0x2b

/** Whether each topic that `narrow` matches is matched by `wide`. */
export function covers(wide: TopicFilter, narrow: TopicFilter): boolean {
  if (differEarly(wide, narrow)) return false
  const over = wide.split('/')
  const under = narrow.split('/')
  if (isApart(over, under)) return false
  for (const [depth, level] of over.entries()) {
    if (level === '#') return true
    const below = under[depth]
    if (below === '#') {
      // `a/#` matches `a`, which nothing longer does; but no topic is empty, as that above `/#`.
      const hasParent = under.slice(0, depth).join('/') !== ''
      return !hasParent && level === '+' && over.length === depth + 2 && over.at(-1) === '#'
    }
    // `a/#` covers `a`.
    if (below === undefined) return false
    if (level !== '+' && level !== below) return false
    if (depth === under.length - 1 && over.length === under.length + 1) {
      return over[depth + 1] === '#'
    }
  }
  return over.length === under.length
}

/** The filter that matches what both match; undefined where that is nothing. */
export function intersection(one: TopicFilter, other: TopicFilter): TopicFilter | undefined {
  if (differEarly(one, other)) return undefined
  const first = one.split('/')
  const second = other.split('/')
  if (isApart(first, second) || isApart(second, first)) return undefined
  const common: string[] = []
  for (let depth = 0; ; depth++) {
    const left = first[depth]
    const right = second[depth]
    if (left === '#') return join(common, second.slice(depth))
    if (right === '#') return join(common, first.slice(depth))
    if (left === undefined || right === undefined) {
      return left === right ? join(common, []) : undefined
    }
    if (left !== right && left !== '+' && right !== '+') return undefined
    common.push(left === '+' ? right : left)
  }
}

/**
 * Topics of the filter of which one is matched by a filter with at most `levelsMax` levels if any
 * topic is that has as many levels and no names but those of the filter. None can be published.
 */
export function* witnesses(filter: TopicFilter, levelsMax: number): Generator<Topic> {
  const levels = filter.split('/').map((level) => (level === '+' ? ANY : level))
  if (levels.at(-1) !== '#') {
    yield levels.join('/') as Topic
    return
  }
  levels.pop()
  if (levels.length === 0) levels.push(ANY)
  do {
    const topic = levels.join('/')
    if (topic !== '') yield topic as Topic // No topic is empty [MQTT-4.7.3-1].
    levels.push(ANY)
  } while (levels.length <= levelsMax + 1)
}

/** Whether they differ before any wildcard, as most filters do; cheap. */
function differEarly(one: TopicFilter, other: TopicFilter): boolean {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const left = one.charCodeAt(at)
    const right = other.charCodeAt(at)
    if (left === PLUS || left === HASH || right === PLUS || right === HASH) return false
    if (left !== right) return true
  }
  return false
}

/** Wildcards at the front do not reach topics with `$` [MQTT-4.7.2-1]. */
function isApart([first = '']: readonly string[], [other = '']: readonly string[]): boolean {
  return (first === '+' || first === '#') && other.startsWith('$')
}

function join(common: readonly string[], rest: readonly string[]): TopicFilter | undefined {
  const filter = [...common, ...rest].join('/')
  return filter === '' ? undefined : (filter as TopicFilter)
}

// From a request target to a topic and back. It reads the target as it was sent, since URL
// libraries remove the levels `.` and `..`; what the topic's state is, others ask.

import { parseTopic, type Topic } from '../../core/topic.ts'
import { type Query, parseQuery, percentDecode } from './query.ts'
import { Refusal } from './refusal.ts'

export interface Target {
  /** Undefined: all topics together, /topics itself. */
  readonly topic: Topic | undefined
  readonly query: Query
  /** The values of `?filter=` after the first. Only a stream has several. */
  readonly filters: readonly string[]
}

const ROOT = '/topics'
/** A request to a proxy names the whole URL. */
const AUTHORITY = /^https?:\/\/[^/?#]*/i

/** Whether the target is /topics or below. */
export function isTopics(target: string): boolean {
  const path = target.replace(AUTHORITY, '')
  if (!path.startsWith(ROOT)) return false
  const next = path[ROOT.length]
  return next === undefined || next === '/' || next === '?'
}

/** What a target for which {@link isTopics} holds is about. */
export function parseTarget(target: string, levelsMax: number): Target | Refusal {
  const whole = target.replace(AUTHORITY, '').slice(ROOT.length)
  const mark = whole.indexOf('?')
  const path = mark < 0 ? whole : whole.slice(0, mark)
  const filters: string[] = []
  const query = parseQuery(mark < 0 ? '' : whole.slice(mark + 1), (name, value) => {
    if (name === 'filter') filters.push(value)
    return name === 'filter'
  })
  if (query instanceof Refusal) return query
  const named = query.get('topic')
  query.delete('topic')
  if (named !== undefined) {
    if (path === '' || path === '/') return targetOf(named, query, filters, levelsMax)
    return new Refusal('request-invalid', 'the topic is named in the path and by ?topic=')
  }
  if (path === '') return { topic: undefined, query, filters }
  if (path === '/') return new Refusal('topic-invalid', 'an empty topic; the list is at /topics')
  const text = path.slice(1)
  if (/%2f/i.test(text)) {
    return new Refusal('topic-invalid', '%2F within a level: name the topic by ?topic=')
  }
  const decoded = percentDecode(text)
  if (decoded !== undefined) return targetOf(decoded, query, filters, levelsMax)
  return new Refusal('topic-invalid', 'the path is not percent-encoded UTF-8')
}

function targetOf(
  text: string,
  query: Query,
  filters: readonly string[],
  levelsMax: number,
): Target | Refusal {
  const topic = parseTopic(text, levelsMax)
  if (topic !== undefined) return { topic, query, filters }
  const isTooDeep = parseTopic(text, Number.POSITIVE_INFINITY) !== undefined
  const why = isTooDeep ? `more than ${levelsMax} levels` : 'no topic name of MQTT'
  return new Refusal('topic-invalid', why, isTooDeep ? text : undefined)
}

/**
 * Where the topic is found, relative to the server. Topics with the levels `.` and `..` are named
 * in the query, where nothing removes those.
 */
export function topicPath(topic: Topic): string {
  const levels = topic.split('/')
  if (levels.some((level) => level === '.' || level === '..')) {
    return `${ROOT}?topic=${encodeURIComponent(topic)}`
  }
  return `${ROOT}/${levels.map(encodeURIComponent).join('/')}`
}

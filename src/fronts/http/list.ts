// GET of /topics: the states that a filter matches, in pages by topic. A page follows from the one
// before by the last topic of that, so that what changes meanwhile neither repeats nor loses one.

import type { Message } from '../../core/message.ts'
import { parseTopic, type Topic, type TopicFilter } from '../../core/topic.ts'
import { qualityOf } from './accept.ts'
import type { Durability } from './durability.ts'
import type { Admitted, Reply } from './exchange.ts'
import { parseFilter, refusalToSearch, type SearchParts } from './filters.ts'
import { toItem } from './items.ts'
import { type Query, unknownOf } from './query.ts'
import { Refusal } from './refusal.ts'

const ITEMS_DEFAULT = 100
/** Items of one page; whoever asks for more gets so many. */
const ITEMS_MAX = 1000
/** Payload bytes of one page (one item always may). Above: the page ends there. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024

export interface ListParts extends SearchParts {
  readonly durability: Durability
}

interface Page {
  readonly items: readonly Message[]
  /** The last topic that it went to, where there may be more. */
  readonly next: Topic | undefined
}

const FORMS = ['application/json', 'application/x-ndjson'] as const
type Form = (typeof FORMS)[number]

export async function list(
  parts: ListParts,
  asked: Admitted,
  query: Query,
): Promise<Reply | Refusal> {
  const unknown = unknownOf(query, ['filter', 'limit', 'cursor'])
  if (unknown !== undefined) return unknown
  const { topicLevelsMax } = parts.limits
  const filter = parseFilter(query.get('filter') ?? '#', topicLevelsMax)
  if (filter instanceof Refusal) return filter
  const limit = parseLimit(query.get('limit'))
  if (limit instanceof Refusal) return limit
  const after = parseCursor(query.get('cursor'))
  if (after instanceof Refusal) return after
  const form = formOf(asked.field('accept'))
  if (form === undefined) {
    return new Refusal('not-acceptable', `a list is ${FORMS.join(' or ')}`)
  }
  const refusal = refusalToSearch(parts, asked, filter)
  if (refusal !== undefined) return refusal

  const topics = new FirstTopics(limit + 1)
  const failure = await parts.searches.run(parts, filter, ({ topic }) => {
    if (after !== undefined && topic <= after) return undefined
    if (!topics.wants(topic) || !parts.access.mayRead(asked.principal, topic)) return undefined
    topics.add(topic)
    return undefined
  })
  if (failure !== undefined) return failure
  const page = pageOf(parts, topics.all, limit)
  for (const item of page.items) await parts.durability.ofVersion(item)
  return replyOf(page, form, filter, limit)
}

/** The first so many topics in order, whatever the order in which they come. */
class FirstTopics {
  readonly #max: number
  readonly #topics: Topic[] = []

  constructor(max: number) {
    this.#max = max
  }

  get all(): readonly Topic[] {
    return this.#topics
  }

  wants(topic: Topic): boolean {
    const last = this.#topics.at(-1)
    return this.#topics.length < this.#max || last === undefined || topic < last
  }

  add(topic: Topic): void {
    let low = 0
    let high = this.#topics.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.#topics[middle]
      if (there !== undefined && there < topic) low = middle + 1
      else high = middle
    }
    this.#topics.splice(low, 0, topic)
    if (this.#topics.length > this.#max) this.#topics.pop()
  }
}

function pageOf({ hub }: ListParts, topics: readonly Topic[], limit: number): Page {
  const items: Message[] = []
  let bytes = 0
  let last: Topic | undefined
  for (const [at, topic] of topics.entries()) {
    if (at === limit) return { items, next: last }
    const state = hub.state(topic)
    if (state !== undefined) {
      bytes += state.payload.length
      if (items.length > 0 && bytes > PAGE_BYTES_MAX) return { items, next: last }
      items.push(state)
    }
    last = topic
  }
  return { items, next: undefined }
}

function replyOf({ items, next }: Page, form: Form, filter: TopicFilter, limit: number): Reply {
  const fields: Record<string, string> = {
    'content-type': form,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    vary: 'Accept',
  }
  const cursor = next === undefined ? undefined : writeCursor(next)
  if (cursor !== undefined) {
    const query = `filter=${encodeURIComponent(filter)}&limit=${limit}&cursor=${cursor}`
    fields['link'] = `</topics?${query}>; rel="next"` // [H-70]
  }
  const written = items.map(toItem)
  const content =
    form === 'application/json'
      ? `${JSON.stringify({ items: written, next: cursor })}\n`
      : written.map((item) => `${JSON.stringify(item)}\n`).join('')
  return { status: 200, fields, content }
}

function formOf(accept: string | undefined): Form | undefined {
  let best: Form | undefined
  let bestQuality = 0
  for (const form of FORMS) {
    const quality = qualityOf(accept, form)
    if (quality <= bestQuality) continue
    best = form
    bestQuality = quality
  }
  return best
}

function parseLimit(text: string | undefined): number | Refusal {
  if (text === undefined) return ITEMS_DEFAULT
  if (/^[1-9]\d{0,8}$/.test(text)) return Math.min(Number(text), ITEMS_MAX)
  return new Refusal('request-invalid', 'the limit is a number from 1')
}

function writeCursor(topic: Topic): string {
  return Buffer.from(topic, 'utf8').toString('base64url')
}

function parseCursor(text: string | undefined): Topic | Refusal | undefined {
  if (text === undefined) return undefined
  const decoded = Buffer.from(text, 'base64url').toString('utf8')
  const topic = parseTopic(decoded, Number.POSITIVE_INFINITY)
  if (topic !== undefined && writeCursor(topic) === text) return topic
  return new Refusal('request-invalid', 'the cursor is none that was given out')
}

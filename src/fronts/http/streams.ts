// GET with `Accept: text/event-stream`: who may watch what, where a stream goes on, and all streams
// that are open. What one writes, and when, is event-stream's.

import type { Timer } from '../../base/clock.ts'
import { Reason } from '../../base/reason.ts'
import type { Sink, Source } from '../../base/sink.ts'
import type { Message } from '../../core/message.ts'
import { matches, parseTopicFilter, type Topic, type TopicFilter } from '../../core/topic.ts'
import { parseMediaType, qualityOf, splitOutsideQuotes } from './accept.ts'
import { type Beginning, EventStream } from './event-stream.ts'
import type { Admitted, Reply } from './exchange.ts'
import { parseFilter, refusalToSearch } from './filters.ts'
import type { TopicsParts } from './parts.ts'
import { type Query, unknownOf } from './query.ts'
import { refusalToRead } from './read.ts'
import { Refusal } from './refusal.ts'
import { ReplayRing } from './replay-ring.ts'
import { SearchLine, States } from './states.ts'
import { expiredEvent, gapBytes, StreamEvents } from './stream-events.ts'

/** Filters of one stream. Above: refused. */
const FILTERS_MAX = 64
/** How long after the last stream what is published is still kept for those who come back. */
const RING_MS = 5 * 60_000

const EVENT_STREAM = 'text/event-stream'

const FIELDS = {
  // The connection is of no use after it, and a server that closes need not wait for another use.
  connection: 'close',
  'content-type': EVENT_STREAM, // [H-50]
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  vary: 'Accept',
}

const WATCHED = {
  qos: 0,
  noLocal: false,
  retainAsPublished: true,
  retainHandling: 0,
  id: 0,
} as const

/** Whether a stream is asked for, by its name: a range such as `*` asks for none. */
export function isStreamAsked(accept: string | undefined): boolean {
  if (accept === undefined || !/event-stream/i.test(accept)) return false
  const isNamed = splitOutsideQuotes(accept, ',').some((one) => {
    const { type, subtype } = parseMediaType(one) ?? {}
    return type === 'text' && subtype === 'event-stream'
  })
  // It is in UTF-8 always, also for who asks for that. [H-50]
  const quality = qualityOf(accept, `${EVENT_STREAM};charset=utf-8`)
  return isNamed && quality > 0 && quality >= qualityOf(accept, 'application/json')
}

export class Streams {
  readonly #parts: TopicsParts
  readonly #line: SearchLine
  readonly #events = new StreamEvents()
  readonly #streams = new Set<EventStream>()
  /** Those that watch it, by the filter: states that expire are no messages of the tree. */
  readonly #watching = new Map<TopicFilter, Set<EventStream>>()
  #ring: ReplayRing | undefined
  #ringEnd: Timer | undefined
  #endExpiries: (() => void) | undefined
  #isClosed = false

  constructor(parts: TopicsParts) {
    this.#parts = parts
    this.#line = new SearchLine(parts.scheduler)
  }

  get size(): number {
    return this.#streams.size
  }

  /** The answer to a GET or HEAD of the topic, or of /topics with filters. */
  answer(
    asked: Admitted,
    topic: Topic | undefined,
    query: Query,
    further: readonly string[],
  ): Reply | Refusal {
    const known = topic === undefined ? ['filter', 'lastEventId'] : ['lastEventId']
    const unknown = unknownOf(query, known)
    if (unknown !== undefined) return unknown
    const filters =
      topic === undefined
        ? this.#filters(asked, [query.get('filter') ?? '#', ...further])
        : this.#filterOf(asked, topic)
    if (filters instanceof Refusal) return filters
    if (this.#isClosed) return new Refusal('unavailable', 'the server ends')
    const reply = { status: 200, fields: FIELDS, content: undefined }
    if (asked.method === 'HEAD') return reply
    // The header wins: a polyfill may repeat its first query for ever.
    const last = asked.field('last-event-id') ?? query.get('lastEventId')
    return { ...reply, stream: (sink) => this.#open(asked, filters, last, sink) }
  }

  /** Ends the streams of those who may be here no longer. */
  checkLogins(): void {
    for (const stream of this.#streams) stream.check()
  }

  close(): void {
    this.#isClosed = true
    for (const stream of this.#streams) stream.end()
    this.#stopRing()
  }

  #filters(asked: Admitted, texts: readonly string[]): readonly TopicFilter[] | Refusal {
    if (texts.length > FILTERS_MAX) {
      return new Refusal('request-invalid', `more than ${FILTERS_MAX} filters`)
    }
    const filters = new Set<TopicFilter>()
    for (const text of texts) {
      const filter = parseFilter(text, this.#parts.limits.topicLevelsMax)
      if (filter instanceof Refusal) return filter
      const refusal = refusalToSearch(this.#parts, asked, filter)
      if (refusal !== undefined) return refusal
      filters.add(filter)
    }
    return [...filters]
  }

  #filterOf(asked: Admitted, topic: Topic): readonly TopicFilter[] | Refusal {
    const filter = parseTopicFilter(topic, Number.POSITIVE_INFINITY)
    if (filter === undefined) return new Refusal('filter-invalid', 'it cannot be watched', topic)
    return refusalToRead(this.#parts, asked, topic) ?? [filter]
  }

  #open(
    { access: login, principal }: Admitted,
    filters: readonly TopicFilter[],
    last: string | undefined,
    sink: Sink,
  ): Source {
    const { turn, hub, access } = this.#parts
    turn.open()
    const beginning = this.#beginning(filters, last)
    const stream = new EventStream(
      {
        ...this.#parts,
        ...{ sink, line: this.#line, events: this.#events },
        mayRead: (topic) => access.mayRead(principal, topic),
        mayStay: () =>
          login.mayStay?.(principal) !== false &&
          filters.every((filter) => access.maySubscribe(principal, filter) === Reason.success),
        leave: () => this.#leave(stream, filters),
      },
      beginning,
    )
    this.#streams.add(stream)
    for (const filter of filters) {
      hub.subscribe({ ...WATCHED, subscriber: stream, filter })
      const watching = this.#watching.get(filter) ?? new Set()
      this.#watching.set(filter, watching.add(stream))
    }
    this.#endExpiries ??= this.#parts.observer.stateExpired.on((state) => this.#expired(state))
    // It was asked for before the server began to end.
    if (this.#isClosed) stream.end()
    return stream
  }

  #beginning(filters: readonly TopicFilter[], last: string | undefined): Beginning {
    const { hub, retained, turn, observer, http } = this.#parts
    const { head } = hub
    this.#ringEnd?.cancel()
    this.#ringEnd = undefined
    this.#ring ??= new ReplayRing(observer, () => hub.head, http.replayEventsMax)
    const ring = this.#ring
    const states = (): States => new States(retained, filters, head, turn.wallMs)
    if (last === undefined || last === '') return { gap: undefined, past: states(), head }
    const offset = parseOffset(last, head)
    // Of the server's own topics none is kept.
    const isKept = !filters.some((filter) => filter.startsWith('$'))
    if (offset === undefined || offset < ring.since || !isKept) {
      return { gap: gapBytes(offset, isKept ? ring.since : head), past: states(), head }
    }
    const wants = (topic: Topic): boolean => filters.some((filter) => matches(filter, topic))
    return { gap: undefined, past: ring.after(offset, wants), head }
  }

  #leave(stream: EventStream, filters: readonly TopicFilter[]): void {
    this.#parts.turn.open()
    this.#streams.delete(stream)
    for (const filter of filters) {
      this.#parts.hub.unsubscribe(stream, filter)
      const watching = this.#watching.get(filter)
      watching?.delete(stream)
      if (watching?.size === 0) this.#watching.delete(filter)
    }
    if (this.#streams.size > 0) return
    this.#endExpiries?.()
    this.#endExpiries = undefined
    this.#events.clear()
    if (this.#isClosed) return
    this.#ringEnd = this.#parts.deadlines.after(RING_MS, () => this.#stopRing())
  }

  #stopRing(): void {
    this.#ringEnd?.cancel()
    this.#ringEnd = undefined
    this.#ring?.stop()
    this.#ring = undefined
  }

  #expired(state: Message): void {
    const streams = new Set<EventStream>()
    for (const [filter, watching] of this.#watching) {
      if (matches(filter, state.topic)) for (const stream of watching) streams.add(stream)
    }
    if (streams.size === 0) return
    const event = expiredEvent(state)
    for (const stream of streams) stream.expired(event)
  }
}

/** An id that was given out: no larger than the newest. */
function parseOffset(text: string, head: number): number | undefined {
  const offset = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return offset <= head ? offset : undefined
}

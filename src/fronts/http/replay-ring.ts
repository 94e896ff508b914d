// What was published lately, for streams that come back: one ring for all of them.

import { bytesOf, type Message } from '../../core/message.ts'
import type { Observer } from '../../core/observer.ts'
import type { Topic } from '../../core/topic.ts'
import { expiredEvent, type StreamEvent, type StreamEvents } from './stream-events.ts'

/** What their messages count for. Above: the oldest goes. */
const REPLAY_BYTES_MAX = 32 * 1024 * 1024
/** What an event counts for beside its message. */
const EVENT_OVERHEAD_BYTES = 200

interface Entry {
  /** Who has seen all up to this offset has seen the event, unless it is an expiry. */
  readonly offset: number
  readonly message: Message
  readonly isExpiry: boolean
}

/** Hears of all but what is published below `$`, from when it is made until it is stopped. */
export class ReplayRing {
  readonly #eventsMax: number
  readonly #entries: (Entry | undefined)[] = []
  readonly #ends: readonly (() => void)[]
  /** Where the oldest entry is. */
  #first = 0
  #bytes = 0
  #since: number

  constructor(observer: Observer, head: () => number, eventsMax: number) {
    this.#eventsMax = eventsMax
    this.#since = head()
    this.#ends = [
      observer.publish.on(({ message }) => {
        this.#add({ offset: message.offset, message, isExpiry: false })
      }),
      observer.stateExpired.on((message) => {
        this.#add({ offset: head(), message, isExpiry: true })
      }),
    ]
  }

  /** Everything after this offset is here. */
  get since(): number {
    return this.#since
  }

  /** What came after the offset, of the topics that are wanted. */
  after(offset: number, wants: (topic: Topic) => boolean): Replayed {
    const entries: Entry[] = []
    for (let at = this.#first; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at]
      if (entry === undefined || !wants(entry.message.topic)) continue
      // An expiry has no offset of its own: rather told twice than not at all.
      if (entry.offset > offset || (entry.isExpiry && entry.offset === offset)) entries.push(entry)
    }
    return new Replayed(entries)
  }

  stop(): void {
    for (const end of this.#ends) end()
    this.#entries.length = 0
  }

  get #size(): number {
    return this.#entries.length - this.#first
  }

  #add(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += bytesIn(entry)
    while (this.#size > this.#eventsMax || this.#bytes > REPLAY_BYTES_MAX) {
      const oldest = this.#entries[this.#first]
      if (oldest === undefined) break
      this.#entries[this.#first] = undefined
      this.#first += 1
      this.#bytes -= bytesIn(oldest)
      this.#since = Math.max(this.#since, oldest.offset)
    }
    // Now and then, so that each is moved about once.
    if (this.#first <= this.#eventsMax) return
    this.#entries.splice(0, this.#first)
    this.#first = 0
  }
}

function bytesIn({ message }: Entry): number {
  return EVENT_OVERHEAD_BYTES + bytesOf(message) + message.topic.length
}

/** What a stream missed while it was away. */
export class Replayed {
  readonly #entries: readonly Entry[]
  #at = 0

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  /** The next that may be told. */
  next(events: StreamEvents, isTold: (message: Message) => boolean): StreamEvent | undefined {
    for (;;) {
      const entry = this.#entries[this.#at]
      if (entry === undefined) return undefined
      this.#at += 1
      const { message, isExpiry } = entry
      if (!isTold(message)) continue
      return isExpiry ? expiredEvent(message) : events.of(message)
    }
  }
}

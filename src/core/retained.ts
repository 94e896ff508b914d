// The state of the topics: each one's retained message, wholly in memory whatever the store. What
// sets and clears it (empty payloads, access, durability) is the hub's.

import { Expiries } from './expiries.ts'
import { bytesOf, keep, type Message, NEVER } from './message.ts'
import { levels, type Topic, type TopicFilter } from './topic.ts'
import { TopicTrie } from './topic-trie.ts'

/** What a state counts for beside its message and topic: about what its objects occupy. */
export const RETAINED_OVERHEAD_BYTES = 512
/** What each level of its topic but one adds, since it may be the only topic there. */
export const LEVEL_BYTES = 150

export class Retained {
  readonly #bytesMax: number
  readonly #messages = new TopicTrie<Message>()
  readonly #expiries = new Expiries()
  #bytes = 0
  #payloadBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** How many topics have a state, those expired but not yet swept included. */
  get count(): number {
    return this.#messages.size
  }

  /** What they count for: the messages, their topics, and an overhead for each and its levels. */
  get bytes(): number {
    return this.#bytes
  }

  /** Of their payloads alone. */
  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /** The topic's state; undefined from the moment it expires. */
  get(topic: Topic, nowWallMs: number): Message | undefined {
    const message = this.#messages.get(topic)
    return message !== undefined && message.expiresAtMs > nowWallMs ? message : undefined
  }

  /**
   * Makes the message, which may be empty, its topic's state, and keeps it. False, and nothing
   * changes, where `bytesMax` would be exceeded; a replaced message makes room first.
   */
  set(message: Message): boolean {
    const { topic, expiresAtMs } = message
    const former = this.#messages.get(topic)
    const bytes =
      this.#bytes + stateBytes(message) - (former === undefined ? 0 : stateBytes(former))
    if (bytes > this.#bytesMax) return false

    this.#bytes = bytes
    this.#payloadBytes += message.payload.length - (former?.payload.length ?? 0)
    this.#messages.set(topic, keep(message))
    if (expiresAtMs !== NEVER) this.#expiries.set(topic, expiresAtMs)
    else this.#expiries.delete(topic)
    return true
  }

  /** Takes the topic's state away; false when there was none. */
  clear(topic: Topic): boolean {
    const former = this.#messages.remove(topic)
    if (former === undefined) return false
    this.#bytes -= stateBytes(former)
    this.#payloadBytes -= former.payload.length
    this.#expiries.delete(topic)
    return true
  }

  /**
   * The states that the filter matches, found as they are asked for, however long that takes and
   * whatever changes meanwhile: a topic that has a state throughout comes exactly once, with the
   * newest; one cleared meanwhile comes at most once; one that is new does not come. So a state
   * that is newer than the iterator was perhaps delivered as an event too: its offset tells.
   *
   * What had expired by `nowWallMs` is left out. Who pulls over a longer time looks again.
   */
  matching(filter: TopicFilter, nowWallMs: number): IterableIterator<Message, undefined> {
    return new Found(this.search(filter, nowWallMs))
  }

  /**
   * The same in small steps, for whoever must not keep others waiting: undefined comes where one
   * step found nothing.
   */
  search(filter: TopicFilter, nowWallMs: number): Iterator<Message | undefined, undefined> {
    return new Unexpired(this.#messages.matching(filter), nowWallMs)
  }

  /**
   * Clears up to `max` expired states, the earliest first, and says how many it found: `max` means
   * that there may be more. `cleared` hears of each one after it is gone.
   */
  sweep(nowWallMs: number, max: number, cleared?: (message: Message) => void): number {
    let count = 0
    for (; count < max; count += 1) {
      const topic = this.#expiries.due(nowWallMs)
      const message = topic === undefined ? undefined : this.#messages.get(topic)
      if (message === undefined) break
      this.clear(message.topic)
      cleared?.(message)
    }
    return count
  }
}

class Unexpired implements Iterator<Message | undefined, undefined> {
  readonly #messages: Iterator<Message | undefined, undefined>
  readonly #nowWallMs: number

  constructor(messages: Iterator<Message | undefined, undefined>, nowWallMs: number) {
    this.#messages = messages
    this.#nowWallMs = nowWallMs
  }

  next(): IteratorResult<Message | undefined, undefined> {
    const step = this.#messages.next()
    if (step.value === undefined || step.value.expiresAtMs > this.#nowWallMs) return step
    return { done: false, value: undefined }
  }
}

/** All steps up to the next message as one. */
class Found implements IterableIterator<Message, undefined> {
  readonly #steps: Iterator<Message | undefined, undefined>

  constructor(steps: Iterator<Message | undefined, undefined>) {
    this.#steps = steps
  }

  next(): IteratorResult<Message, undefined> {
    for (;;) {
      const { done, value } = this.#steps.next()
      if (value !== undefined) return { done: false, value }
      if (done === true) return { done, value }
    }
  }

  [Symbol.iterator](): this {
    return this
  }
}

function stateBytes(message: Message): number {
  const { topic } = message
  return (
    RETAINED_OVERHEAD_BYTES + (levels(topic) - 1) * LEVEL_BYTES + topic.length + bytesOf(message)
  )
}

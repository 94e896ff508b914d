// The embedding program as a front: it publishes, subscribes and reads in the same tree as all
// clients. With full rights, unless it says as whom it acts.

import { RefusedError } from '../../base/errors.ts'
import type { Gate } from '../../base/gate.ts'
import { Later } from '../../base/later.ts'
import { Reason } from '../../base/reason.ts'
import type { Scheduler } from '../../base/scheduler.ts'
import type { Turn } from '../../base/turn.ts'
import type { Counters } from '../../core/counters.ts'
import type { Hub } from '../../core/hub.ts'
import type { Limits } from '../../core/limits.ts'
import type { Observer, ServerEvents, Signal } from '../../core/observer.ts'
import type { Access, Principal } from '../../core/ports.ts'
import type { Retained } from '../../core/retained.ts'
import type { StoreRecord } from '../../core/store.ts'
import { parseTopic, parseTopicFilter, type TopicFilter } from '../../core/topic.ts'
import { Replay } from '../../session/replay.ts'
import { type NewMessage, toMessage } from './message.ts'
import {
  HandlerReader,
  type MessageHandler,
  MessageStream,
  type Reader,
  type ReaderParts,
  type ReceivedMessage,
  STREAM_MESSAGES_MAX,
} from './reader.ts'

export interface Published {
  /** `Reason.success`, `Reason.noMatchingSubscribers`, or why it was refused (0x80 and above). */
  readonly reason: Reason
  /** 0 where it was refused. */
  readonly offset: number
}

export interface SubscribeOptions {
  /** Whether what is retained comes first; true by default. */
  readonly retained?: boolean
  /** True leaves out what the program itself publishes. */
  readonly noLocal?: boolean
  /** Whose rights count; by default the program may read everything. */
  readonly as?: Principal
  /**
   * How many messages may wait in a stream, 1000 by default. Above: the newest is dropped and
   * counted. For a function nothing waits.
   */
  readonly messagesMax?: number
}

export interface EmbeddedSubscription {
  unsubscribe(): void
}

/** What a program can do with the server that runs inside it. */
export interface Embedded {
  /**
   * Publishes. Resolves when all that must survive of it is on disk, at QoS 0 at once; a refusal is
   * a reason, no rejection. `$SYS/` and `$presence/` are the server's own; other topics with `$`
   * are the program's to write, and their state is never stored.
   */
  publish(message: NewMessage): Promise<Published>
  /**
   * Calls `handler` with each message that matches. Throws a RefusedError for what is no filter (a
   * shared one is not for programs), or may not be read.
   */
  subscribe(
    filter: string,
    options: SubscribeOptions,
    handler: MessageHandler,
  ): EmbeddedSubscription
  /** The same as a stream, for `for await`. It ends with `break`, `unsubscribe`, or the server. */
  subscribe(filter: string, options?: SubscribeOptions): MessageStream
  /** The topic's retained message. */
  state(topic: string): ReceivedMessage | undefined
  /** All retained messages that match, found as they are asked for. */
  retained(filter: string): IterableIterator<ReceivedMessage, undefined>
  /** Calls `listener` after each event, and returns what ends that. */
  on<E extends keyof ServerEvents>(event: E, listener: (event: ServerEvents[E]) => void): () => void
}

export interface EmbeddedParts {
  readonly turn: Turn<StoreRecord>
  readonly gate: Gate
  readonly scheduler: Scheduler
  readonly hub: Hub
  readonly retained: Retained
  readonly access: Access
  readonly limits: Limits
  readonly counters: Counters
  readonly observer: Observer
}

export class EmbeddedFront implements Embedded {
  readonly #parts: EmbeddedParts
  readonly #later: Later
  readonly #readers = new Set<Reader>()
  #isClosed = false

  constructor(parts: EmbeddedParts) {
    this.#parts = parts
    this.#later = new Later(parts.scheduler)
  }

  publish(fields: NewMessage): Promise<Published> {
    const { turn, hub, limits } = this.#parts
    turn.open()
    const message = this.#refusal ?? toMessage(fields, turn.wallMs, limits)
    if (typeof message === 'number') return Promise.resolve({ reason: message, offset: 0 })
    const { reason, offset, ticket } = hub.publish(message, fields.as)
    if (turn.isDurable(ticket)) return Promise.resolve({ reason, offset })
    return new Promise((resolve) => {
      turn.whenDurable(ticket, { durable: () => resolve({ reason, offset }) })
    })
  }

  subscribe(
    filter: string,
    options: SubscribeOptions,
    handler: MessageHandler,
  ): EmbeddedSubscription
  subscribe(filter: string, options?: SubscribeOptions): MessageStream
  subscribe(
    text: string,
    options: SubscribeOptions = {},
    handler?: MessageHandler,
  ): EmbeddedSubscription {
    const filter = this.#filter(text)
    const { access, hub, turn, gate, retained } = this.#parts
    const { as: principal, messagesMax = STREAM_MESSAGES_MAX } = options
    const reason = principal && access.maySubscribe(principal, filter)
    if (reason !== undefined && reason !== Reason.success) {
      throw new RefusedError(`may not subscribe to ${text}`, reason)
    }
    if (this.#isClosed) throw new RefusedError('the server is closed', Reason.serverShuttingDown)

    const parts = this.#readerParts(filter, principal)
    const reader =
      handler === undefined
        ? new MessageStream(parts, messagesMax)
        : new HandlerReader(parts, handler)
    turn.open()
    const { noLocal = false } = options
    const asked = { qos: 2, noLocal, retainAsPublished: true, retainHandling: 0, id: 0 } as const
    this.#readers.add(reader)
    hub.subscribe({ ...asked, subscriber: reader, filter })
    if (options.retained !== false) {
      gate.whenOpen(() => {
        turn.open()
        reader.replay(new Replay(retained.matching(filter, turn.wallMs), hub.head, asked))
      })
    }
    return reader
  }

  state(topic: string): ReceivedMessage | undefined {
    const parsed = parseTopic(topic, this.#parts.limits.topicLevelsMax)
    return parsed && this.#parts.hub.state(parsed)
  }

  retained(filter: string): IterableIterator<ReceivedMessage, undefined> {
    const { turn, retained } = this.#parts
    turn.open()
    return retained.matching(this.#filter(filter), turn.wallMs)
  }

  on<E extends keyof ServerEvents>(
    event: E,
    listener: (event: ServerEvents[E]) => void,
  ): () => void {
    const signals: { readonly [K in keyof ServerEvents]: Signal<ServerEvents[K]> } =
      this.#parts.observer
    return signals[event].on((happened) => this.#later.call(() => listener(happened)))
  }

  /**
   * Ends all streams and subscriptions. Resolves when the program's functions have been called with
   * what had come before.
   */
  close(): Promise<void> {
    this.#isClosed = true
    for (const reader of this.#readers) reader.end()
    return new Promise((resolve) => this.#later.call(resolve))
  }

  /** Why nothing is published at present, if so. */
  get #refusal(): Reason | undefined {
    if (this.#isClosed) return Reason.serverShuttingDown
    return this.#parts.gate.isOpen ? undefined : Reason.serverUnavailable
  }

  #filter(text: string): TopicFilter {
    const filter = parseTopicFilter(text, this.#parts.limits.topicLevelsMax)
    if (filter !== undefined) return filter
    throw new RefusedError(`${text} is no topic filter`, Reason.topicFilterInvalid)
  }

  #readerParts(filter: TopicFilter, principal: Principal | undefined): ReaderParts {
    const { turn, counters, observer, access, hub, retained } = this.#parts
    return {
      turn,
      later: this.#later,
      retained,
      counters,
      observer,
      mayRead: (topic) => principal === undefined || access.mayRead(principal, topic),
      leave: (reader) => {
        turn.open()
        this.#readers.delete(reader)
        hub.unsubscribe(reader, filter)
      },
    }
  }
}

// The two ways in which an embedding program gets messages: a function that is called with each,
// and a stream that it reads at its own pace. Both are subscribers like any other.

import type { Later } from '../../base/later.ts'
import type { Turn } from '../../base/turn.ts'
import type { Counters } from '../../core/counters.ts'
import { keep, type Message } from '../../core/message.ts'
import type { Observer } from '../../core/observer.ts'
import type { StoreRecord } from '../../core/store.ts'
import type { Retained } from '../../core/retained.ts'
import type { Subscriber } from '../../core/subscription.ts'
import type { Topic } from '../../core/topic.ts'
import type { Replay } from '../../session/replay.ts'

/** Messages that wait in one stream. Above: the newest is dropped for it alone, and counted. */
export const STREAM_MESSAGES_MAX = 1000

/**
 * A message as the program sees it. It may be kept, and is not to be changed: others see the same.
 * `retain` is as the publisher set it.
 */
export type ReceivedMessage = Readonly<
  Pick<
    Message,
    | 'offset'
    | 'topic'
    | 'payload'
    | 'qos'
    | 'retain'
    | 'properties'
    | 'publisher'
    | 'arrivedAtMs'
    | 'expiresAtMs'
  >
>

export type MessageHandler = (message: ReceivedMessage) => void

export interface ReaderParts {
  readonly turn: Turn<StoreRecord>
  readonly later: Later
  readonly retained: Retained
  readonly counters: Counters
  readonly observer: Observer
  readonly mayRead: (topic: Topic) => boolean
  /** Takes the reader out of the tree. */
  readonly leave: (reader: Reader) => void
}

export interface Reader extends Subscriber {
  /** No messages come from now on. Harmless when said again. */
  unsubscribe(): void
  /** Nothing more comes, but what had come before is still passed on. */
  end(): void
}

/** The client id of the program: no client of MQTT can have it. */
export const PROGRAM = ''

/** Calls a function with each message, in order, after the turn that brought it. */
export class HandlerReader implements Reader {
  readonly clientId: string = PROGRAM
  readonly #parts: ReaderParts
  readonly #handler: MessageHandler
  #isOpen = true
  #isInTree = true

  constructor(parts: ReaderParts, handler: MessageHandler) {
    this.#parts = parts
    this.#handler = handler
  }

  /** Has the function called with what is retained first. */
  replay(replay: Replay): void {
    this.#parts.later.call(() => {
      for (
        let message = nextOf(replay, this.#parts);
        message !== undefined && this.#isOpen;
        message = nextOf(replay, this.#parts)
      ) {
        this.#handler(message)
      }
    })
  }

  /** No bound of its own: what one turn brings is passed on before the next is read. */
  deliver(message: Message): void {
    if (!this.#parts.mayRead(message.topic)) return
    const kept = keep(message)
    this.#parts.later.call(() => {
      if (this.#isOpen) this.#handler(kept)
    })
  }

  unsubscribe(): void {
    this.#isOpen = false
    this.end()
  }

  end(): void {
    if (!this.#isInTree) return
    this.#isInTree = false
    this.#parts.leave(this)
  }
}

type Step = IteratorResult<ReceivedMessage, undefined>

/** Messages for `for await`, read at the program's pace. */
export class MessageStream implements Reader, AsyncIterableIterator<ReceivedMessage, undefined> {
  readonly clientId: string = PROGRAM
  readonly #parts: ReaderParts
  readonly #messagesMax: number
  readonly #waiting: Message[] = []
  /** Calls of `next` that wait for a message. */
  readonly #readers: ((step: Step) => void)[] = []
  #replay: Replay | undefined
  #dropped = 0
  #isOpen = true

  constructor(parts: ReaderParts, messagesMax: number) {
    this.#parts = parts
    this.#messagesMax = messagesMax
  }

  /** How many messages were dropped because the stream was full. */
  get dropped(): number {
    return this.#dropped
  }

  /** What is retained comes first, pulled as it is read. */
  replay(replay: Replay): void {
    this.#replay = replay
  }

  deliver(message: Message): void {
    if (!this.#parts.mayRead(message.topic)) return
    const reader = this.#readers.shift()
    if (reader !== undefined) return reader({ done: false, value: keep(message) })
    if (this.#waiting.length < this.#messagesMax) {
      this.#waiting.push(keep(message))
      return
    }
    this.#dropped += 1
    this.#parts.counters.droppedQueueFull += 1
    this.#parts.observer.dropped(PROGRAM, message.topic, 'queueFull')
  }

  next(): Promise<Step> {
    const message = this.#take()
    if (message !== undefined) return Promise.resolve({ done: false, value: message })
    if (!this.#isOpen) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  /** Ends the stream: called by `break` in a `for await`. */
  return(): Promise<Step> {
    this.#waiting.length = 0
    this.#replay = undefined
    this.unsubscribe()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Nothing more comes; what waits can still be read. */
  unsubscribe(): void {
    this.end()
  }

  end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#parts.leave(this)
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): Message | undefined {
    if (this.#replay !== undefined) {
      const state = nextOf(this.#replay, this.#parts)
      if (state !== undefined) return state
      this.#replay = undefined
    }
    const { turn, counters, observer } = this.#parts
    turn.open()
    for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
      if (message.expiresAtMs > turn.wallMs) return message
      counters.droppedExpired += 1
      observer.dropped(PROGRAM, message.topic, 'expired')
    }
    return undefined
  }
}

/** The next retained message that is still its topic's state, and may be read. */
function nextOf(replay: Replay, { turn, retained, mayRead }: ReaderParts): Message | undefined {
  turn.open()
  for (let message = replay.next; message !== undefined; message = replay.next) {
    replay.advance()
    const isState = retained.get(message.topic, turn.wallMs) === message
    if (isState && mayRead(message.topic)) return message
  }
  return undefined
}

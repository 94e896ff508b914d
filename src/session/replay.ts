// The retained messages that a new subscription is owed, pulled one by one at the pace at which its
// client takes them, outside the session's queue.

import type { Message, Qos } from '../core/message.ts'
import type { SubscriptionOptions } from '../core/subscription.ts'

export class Replay {
  readonly #messages: Iterator<Message | undefined, undefined>
  readonly #newest: number
  readonly qos: Qos
  readonly ids: readonly number[]
  #next: Message | undefined
  #isOver = false

  /**
   * `newest` is the offset of the newest message at the time of subscribing: what is set later
   * comes as a live message, and must not come twice.
   */
  constructor(
    messages: Iterator<Message | undefined, undefined>,
    newest: number,
    options: SubscriptionOptions,
  ) {
    this.#messages = messages
    this.#newest = newest
    this.qos = options.qos
    this.ids = options.id === 0 ? [] : [options.id]
  }

  /** True once `look` has come to the end. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Goes one step towards the next message, and returns it once it is found: the same one until
   * `advance`.
   */
  look(): Message | undefined {
    if (this.#next !== undefined || this.#isOver) return this.#next
    const { done, value: message } = this.#messages.next()
    if (done === true) this.#isOver = true
    if (message === undefined) return undefined
    if (message.offset <= this.#newest) this.#next = message
    return this.#next
  }

  /** The next message, however far it is to it; undefined at the end. */
  get next(): Message | undefined {
    while (this.look() === undefined && !this.#isOver);
    return this.#next
  }

  advance(): void {
    this.#next = undefined
  }
}

// The retained messages that a new subscription is owed, pulled one by one at the pace at which its
// client takes them, outside the session's queue.

import type { Message, Qos } from '../core/message.ts'
import type { SubscriptionOptions } from '../core/subscription.ts'

export class Replay {
  readonly #messages: Iterator<Message, undefined>
  readonly #newest: number
  readonly qos: Qos
  readonly ids: readonly number[]
  #next: Message | undefined

  /**
   * `newest` is the offset of the newest message at the time of subscribing: what is set later
   * comes as a live message, and must not come twice.
   */
  constructor(
    messages: Iterator<Message, undefined>,
    newest: number,
    options: SubscriptionOptions,
  ) {
    this.#messages = messages
    this.#newest = newest
    this.qos = options.qos
    this.ids = options.id === 0 ? [] : [options.id]
  }

  /** The next message, the same one until `advance`; undefined at the end. */
  get next(): Message | undefined {
    while (this.#next === undefined) {
      const message = this.#messages.next().value
      if (message === undefined) return undefined
      if (message.offset <= this.#newest) this.#next = message
    }
    return this.#next
  }

  advance(): void {
    this.#next = undefined
  }
}

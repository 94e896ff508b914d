// Answers that wait for the disk: what was written, and versions that somebody else wrote a moment
// ago. Here, and nowhere else in this front, a commit becomes a promise.

import type { Turn } from '../../base/turn.ts'
import type { Hub } from '../../core/hub.ts'
import type { Message } from '../../core/message.ts'
import type { StoreRecord } from '../../core/store.ts'

export class Durability {
  readonly #turn: Turn<StoreRecord>
  readonly #hub: Hub
  /** All versions up to this offset are known to be durable. */
  #durable = 0

  constructor(turn: Turn<StoreRecord>, hub: Hub) {
    this.#turn = turn
    this.#hub = hub
  }

  /** Resolves when the ticket is durable; undefined where it is already. */
  of(ticket: number): Promise<void> | undefined {
    if (this.#turn.isDurable(ticket)) return undefined
    return new Promise((resolve) => {
      this.#turn.whenDurable(ticket, { durable: () => resolve() })
    })
  }

  /**
   * Resolves when the version may be told of: one that a crash could still take back, and that
   * somebody then compares with, would be no version. What came at QoS 0 was never promised.
   */
  ofVersion({ qos, offset }: Message): Promise<void> | undefined {
    if (qos === 0 || offset <= this.#durable) return undefined
    const { head } = this.#hub
    const waits = this.of(this.#turn.newestTicket())
    if (waits === undefined) {
      this.#durable = Math.max(this.#durable, head)
      return undefined
    }
    return waits.then(() => {
      this.#durable = Math.max(this.#durable, head)
    })
  }
}

// All replays that one session owes, in the order of subscribing: pulled at its client's pace, and
// a little in each turn, so that a filter which matches much, or looks long for little, keeps
// nobody else waiting.

import type { Timer } from '../base/clock.ts'
import { lower } from '../core/message.ts'
import { createDelivery } from './delivery.ts'
import type { Replay } from './replay.ts'
import type { GroupMember } from './shared-group.ts'
import type { World } from './world.ts'

/** What one turn may cost at most, in messages. */
const COST_MAX = 1000
/** What a step that found nothing costs. */
const COST_IN_VAIN = 5
/** How long others have before it goes on. */
const PAUSE_MS = 1

export class Replays {
  readonly #world: World
  readonly #session: GroupMember
  /** By the filter they belong to. */
  readonly #replays = new Map<string, Replay>()
  /** Set while it pauses. */
  #pause: Timer | undefined

  constructor(world: World, session: GroupMember) {
    this.#world = world
    this.#session = session
  }

  /** True while nothing is owed. */
  get isEmpty(): boolean {
    return this.#replays.size === 0
  }

  /** One replay a filter. */
  set(filter: string, replay: Replay): void {
    this.#replays.delete(filter)
    this.#replays.set(filter, replay)
  }

  cancel(filter: string): void {
    this.#replays.delete(filter)
  }

  clear(): void {
    this.#replays.clear()
    this.#pause?.cancel()
    this.#pause = undefined
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (this.#pause !== undefined || !this.#session.isReady) return
    let cost = 0
    for (const [filter, replay] of this.#replays) {
      for (let message = replay.look(); !replay.isOver; message = replay.look()) {
        if (cost >= COST_MAX) return this.#goOnLater()
        cost += message === undefined ? COST_IN_VAIN : 1
        if (message === undefined) continue
        const qos = lower(message.qos, replay.qos) // [U5-22]
        if (!this.#session.isReady || (qos > 0 && !this.#session.canTake)) return
        replay.advance()
        const state = this.#world.retained.get(message.topic, this.#world.turn.wallMs)
        if (state !== message) continue // Expired [U5-19], cleared, or replaced while it waited.
        if (!this.#session.mayRead(message.topic)) continue
        if (qos === 0)
          this.#session.sendAtMostOnce(message, true, replay.ids) // [U5-21]
        else this.#session.take(createDelivery(message, qos, true, replay.ids, undefined))
      }
      this.#replays.delete(filter)
    }
  }

  #goOnLater(): void {
    this.#pause = this.#world.deadlines.after(PAUSE_MS, () => {
      this.#pause = undefined
      this.#world.turn.open()
      this.pump()
    })
  }
}

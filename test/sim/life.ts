// What one run of the server program has of the world: its clock and its turns end with it.

import type { Clock } from '../../src/base/clock.ts'
import type { Scheduler } from '../../src/base/scheduler.ts'
import type { World } from './world.ts'

/** What each look at the clock takes, where work is measured. */
const LOOK_MS = 0.2

export class Life {
  isOver = false
  readonly clock: Clock
  /** Runs ahead by each look at it, so that long work is done in pieces. */
  readonly workClock: Clock
  readonly scheduler: Scheduler

  constructor(world: World) {
    const chance = world.chance('turns')
    const waiting: (() => void)[] = []
    const after = (delayMs: number, run: () => void): ReturnType<Clock['after']> =>
      world.at(delayMs, () => {
        if (!this.isOver) run()
      })
    let looks = 0
    this.clock = { now: () => world.nowMs, wall: () => world.clock.wall(), after }
    this.workClock = { ...this.clock, now: () => world.nowMs + LOOK_MS * looks++ }
    // In the order in which they were asked for, as in an event loop.
    this.scheduler = {
      defer: (run) => {
        waiting.push(run)
        world.at(chance.ms(0.2), () => {
          const next = waiting.shift()
          if (!this.isOver) next?.()
        })
      },
    }
  }
}

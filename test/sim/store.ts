// A store that takes its time and sometimes fails: the memory store behind a delaying commit. It
// keeps the order of what was appended and what is durable, and rebuilds from the records what a
// store on disk would hold.

import { Reason } from '../../src/base/reason.ts'
import type { Store, StoreRecord } from '../../src/core/ports.ts'
import { RecordModel } from './records.ts'
import type { Chance, World } from './world.ts'

export interface StoreProfile {
  /** The longest that a commit takes. */
  readonly delayMs: number
  /** In a hundred commits so many take seconds. */
  readonly sluggishPercent: number
  /** In a hundred commits so many fail, and with them those of the seconds after. */
  readonly failingPercent: number
  /** Whether new durable work is refused meanwhile. */
  readonly refuses: boolean
}

export class SimStore implements Store {
  readonly firstOffset: number = 1_000_000
  readonly model: RecordModel
  profile: StoreProfile
  /** How many records were appended, and how many of them are durable. */
  appended = 0
  committed = 0
  failures = 0
  readonly #world: World
  readonly #chance: Chance
  #isCommitting = false
  #isFailing = false
  #failsUntilMs = 0

  constructor(world: World, profile: StoreProfile) {
    this.#world = world
    this.#chance = world.chance('store')
    this.profile = profile
    this.model = new RecordModel(world)
  }

  append(record: StoreRecord): void {
    this.appended += 1
    this.#world.note(`  append ${this.appended} ${this.model.describe(record)}`)
    this.model.apply(record, this.appended)
  }

  commit(done: (error: Error | undefined) => void): void {
    if (this.#isCommitting) this.#world.violation('two commits at once')
    this.#isCommitting = true
    const upTo = this.appended
    const finish = (): void => {
      this.#isCommitting = false
      if (this.#fails()) {
        this.failures += 1
        this.#isFailing = true
        this.#world.note(`  commit of ${upTo} failed`)
        return done(new Error('the disk fails'))
      }
      this.#isFailing = false
      this.committed = upTo
      this.model.committed(upTo)
      this.#world.note(`  committed ${upTo}`)
      done(undefined)
    }
    const { delayMs, sluggishPercent } = this.profile
    if (delayMs === 0) return finish()
    const isSluggish = this.#chance.percent(sluggishPercent)
    this.#world.at(this.#chance.ms(isSluggish ? 4000 : delayMs), finish)
  }

  refusal(): Reason | undefined {
    return this.#isFailing && this.profile.refuses ? Reason.implementationSpecificError : undefined
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #fails(): boolean {
    if (this.#world.nowMs < this.#failsUntilMs) return true
    if (!this.#chance.percent(this.profile.failingPercent)) return false
    this.#failsUntilMs = this.#world.nowMs + this.#chance.ms(3000)
    return true
  }
}

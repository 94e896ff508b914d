// A store that takes its time and sometimes fails: the memory store behind a delaying commit. It
// keeps the order of what was appended and what is durable, rebuilds from the records what a store
// on disk would hold, and reads queues back from that.

import { Reason } from '../../src/base/reason.ts'
import type { QueueName, Recovery, Store, StoreRecord } from '../../src/core/store.ts'
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
  /** Whether queues are read back, and how long a page takes at most; 0 is none of it. */
  readonly holdsQueues: boolean
  readonly readMs: number
}

/** What the checkers know of a store, whichever it is. */
export interface StoreBook {
  readonly model: RecordModel
  /** How many records were appended; those up to `committed` are durable. */
  readonly appended: number
  readonly committed: number
  /** Names what is done at present: what is appended under one name is durable together. */
  readonly part: number
}

export class SimStore implements Store, StoreBook {
  readonly holdsQueues: boolean
  readonly isCongested: boolean = false
  readonly model: RecordModel
  profile: StoreProfile
  appended = 0
  /** Nothing is ever lost here. */
  readonly part: number = 0
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
    this.holdsQueues = profile.holdsQueues
    this.model = new RecordModel(world)
  }

  recover(into: Recovery, done: (error: Error | undefined) => void): void {
    into.begin(1_000_000, this.#world.clock.wall())
    done(undefined)
  }

  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: Parameters<Store['read']>[4],
  ): void {
    const { found, isEnd } = this.model.state.read(queue, after, countMax, bytesMax)
    const finish = (): void => {
      if (this.#fails()) return done(new Error('the disk cannot be read'), [], false)
      done(undefined, found, isEnd)
    }
    if (this.profile.readMs === 0) return finish()
    this.#world.at(this.#chance.ms(this.profile.readMs), finish)
  }

  append(record: StoreRecord): void {
    this.appended += 1
    this.#world.note(`  append ${this.appended} ${this.model.describe(record)}`)
    this.model.apply(record, this.appended, this.#world.eventId)
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

// One run: rounds of traffic that each end with kill -9, and a last one in which everything owed is
// collected and held against the book.

import { existsSync, watch } from 'node:fs'
import { join } from 'node:path'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { sleep } from './bell.ts'
import { Company } from './company.ts'
import { nameOf, Ledger } from './ledger.ts'
import { checkStates } from './onlooker.ts'
import { type Bounds, drawPlan, type Plan } from './plan.ts'
import type { Life, Target } from './target.ts'

export interface RunOptions {
  readonly target: Target
  readonly seed: number
  readonly rounds: number
  /** An empty folder for the server's data. */
  readonly folder: string
  /** Loss is what is looked for: nobody waits long for what does not come. */
  readonly isLossExpected: boolean
  readonly print: (line: string) => void
}

const TRAFFIC_MS_MAX = 10_000
/** Nothing came for so long: nothing will. */
const QUIET_MS = 10_000
const QUIET_MS_WHERE_LOST = 4000
/** Those of the last kill are due half a minute after the start that follows. */
const WILLS_MS_MAX = 60_000
const LOOK_MS = 100
/** While sleepers drain, so many times as much is published at most as in other rounds. */
const DRAIN_FACTOR = 4
const SOON_MS_MAX = 200
/** A server that lived so long has written down whose connections ended. */
const SETTLED_MS = 1000

export class Run {
  readonly ledger: Ledger = new Ledger()
  kills = 0
  readonly #options: RunOptions
  readonly #random: Random
  readonly #company: Company
  /** What a start took last. */
  #startMs = 500
  #life: Life | undefined

  constructor(options: RunOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#company = new Company(this.ledger, options.seed)
  }

  async play(): Promise<void> {
    try {
      for (let round = 1; round <= this.#options.rounds; round++) await this.#round(round)
      await this.#finish()
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      this.ledger.faults.add('server', error.message)
    } finally {
      await this.#life?.kill()
    }
  }

  async #round(round: number): Promise<void> {
    // Drawn for itself: how often others draw depends on the machine.
    const plan = drawPlan(seededRandom(this.#options.seed * 1000 + round), round)
    const before = { acked: this.ledger.acked, delivered: this.ledger.delivered }
    for (const percent of plan.startKills) await this.#killAtStart(percent, plan.bounds)
    const { life, port } = await this.#start(plan.bounds)
    const startMs = this.#startMs
    if (round === 1) await this.#company.introduce(port)
    const gathering = this.#gather(port, round)
    if (plan.kind !== 'soon') await gathering
    let isOver = false
    const wandering = this.#company.wander(port, this.#random, () => isOver || life.hasEnded)
    await this.#untilInstant(plan, life, port)
    if (life.hasEnded) throw new ServerError(life)
    const livedMs = performance.now() - life.startedMs - startMs
    // Whose connection it ends by its end, it did not write down.
    if (livedMs >= SETTLED_MS) this.#company.visitors.settled()
    this.#company.visitors.surprised()
    isOver = true
    await this.#kill(life)
    this.ledger.bell.ring()
    await Promise.all([gathering, wandering])
    await this.#company.scatter()
    this.#say(round, plan, startMs, before)
  }

  /** Everybody comes back and goes on. Ends early, without a word, when the server is killed. */
  async #gather(port: number, round: number): Promise<void> {
    this.#company.resume()
    await this.#company.gather(port, false)
    this.#company.move(round)
    await this.#company.visitors.come(port, round)
    await checkStates(port, this.#company.states, this.ledger)
  }

  /** Returns at the instant of the kill, or earlier when the server has ended. */
  async #untilInstant(plan: Plan, life: Life, port: number): Promise<void> {
    const { ledger } = this
    const until = (condition: () => boolean): Promise<boolean> =>
      ledger.bell.until(() => life.hasEnded || condition(), TRAFFIC_MS_MAX)
    const acks = ledger.acked + plan.acks
    switch (plan.kind) {
      case 'load':
        await until(() => ledger.acked >= acks)
        break
      case 'soon':
        await sleep(this.#random.below(SOON_MS_MAX))
        break
      case 'drain': {
        const got = this.#company.sleepersGot
        const owed = await this.#company.wake(port)
        const isDrained = (): boolean =>
          this.#company.sleepersGot - got >= (owed * plan.percent) / 100
        // Publishers go on, and may be faster than who reads back a few at a time.
        const enough = ledger.acked + DRAIN_FACTOR * plan.acks
        await until(() => isDrained() || ledger.acked >= enough)
        break
      }
      case 'table':
        await this.#tableChange(until, () => ledger.acked >= acks)
    }
    await sleep(plan.delayMs)
  }

  /** Until a file of the table changes amid traffic; where none does, until that was enough. */
  async #tableChange(
    until: (condition: () => boolean) => Promise<boolean>,
    isEnough: () => boolean,
  ): Promise<void> {
    const { folder, target } = this.#options
    const table = join(folder, target.tableFolder ?? '.')
    if (!existsSync(table)) return void (await until(isEnough))
    let changes = 1 + this.#random.below(20)
    const watcher = watch(table, () => {
      changes -= 1
      this.ledger.bell.ring()
    })
    await until(() => changes <= 0 || isEnough())
    watcher.close()
  }

  async #start(bounds: Bounds = 'own'): Promise<{ life: Life; port: number }> {
    const { target, folder } = this.#options
    const life = await target.start(folder, bounds)
    this.#life = life
    const port = await life.port
    if (port === undefined) throw new ServerError(life)
    this.#startMs = performance.now() - life.startedMs
    return { life, port }
  }

  async #killAtStart(percent: number, bounds: Bounds): Promise<void> {
    const life = await this.#options.target.start(this.#options.folder, bounds)
    this.#life = life
    await sleep((this.#startMs * percent) / 100)
    if (life.hasEnded) throw new ServerError(life)
    await this.#kill(life)
  }

  async #kill(life: Life): Promise<void> {
    this.kills += 1
    await life.kill()
  }

  /** Collects all that is owed, twice: after the last round, and after one more kill. */
  async #finish(): Promise<void> {
    const company = this.#company
    company.pause()
    const { life, port } = await this.#start()
    await company.gather(port, true)
    await company.visitors.come(port, 0)
    await company.settle()
    await this.#drain(life)
    company.visitors.surprised()
    await this.#kill(life)
    await company.scatter()

    const last = await this.#start()
    await company.gather(last.port, true)
    await checkStates(last.port, company.states, this.ledger)
    const sinceId = this.ledger.letters.length
    company.probe()
    await company.settle()
    await this.#drain(last.life)
    if (!this.#options.isLossExpected) {
      await company.conclude()
      await company.visitors.outlive(last.port)
    }
    await this.#awaitWills()
    await checkStates(last.port, company.states, this.ledger)
    this.#audit(sinceId)
    if (last.life.hasEnded) throw new ServerError(last.life)
  }

  /** Until all that is owed came, or nothing came for long. */
  async #drain(life: Life): Promise<void> {
    const quietMs = this.#options.isLossExpected ? QUIET_MS_WHERE_LOST : QUIET_MS
    let seen = -1
    let sinceMs = performance.now()
    while (!life.hasEnded && performance.now() - sinceMs < quietMs) {
      const now = this.ledger.delivered + this.ledger.repeated
      if (now !== seen) sinceMs = performance.now()
      else if (this.#company.mailboxes.every(({ isComplete }) => isComplete)) return
      seen = now
      await sleep(LOOK_MS)
    }
  }

  async #awaitWills(): Promise<void> {
    const { visitors } = this.#company
    const isDone = (): boolean => visitors.missingWills.length === 0
    await this.ledger.bell.until(isDone, this.#options.isLossExpected ? LOOK_MS : WILLS_MS_MAX)
    for (const name of visitors.missingWills) {
      this.ledger.faults.add('will', `that of ${name} did not come`)
    }
  }

  #audit(sinceId: number): void {
    const { faults } = this.ledger
    for (const mailbox of this.#company.mailboxes) {
      for (const letter of mailbox.missing) {
        faults.add('lost', `${nameOf(letter)} did not come to ${mailbox.owner}`)
      }
      for (const filter of mailbox.silent(sinceId)) {
        faults.add('subscription', `${mailbox.owner} gets nothing for ${filter}`)
      }
    }
  }

  #say(
    round: number,
    { kind, bounds, startKills }: Plan,
    startMs: number,
    before: { acked: number; delivered: number },
  ): void {
    const acked = this.ledger.acked - before.acked
    const delivered = this.ledger.delivered - before.delivered
    const starts = startKills.length > 0 ? `, after ${startKills.length} during start-up` : ''
    this.#options.print(
      `round ${round}: killed at ${kind} (${bounds})${starts}; ${acked} acknowledged, ` +
        `${delivered} delivered, up in ${startMs.toFixed(0)} ms, ` +
        `${this.ledger.faults.total} faults so far`,
    )
    for (const example of this.ledger.faults.news()) this.#options.print(`  ${example}`)
  }
}

/** The server ended by itself or did not come up. */
class ServerError extends Error {
  readonly code = 'ERR_SERVER'

  constructor(life: Life) {
    super(`${life.hasEnded ? 'it ended by itself' : 'it did not come up'}: ${life.tail}`)
  }
}

// Clients that are there for one kill each: one whose will must come, one whose session must be
// gone soon after, one whose session must still be there.

import { sleep } from './bell.ts'
import { Caller, type Role } from './caller.ts'
import type { Ledger } from './ledger.ts'

/** Topics of wills; no letters are published there. */
export const WILL_TOPICS = 'w'
const MAYFLY_S = 1
/** So long after its connection ended a session of a second must be gone. */
const MAYFLY_GONE_MS = 4000
const TORTOISE_S = 3600
const HEIRLOOM_S = 600

const NO_ROLE: Role = { accepted: () => undefined, received: () => undefined }

export class Visitors {
  readonly #ledger: Ledger
  #present: { testator: Caller; mayfly: Caller; tortoise: Caller } | undefined
  #mayflies: { caller: Caller; sinceMs: number | undefined }[] = []
  #tortoises: Caller[] = []
  /** Names of wills that must come. */
  readonly #promised = new Set<string>()
  readonly #came = new Set<string>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Connects those of this round, after those of the rounds before were looked at. */
  async come(port: number, round: number): Promise<void> {
    await Promise.all([this.#lookAtMayflies(port), this.#lookAtTortoises(port)])
    const testatorId = `testator-${round}`
    const isHeirloom = round % 2 === 0
    const will = {
      topic: `${WILL_TOPICS}/${round % 3}`,
      payload: testatorId,
      delayS: isHeirloom ? 1 : 0,
    }
    const expiryS = isHeirloom ? HEIRLOOM_S : 0
    const testator = this.#caller({ clientId: testatorId, expiryS, will })
    const mayfly = this.#caller({ clientId: `mayfly-${round}`, expiryS: MAYFLY_S })
    const tortoise = this.#caller({ clientId: `tortoise-${round}`, expiryS: TORTOISE_S })
    this.#present = { testator, mayfly, tortoise }
    await Promise.all([testator, mayfly, tortoise].map((caller) => caller.connect(port)))
  }

  /** The server is about to be killed: who is connected now has something to ask for. */
  surprised(): void {
    if (this.#present === undefined) return
    const { testator, mayfly, tortoise } = this.#present
    this.#present = undefined
    if (testator.isOnline) this.#promised.add(testator.clientId)
    if (mayfly.isOnline) this.#mayflies.push({ caller: mayfly, sinceMs: undefined })
    if (tortoise.isOnline) this.#tortoises.push(tortoise)
  }

  /** The server lives, and has had time to write down whose connections ended. */
  settled(): void {
    for (const mayfly of this.#mayflies) mayfly.sinceMs ??= performance.now()
  }

  willCame(name: string, qos: number): void {
    const { faults } = this.#ledger
    if (this.#came.has(name)) faults.add('will', `that of ${name} came twice`)
    if (qos !== 2) faults.add('will', `that of ${name} came at QoS ${qos}`)
    this.#came.add(name)
  }

  get missingWills(): readonly string[] {
    return [...this.#promised].filter((name) => !this.#came.has(name))
  }

  /** Waits until every mayfly's session must be gone, and looks. */
  async outlive(port: number): Promise<void> {
    this.settled()
    const lastMs = Math.max(0, ...this.#mayflies.map(({ sinceMs = 0 }) => sinceMs))
    const waitMs = lastMs + MAYFLY_GONE_MS - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    await this.#lookAtMayflies(port)
  }

  async #lookAtMayflies(port: number): Promise<void> {
    const now = performance.now()
    const isDue = ({ sinceMs }: { sinceMs: number | undefined }): boolean =>
      sinceMs !== undefined && now - sinceMs >= MAYFLY_GONE_MS
    const due = this.#mayflies.filter(isDue)
    this.#mayflies = this.#mayflies.filter((mayfly) => !isDue(mayfly))
    for (const { caller } of due) {
      caller.expire()
      if (await caller.connect(port)) caller.leave(0)
    }
  }

  async #lookAtTortoises(port: number): Promise<void> {
    const tortoises = this.#tortoises
    this.#tortoises = []
    for (const caller of tortoises) {
      // Not connected means killed again before an answer: it asks in the next round.
      if (await caller.connect(port)) caller.leave(0)
      else this.#tortoises.push(caller)
    }
  }

  #caller(options: ConstructorParameters<typeof Caller>[0]): Caller {
    return new Caller(options, this.#ledger, NO_ROLE)
  }
}

// Who takes part in a run: publishers of QoS 1 and 2, and durable subscribers that are always
// there, come and go, sleep for rounds, or are members of a shared group.

import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Caller } from './caller.ts'
import type { Ledger } from './ledger.ts'
import { Mailbox } from './mailbox.ts'
import { Publisher } from './publisher.ts'
import { Subscriber } from './subscriber.ts'
import { Visitors, WILL_TOPICS } from './visitors.ts'

const TOPICS: readonly string[] = ['t/0', 't/1', 't/2', 's/0', 's/1']
/** Of which little is heard, so that all that waits for a subscriber may be in flight. */
const RARE_TOPIC = 'q'
const PUBLISHER_QOS: readonly (readonly (1 | 2)[])[] = [[1], [2], [1, 2], [2, 1], [1, 2]]
/** Rounds of which the nomad's topics are still published to. */
const NOMAD_ROUNDS = 3
const READY_MS_MAX = 60_000
const RELEASE_MS_MAX = 10_000

export class Company {
  readonly publishers: readonly Publisher[]
  readonly visitors: Visitors
  readonly mailboxes: readonly Mailbox[]
  /** The topics of which each publisher says one's state. */
  readonly states: readonly string[]
  readonly #ledger: Ledger
  readonly #awake: readonly Subscriber[]
  readonly #sleepers: readonly Subscriber[]
  /** Away from the first round to the end of the run. */
  readonly #recluse: Subscriber
  /** Changes its subscriptions in each round. */
  readonly #nomad: Subscriber
  readonly #wanderers: readonly Caller[]
  #round = 0

  constructor(ledger: Ledger, seed: number) {
    this.#ledger = ledger
    this.states = PUBLISHER_QOS.map((_, index) => `r/${index}`)
    this.publishers = PUBLISHER_QOS.map((qos, index) => {
      const topics = (): readonly string[] => [...TOPICS, ...this.#nomadTopics()]
      const state = this.states[index] ?? ''
      const name = `publisher-${index}`
      return new Publisher(
        { name, qos, topics, rare: RARE_TOPIC, state },
        ledger,
        seededRandom(seed * 100 + index),
      )
    })
    this.visitors = new Visitors(ledger)

    const all: readonly string[] = ['t/#', 'r/#']
    const steady = [
      this.#subscriber('steady-1', 1, all, 100),
      this.#subscriber('steady-2', 2, all, 100, 5),
    ]
    const guests = [
      this.#subscriber('guest-1', 1, ['t/+'], 30, 8),
      this.#subscriber('guest-2', 2, ['t/+'], 20, 5),
      this.#subscriber('guest-3', 2, [RARE_TOPIC], 20, 100),
    ]
    this.#sleepers = [
      this.#subscriber('sleeper-1', 1, ['t/0', 't/1'], 1000, 8),
      this.#subscriber('sleeper-2', 2, ['t/1', 'r/#'], 20),
    ]
    this.#recluse = this.#subscriber('recluse', 2, ['t/2'], 100)
    this.#nomad = this.#subscriber('nomad', 1, [], 100)
    const group = new Mailbox('group', ledger, true)
    const members = [1, 2, 3].map((index) => {
      const own = { name: `member-${index}`, qos: 2, filters: ['$share/group/s/#'] } as const
      return new Subscriber({ ...own, receiveMax: 10 * index, lagMs: 2 * index }, group, ledger)
    })
    const heir = new Subscriber(
      {
        name: 'heir',
        qos: 2,
        filters: [`${WILL_TOPICS}/#`],
        // So that a will is in flight for a while, and nothing else waits.
        lagMs: 150,
        onOther: (_, payload, qos) =>
          this.visitors.willCame(new TextDecoder().decode(payload), qos),
      },
      new Mailbox('heir', ledger),
      ledger,
    )
    this.#awake = [...steady, ...guests, this.#nomad, ...members, heir]
    const restless: readonly (Publisher | Subscriber | undefined)[] = [
      ...guests,
      members[2],
      this.publishers[3],
    ]
    this.#wanderers = restless.flatMap((one) => (one === undefined ? [] : [one.caller]))
    const others = [...this.#awake.filter(({ mailbox }) => mailbox !== group)]
    this.mailboxes = [
      group,
      ...[...others, ...this.#sleepers, this.#recluse].map(({ mailbox }) => mailbox),
    ]
  }

  /** Everybody comes, subscribes, and those that sleep go again. */
  async introduce(port: number): Promise<void> {
    await this.gather(port, true)
    for (const { caller } of this.#absent) caller.leave()
  }

  /** Everybody who is awake comes; `isLast`: all others as well. */
  async gather(port: number, isLast: boolean): Promise<void> {
    const subscribers = [...this.#awake, ...(isLast ? this.#absent : [])]
    const callers = [...subscribers, ...this.publishers].map(({ caller }) => caller)
    const away = callers.filter(({ isOnline }) => !isOnline)
    await Promise.all(away.map((caller) => caller.connect(port)))
    await Promise.all(subscribers.map((subscriber) => subscriber.subscribed()))
  }

  /** The sleepers come; how much they are owed. */
  async wake(port: number): Promise<number> {
    const owed = this.#sleepers.reduce((sum, { mailbox }) => sum + [...mailbox.missing].length, 0)
    await Promise.all(this.#sleepers.map(({ caller }) => caller.connect(port)))
    return owed
  }

  /** First deliveries and repetitions to the sleepers. */
  get sleepersGot(): number {
    return this.#sleepers.reduce((sum, { mailbox }) => sum + mailbox.delivered, 0)
  }

  resume(): void {
    for (const publisher of this.publishers) publisher.resume()
  }

  /** Publishers finish what they began, and begin nothing. */
  pause(): void {
    for (const publisher of this.publishers) publisher.pause()
  }

  /** The nomad moves on: it takes a topic for this round and gives up that of two rounds ago. */
  move(round: number): void {
    this.#round = round
    this.#nomad.subscribe(`x/${round}`)
    if (round > 2) this.#nomad.unsubscribe(`x/${round - 2}`)
  }

  /** Some come and go until it is over. */
  async wander(port: number, random: Random, isOver: () => boolean): Promise<void> {
    const one = async (caller: Caller): Promise<void> => {
      while (!isOver()) {
        await this.#ledger.bell.until(isOver, 5 + random.below(200))
        if (isOver()) return
        if (random.below(2) === 0) caller.cut()
        else caller.leave()
        await this.#ledger.bell.until(isOver, random.below(50))
        if (isOver() || !(await caller.connect(port))) return
      }
    }
    await Promise.all(this.#wanderers.map(one))
  }

  /** Every connection that was to the server is closed, and all that came over it was read. */
  async scatter(): Promise<void> {
    const all = [...this.#awake, ...this.#absent, ...this.publishers]
    const isDone = (): boolean => all.every(({ caller }) => caller.isGone)
    if (await this.#ledger.bell.until(isDone, READY_MS_MAX)) return
    throw new Error('connections to a process that is gone did not close')
  }

  /** Publishers have finished what they began. */
  async settle(): Promise<void> {
    const isDone = (): boolean => this.publishers.every(({ isIdle }) => isIdle)
    if (await this.#ledger.bell.until(isDone, READY_MS_MAX)) return
    this.#ledger.faults.add('server', 'publishers wait for acknowledgements that do not come')
  }

  /** Subscribers have nothing left that waits for a PUBREL; for the end, when all are there. */
  async conclude(): Promise<void> {
    const isOpen = ({ unreleased }: Subscriber): boolean => unreleased > 0
    const all = [...this.#awake, ...this.#absent]
    if (await this.#ledger.bell.until(() => !all.some(isOpen), RELEASE_MS_MAX)) return
    for (const { caller, unreleased } of all.filter(isOpen)) {
      this.#ledger.faults.add('protocol', `${caller.clientId} waits for ${unreleased} PUBREL`)
    }
  }

  /** One message for each topic and publisher, so that every subscription has something to say. */
  probe(): void {
    for (const publisher of this.publishers) {
      for (const topic of [...TOPICS, RARE_TOPIC, ...this.#nomadTopics()])
        publisher.publish(topic, 2)
      publisher.publishState()
    }
  }

  get #absent(): readonly Subscriber[] {
    return [...this.#sleepers, this.#recluse]
  }

  #nomadTopics(): readonly string[] {
    return Array.from({ length: NOMAD_ROUNDS }, (_, back) => `x/${this.#round - back}`)
  }

  #subscriber(
    name: string,
    qos: 1 | 2,
    filters: readonly string[],
    receiveMax: number,
    lagMs: number = 0,
  ): Subscriber {
    const mailbox = new Mailbox(name, this.#ledger)
    return new Subscriber({ name, qos, filters, receiveMax, lagMs }, mailbox, this.#ledger)
  }
}

// The queue at its bound, across kills: a session that is away keeps the first messages up to the
// bound, the rest is counted as dropped, and nobody else loses anything.

import type { Bell } from './bell.ts'
import { Caller } from './caller.ts'
import { Ledger, payloadOf } from './ledger.ts'
import { Mailbox } from './mailbox.ts'
import { Subscriber } from './subscriber.ts'
import { type Life, rameau, type Settings } from './target.ts'

const BOUND = 100
const MESSAGES = 300
const ROUNDS = 3
const TOPIC = 't/bound'
const WAIT_MS_MAX = 30_000
const DROPPED = '$SYS/broker/publish/messages/dropped'

/** What is wrong, or nothing. */
export async function testBound(
  folder: string,
  settings: Settings,
  print: (line: string) => void,
): Promise<readonly string[]> {
  const target = rameau({
    settings: { ...settings, 'limits.sessionQueueMax': BOUND, 'sys.intervalS': 1 },
  })
  const test = new BoundTest()
  let life: Life | undefined
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      life = await target.start(folder)
      const port = await life.port
      if (port === undefined) return [`it did not come up: ${life.tail}`]
      if (round === 0) await test.introduce(port)
      else await test.collect(port)
      await test.publish(port)
      await life.kill()
      await test.scatter()
    }
  } finally {
    await life?.kill()
  }
  const { ledger, problems } = test
  print(
    `bound: ${ROUNDS} rounds of ${MESSAGES} messages at a bound of ${BOUND}: ` +
      `${ledger.acked} acknowledged, ${test.dropped} dropped and counted; ` +
      ledger.faults.summary(),
  )
  return [...problems, ...ledger.faults.news()]
}

class BoundTest {
  readonly ledger: Ledger = new Ledger()
  readonly problems: string[] = []
  dropped = 0
  readonly #bell: Bell = this.ledger.bell
  /** The letters that came to the one that sleeps, in order. */
  #got: number[] = []
  readonly #steady = new Subscriber(
    { name: 'steady', qos: 1, filters: [TOPIC] },
    new Mailbox('steady', this.ledger),
    this.ledger,
  )
  readonly #sleeper = new Subscriber(
    {
      name: 'sleeper',
      qos: 1,
      filters: [TOPIC],
      onOther: (topic, payload) => {
        const letter = this.ledger.read(payload, topic)
        if (letter !== undefined) this.#got.push(letter.id)
      },
    },
    new Mailbox('sleeper', this.ledger),
    this.ledger,
  )
  readonly #publisher = new Caller({ clientId: 'publisher' }, this.ledger, {
    accepted: () => undefined,
    received: ({ id, reason }) => {
      const letter = this.ledger.letters[this.#firstId + id - 1]
      if (letter === undefined || reason >= 0x80) this.problems.push(`PUBACK ${id} says ${reason}`)
      else this.ledger.acknowledged(letter)
    },
  })
  #firstId = 0
  #countedDrops = 0

  async introduce(port: number): Promise<void> {
    await this.#sleeper.caller.connect(port)
    await this.#sleeper.subscribed()
    this.#sleeper.caller.leave()
  }

  /** What the sleeper was left with: the first of the round before, and no more. */
  async collect(port: number): Promise<void> {
    this.#got = []
    await this.#sleeper.caller.connect(port)
    await this.#bell.until(() => this.#got.length >= BOUND, WAIT_MS_MAX)
    const expected = Array.from({ length: BOUND }, (_, index) => this.#firstId + index)
    if (this.#got.join() !== expected.join()) {
      this.problems.push(`sleeper got ${this.#got.length}, not the first ${BOUND} in order`)
    }
    await this.#sleeper.flushed()
    this.#sleeper.caller.leave()
  }

  /** Publishes until all is acknowledged, delivered to who is there, and counted. */
  async publish(port: number): Promise<void> {
    await this.#steady.caller.connect(port)
    await this.#steady.subscribed()
    await this.#publisher.connect(port)
    this.#firstId = this.ledger.letters.length
    for (let id = 1; id <= MESSAGES; id++) {
      const letter = this.ledger.write('publisher', TOPIC, 1, false, false)
      const payload = payloadOf(letter, 100)
      this.#publisher.send({ type: 'PUBLISH', flags: 2, id, topic: TOPIC, payload })
    }
    const { mailbox } = this.#steady
    const all = this.ledger.letters.length
    const isDone = (): boolean => this.ledger.acked === all && mailbox.isComplete
    if (!(await this.#bell.until(isDone, WAIT_MS_MAX))) {
      const missing = [...mailbox.missing].length
      this.problems.push(`${all - this.ledger.acked} not acknowledged, ${missing} lost to steady`)
    }
    await this.#untilCounted(port)
  }

  async scatter(): Promise<void> {
    const all = [this.#steady.caller, this.#sleeper.caller, this.#publisher]
    await this.#bell.until(() => all.every(({ isGone }) => isGone), WAIT_MS_MAX)
  }

  async #untilCounted(port: number): Promise<void> {
    const drops = MESSAGES - BOUND
    this.#countedDrops = 0
    const reader = new Caller({ clientId: 'reader', expiryS: 0 }, this.ledger, {
      accepted: () => undefined,
      received: ({ type, payload }) => {
        if (type === 'PUBLISH') this.#countedDrops = Number(new TextDecoder().decode(payload))
      },
    })
    await reader.connect(port)
    reader.send({ type: 'SUBSCRIBE', id: 1, filters: [{ filter: DROPPED, options: 0 }] })
    const isCounted = await this.#bell.until(() => this.#countedDrops === drops, WAIT_MS_MAX)
    if (!isCounted) this.problems.push(`$SYS counts ${this.#countedDrops} dropped, not ${drops}`)
    this.dropped += this.#countedDrops
    reader.leave(0)
  }
}

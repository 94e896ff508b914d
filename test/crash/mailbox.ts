// What one durable subscriber, or all members of one shared group together, asked for and got.
// Holds every delivery against the book; what is missing only the end can tell.

import { naiveMatches } from '../support/naive-matcher.ts'
import { type Ledger, type Letter, nameOf } from './ledger.ts'

/** A subscription by the letters that were written until something became of it. */
interface Held {
  readonly filter: string
  readonly qos: number
  /** SUBACK came: later ones are owed. */
  sinceId: number
  /** UNSUBSCRIBE was sent: later ones are not owed any more. */
  untilId: number
  /** Nor are those that were not acknowledged by then: the server may have read them later. */
  open: ReadonlySet<number>
  /** UNSUBACK came: later ones may not come. */
  goneId: number
}

export class Mailbox {
  readonly owner: string
  readonly #ledger: Ledger
  readonly #isShared: boolean
  readonly #held = new Map<string, Held>()
  /** How often each letter came. */
  #got = new Uint8Array(1024)
  /** The sequence of the newest first delivery by publisher, topic and QoS. */
  readonly #newest = new Map<string, number>()
  delivered = 0

  constructor(owner: string, ledger: Ledger, isShared: boolean = false) {
    this.owner = owner
    this.#ledger = ledger
    this.#isShared = isShared
  }

  asked(filter: string, qos: number): void {
    if (this.#held.has(filter)) return
    const { POSITIVE_INFINITY: never } = Number
    const ids = { sinceId: never, untilId: never, goneId: never }
    this.#held.set(filter, { filter, qos, ...ids, open: new Set() })
  }

  granted(filter: string): void {
    this.#change(filter, (held, id) => {
      held.sinceId = Math.min(held.sinceId, id)
    })
  }

  leaving(filter: string): void {
    this.#change(filter, (held, id) => {
      held.untilId = Math.min(held.untilId, id)
      const open = this.#ledger.letters.filter(({ isAcked }) => !isAcked)
      held.open = new Set(open.map((letter) => letter.id))
    })
  }

  left(filter: string): void {
    this.#change(filter, (held, id) => {
      held.goneId = Math.min(held.goneId, id)
    })
  }

  /** The application got it; `qos` is that of the PUBLISH that brought it. */
  got(letter: Letter, qos: number): void {
    this.delivered += 1
    const held = this.#heldFor(letter.topic)
    if (held === undefined || letter.id >= held.goneId) {
      this.#ledger.faults.add('subscription', `${this.owner} left, and got ${nameOf(letter)}`)
      return
    }
    if (qos !== Math.min(letter.qos, held.qos)) {
      this.#ledger.faults.add('protocol', `${nameOf(letter)} came to ${this.owner} at QoS ${qos}`)
    }
    const times = this.#times(letter.id) + 1
    this.#count(letter.id, times)
    if (times > 1) {
      this.#ledger.repeated += 1
      if (qos < 2) return
      this.#ledger.faults.add('duplicate', `${nameOf(letter)} came to ${this.owner} again`)
      return
    }
    this.#ledger.delivered += 1
    if (!this.#isShared) this.#checkOrder(letter)
  }

  /** Whether all that is owed came. */
  get isComplete(): boolean {
    return this.missing.next().done === true
  }

  /** What is owed and did not come. */
  get missing(): Generator<Letter, undefined> {
    return this.#missing(0)
  }

  /** Filters that brought nothing of what was owed since that letter. */
  silent(sinceId: number): readonly string[] {
    const lost = [...this.#missing(sinceId)]
    return [...this.#held.values()]
      .filter(({ filter }) => lost.some(({ topic }) => naiveMatches(filter, topic)))
      .filter(({ filter }) => !this.#gotAny(filter, sinceId))
      .map(({ filter }) => filter)
  }

  *#missing(sinceId: number): Generator<Letter, undefined> {
    const { letters } = this.#ledger
    const byTopic = new Map<string, Held | undefined>()
    for (let id = sinceId; id < letters.length; id++) {
      const letter = letters[id]
      if (letter === undefined || !letter.isAcked || letter.isClear || this.#times(id) > 0) continue
      if (!byTopic.has(letter.topic)) byTopic.set(letter.topic, this.#heldFor(letter.topic))
      const held = byTopic.get(letter.topic)
      if (held === undefined || id < held.sinceId || id >= held.untilId) continue
      if (!held.open.has(id)) yield letter
    }
    return undefined
  }

  #gotAny(filter: string, sinceId: number): boolean {
    return this.#ledger.letters
      .slice(sinceId)
      .some(({ id, topic }) => this.#times(id) > 0 && naiveMatches(filter, topic))
  }

  #checkOrder(letter: Letter): void {
    const kind = `${letter.publisher} ${letter.topic} ${letter.qos}`
    const newest = this.#newest.get(kind) ?? -1
    if (letter.sequence > newest) this.#newest.set(kind, letter.sequence)
    else
      this.#ledger.faults.add(
        'order',
        `${nameOf(letter)} came to ${this.owner} first after #${newest} [MQTT-4.6.0-6]`,
      )
  }

  #heldFor(topic: string): Held | undefined {
    for (const held of this.#held.values()) if (naiveMatches(held.filter, topic)) return held
    return undefined
  }

  #change(filter: string, change: (held: Held, id: number) => void): void {
    const held = this.#held.get(filter)
    if (held !== undefined) change(held, this.#ledger.letters.length)
  }

  #times(id: number): number {
    return this.#got[id] ?? 0
  }

  #count(id: number, times: number): void {
    if (id >= this.#got.length) {
      const larger = new Uint8Array(Math.max(id + 1, 2 * this.#got.length))
      larger.set(this.#got)
      this.#got = larger
    }
    this.#got[id] = Math.min(times, 255)
  }
}

// A durable subscriber: it acknowledges at once or soon, and keeps to the letter what section 4.3
// asks of a receiver across connections. What it got it puts into its mailbox.

import type { RawPacket } from '../support/raw-client-packet.ts'
import { Caller } from './caller.ts'
import type { Ledger } from './ledger.ts'
import type { SomePacket } from './link.ts'
import type { Mailbox } from './mailbox.ts'

/** Subscription options: nothing retained is sent for a subscription. */
const NO_RETAINED = 0x20
const ANSWER_MS_MAX = 30_000

export interface SubscriberOptions {
  readonly name: string
  readonly qos: 1 | 2
  readonly filters: readonly string[]
  readonly receiveMax?: number
  /** Acknowledgements leave so much later, and not at all once the connection is gone. */
  readonly lagMs?: number
  /** Called for a message on a topic that is not in the book. */
  readonly onOther?: (topic: string, payload: Uint8Array, qos: number) => void
}

export class Subscriber {
  readonly caller: Caller
  readonly mailbox: Mailbox
  readonly #options: SubscriberOptions
  readonly #ledger: Ledger
  readonly #wanted: Set<string>
  /** What the server granted in the session that it has now. */
  readonly #granted = new Set<string>()
  readonly #asked = new Map<number, string>()
  /** QoS 2 messages that were received and not released: the letter of each packet id. */
  readonly #received2 = new Map<number, string>()
  /** What is acknowledged when the lag is over. */
  #unanswered: SomePacket[] = []
  #lastId = 0
  #hasPong = false

  constructor(options: SubscriberOptions, mailbox: Mailbox, ledger: Ledger) {
    this.#options = options
    this.#ledger = ledger
    this.mailbox = mailbox
    this.#wanted = new Set(options.filters)
    const { name: clientId, receiveMax } = options
    const own = receiveMax === undefined ? { clientId } : { clientId, receiveMax }
    this.caller = new Caller(own, ledger, {
      accepted: (isPresent) => this.#accepted(isPresent),
      received: (packet) => this.#received(packet),
    })
  }

  /** Waits until all subscriptions are granted or the connection is gone. */
  async subscribed(): Promise<void> {
    const isOver = (): boolean =>
      !this.caller.isOnline || [...this.#wanted].every((filter) => this.#granted.has(filter))
    if (await this.#ledger.bell.until(isOver, ANSWER_MS_MAX)) return
    this.#ledger.faults.add('server', `no SUBACK for ${this.caller.clientId}`)
  }

  /** QoS 2 messages whose PUBREL is awaited. */
  get unreleased(): number {
    return this.#received2.size
  }

  /** Waits until the server has read all that was acknowledged, or the connection is gone. */
  async flushed(): Promise<void> {
    this.#hasPong = false
    this.caller.send({ type: 'PINGREQ' })
    await this.#ledger.bell.until(() => this.#hasPong || this.caller.isGone, ANSWER_MS_MAX)
  }

  subscribe(filter: string): void {
    this.#wanted.add(filter)
    if (this.caller.isOnline) this.#subscribe(filter)
  }

  unsubscribe(filter: string): void {
    this.#wanted.delete(filter)
    this.#granted.delete(filter)
    this.mailbox.leaving(topicFilter(filter))
    this.#unsubscribe(filter)
  }

  #accepted(isPresent: boolean): void {
    if (!isPresent) {
      this.#granted.clear()
      this.#received2.clear()
    }
    this.#unanswered = []
    const unsure = [...this.#asked.values()]
    this.#asked.clear()
    for (const filter of unsure) if (!this.#wanted.has(filter)) this.#unsubscribe(filter)
    for (const filter of this.#wanted) if (!this.#granted.has(filter)) this.#subscribe(filter)
  }

  #subscribe(filter: string): void {
    const { qos } = this.#options
    this.mailbox.asked(topicFilter(filter), qos)
    const id = this.#ask(filter)
    this.caller.send({ type: 'SUBSCRIBE', id, filters: [{ filter, options: qos | NO_RETAINED }] })
  }

  #unsubscribe(filter: string): void {
    const id = this.#ask(filter)
    this.caller.send({ type: 'UNSUBSCRIBE', id, filters: [{ filter, options: 0 }] })
  }

  #ask(filter: string): number {
    this.#lastId = (this.#lastId % 65_535) + 1
    this.#asked.set(this.#lastId, filter)
    return this.#lastId
  }

  #received(packet: RawPacket): void {
    const { type, id } = packet
    switch (type) {
      case 'PUBLISH':
        return this.#publish(packet)
      case 'PUBREL':
        this.#received2.delete(id)
        return this.#answer({ type: 'PUBCOMP', id })
      case 'PINGRESP':
        this.#hasPong = true
        return
      case 'SUBACK':
      case 'UNSUBACK':
        return this.#answered(packet)
      default:
        this.#wrong(`got ${type}`)
    }
  }

  #answered({ type, id, reasons: [reason = 0x80] }: RawPacket): void {
    const filter = this.#asked.get(id)
    this.#asked.delete(id)
    if (filter === undefined || reason >= 0x80) return this.#wrong(`got ${type} with ${reason}`)
    if (type === 'UNSUBACK') return this.mailbox.left(topicFilter(filter))
    this.#granted.add(filter)
    this.mailbox.granted(topicFilter(filter))
  }

  #publish(packet: RawPacket): void {
    const { id, flags } = packet
    const qos = (flags >> 1) & 3
    if (qos === 2) {
      const what = keyOf(packet)
      const former = this.#received2.get(id)
      this.#answer({ type: 'PUBREC', id })
      if (former !== undefined) {
        if (former !== what) this.#wrong(`got another message under ${id} before its PUBREL`)
        if ((flags & 8) === 0) this.#wrong(`got ${id} again without DUP`)
        this.#ledger.repeated += 1
        return
      }
      this.#received2.set(id, what)
    }
    this.#deliver(packet, qos)
    if (qos === 1) this.#answer({ type: 'PUBACK', id })
  }

  #deliver({ topic, payload, flags }: RawPacket, qos: number): void {
    const isState = (flags & 1) !== 0
    if (this.#options.onOther !== undefined) this.#options.onOther(topic, payload, qos)
    else if (isState) this.#wrong(`got a state of ${topic}, which it never asks for`)
    else if (payload.length > 0) {
      const letter = this.#ledger.read(payload, topic)
      if (letter !== undefined) this.mailbox.got(letter, qos)
    }
  }

  #answer(packet: SomePacket): void {
    const { lagMs = 0 } = this.#options
    if (lagMs === 0) return this.caller.send(packet)
    if (this.#unanswered.length === 0) {
      const answers = this.#unanswered
      setTimeout(() => {
        // Another connection has another list.
        if (this.#unanswered === answers) this.#unanswered = []
        else return
        for (const answer of answers) this.caller.send(answer)
      }, lagMs)
    }
    this.#unanswered.push(packet)
  }

  #wrong(what: string): void {
    this.#ledger.faults.add('protocol', `${this.caller.clientId} ${what}`)
  }
}

/** What distinguishes one message from another. */
function keyOf({ topic, payload }: RawPacket): string {
  return `${topic} ${Buffer.from(payload).toString('latin1')}`
}

/** The filter without `$share/{ShareName}/`. */
function topicFilter(filter: string): string {
  return filter.startsWith('$share/') ? filter.split('/').slice(2).join('/') : filter
}

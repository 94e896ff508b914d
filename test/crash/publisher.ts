// A client that publishes as fast as its window allows, and keeps to the letter what section 4.3
// asks of a sender across connections: what was not acknowledged is sent again, in order.

import type { Random } from '../../src/base/random.ts'
import type { RawPacket } from '../support/raw-client-packet.ts'
import { Caller } from './caller.ts'
import { type Ledger, type Letter, payloadOf } from './ledger.ts'

const WINDOW = 24
/** One retained message in so many clears the state. */
const CLEAR_EVERY = 10
/** One payload in so many is large. */
const LARGE_EVERY = 50
/** One message in so many is on the rare topic. */
const RARE_EVERY = 100
const FILL_BYTES = 124
const FILL_BYTES_LARGE = 6000

interface Outgoing {
  readonly letter: Letter
  readonly retain: boolean
  readonly payload: Uint8Array
  /** PUBREC came: only PUBREL is sent from now on [MQTT-4.3.3-4]. */
  isReleased: boolean
}

export interface PublisherOptions {
  readonly name: string
  /** Which QoS it uses; one of them for each message. */
  readonly qos: readonly (1 | 2)[]
  /** Topics of the moment. */
  readonly topics: () => readonly string[]
  /** A topic for one message in many. */
  readonly rare: string
  /** The topic whose state it alone says, always at its first QoS. */
  readonly state: string
}

export class Publisher {
  readonly caller: Caller
  readonly #options: PublisherOptions
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #outgoing = new Map<number, Outgoing>()
  #isPaused = true
  #lastId = 0

  constructor(options: PublisherOptions, ledger: Ledger, random: Random) {
    this.#options = options
    this.#ledger = ledger
    this.#random = random
    this.caller = new Caller({ clientId: options.name }, ledger, {
      accepted: (isPresent) => this.#accepted(isPresent),
      received: (packet) => this.#received(packet),
    })
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#outgoing.size === 0
  }

  /** From now on it publishes by itself. */
  resume(): void {
    this.#isPaused = false
    this.#pump()
  }

  /** From now on it finishes what it began, and begins nothing. */
  pause(): void {
    this.#isPaused = true
  }

  /** Publishes now, whatever the window says. */
  publish(topic: string, qos: 1 | 2): void {
    this.#begin(topic, qos, false, false)
  }

  /** Says a state now. */
  publishState(): void {
    this.#begin(this.#options.state, this.#options.qos[0] ?? 1, true, false)
  }

  #accepted(isPresent: boolean): void {
    // The server forgot: then the client must forget too [MQTT-3.2.2-5].
    if (!isPresent) this.#outgoing.clear()
    for (const [id, outgoing] of this.#outgoing) {
      if (outgoing.isReleased) this.caller.send({ type: 'PUBREL', id })
      else this.#send(id, outgoing, true)
    }
    this.#pump()
  }

  #pump(): void {
    const windowMax = Math.min(WINDOW, this.caller.receiveMax)
    while (this.caller.isOnline && !this.#isPaused && this.#outgoing.size < windowMax) this.#next()
  }

  #next(): void {
    const { qos, state, rare, topics } = this.#options
    const [firstQos = 1] = qos
    const random = this.#random
    if (random.below(8) === 0) {
      return this.#begin(state, firstQos, true, random.below(CLEAR_EVERY) === 0)
    }
    const choice = topics()
    const usual = choice[random.below(choice.length)] ?? state
    const topic = random.below(RARE_EVERY) === 0 ? rare : usual
    this.#begin(topic, qos[random.below(qos.length)] ?? 1, false, false)
  }

  #begin(topic: string, qos: 1 | 2, retain: boolean, isClear: boolean): void {
    const letter = this.#ledger.write(this.caller.clientId, topic, qos, retain, isClear)
    const isLarge = this.#random.below(LARGE_EVERY) === 0
    const payload = payloadOf(letter, isLarge ? FILL_BYTES_LARGE : FILL_BYTES)
    const outgoing: Outgoing = { letter, retain, payload, isReleased: false }
    const id = this.#takeId()
    this.#outgoing.set(id, outgoing)
    this.#send(id, outgoing, false)
  }

  #send(id: number, { letter, retain, payload }: Outgoing, isAgain: boolean): void {
    const flags = (isAgain ? 8 : 0) | (letter.qos << 1) | (retain ? 1 : 0)
    this.caller.send({ type: 'PUBLISH', flags, id, topic: letter.topic, payload })
  }

  #received({ type, id, reason }: RawPacket): void {
    const outgoing = this.#outgoing.get(id)
    const isRefused = reason >= 0x80
    switch (type) {
      case 'PUBACK':
        this.#outgoing.delete(id)
        this.#answered(outgoing, isRefused)
        break
      case 'PUBREC':
        if (isRefused) this.#outgoing.delete(id)
        else this.caller.send({ type: 'PUBREL', id })
        // From here on the server owns it.
        this.#answered(outgoing, isRefused)
        if (outgoing !== undefined) outgoing.isReleased = true
        break
      case 'PUBCOMP':
        this.#outgoing.delete(id)
        break
      default:
        this.#ledger.faults.add('protocol', `${this.caller.clientId} got ${type}`)
    }
    this.#pump()
  }

  #answered(outgoing: Outgoing | undefined, isRefused: boolean): void {
    if (outgoing === undefined)
      this.#ledger.faults.add('protocol', `${this.caller.clientId} got an answer to nothing`)
    else if (isRefused) this.#ledger.refused += 1
    else this.#ledger.acknowledged(outgoing.letter)
  }

  #takeId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#outgoing.has(this.#lastId))
    return this.#lastId
  }
}

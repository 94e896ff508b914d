// The book of a run: every message that was published, which of them the server acknowledged, and
// what is the state of each topic. What a subscriber got is its mailbox's.

import { Bell } from './bell.ts'
import { Faults } from './faults.ts'

export interface Letter {
  /** Its place in the book. */
  readonly id: number
  readonly publisher: string
  readonly topic: string
  readonly qos: 1 | 2
  /** Counts for publisher, topic and QoS. */
  readonly sequence: number
  /** Retained, and without payload: the topic has no state after it. */
  readonly isClear: boolean
  /** PUBACK or a PUBREC came, without an error: from then on the server owes it. */
  isAcked: boolean
}

/** What a topic was told to keep, the oldest first, and which of it was acknowledged last. */
interface History {
  readonly letters: Letter[]
  ackedAt: number
}

export class Ledger {
  readonly faults: Faults = new Faults()
  /** Rung for whatever may have changed. */
  readonly bell: Bell = new Bell()
  readonly letters: Letter[] = []
  acked = 0
  refused = 0
  /** First deliveries, and those that came again. */
  delivered = 0
  repeated = 0
  readonly #sequences = new Map<string, number>()
  readonly #histories = new Map<string, History>()

  write(publisher: string, topic: string, qos: 1 | 2, retain: boolean, isClear: boolean): Letter {
    const kind = `${publisher} ${topic} ${qos}`
    const sequence = this.#sequences.get(kind) ?? 0
    this.#sequences.set(kind, sequence + 1)
    const id = this.letters.length
    const letter: Letter = { id, publisher, topic, qos, sequence, isClear, isAcked: false }
    this.letters.push(letter)
    if (retain) this.#history(topic).letters.push(letter)
    return letter
  }

  acknowledged(letter: Letter): void {
    if (letter.isAcked) return
    letter.isAcked = true
    this.acked += 1
    const history = this.#histories.get(letter.topic)
    const at = history?.letters.lastIndexOf(letter) ?? -1
    if (history !== undefined && at > history.ackedAt) history.ackedAt = at
  }

  /** The place of the topic's last acknowledged state, or -1: nothing older may come any more. */
  ackedAt(topic: string): number {
    return this.#history(topic).ackedAt
  }

  /** Somebody was told of a topic's state, or of none; `least` was its `ackedAt` when he asked. */
  checkState(topic: string, payload: Uint8Array | undefined, least: number): void {
    const { letters } = this.#history(topic)
    if (payload === undefined) {
      const mayBeClear = least < 0 || letters.slice(least).some(({ isClear }) => isClear)
      if (!mayBeClear) this.faults.add('retained', `${topic} has none`)
      return
    }
    const letter = this.read(payload, topic)
    if (letter === undefined) return
    const at = letters.lastIndexOf(letter)
    if (at >= least) return
    this.faults.add('retained', `${topic} is at ${at}, and ${least} was acknowledged`)
  }

  /** The letter of a payload that a server sent. */
  read(payload: Uint8Array, topic: string): Letter | undefined {
    const letter = this.letters[idOf(payload)]
    if (letter === undefined) this.faults.add('protocol', `a message that nobody sent on ${topic}`)
    else if (letter.topic !== topic)
      this.faults.add('protocol', `${nameOf(letter)} came on ${topic}`)
    else if (!isWhole(payload)) this.faults.add('protocol', `${nameOf(letter)} was changed`)
    else return letter
    return undefined
  }

  #history(topic: string): History {
    let history = this.#histories.get(topic)
    if (history === undefined) {
      history = { letters: [], ackedAt: -1 }
      this.#histories.set(topic, history)
    }
    return history
  }
}

export function nameOf({ publisher, topic, qos, sequence }: Letter): string {
  return `${publisher}>${topic}#${sequence} at QoS ${qos}`
}

const ID_BYTES = 4

/** A letter's payload: its place in the book and as many bytes as wanted, told by their places. */
export function payloadOf({ id, isClear }: Letter, fillBytes: number): Uint8Array {
  if (isClear) return new Uint8Array(0)
  const payload = new Uint8Array(ID_BYTES + fillBytes)
  new DataView(payload.buffer).setUint32(0, id)
  for (let at = ID_BYTES; at < payload.length; at++) payload[at] = (id + at) & 0xff
  return payload
}

function idOf(payload: Uint8Array): number {
  if (payload.length < ID_BYTES) return -1
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0)
}

function isWhole(payload: Uint8Array): boolean {
  const id = idOf(payload)
  for (let at = ID_BYTES; at < payload.length; at++) {
    if (payload[at] !== ((id + at) & 0xff)) return false
  }
  return true
}

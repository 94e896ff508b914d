// What rules come to for one client: the questions that are asked per message, and how what was
// decided is kept. Which rules there are is acl's and rule-book's.

import type { Qos } from '../core/message.ts'
import type { Act } from '../core/ports.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'

/** Decisions kept for one client. Above: his are forgotten and made anew. */
export const DECISIONS_PER_CLIENT_MAX = 4096
/** Decisions kept for all clients together. Above: all are forgotten and made anew. */
export const DECISIONS_MAX = 262_144

/** What may be done with a topic, as bits: publishing by QoS and retain, and reading. */
export const PUBLISH_BITS = 63
export const READ_BIT = 64
const RETAINED = 3

export function publishBit(qos: Qos, retain: boolean): number {
  return 1 << (retain ? qos + RETAINED : qos)
}

/** One client's rights. */
export interface Rights {
  readonly mayConnect: boolean
  /** What he may do with the topic. */
  bitsOf(topic: Topic): number
  maySubscribe(filter: TopicFilter): boolean
  /** The same answers with the rule that decided; slow, for people. */
  ruling(act: Act): Ruling
}

/** A decision, and what made it. */
export interface Ruling {
  readonly isAllowed: boolean
  readonly file: string
  /** Undefined where no line decided. */
  readonly line?: number | undefined
  /** The rule as it is written. */
  readonly text?: string | undefined
}

/** Decisions as bits, kept for as long as the rules that made them are in force. */
export class Decisions {
  #count = 0
  #generation = 0

  /** `decide` with what it said before; it must always say the same. */
  keep(decide: (topic: Topic) => number): (topic: Topic) => number {
    let known = new Map<Topic, number>()
    let generation = this.#generation
    // Publishers mostly repeat their topic, and what comes in one read goes out in one turn.
    let last: Topic | undefined
    let lastBits = 0
    return (topic) => {
      if (topic === last) return lastBits
      if (generation !== this.#generation) {
        known = new Map()
        generation = this.#generation
      }
      let bits = known.get(topic)
      if (bits === undefined) {
        bits = decide(topic)
        if (known.size >= DECISIONS_PER_CLIENT_MAX) {
          this.#count -= known.size
          known.clear()
        }
        known.set(topic, bits)
        this.#add()
      }
      last = topic
      lastBits = bits
      return bits
    }
  }

  #add(): void {
    this.#count += 1
    if (this.#count < DECISIONS_MAX) return
    this.#count = 0
    this.#generation += 1
  }
}

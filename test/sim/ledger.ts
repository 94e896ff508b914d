// The book of a run: every message that a client sent, when the server took it, and what each
// session got. What the server passes on to other nodes tells what it took, when and in which
// order. What the protocol promises is checked as it happens; what only the end can tell is
// audit's.

import { naiveMatches } from '../support/naive-matcher.ts'
import type { Message } from '../../src/core/message.ts'
import type { RawPacket } from '../support/raw-client-packet.ts'
import { nameOf } from './records.ts'
import type { World } from './world.ts'

export interface Letter {
  readonly name: string
  readonly publisher: string
  readonly topic: string
  /** Counts for publisher and topic. */
  readonly sequence: number
  readonly qos: number
  readonly retain: boolean
  /** Seconds, or undefined for ever. */
  readonly expiryS: number | undefined
  readonly sentMs: number
  transmissions: number
  /** PUBACK or PUBREC came. */
  ackedMs: number | undefined
  isRefused: boolean
  /** When the server took it; more than once where a repeated QoS 1 was taken again. */
  readonly takenMs: number[]
  /** In which parts of the run. */
  readonly takenParts: number[]
  /** The event in which it was taken first. */
  takenEvent: number | undefined
  /** When it ceased to be its topic's state. */
  replacedMs: number | undefined
}

export interface HeldSubscription {
  readonly filter: string
  readonly share: string | undefined
  qos: number
  askedMs: number
  /** SUBACK came then. */
  sinceMs: number | undefined
}

/** What one session of a client got and asked for, as its client knows it. */
export class Mailbox {
  readonly owner: string
  readonly subscriptions: Map<string, HeldSubscription> = new Map()
  /** The UNSUBSCRIBE of each one that was given up without an answer: it may still be there. */
  readonly unsure: Map<string, number> = new Map()
  /** All filters ever asked for in this session, and since when. */
  readonly asked: Map<string, number> = new Map()
  /** How often each letter came to the application, without what was retained before. */
  readonly got: Map<string, number> = new Map()
  /** When each letter came first, whether retained or not. */
  readonly firstMs: Map<string, number> = new Map()
  readonly #last = new Map<string, number>()

  constructor(owner: string) {
    this.owner = owner
  }

  /** The sequence before this one of the same publisher, topic and kind. */
  advance(kind: string, sequence: number): number {
    const last = this.#last.get(kind) ?? -1
    this.#last.set(kind, Math.max(last, sequence))
    return last
  }
}

export class Ledger {
  readonly letters: Map<string, Letter> = new Map()
  /** Each topic's state, by the order in which the server took the messages. */
  readonly retained: Map<string, Letter> = new Map()
  /** How often each letter came to a member of each group. */
  readonly shared: Map<string, number> = new Map()
  /** When anybody got a message last. */
  receivedMs = 0
  /** Of the newest message that was ever taken. */
  #offset = 0
  /** When a server died that had members of these groups without a lasting session. */
  readonly #deaths = new Map<string, number>()
  readonly #world: World
  readonly #sequences = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** A new letter, about to be sent. */
  write(
    publisher: string,
    topic: string,
    qos: number,
    retain: boolean,
    expiryS: number | undefined,
  ): Letter {
    const key = `${publisher}>${topic}`
    const sequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, sequence + 1)
    const letter: Letter = {
      name: `${key}#${sequence}`,
      publisher,
      topic,
      sequence,
      qos,
      retain,
      expiryS,
      sentMs: this.#world.nowMs,
      transmissions: 0,
      ackedMs: undefined,
      isRefused: false,
      takenMs: [],
      takenParts: [],
      takenEvent: undefined,
      replacedMs: undefined,
    }
    this.letters.set(letter.name, letter)
    return letter
  }

  /**
   * The server took a message, in that part of the run. While commits fail it refuses what must be
   * kept, but for wills, which were promised.
   */
  taken(message: Message, part: number, isFailing = false): void {
    const { topic, payload, qos, retain, offset } = message
    if (offset <= this.#offset) this.#wrong(`the offset ${offset} comes after ${this.#offset}`)
    this.#offset = offset
    if (topic.startsWith('$')) return // The server's own.
    this.#world.note(`taken ${nameOf(payload)}`)
    if (retain) this.#replace(topic)
    if (payload.length === 0) return
    const letter = this.#find(topic, payload, 'the server')
    if (letter === undefined) return
    letter.takenMs.push(this.#world.nowMs)
    letter.takenParts.push(part)
    letter.takenEvent ??= this.#world.eventId
    if (qos === 2 && letter.takenMs.length > 1) this.#wrong(`${letter.name} was taken twice`)
    if (isFailing && (qos > 0 || retain) && !letter.publisher.startsWith('will-')) {
      this.#wrong(`${letter.name} was taken while commits fail`)
    }
    if (letter.isRefused) this.#wrong(`${letter.name} was taken though it was refused`)
    if (retain !== letter.retain || qos !== letter.qos) this.#wrong(`${letter.name} was changed`)
    if (!retain) return
    this.retained.set(topic, letter)
    letter.replacedMs = undefined
  }

  /**
   * The server came back without what was done in the void parts, and with these states. What was
   * acknowledged is missed at the end.
   */
  rewind(isVoid: (part: number) => boolean, states: Iterable<Message>): void {
    for (const letter of this.letters.values()) {
      const { takenMs, takenParts } = letter
      for (let index = takenParts.length - 1; index >= 0; index--) {
        if (!isVoid(takenParts[index]!)) continue
        takenMs.splice(index, 1)
        takenParts.splice(index, 1)
        letter.takenEvent = undefined
      }
    }
    this.retained.clear()
    for (const { topic, payload } of states) {
      const letter = this.#find(topic, payload, 'the store')
      if (letter === undefined) continue
      letter.replacedMs = undefined
      this.retained.set(topic, letter)
    }
  }

  /** The server died, and with it sessions of members of the group. */
  died(group: string): void {
    this.#deaths.set(group, this.#world.nowMs)
  }

  /** A session's application got a message; `group` where it comes from a shared subscription. */
  received(mailbox: Mailbox, packet: RawPacket, group: string | undefined): void {
    this.receivedMs = this.#world.nowMs
    const { topic } = packet
    const qos = (packet.flags >> 1) & 3
    const isRetained = (packet.flags & 1) !== 0
    const askedMs = askedSince(mailbox, topic)
    if (askedMs === undefined) return this.#wrong(`${mailbox.owner} never asked for ${topic}`)
    if (packet.payload.length === 0) return
    const letter = this.#find(topic, packet.payload, mailbox.owner)
    if (letter === undefined) return
    if (qos > letter.qos) this.#wrong(`${letter.name} came at QoS ${qos}`)
    this.#checkExpiry(letter, packet)
    if (!mailbox.firstMs.has(letter.name)) mailbox.firstMs.set(letter.name, this.#world.nowMs)
    if (isRetained) {
      if (letter.replacedMs !== undefined && letter.replacedMs < askedMs) {
        this.#wrong(`${letter.name} came to ${mailbox.owner} as a state, but was replaced`)
      }
      return // What was retained is sent again for each subscription.
    }
    const times = (mailbox.got.get(letter.name) ?? 0) + 1
    mailbox.got.set(letter.name, times)
    if (times > 1 && qos === 2 && letter.qos === 2) {
      this.#wrong(`${letter.name} came twice to ${mailbox.owner} at QoS 2`)
    }
    if (group !== undefined) this.#shared(letter, group, qos)
    if (times > 1 || group !== undefined || letter.transmissions > 1) return
    const kind = `${letter.publisher}>${topic} ${qos > 0 ? 'kept' : 'swift'}`
    const last = mailbox.advance(kind, letter.sequence)
    if (last > letter.sequence) {
      this.#wrong(`${letter.name} came to ${mailbox.owner} after #${last}`)
    }
  }

  #replace(topic: string): void {
    const former = this.retained.get(topic)
    if (former !== undefined) former.replacedMs = this.#world.nowMs
    this.retained.delete(topic)
  }

  #shared(letter: Letter, group: string, qos: number): void {
    const key = `${group} ${letter.name}`
    const times = (this.shared.get(key) ?? 0) + 1
    this.shared.set(key, times)
    // Where all members have QoS 2, no message that is QoS 2 may reach two of them.
    // … unless the server died: it knows no more who had what without a lasting session.
    const diedMs = this.#deaths.get(group) ?? 0
    if ((letter.takenMs[0] ?? 0) < diedMs) return
    if (times > 1 && qos === 2 && letter.qos === 2 && group.endsWith('2')) {
      this.#wrong(`${letter.name} came twice to the members of ${group}`)
    }
  }

  #checkExpiry(letter: Letter, packet: RawPacket): void {
    const found = packet.properties.find(([name]) => name === 'message-expiry')?.[1]
    if (found === undefined) return
    if (letter.expiryS === undefined) return this.#wrong(`${letter.name} with an expiry`)
    const left = Number(found)
    const takenMs = letter.takenMs[0] ?? letter.sentMs
    const leastS = letter.expiryS - (this.#world.nowMs - takenMs) / 1000
    if (left > letter.expiryS || left < leastS) {
      this.#wrong(`${letter.name} with ${left} s left of ${letter.expiryS}, at least ${leastS}`)
    }
    // One that was begun in time may be finished later.
    const isRepeated = (packet.flags & 8) !== 0
    if (left === 0 && !isRepeated) this.#wrong(`${letter.name} was sent after it expired`)
  }

  #find(topic: string, payload: Uint8Array, receiver: string): Letter | undefined {
    const name = nameOf(payload)
    const letter = this.letters.get(name)
    if (letter === undefined) this.#wrong(`${receiver} got a message that nobody sent: ${name}`)
    else if (letter.topic !== topic) this.#wrong(`${name} came to ${receiver} as ${topic}`)
    else if (!isWhole(payload)) this.#wrong(`${name} came to ${receiver} with another payload`)
    else return letter
    return undefined
  }

  #wrong(what: string): void {
    this.#world.violation(what)
  }
}

/** A letter's payload: its name, a bar, and as many bytes as wanted, each told by its place. */
export function payloadOf(name: string, fillBytes: number): Uint8Array {
  const head = Buffer.from(`${name}|`, 'latin1')
  const payload = new Uint8Array(head.length + fillBytes)
  payload.set(head)
  for (let index = head.length; index < payload.length; index++) payload[index] = index & 0x7f
  return payload
}

function isWhole(payload: Uint8Array): boolean {
  const start = payload.indexOf(0x7c) + 1
  for (let index = start; index < payload.length; index++) {
    if (payload[index] !== (index & 0x7f)) return false
  }
  return true
}

/** Since when the session has asked for messages of the topic. */
function askedSince(mailbox: Mailbox, topic: string): number | undefined {
  let sinceMs: number | undefined
  for (const [filter, atMs] of mailbox.asked) {
    if (naiveMatches(filter, topic)) sinceMs = Math.min(sinceMs ?? atMs, atMs)
  }
  return sinceMs
}

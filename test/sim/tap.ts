// What is checked at the moment at which the server writes: nothing leaves before the commit of
// what it says, nothing passes CONNACK, resending keeps its order, windows hold.

import type { Limits } from '../../src/core/limits.ts'
import type { Message } from '../../src/core/message.ts'
import { groupQueue, type QueueName, sessionQueue } from '../../src/core/store.ts'
import { naiveMatches } from '../support/naive-matcher.ts'
import type { SimClient } from './client.ts'
import { nameOf } from './records.ts'
import type { RawPacket } from '../support/raw-client-packet.ts'
import { Line } from './line.ts'
import type { Link } from './network.ts'
import type { StoreBook } from './store.ts'
import type { World } from './world.ts'

interface LineState {
  /** The 'sent' record of the newest delivery that this connection has seen. */
  newestSent: number
  readonly seen: Set<number>
}

export class TapChecks {
  readonly #world: World
  readonly #store: StoreBook
  readonly #inflightMax: number
  readonly #queueMax: number
  readonly #lines = new Map<Line, LineState>()
  /** 'sent' records whose PUBLISH was written, on whatever connection. */
  readonly #written = new Set<number>()

  constructor(world: World, store: StoreBook, limits: Limits) {
    this.#world = world
    this.#store = store
    this.#inflightMax = limits.inflightMax
    this.#queueMax = limits.sessionQueueMax
  }

  tap(link: Link, packet: RawPacket): void {
    const line = link.end
    const { type, id } = packet
    this.#world.note(`  ${line.name} <- ${type} ${id === 0 ? '' : id}`)
    if (link.hasDisconnect) this.#wrong(line.name, `${type} after DISCONNECT`)
    if (type === 'DISCONNECT') link.hasDisconnect = true
    if (type === 'CONNACK') {
      if (link.hasConnack) this.#wrong(line.name, 'a second CONNACK')
      link.hasConnack = true
    } else if (!link.hasConnack) this.#wrong(line.name, `${type} passes CONNACK`)
    if (!(line instanceof Line)) return
    if (type === 'CONNACK' && packet.reason !== 0) line.refused()
    else this.#checkCommit(line, packet)
  }

  /** The server took a message: each durable session that wants it has it, or a full queue. */
  taken(message: Message, clients: readonly SimClient[]): void {
    const { topic, qos, offset, payload } = message
    if (qos === 0 || topic.startsWith('$')) return
    this.#checkGroups(message)
    for (const client of clients) {
      const { id, group } = client.profile
      const { model } = this.#store
      const session = model.state.sessions.get(id)
      if (group !== undefined || session === undefined) continue
      const wants = [...client.session.mailbox.subscriptions].some(
        ([name, held]) =>
          held.qos > 0 &&
          held.sinceMs !== undefined &&
          session.subscriptions.has(name) &&
          naiveMatches(held.filter, topic),
      )
      if (!wants) continue
      if (model.kept(id).has(offset)) continue
      if (model.waiting(sessionQueue(id)) >= this.#queueMax) continue
      this.#wrong(id, `${nameOf(payload)} is not kept though the queue has room`)
    }
  }

  /** The same for groups with a member whose session lasts. */
  #checkGroups({ topic, offset, payload }: Message): void {
    const { model } = this.#store
    const sessions = [...model.state.sessions.values()]
    const names = new Map<string, QueueName>()
    for (const { filter, share } of sessions.flatMap((each) => [...each.subscriptions.values()])) {
      if (share === undefined || !naiveMatches(filter, topic)) continue
      const name = `$share/${share}/${filter}`
      names.set(name, groupQueue(name))
    }
    for (const [name, queue] of names) {
      if (model.state.queues.get(queue)?.has(offset)) continue
      const flights = sessions.flatMap((each) => [...each.flights.values()])
      if (flights.some((each) => each.group === name && each.message.offset === offset)) continue
      if (model.waiting(queue) >= this.#queueMax) continue
      this.#wrong(name, `${nameOf(payload)} is not kept though the queue has room`)
    }
  }

  #checkCommit(line: Line, packet: RawPacket): void {
    const { id, type } = packet
    const { latest } = this.#store.model
    const { name } = line
    if (type === 'PUBACK' || type === 'PUBREC') this.#checkTaken(line, packet)
    if (type === 'SUBACK' || type === 'UNSUBACK') this.#checkSubscription(line, packet)
    if (!line.isDurable) return
    switch (type) {
      case 'CONNACK':
        return this.#durable(line, type, latest.get(`opened ${name}`))
      case 'PUBREC':
        if (packet.reason >= 0x80) return
        return this.#durable(line, `PUBREC ${id}`, latest.get(`received ${name} ${id}`))
      case 'PUBCOMP':
        if (packet.reason >= 0x80) return
        return this.#durable(line, `PUBCOMP ${id}`, latest.get(`forgotten ${name} ${id}`))
      case 'PUBREL':
        if (packet.reason >= 0x80) return
        this.#checkSent(line, packet)
        return this.#durable(line, `PUBREL ${id}`, latest.get(`released ${name} ${id}`))
      case 'PUBLISH':
        if (id !== 0) this.#checkSent(line, packet)
        break
      default:
    }
  }

  /** PUBACK and PUBREC: what was stored when the message came is durable. */
  #checkTaken(line: Line, { id, type, reason }: RawPacket): void {
    const { letter } = line.client.session.outgoing.get(id) ?? {}
    if (letter === undefined || reason >= 0x80 || !line.isCurrent) return
    const stored = this.#store.model.firstStored.get(letter.name)
    // What is stored of it only later, when a queue becomes durable, nobody waits for.
    if (stored === undefined || stored.event !== letter.takenEvent) return
    if (stored.record <= this.#store.committed) return
    this.#wrong(line.name, `${type} ${id} for ${letter.name} leaves before its commit`)
  }

  #checkSubscription(line: Line, { id, type, reasons }: RawPacket): void {
    const expected = line.expected.get(id)
    if (expected?.records === undefined) return this.#wrong(line.name, `${type} ${id} unasked`)
    line.expected.delete(id)
    // What is refused changes nothing.
    if (!line.isDurable || reasons.some((code) => code >= 0x80)) return
    const indexes = this.#store.model.subscribed.get(
      `${expected.kind} ${line.name} ${expected.name}`,
    )
    const index = indexes?.find((each) => each > expected.records!)
    // An UNSUBSCRIBE of what was not subscribed changes nothing.
    if (index === undefined && expected.kind === 'unsubscribed') return
    this.#durable(line, `${type} ${id}`, index)
  }

  /** A PUBLISH, or the first PUBREL of this connection: in flight, durable, in order. */
  #checkSent(line: Line, packet: RawPacket): void {
    const { id, type, flags, payload } = packet
    const { model } = this.#store
    const sent = model.latest.get(`sent ${line.name} ${id}`)
    const session = model.state.sessions.get(line.name)
    this.#durable(line, `${type} ${id}`, sent)
    if (sent === undefined || session === undefined || line.isLeft) return
    const delivery = session.flights.get(id)
    if (delivery !== undefined && type === 'PUBLISH' && payload.length > 0) {
      const name = model.names.get(delivery.message.offset)
      if (name !== nameOf(payload)) {
        this.#wrong(line.name, `PUBLISH ${id} of ${nameOf(payload)}, but ${name} is in flight`)
      }
    }
    if (session.flights.size > this.#inflightMax) this.#wrong(line.name, 'too many in flight')
    this.#checkOrder(line, `${type} ${id}`, sent)
    if (type !== 'PUBLISH') return
    if (this.#written.has(sent) && (flags & 8) === 0) {
      this.#wrong(line.name, `PUBLISH ${id} is repeated without DUP`)
    }
    this.#written.add(sent)
  }

  #checkOrder(line: Line, what: string, sent: number): void {
    let state = this.#lines.get(line)
    if (state === undefined) {
      state = { newestSent: 0, seen: new Set() }
      this.#lines.set(line, state)
    }
    if (state.seen.has(sent)) {
      if (what.startsWith('PUBLISH')) this.#wrong(line.name, `${what} twice on a connection`)
      return
    }
    state.seen.add(sent)
    if (sent < state.newestSent) this.#wrong(line.name, `${what} out of its order`)
    state.newestSent = sent
  }

  #durable(line: Line, what: string, index: number | undefined): void {
    if (index === undefined) return this.#wrong(line.name, `${what} without a record`)
    if (index <= this.#store.committed) return
    this.#wrong(line.name, `${what} leaves before its commit`)
  }

  #wrong(name: string, what: string): void {
    this.#world.violation(`${name}: ${what}`)
  }
}

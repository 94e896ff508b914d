// Random records such as sessions and the hub append them: each makes sense after the ones before.

import type { Random } from '../../src/base/random.ts'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../../src/core/message.ts'
import type { Principal } from '../../src/core/ports.ts'
import {
  groupQueue,
  type QueueName,
  sessionQueue,
  type StoredDelivery,
  type StoredWill,
  type StoreRecord,
} from '../../src/core/store.ts'
import { RetainHandling } from '../../src/core/subscription.ts'
import type { Topic, TopicFilter } from '../../src/core/topic.ts'
import { StoreModel } from './store-model.ts'

const GROUPS = ['$share/g/a/#', '$share/größe/b'] as const
const CLIENTS = ['ann', 'bob', 'c/d', 'ß'] as const
const PACKET_IDS = 6

export class StoreScript {
  readonly model: StoreModel = new StoreModel()
  readonly #random: Random
  readonly #append: (record: StoreRecord) => void
  readonly #history: Message[] = []
  #offset: number
  /** What is more likely stands here more often. */
  readonly #steps: readonly (() => void)[] = [
    () => this.#publish(),
    () => this.#publish(),
    () => this.#publish(),
    () => this.#send(),
    () => this.#send(),
    () => this.#settle(),
    () => this.#settle(),
    () => this.#settle(),
    () => this.#release(),
    () => this.#return(),
    () => this.#unqueue(),
    () => this.#putBack(),
    () => this.#receive(),
    () => this.#receive(),
    () => this.#connect(),
    () => this.#connect(),
    () => this.#subscribe(),
    () => this.#will(),
    () => this.#disconnect(),
    () => this.#end(),
    () => this.#endGroup(),
    () => this.#clear(),
    () => this.#reserve(),
  ]

  constructor(random: Random, firstOffset: number, append: (record: StoreRecord) => void) {
    this.#random = random
    this.#offset = firstOffset
    this.#append = append
  }

  /** One step as a turn takes it: a few records that belong together. */
  step(): void {
    this.#one(this.#steps)?.()
  }

  #record(record: StoreRecord): void {
    this.model.apply(record)
    this.#append(record)
  }

  #publish(): void {
    if (this.#offset >= this.model.reservedBound) this.#reserve()
    const message = this.#message(this.#offset++)
    this.#history.push(message)
    if (this.#history.length > 20) this.#history.shift()
    const ids = this.#random.below(3) === 0 ? [1, 268_435_455] : []
    const qos = this.#random.below(2) === 0 ? 1 : 2
    if (this.#random.below(4) === 0) this.#record({ kind: 'retained', message })
    const common = { message, qos, retain: this.#random.below(2) === 0, ids } as const
    for (const clientId of this.model.sessions.keys()) {
      const chance = this.#random.below(4)
      if (chance < 2) {
        const queue = sessionQueue(clientId)
        this.#record({ kind: 'queued', ...common, queue, isOwn: false })
      } else if (chance === 2) {
        const packetId = this.#freePacketId(clientId)
        if (packetId === undefined) continue
        const group = this.#random.below(2) === 0 ? GROUPS[0] : undefined
        const where = { queue: undefined, isOwn: true, group }
        this.#record({ kind: 'sent', clientId, packetId, ...common, ...where })
      }
    }
    for (const name of GROUPS) {
      if (this.#random.below(3) > 0) continue
      this.#record({ kind: 'queued', ...common, queue: groupQueue(name), isOwn: false })
    }
  }

  #send(): void {
    const clientId = this.#client()
    if (clientId === undefined) return
    const packetId = this.#freePacketId(clientId)
    const group = this.#random.below(2) === 0 ? this.#one(GROUPS) : undefined
    const queue = group === undefined ? sessionQueue(clientId) : groupQueue(group)
    const delivery = this.#waiting(queue)
    if (packetId === undefined || delivery === undefined) return
    this.#record({ kind: 'sent', clientId, packetId, ...delivery, queue, group })
  }

  #settle(): void {
    const clientId = this.#client()
    const flight = this.#flight(clientId)
    if (clientId === undefined || flight === undefined) return
    const { packetId, queue, isOwn, message } = flight
    const { offset } = message
    this.#record({ kind: 'settled', clientId, packetId, offset, queue, isOwn })
  }

  #release(): void {
    const clientId = this.#client()
    const flight = this.#flight(clientId)
    if (clientId === undefined || flight === undefined || flight.qos === 1) return
    if (!flight.isReleased) this.#record({ kind: 'released', clientId, packetId: flight.packetId })
  }

  #return(): void {
    const clientId = this.#client()
    const flight = this.#flight(clientId)
    if (clientId === undefined || flight === undefined) return
    if (flight.queue === undefined || flight.isReleased) return
    this.#record({ kind: 'returned', clientId, packetId: flight.packetId })
  }

  #unqueue(): void {
    const queue = this.#anyQueue()
    const delivery = this.#waiting(queue)
    if (delivery === undefined) return
    const { message, isOwn } = delivery
    this.#record({ kind: 'unqueued', queue, offset: message.offset, isOwn })
  }

  /** A message of before comes into a queue that it does not stand in. */
  #putBack(): void {
    const queue = this.#anyQueue()
    const message = this.#one(this.#history)
    if (message === undefined || !this.#exists(queue)) return
    if (this.model.queue(queue).has(message.offset)) return
    const delivery = { message, qos: 1, retain: false, ids: [], isOwn: true } as const
    this.#record({ kind: 'queued', queue, ...delivery })
  }

  #receive(): void {
    const clientId = this.#client()
    if (clientId === undefined) return
    const packetId = 1 + this.#random.below(PACKET_IDS)
    const isOwned = this.model.sessions.get(clientId)?.received.has(packetId) === true
    this.#record({ kind: isOwned ? 'forgotten' : 'received', clientId, packetId })
  }

  #connect(): void {
    const clientId = this.#one(CLIENTS)
    if (clientId === undefined) return
    const principal: Principal = {
      ...{ user: this.#random.below(2) === 0 ? undefined : 'user', clientId },
      ...{ address: '127.0.0.1', front: 'mqtt' },
    }
    const expiryS = this.#random.below(2) === 0 ? Number.POSITIVE_INFINITY : 3600
    this.#record({ kind: 'opened', clientId, expiryS, principal })
  }

  #disconnect(): void {
    const clientId = this.#client()
    if (clientId === undefined) return
    if (this.model.sessions.get(clientId)?.closedAtMs !== undefined) return
    const endsAtMs = this.#random.below(2) === 0 ? Number.POSITIVE_INFINITY : 2_000_000_000_000.5
    this.#record({ kind: 'closed', clientId, atMs: 1_900_000_000_000, endsAtMs })
  }

  #subscribe(): void {
    const clientId = this.#client()
    if (clientId === undefined) return
    const filter = `${this.#one(['a', 'b', '+/x'])}/#` as TopicFilter
    const share = this.#random.below(3) === 0 ? 'g' : undefined
    const subscriptions = this.model.sessions.get(clientId)?.subscriptions
    if (this.#random.below(3) === 0 && subscriptions?.has(`${share}/${filter}`) === true) {
      this.#record({ kind: 'unsubscribed', clientId, filter, share })
      return
    }
    const options = {
      qos: 2,
      noLocal: this.#random.below(2) === 0,
      retainAsPublished: true,
      retainHandling: RetainHandling.doNotSend,
      id: this.#random.below(300),
    } as const
    this.#record({ kind: 'subscribed', clientId, filter, share, options })
  }

  #will(): void {
    const clientId = this.#client()
    if (clientId === undefined) return
    const { topic, payload, qos, retain, properties } = this.#message(0)
    const principal: Principal = {
      ...{ user: undefined, clientId, address: '::1', front: 'http', rules: 'r' },
      ...{ roles: ['ö', ''], claims: { sub: 'x', plants: [1, { a: null }] } },
    }
    const will: StoredWill = {
      ...{ topic, payload, qos, retain, properties },
      ...{ delayS: 5, expiryS: Number.POSITIVE_INFINITY, principal },
    }
    this.#record({ kind: 'will', clientId, will: this.#random.below(3) === 0 ? undefined : will })
  }

  #end(): void {
    if (this.#random.below(3) > 0) return
    const clientId = this.#client()
    if (clientId !== undefined) this.#record({ kind: 'ended', clientId })
  }

  /** What is in flight from it has a copy of its own from then on. */
  #endGroup(): void {
    if (this.#random.below(3) > 0) return
    const queue = groupQueue(this.#one(GROUPS) ?? '')
    for (const [clientId, { flights }] of this.model.sessions) {
      for (const { isReleased, ...flight } of [...flights.values()]) {
        if (flight.queue !== queue) continue
        this.#record({ kind: 'sent', clientId, ...flight, queue: undefined, isOwn: true })
        const { packetId } = flight
        if (isReleased) this.#record({ kind: 'released', clientId, packetId })
      }
    }
    this.#record({ kind: 'emptied', queue })
  }

  #clear(): void {
    const topic = this.#one([...this.model.retained.keys()])
    if (topic !== undefined) this.#record({ kind: 'cleared', topic: topic as Topic })
  }

  #reserve(): void {
    this.#record({ kind: 'reserved', bound: this.#offset + 1000 })
  }

  #message(offset: number): Message {
    const payload = new Uint8Array(this.#random.below(300))
    for (let index = 0; index < payload.length; index++) payload[index] = this.#random.below(256)
    const isLong = this.#random.below(20) === 0
    return {
      offset,
      topic: (isLong ? 'l'.repeat(200) : `a/${this.#random.below(5)}/ö`) as Topic,
      payload,
      isKept: true,
      qos: 1,
      retain: this.#random.below(2) === 0,
      properties:
        this.#random.below(2) === 0
          ? NO_MESSAGE_PROPERTIES
          : {
              payloadFormat: this.#one([0, 1, undefined] as const),
              contentType: 'text/plain',
              responseTopic: this.#one(['x', undefined]),
              correlationData: this.#one([Uint8Array.of(0, 255), undefined]),
              userProperties: [['n', 'ä'.repeat(100)] as const].slice(this.#random.below(2)),
            },
      publisher: this.#one(['ann', undefined]),
      arrivedAtMs: 1_893_456_000_000.25,
      expiresAtMs: this.#random.below(2) === 0 ? NEVER : 1_893_456_000_000 + offset,
    }
  }

  /** An entry that is in flight to nobody. */
  #waiting(queue: QueueName): StoredDelivery | undefined {
    const flying = new Set<number>()
    for (const { flights } of this.model.sessions.values()) {
      for (const flight of flights.values()) {
        if (flight.queue === queue) flying.add(flight.message.offset)
      }
    }
    const standing = this.model.standing(queue).filter(({ message }) => !flying.has(message.offset))
    // Mostly the first, as sessions do.
    return this.#random.below(4) === 0 ? this.#one(standing) : standing[0]
  }

  #flight(clientId: string | undefined) {
    if (clientId === undefined) return undefined
    const flights = [...(this.model.sessions.get(clientId)?.flights.values() ?? [])]
    return this.#random.below(3) === 0 ? this.#one(flights) : flights[0]
  }

  #freePacketId(clientId: string): number | undefined {
    const flights = this.model.sessions.get(clientId)?.flights
    const start = this.#random.below(PACKET_IDS)
    for (let step = 0; step < PACKET_IDS; step++) {
      const packetId = 1 + ((start + step) % PACKET_IDS)
      if (flights?.has(packetId) !== true) return packetId
    }
    return undefined
  }

  #anyQueue(): QueueName {
    const client = this.#client()
    if (client !== undefined && this.#random.below(2) === 0) return sessionQueue(client)
    return groupQueue(this.#one(GROUPS) ?? '')
  }

  #exists(queue: QueueName): boolean {
    return queue.startsWith('g/') || this.model.sessions.has(queue.slice(2))
  }

  #client(): string | undefined {
    return this.#one([...this.model.sessions.keys()])
  }

  #one<T>(choices: readonly T[]): T | undefined {
    return choices.length === 0 ? undefined : choices[this.#random.below(choices.length)]
  }
}

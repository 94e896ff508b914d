// Reads the sessions of the table back, each whole.

import type { Message } from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import type { QueueName, StoredFlight, StoredSession, StoredWill } from '../core/store.ts'
import type { RetainHandling, SubscriptionOptions } from '../core/subscription.ts'
import { parseSubscriptionFilter } from '../core/topic.ts'
import { parseStoredQos, readBody, readPrincipal, readWill } from './body-codec.ts'
import { FieldReader } from './fields.ts'
import type { KvSnapshot } from './kv.ts'
import {
  HAS_GROUP,
  IN_QUEUE,
  IS_ELSEWHERE,
  OPTION_HANDLING_SHIFT,
  OPTION_NO_LOCAL,
  OPTION_QOS,
  OPTION_RETAIN_AS_PUBLISHED,
} from './record-codec.ts'
import type { Registry } from './registry.ts'
import { UnreadableError } from './storage-errors.ts'
import { type DeliveryHead, deliveryOf, openValue, readDeliveryHead } from './table-entry.ts'
import {
  bodyKey,
  kept,
  numberOf,
  queueEntryKey,
  SessionPart,
  sessionKeyRest,
} from './table-keys.ts'
import type { TableQuarantine } from './table-quarantine.ts'

/** A session as far as it has been read. */
interface Draft {
  readonly id: number
  opened: { clientId: string; expiryS: number; principal: Principal } | undefined
  closedAtMs: number | undefined
  endsAtMs: number | undefined
  will: StoredWill | undefined
  readonly subscriptions: StoredSession['subscriptions'][number][]
  readonly flights: DraftFlight[]
  readonly released: Set<number>
  readonly received: number[]
}

interface DraftFlight {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly packetId: number
  /** Its place among all flights. */
  readonly number: number
  readonly head: DeliveryHead
  readonly group: string | undefined
  readonly queue: QueueName | undefined
  /** Where it stands in its queue. */
  readonly entryKey: Uint8Array | undefined
  readonly offset: number
  message: Message | undefined
}

/** A session but for what stands in its queue. */
export type LoadedSession = Omit<StoredSession, 'queue'>

export class SessionLoader {
  readonly #table: KvSnapshot
  readonly #registry: Registry
  readonly #quarantine: TableQuarantine
  readonly #reader = new FieldReader()
  #draft: Draft | undefined
  #whole: Draft[] = []

  constructor(table: KvSnapshot, registry: Registry, quarantine: TableQuarantine) {
    this.#table = table
    this.#registry = registry
    this.#quarantine = quarantine
  }

  /** Takes the next entry of the range of all sessions; throws where it cannot be read. */
  take(key: Uint8Array, value: Uint8Array): void {
    const id = numberOf(key)
    if (this.#registry.sessionOf(id) === undefined) return // It is dead.
    if (this.#draft?.id !== id) {
      this.end()
      this.#draft = createDraft(id)
    }
    openValue(this.#reader, key, value)
    this.#part(this.#draft, key, value)
  }

  /** Nothing comes any more. */
  end(): void {
    if (this.#draft !== undefined) this.#whole.push(this.#draft)
    this.#draft = undefined
  }

  /** Those that became whole since the last call. */
  async loaded(): Promise<LoadedSession[]> {
    const drafts = this.#whole
    this.#whole = []
    await this.#findMessages(drafts)
    const sessions: LoadedSession[] = []
    for (const draft of drafts) {
      const session = this.#finish(draft)
      if (session !== undefined) sessions.push(session)
    }
    return sessions
  }

  #part(draft: Draft, key: Uint8Array, value: Uint8Array): void {
    const reader = this.#reader
    const rest = sessionKeyRest(key)
    switch (rest.u8()) {
      case SessionPart.opened: {
        const clientId = reader.text()
        const expiryS = reader.f64()
        draft.opened = { clientId, expiryS, principal: readPrincipal(reader) }
        return
      }
      case SessionPart.closed:
        draft.closedAtMs = reader.f64()
        draft.endsAtMs = reader.f64()
        return
      case SessionPart.will:
        draft.will = readWill(reader)
        return
      case SessionPart.subscription: {
        const filter = parseSubscriptionFilter(rest.restText(), Number.POSITIVE_INFINITY)
        if (filter === undefined) throw new UnreadableError('a filter is none')
        draft.subscriptions.push({ ...filter, options: readOptions(reader) })
        return
      }
      case SessionPart.flight: {
        const packetId = rest.u16()
        if (rest.u8() === 0) draft.flights.push(this.#flight(packetId, key, value))
        else draft.released.add(packetId)
        return
      }
      case SessionPart.received:
        draft.received.push(rest.u16())
        return
      default:
        throw new UnreadableError('it is no known part of a session')
    }
  }

  #flight(packetId: number, key: Uint8Array, value: Uint8Array): DraftFlight {
    const reader = this.#reader
    const number = reader.ordered()
    const head = readDeliveryHead(reader)
    const group = (head.flags & HAS_GROUP) === 0 ? undefined : reader.text()
    const common = { key, value, packetId, number, head, group }
    if ((head.flags & IN_QUEUE) === 0) {
      const message = readBody(reader)
      const { offset } = message
      return { ...common, queue: undefined, entryKey: undefined, offset, message }
    }
    const queueId = reader.integer()
    const offset = reader.ordered()
    const queue = this.#registry.queueOf(queueId)
    if (queue === undefined) throw new UnreadableError('the queue that it stands in is gone')
    const entryKey = kept(queueEntryKey(queueId, offset))
    return { ...common, queue: parseQueueName(queue.name), entryKey, offset, message: undefined }
  }

  /** Finds the messages of flights that stand in queues. */
  async #findMessages(drafts: readonly Draft[]): Promise<void> {
    const keys: Uint8Array[] = []
    const flights: DraftFlight[] = []
    for (const draft of drafts) {
      for (const flight of draft.flights) {
        if (flight.entryKey === undefined) continue
        keys.push(flight.entryKey)
        flights.push(flight)
      }
    }
    const lone: DraftFlight[] = []
    for (const [index, value] of (await this.#get(keys)).entries()) {
      const flight = flights[index]
      const key = keys[index]
      if (value === undefined || flight === undefined || key === undefined) continue
      flight.message = this.#read(() => {
        openValue(this.#reader, key, value)
        const { flags } = readDeliveryHead(this.#reader)
        if ((flags & IS_ELSEWHERE) === 0) return readBody(this.#reader)
        lone.push(flight)
        return undefined
      })
    }
    const bodyKeys = lone.map(({ offset }) => kept(bodyKey(offset)))
    for (const [index, value] of (await this.#get(bodyKeys)).entries()) {
      const flight = lone[index]
      const key = bodyKeys[index]
      if (value === undefined || flight === undefined || key === undefined) continue
      flight.message = this.#read(() => {
        openValue(this.#reader, key, value)
        return readBody(this.#reader)
      })
    }
  }

  /** What cannot be read of a queue is found, and kept, where the queue is read. */
  #read(read: () => Message | undefined): Message | undefined {
    try {
      return read()
    } catch (error) {
      if (error instanceof UnreadableError) return undefined
      throw error
    }
  }

  #get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      this.#table.get(keys, (error, values) => {
        if (error === undefined) resolve(values)
        else reject(error)
      })
    })
  }

  #finish(draft: Draft): LoadedSession | undefined {
    const { opened, closedAtMs, endsAtMs, will, subscriptions, released, received } = draft
    // The rest of it was found to be without a session, and is in the quarantine.
    if (opened === undefined) return undefined
    const flights: { readonly number: number; readonly flight: StoredFlight }[] = []
    for (const { key, value, packetId, number, head, group, queue, message } of draft.flights) {
      if (message === undefined) {
        this.#quarantine.add(key, value, 'its message is missing')
        continue
      }
      const isReleased = released.has(packetId)
      const delivery = deliveryOf(head, message)
      flights.push({ number, flight: { ...delivery, packetId, queue, group, isReleased } })
    }
    flights.sort((one, other) => one.number - other.number)
    const inOrder = flights.map(({ flight }) => flight)
    return { ...opened, closedAtMs, endsAtMs, will, subscriptions, flights: inOrder, received }
  }
}

function createDraft(id: number): Draft {
  return {
    id,
    opened: undefined,
    closedAtMs: undefined,
    endsAtMs: undefined,
    will: undefined,
    subscriptions: [],
    flights: [],
    released: new Set(),
    received: [],
  }
}

function readOptions(reader: FieldReader): SubscriptionOptions {
  const flags = reader.u8()
  return {
    qos: parseStoredQos(flags & OPTION_QOS),
    noLocal: (flags & OPTION_NO_LOCAL) !== 0,
    retainAsPublished: (flags & OPTION_RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: parseHandling(flags >> OPTION_HANDLING_SHIFT),
    id: reader.integer(),
  }
}

function parseHandling(handling: number): RetainHandling {
  if (handling > 2) throw new UnreadableError('a Retain Handling is 3')
  return handling as RetainHandling
}

/** It was one when it was written. */
function parseQueueName(name: string): QueueName {
  return name as QueueName
}

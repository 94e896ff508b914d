// What a store holds as lines of text, so that what it brought back can be compared with what its
// records say, and the first difference be told.

import type { Message } from '../../src/core/message.ts'
import type { QueueName, StoredDelivery, StoredSession } from '../../src/core/store.ts'
import type { KeptState } from '../support/kept-state.ts'
import { RecoveredState, type StoreState } from '../support/store-model.ts'
import { nameOf } from './records.ts'

/** What the records make; `queues` are the names of all that ever were. */
export function keptLines(kept: KeptState, queues: Iterable<QueueName>): string[] {
  const recovered = new RecoveredState()
  kept.bringBack(recovered, 1, 0)
  return stateLines(recovered.state(standing(queues, (name) => kept.waiting(name))))
}

/** Of each queue that holds something what it holds, in one order. */
export function standing(
  names: Iterable<QueueName>,
  read: (name: QueueName) => readonly StoredDelivery[],
): StoreState['queues'] {
  return [...names]
    .sort()
    .map((name) => ({ name, deliveries: read(name) }))
    .filter(({ deliveries }) => deliveries.length > 0)
}

export function stateLines({ retained, sessions, groups, queues }: StoreState): string[] {
  return [
    ...retained.map((message) => `state ${message.topic} ${messageText(message)}`),
    ...sessions.flatMap(sessionLines),
    ...groups.map(({ name, queue }) => `group ${name} ${text(queue)}`),
    ...queues.flatMap(({ name, deliveries }) =>
      deliveries.map((delivery) => `queue ${name} ${deliveryText(delivery)}`),
    ),
  ]
}

/** The first line that differs, and how. */
export function differenceOf(
  found: readonly string[],
  due: readonly string[],
): { readonly at: number; readonly text: string } {
  const index = due.findIndex((line, at) => line !== found[at])
  const at = index === -1 ? due.length : index
  return { at, text: `${found[at] ?? 'nothing'} instead of ${due[at] ?? 'nothing'}` }
}

export function deliveryText({ message, qos, retain, ids, isOwn }: StoredDelivery): string {
  return `${messageText(message)} ${text({ qos, retain, ids, isOwn })}`
}

function sessionLines(session: StoredSession): string[] {
  const { clientId, principal, expiryS, closedAtMs, endsAtMs, will, received, queue } = session
  const own = { clientId, principal, expiryS, closedAtMs, endsAtMs, will, received, queue }
  return [
    `session ${text(own)}`,
    ...session.subscriptions.map(
      ({ filter, share, options }) => `${clientId} subscribed ${text({ filter, share, options })}`,
    ),
    ...session.flights.map((flight) => {
      const { packetId, queue: from, group, isReleased } = flight
      const how = text({ packetId, from, group, isReleased })
      return `${clientId} sent ${how} ${deliveryText(flight)}`
    }),
  ]
}

function messageText(message: Message): string {
  const { offset, topic, payload, qos, retain, properties, publisher } = message
  const { arrivedAtMs, expiresAtMs } = message
  const body = `${nameOf(payload)} ${payload.length} bytes, sum ${sumOf(payload)}`
  const rest = { topic, qos, retain, properties, publisher, arrivedAtMs, expiresAtMs }
  return `${offset} ${body} ${text(rest)}`
}

function sumOf(payload: Uint8Array): number {
  let sum = 0
  for (const byte of payload) sum = (Math.imul(sum, 31) + byte) | 0
  return sum
}

/** As JSON, its names in one order, and what JSON does not know as text. */
function text(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (one instanceof Uint8Array) return `bytes ${one.length} ${sumOf(one)}`
    if (one === Number.POSITIVE_INFINITY) return 'never'
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    const entries = Object.entries(one).filter(([, part]) => part !== undefined)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

// Reads messages, sessions and wills from an export, as export-text.ts writes them. Whether what
// they refer to is there is for the import to say.

import {
  type Message,
  type MessageProperties,
  NEVER,
  NO_MESSAGE_PROPERTIES,
  type Qos,
  type UserProperty,
} from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import { groupQueue, type QueueName, sessionQueue, type StoredWill } from '../core/store.ts'
import type { RetainHandling } from '../core/subscription.ts'
import { parseSubscriptionFilter, parseTopic, type Topic } from '../core/topic.ts'
import { parseStoredQos } from './body-codec.ts'
import { type JsonFields, LineError } from './import-fields.ts'
import type { LoadedSession } from './session-load.ts'

const PACKET_ID_MAX = 65_535
const SUBSCRIPTION_ID_MAX = 268_435_455
const FRONTS = ['mqtt', 'http', 'coap', 'embedded'] as const

/** A delivery but for its message. */
interface DeliveryLine {
  readonly qos: 1 | 2
  readonly retain: boolean
  readonly ids: readonly number[]
}

export interface QueuedLine extends DeliveryLine {
  readonly queue: QueueName
  /** The message, or the offset of one that was said before. */
  readonly message: Message | number
}

export interface FlightLine extends DeliveryLine {
  readonly clientId: string
  readonly packetId: number
  readonly group: string | undefined
  readonly isReleased: boolean
  /** The message, or where it stands. */
  readonly message: Message | { readonly queue: QueueName; readonly offset: number }
}

/** `offsetMax` is the highest that a message may have. */
export function readMessage(fields: JsonFields, offsetMax: number): Message {
  const message: Message = {
    offset: fields.integer('offset', 0, offsetMax),
    topic: readTopic(fields),
    payload: fields.bytes('payload'),
    isKept: true,
    qos: readQos(fields),
    retain: fields.flag('retain'),
    properties: readProperties(fields.objectIf('properties')),
    publisher: fields.textIf('publisher'),
    arrivedAtMs: fields.time('arrivedAtMs'),
    expiresAtMs: fields.timeIf('expiresAtMs') ?? NEVER,
  }
  fields.done()
  return message
}

export function readSession(fields: JsonFields): Omit<LoadedSession, 'flights'> {
  const session = {
    clientId: fields.text('clientId'),
    expiryS: fields.end('expiryS'),
    principal: readPrincipal(fields.object('principal')),
    closedAtMs: fields.timeIf('closedAtMs'),
    endsAtMs: fields.endIf('endsAtMs'),
    will: readWill(fields.objectIf('will')),
    subscriptions: fields.objects('subscriptions').map(readSubscription),
    received: fields.integers('received', 1, PACKET_ID_MAX),
  }
  fields.done()
  if ((session.closedAtMs === undefined) !== (session.endsAtMs === undefined)) {
    throw new LineError("'closedAtMs' and 'endsAtMs' belong together")
  }
  return session
}

export function readQueued(fields: JsonFields, offsetMax: number): QueuedLine {
  const message = fields.objectIf('message')
  const line = {
    ...readDelivery(fields),
    queue: readQueue(fields.object('queue')),
    message:
      message === undefined
        ? fields.integer('offset', 0, offsetMax)
        : readMessage(message, offsetMax),
  }
  fields.done()
  return line
}

export function readFlight(fields: JsonFields, offsetMax: number): FlightLine {
  const message = fields.objectIf('message')
  const line = {
    ...readDelivery(fields),
    clientId: fields.text('clientId'),
    packetId: fields.integer('packetId', 1, PACKET_ID_MAX),
    group: fields.has('group') ? readGroup(fields) : undefined,
    isReleased: fields.flag('released'),
    message:
      message === undefined
        ? {
            queue: readQueue(fields.object('queue')),
            offset: fields.integer('offset', 0, offsetMax),
          }
        : readMessage(message, offsetMax),
  }
  fields.done()
  return line
}

function readDelivery(fields: JsonFields): DeliveryLine {
  return {
    qos: fields.integer('qos', 1, 2) === 1 ? 1 : 2,
    retain: fields.flag('retain'),
    ids: fields.integers('ids', 1, SUBSCRIPTION_ID_MAX),
  }
}

function readQueue(fields: JsonFields): QueueName {
  const clientId = fields.textIf('session')
  const queue = clientId === undefined ? groupQueue(readGroup(fields)) : sessionQueue(clientId)
  fields.done()
  return queue
}

function readGroup(fields: JsonFields): string {
  const isGroup = (text: string): string | undefined =>
    parseSubscriptionFilter(text, Number.POSITIVE_INFINITY)?.share === undefined ? undefined : text
  return fields.parsed('group', isGroup, 'is no $share/{name}/{filter}')
}

function readSubscription(fields: JsonFields): LoadedSession['subscriptions'][number] {
  const share = fields.textIf('share')
  const prefix = share === undefined ? '' : `$share/${share}/`
  const parse = (text: string) =>
    parseSubscriptionFilter(`${prefix}${text}`, Number.POSITIVE_INFINITY)
  const subscription = {
    ...fields.parsed('filter', parse, 'is no topic filter'),
    options: {
      qos: readQos(fields),
      noLocal: fields.flag('noLocal'),
      retainAsPublished: fields.flag('retainAsPublished'),
      retainHandling: readHandling(fields),
      id: fields.integerIf('id', 1, SUBSCRIPTION_ID_MAX) ?? 0,
    },
  }
  fields.done()
  if (subscription.share !== share) throw new LineError("a 'share' is no name of a group")
  return subscription
}

function readHandling(fields: JsonFields): RetainHandling {
  const handling = fields.integerIf('retainHandling', 0, 2)
  return handling === 2 ? 2 : handling === 1 ? 1 : 0
}

function readWill(fields: JsonFields | undefined): StoredWill | undefined {
  if (fields === undefined) return undefined
  const will = {
    topic: readTopic(fields),
    payload: fields.bytes('payload'),
    qos: readQos(fields),
    retain: fields.flag('retain'),
    properties: readProperties(fields.objectIf('properties')),
    delayS: fields.end('delayS'),
    expiryS: fields.end('expiryS'),
    principal: readPrincipal(fields.object('principal')),
  }
  fields.done()
  return will
}

function readPrincipal(fields: JsonFields): Principal {
  const parseFront = (text: string) => FRONTS.find((front) => front === text)
  const principal = {
    user: fields.textIf('user'),
    clientId: fields.text('clientId'),
    address: fields.text('address'),
    front: fields.parsed('front', parseFront, `is none of ${FRONTS.join(', ')}`),
  }
  const rules = fields.textIf('rules')
  const roles = fields.textsIf('roles')
  const claims = fields.anyIf('claims')
  fields.done()
  return {
    ...principal,
    ...(rules === undefined ? {} : { rules }),
    ...(roles === undefined ? {} : { roles }),
    ...(claims === undefined ? {} : { claims }),
  }
}

function readProperties(fields: JsonFields | undefined): MessageProperties {
  if (fields === undefined) return NO_MESSAGE_PROPERTIES
  const format = fields.integerIf('payloadFormat', 0, 1)
  const properties = {
    payloadFormat: format === undefined ? undefined : format === 0 ? (0 as const) : (1 as const),
    contentType: fields.textIf('contentType'),
    responseTopic: fields.textIf('responseTopic'),
    correlationData: fields.bytesIf('correlationData'),
    userProperties: fields.list('userProperties').map(readUserProperty),
  }
  fields.done()
  return properties
}

function readUserProperty(pair: unknown): UserProperty {
  if (Array.isArray(pair) && pair.length === 2) {
    const name: unknown = pair[0]
    const value: unknown = pair[1]
    if (typeof name === 'string' && typeof value === 'string') return [name, value]
  }
  throw new LineError("'userProperties' has not only pairs of texts")
}

function readTopic(fields: JsonFields): Topic {
  const parse = (text: string) => parseTopic(text, Number.POSITIVE_INFINITY)
  return fields.parsed('topic', parse, 'is no topic')
}

function readQos(fields: JsonFields): Qos {
  return parseStoredQos(fields.integer('qos', 0, 2))
}

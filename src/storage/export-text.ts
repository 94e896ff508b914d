// How messages, sessions and wills are written in an export: objects for JSON, in which what is not
// said is left out. docs/guide/durability.md tells what each name means; the version of the export
// grows when one changes. import-text.ts reads them.

import {
  type Message,
  type MessageProperties,
  NEVER,
  NO_MESSAGE_PROPERTIES,
} from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import type { StoredDelivery, StoredFlight, StoredSession, StoredWill } from '../core/store.ts'
import type { LoadedSession } from './session-load.ts'

/** The first line's `kind`, and the version of all that follows. */
export const EXPORT_KIND = 'rameau-store'
export const EXPORT_FORMAT = 1

type Json = Readonly<Record<string, unknown>>

/** A queue in an export: that of a session, or that of a shared group. */
export function queueJson(name: string): Json {
  return name.startsWith('g/') ? { group: name.slice(2) } : { session: name.slice(2) }
}

export function messageJson(message: Message): Json {
  const { offset, topic, qos, retain, publisher, arrivedAtMs, expiresAtMs } = message
  return {
    ...{ offset, topic, qos, retain: retain || undefined, publisher, arrivedAtMs },
    expiresAtMs: expiresAtMs === NEVER ? undefined : expiresAtMs,
    ...propertiesJson(message.properties),
    ...bytesJson('payload', message.payload),
  }
}

export function sessionJson(session: LoadedSession): Json {
  const { clientId, expiryS, principal, closedAtMs, endsAtMs, will, received } = session
  return {
    ...{ clientId, expiryS: timeJson(expiryS), principal: principalJson(principal) },
    ...{ closedAtMs, endsAtMs: endsAtMs === undefined ? undefined : timeJson(endsAtMs) },
    will: will === undefined ? undefined : willJson(will),
    subscriptions: session.subscriptions.map(subscriptionJson),
    received: received.length === 0 ? undefined : received,
  }
}

/** All but its message. */
export function deliveryJson({ qos, retain, ids }: Omit<StoredDelivery, 'message'>): Json {
  return { qos, retain: retain || undefined, ids: ids.length === 0 ? undefined : ids }
}

/** What stands in a queue is not repeated. */
export function flightJson(clientId: string, flight: StoredFlight): Json {
  const { packetId, queue, group, isReleased, message } = flight
  return {
    ...{ clientId, packetId, ...deliveryJson(flight), group },
    released: isReleased || undefined,
    ...(queue === undefined
      ? { message: messageJson(message) }
      : { queue: queueJson(queue), offset: message.offset }),
  }
}

function subscriptionJson(subscription: StoredSession['subscriptions'][number]): Json {
  const { filter, share, options } = subscription
  const { qos, noLocal, retainAsPublished, retainHandling, id } = options
  return {
    ...{ filter, share, qos },
    ...{ noLocal: noLocal || undefined, retainAsPublished: retainAsPublished || undefined },
    retainHandling: retainHandling || undefined,
    id: id || undefined,
  }
}

function willJson(will: StoredWill): Json {
  const { topic, qos, retain, delayS, expiryS, principal } = will
  return {
    ...{ topic, qos, retain: retain || undefined },
    ...{ delayS: timeJson(delayS), expiryS: timeJson(expiryS) },
    principal: principalJson(principal),
    ...propertiesJson(will.properties),
    ...bytesJson('payload', will.payload),
  }
}

function principalJson(principal: Principal): Json {
  const { user, clientId, address, front, rules, roles, claims } = principal
  return { user, clientId, address, front, rules, roles, claims }
}

function propertiesJson(properties: MessageProperties): Json {
  if (properties === NO_MESSAGE_PROPERTIES) return {}
  const { payloadFormat, contentType, responseTopic, correlationData, userProperties } = properties
  const correlation =
    correlationData === undefined ? {} : bytesJson('correlationData', correlationData)
  return {
    properties: {
      ...{ payloadFormat, contentType, responseTopic, ...correlation },
      userProperties: userProperties.length === 0 ? undefined : userProperties,
    },
  }
}

/** JSON knows no infinity. */
function timeJson(time: number): number | 'never' {
  return time === NEVER ? 'never' : time
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Bytes with control characters are seldom text, and their escapes are long. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/

/** Under `name` as text where the bytes are, else in base64 under another name. */
function bytesJson(name: string, bytes: Uint8Array): Json {
  const text = textOf(bytes)
  if (text !== undefined) return { [name]: text }
  const { buffer, byteOffset, length } = bytes
  return { [`${name}Base64`]: Buffer.from(buffer, byteOffset, length).toString('base64') }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return CONTROL.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

// The message that a session leaves behind, section 3.1.2.5. When it is due is sessions'.

import { type Message, NEVER } from '../core/message.ts'
import type { StoredWill } from '../core/store.ts'

/**
 * It lives in the store from CONNECT on; its payload is a copy of our own. `delayS` counts from the
 * end of the connection, `expiryS` from its publication; it is published, and checked again, as its
 * `principal`.
 */
export type Will = StoredWill

/** The will as a message; its expiry begins now. */
export function toMessage(will: Will, wallMs: number): Message {
  return {
    offset: 0,
    topic: will.topic,
    payload: will.payload,
    isKept: true,
    qos: will.qos,
    retain: will.retain, // [MQTT-3.1.2-14] [MQTT-3.1.2-15]
    properties: will.properties,
    publisher: will.principal.clientId,
    arrivedAtMs: wallMs,
    expiresAtMs: will.expiryS === Number.POSITIVE_INFINITY ? NEVER : wallMs + will.expiryS * 1000,
  }
}

// What an operator may set about MQTT itself: what the server offers, announced in CONNACK and
// enforced. Keys of the configuration file under `mqtt`. Bounds that are not MQTT's own are
// core/limits.

import type { Qos } from '../../core/message.ts'

export interface MqttSettings {
  /** Maximum QoS. A PUBLISH above gets 0x9B; a SUBSCRIBE above is granted this. */
  readonly qosMax: Qos
  /** Retain Available. False: a PUBLISH or will with RETAIN gets 0x9A. */
  readonly retainAvailable: boolean
  /** Wildcard Subscription Available. False: such a filter gets 0xA2. */
  readonly wildcardSubscriptions: boolean
  /** Subscription Identifiers Available. False: a SUBSCRIBE with one gets 0xA1. */
  readonly subscriptionIds: boolean
  /** Shared Subscription Available. False: such a filter gets 0x9E. */
  readonly sharedSubscriptions: boolean
  /**
   * Topic Alias Maximum, in both directions: aliases of one connection. 0: none. A higher: 0x94.
   */
  readonly topicAliasMax: number
  /**
   * Receive Maximum: QoS 1 and 2 messages a client may have unacknowledged. One more: 0x93. All
   * that packet ids allow by default, since widespread clients burst without looking at it.
   */
  readonly receiveMax: number
  /**
   * Seconds. A client that asks for more, or for none, gets this as Server Keep Alive. 0: no cap.
   */
  readonly keepAliveMax: number
  /**
   * Seconds that a session may outlive its connection; a client's wish above is cut. Infinity: any.
   */
  readonly sessionExpiryMax: number
  /** Milliseconds from the connection to a whole CONNECT. Later: the connection is cut. */
  readonly connectTimeoutMs: number
  /** What CONNACK answers to Request Response Information; empty for nothing [MQTT-3.1.2-28]. */
  readonly responseInformation: string
  /** True: a WebSocket that does not offer the subprotocol `mqtt` is refused. */
  readonly strictSubprotocol: boolean
}

export const DEFAULT_MQTT_SETTINGS: MqttSettings = Object.freeze({
  qosMax: 2,
  retainAvailable: true,
  wildcardSubscriptions: true,
  subscriptionIds: true,
  sharedSubscriptions: true,
  topicAliasMax: 64,
  receiveMax: 65_535,
  keepAliveMax: 0,
  sessionExpiryMax: Number.POSITIVE_INFINITY,
  connectTimeoutMs: 10_000,
  responseInformation: '',
  strictSubprotocol: false,
})

// What a version lets the server say and do, fixed once CONNECT named it. With the codec the only
// place that knows versions apart.

import type { Connect, Version } from '../../codec/mqtt/packets.ts'

export interface Dialect {
  readonly version: Version
  /** As the log calls it. */
  readonly name: string
  /** The server may say why it closes, by DISCONNECT; before 5.0 it just closes. */
  readonly canDisconnect: boolean
  /** CONNACK may say why a CONNECT is malformed; before, the connection just closes. */
  readonly canRefuseMalformed: boolean
  /** PUBACK and PUBREC may refuse. Before, what is refused is acknowledged and dropped. */
  readonly canRefusePublish: boolean
  /** SUBACK may refuse. In 3.1 a refused filter is granted and nothing delivered [Q31-4]. */
  readonly canRefuseSubscription: boolean
  /** The client knows our Receive Maximum and must keep to it [MQTT-3.3.4-7]. */
  readonly hasReceiveMaximum: boolean
  /** Characters of a client id; 3.1 allows 23 [Q31-2]. */
  readonly clientIdLengthMax: number
  /**
   * Who may leave the client id empty: in 3.1 nobody, in 3.1.1 clean sessions [MQTT311-3.1.3-8].
   */
  readonly mayAssignClientId: (connect: Connect) => boolean
  /** The client can be told its assigned id and the keep alive that it must keep. */
  readonly hasConnackProperties: boolean
  /** Any DISCONNECT deletes the will; in 5.0 only one with reason 0x00 [MQTT-3.14.4-3]. */
  readonly disconnectDropsWill: boolean
}

const MQTT_3_1: Dialect = Object.freeze({
  version: 3,
  name: '3.1',
  canDisconnect: false,
  canRefuseMalformed: false,
  canRefusePublish: false,
  canRefuseSubscription: false,
  hasReceiveMaximum: false,
  clientIdLengthMax: 23,
  mayAssignClientId: () => false,
  hasConnackProperties: false,
  disconnectDropsWill: true,
})

const MQTT_3_1_1: Dialect = Object.freeze({
  version: 4,
  name: '3.1.1',
  canDisconnect: false,
  canRefuseMalformed: false,
  canRefusePublish: false,
  canRefuseSubscription: true,
  hasReceiveMaximum: false,
  clientIdLengthMax: 65_535,
  mayAssignClientId: (connect: Connect) => connect.cleanStart,
  hasConnackProperties: false,
  disconnectDropsWill: true,
})

const MQTT_5: Dialect = Object.freeze({
  version: 5,
  name: '5.0',
  canDisconnect: true,
  canRefuseMalformed: true,
  canRefusePublish: true,
  canRefuseSubscription: true,
  hasReceiveMaximum: true,
  clientIdLengthMax: 65_535,
  mayAssignClientId: () => true,
  hasConnackProperties: true,
  disconnectDropsWill: false,
})

export function dialectOf(version: Version): Dialect {
  if (version === 5) return MQTT_5
  return version === 4 ? MQTT_3_1_1 : MQTT_3_1
}

/** The value of an interval that stands for never ending. */
const FOREVER_S = 0xffff_ffff

/** A Session Expiry Interval in seconds, Infinity where it says never [MQTT-3.1.2-23]. */
export function expiryOf(interval: number | undefined): number {
  return interval === FOREVER_S ? Number.POSITIVE_INFINITY : (interval ?? 0)
}

/** The interval of an expiry in seconds. */
export function intervalOf(expiryS: number): number {
  return Math.min(expiryS, FOREVER_S)
}

/**
 * How long the session of this CONNECT may outlive its connection, in seconds. Before 5.0 a clean
 * session ends with it, and any other never does [MQTT311-3.1.2-4].
 */
export function sessionExpiryOf(connect: Connect): number {
  if (connect.version === 5) return expiryOf(connect.properties.sessionExpiry)
  return connect.cleanStart ? 0 : Number.POSITIVE_INFINITY
}

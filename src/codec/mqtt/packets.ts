// The fifteen packets as plain objects. One literal per type makes each, with every field, in the
// order given here, so that all packets of a type share one shape.

import type { Reason } from '../../base/reason.ts'

/** The protocol levels of 3.1, 3.1.1 and 5.0 as they stand in CONNECT. */
export type Version = 3 | 4 | 5

export type Qos = 0 | 1 | 2

/** The type as it stands in the high half of the first byte, section 2.1.2. */
export const PacketType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const
export type PacketType = (typeof PacketType)[keyof typeof PacketType]

export type UserProperty = readonly [name: string, value: string]

/**
 * All properties of all packets, section 2.2.2.2; which packet may carry which is checked by the
 * decoder. `undefined` where absent. Intervals are in seconds, lengths in bytes.
 */
export interface Properties {
  payloadFormat: 0 | 1 | undefined
  messageExpiry: number | undefined
  contentType: string | undefined
  responseTopic: string | undefined
  correlationData: Uint8Array | undefined
  /** At most one in SUBSCRIBE, any number in PUBLISH from a server; empty where absent. */
  subscriptionIds: readonly number[]
  sessionExpiry: number | undefined
  assignedClientId: string | undefined
  serverKeepAlive: number | undefined
  authenticationMethod: string | undefined
  authenticationData: Uint8Array | undefined
  requestProblemInformation: 0 | 1 | undefined
  willDelay: number | undefined
  requestResponseInformation: 0 | 1 | undefined
  responseInformation: string | undefined
  serverReference: string | undefined
  reasonString: string | undefined
  receiveMaximum: number | undefined
  topicAliasMaximum: number | undefined
  topicAlias: number | undefined
  maximumQos: 0 | 1 | undefined
  retainAvailable: 0 | 1 | undefined
  /** In order, repeats kept; empty where absent. */
  userProperties: readonly UserProperty[]
  maximumPacketSize: number | undefined
  wildcardSubscriptionAvailable: 0 | 1 | undefined
  subscriptionIdAvailable: 0 | 1 | undefined
  sharedSubscriptionAvailable: 0 | 1 | undefined
}

export interface Will {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: Readonly<Properties>
}

export interface Connect {
  readonly type: typeof PacketType.connect
  readonly version: Version
  /** Clean Session before 5.0. */
  readonly cleanStart: boolean
  /** Seconds; 0 turns it off. */
  readonly keepAlive: number
  readonly clientId: string
  readonly will: Will | undefined
  readonly userName: string | undefined
  readonly password: Uint8Array | undefined
  readonly properties: Readonly<Properties>
}

export interface Connack {
  readonly type: typeof PacketType.connack
  readonly sessionPresent: boolean
  /** A 5.0 reason; the codec translates to and from the return codes of 3.x. */
  readonly reason: Reason
  readonly properties: Readonly<Properties>
}

export interface Publish {
  readonly type: typeof PacketType.publish
  readonly qos: Qos
  readonly dup: boolean
  readonly retain: boolean
  /** Empty only where the Topic Alias property stands for it (5.0). */
  readonly topic: string
  /** 0 at QoS 0. */
  readonly packetId: number
  readonly properties: Readonly<Properties>
  /** A view of the buffer that was decoded. */
  readonly payload: Uint8Array
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP have one form. Before 5.0 the reason is success. */
export interface Ack {
  readonly type:
    | typeof PacketType.puback
    | typeof PacketType.pubrec
    | typeof PacketType.pubrel
    | typeof PacketType.pubcomp
  readonly packetId: number
  readonly reason: Reason
  readonly properties: Readonly<Properties>
}

export interface SubscribeFilter {
  readonly filter: string
  readonly qos: Qos
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

export interface Subscribe {
  readonly type: typeof PacketType.subscribe
  readonly packetId: number
  readonly filters: readonly SubscribeFilter[]
  readonly properties: Readonly<Properties>
}

export interface Suback {
  readonly type: typeof PacketType.suback
  readonly packetId: number
  readonly reasons: readonly Reason[]
  readonly properties: Readonly<Properties>
}

export interface Unsubscribe {
  readonly type: typeof PacketType.unsubscribe
  readonly packetId: number
  readonly filters: readonly string[]
  readonly properties: Readonly<Properties>
}

export interface Unsuback {
  readonly type: typeof PacketType.unsuback
  readonly packetId: number
  /** Empty before 5.0. */
  readonly reasons: readonly Reason[]
  readonly properties: Readonly<Properties>
}

export interface Pingreq {
  readonly type: typeof PacketType.pingreq
}

export interface Pingresp {
  readonly type: typeof PacketType.pingresp
}

export interface Disconnect {
  readonly type: typeof PacketType.disconnect
  readonly reason: Reason
  readonly properties: Readonly<Properties>
}

export interface Auth {
  readonly type: typeof PacketType.auth
  readonly reason: Reason
  readonly properties: Readonly<Properties>
}

export type Packet =
  | Connect
  | Connack
  | Publish
  | Ack
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth

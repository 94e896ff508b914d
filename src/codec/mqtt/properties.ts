// The properties of MQTT 5, section 2.2.2.2: which there are, how each is written, and where it may
// stand. How to read and write them is decode-properties' and encode-properties'.

import { PacketType, type Properties, type UserProperty } from './packets.ts'

/** The names of the properties whose value is exactly a T. */
type NameOf<T> = {
  [K in keyof Properties]: Properties[K] extends T | undefined
    ? T | undefined extends Properties[K]
      ? K
      : never
    : never
}[keyof Properties]

interface Place {
  readonly id: number
  /** One bit per packet type that may carry it, and {@link WILL}. */
  readonly packets: number
}

/** How a value is written, section 1.5. A flag is a byte that is 0 or 1. */
export type PropertySpec =
  | (Place & { readonly kind: 'flag'; readonly name: NameOf<0 | 1> })
  | (Place & { readonly kind: 'u16' | 'u32'; readonly name: NameOf<number> })
  | (Place & { readonly kind: 'text'; readonly name: NameOf<string> })
  | (Place & { readonly kind: 'binary'; readonly name: NameOf<Uint8Array> })
  /** A Variable Byte Integer; may repeat in PUBLISH alone. */
  | (Place & { readonly kind: 'subscriptionId'; readonly name: 'subscriptionIds' })
  /** A pair of texts; may repeat everywhere. */
  | (Place & { readonly kind: 'userProperty'; readonly name: 'userProperties' })

/** The bit of the Will's own properties, beside those of the packet types: type 0 is no packet. */
export const WILL = 1

/** The bit of a packet type in the table. */
export function packetBit(type: PacketType): number {
  return 1 << type
}

const CONNECT = packetBit(PacketType.connect)
const CONNACK = packetBit(PacketType.connack)
const PUBLISH = packetBit(PacketType.publish)
const SUBSCRIBE = packetBit(PacketType.subscribe)
const DISCONNECT = packetBit(PacketType.disconnect)
const AUTH = packetBit(PacketType.auth)
/** What a receiver answers or ends with, and so may want to explain. */
const EXPLAINED =
  CONNACK |
  packetBit(PacketType.puback) |
  packetBit(PacketType.pubrec) |
  packetBit(PacketType.pubrel) |
  packetBit(PacketType.pubcomp) |
  packetBit(PacketType.suback) |
  packetBit(PacketType.unsuback) |
  DISCONNECT |
  AUTH
const ALL = WILL | CONNECT | PUBLISH | SUBSCRIBE | packetBit(PacketType.unsubscribe) | EXPLAINED

/** In the order of {@link Properties}, which is also the order in which they are written. */
export const PROPERTY_SPECS: readonly PropertySpec[] = [
  { id: 0x01, kind: 'flag', name: 'payloadFormat', packets: PUBLISH | WILL },
  { id: 0x02, kind: 'u32', name: 'messageExpiry', packets: PUBLISH | WILL },
  { id: 0x03, kind: 'text', name: 'contentType', packets: PUBLISH | WILL },
  { id: 0x08, kind: 'text', name: 'responseTopic', packets: PUBLISH | WILL },
  { id: 0x09, kind: 'binary', name: 'correlationData', packets: PUBLISH | WILL },
  { id: 0x0b, kind: 'subscriptionId', name: 'subscriptionIds', packets: SUBSCRIBE | PUBLISH },
  { id: 0x11, kind: 'u32', name: 'sessionExpiry', packets: CONNECT | CONNACK | DISCONNECT },
  { id: 0x12, kind: 'text', name: 'assignedClientId', packets: CONNACK },
  { id: 0x13, kind: 'u16', name: 'serverKeepAlive', packets: CONNACK },
  { id: 0x15, kind: 'text', name: 'authenticationMethod', packets: CONNECT | CONNACK | AUTH },
  { id: 0x16, kind: 'binary', name: 'authenticationData', packets: CONNECT | CONNACK | AUTH },
  { id: 0x17, kind: 'flag', name: 'requestProblemInformation', packets: CONNECT },
  { id: 0x18, kind: 'u32', name: 'willDelay', packets: WILL },
  { id: 0x19, kind: 'flag', name: 'requestResponseInformation', packets: CONNECT },
  { id: 0x1a, kind: 'text', name: 'responseInformation', packets: CONNACK },
  { id: 0x1c, kind: 'text', name: 'serverReference', packets: CONNACK | DISCONNECT },
  { id: 0x1f, kind: 'text', name: 'reasonString', packets: EXPLAINED },
  { id: 0x21, kind: 'u16', name: 'receiveMaximum', packets: CONNECT | CONNACK },
  { id: 0x22, kind: 'u16', name: 'topicAliasMaximum', packets: CONNECT | CONNACK },
  { id: 0x23, kind: 'u16', name: 'topicAlias', packets: PUBLISH },
  { id: 0x24, kind: 'flag', name: 'maximumQos', packets: CONNACK },
  { id: 0x25, kind: 'flag', name: 'retainAvailable', packets: CONNACK },
  { id: 0x26, kind: 'userProperty', name: 'userProperties', packets: ALL },
  { id: 0x27, kind: 'u32', name: 'maximumPacketSize', packets: CONNECT | CONNACK },
  { id: 0x28, kind: 'flag', name: 'wildcardSubscriptionAvailable', packets: CONNACK },
  { id: 0x29, kind: 'flag', name: 'subscriptionIdAvailable', packets: CONNACK },
  { id: 0x2a, kind: 'flag', name: 'sharedSubscriptionAvailable', packets: CONNACK },
]

/** By identifier; undefined where the standard has none. */
export const SPEC_BY_ID: readonly (PropertySpec | undefined)[] = Array.from(
  { length: 128 },
  (_, id) => PROPERTY_SPECS.find((spec) => spec.id === id),
)

const NO_IDS: readonly number[] = Object.freeze([])
const NO_USER_PROPERTIES: readonly UserProperty[] = Object.freeze([])

/**
 * The properties of a packet that has none: one frozen object, which may be compared by identity.
 */
export const NO_PROPERTIES: Readonly<Properties> = Object.freeze(emptyProperties())

/** For packets of our own: what is not named is absent. */
export function makeProperties(some: Partial<Properties>): Properties {
  return Object.assign(emptyProperties(), some)
}

/** Every field in one literal, so that all packets' properties share one shape. */
export function emptyProperties(): Properties {
  return {
    payloadFormat: undefined,
    messageExpiry: undefined,
    contentType: undefined,
    responseTopic: undefined,
    correlationData: undefined,
    subscriptionIds: NO_IDS,
    sessionExpiry: undefined,
    assignedClientId: undefined,
    serverKeepAlive: undefined,
    authenticationMethod: undefined,
    authenticationData: undefined,
    requestProblemInformation: undefined,
    willDelay: undefined,
    requestResponseInformation: undefined,
    responseInformation: undefined,
    serverReference: undefined,
    reasonString: undefined,
    receiveMaximum: undefined,
    topicAliasMaximum: undefined,
    topicAlias: undefined,
    maximumQos: undefined,
    retainAvailable: undefined,
    userProperties: NO_USER_PROPERTIES,
    maximumPacketSize: undefined,
    wildcardSubscriptionAvailable: undefined,
    subscriptionIdAvailable: undefined,
    sharedSubscriptionAvailable: undefined,
  }
}

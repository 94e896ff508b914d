// Packets beside their bytes, written by hand from the standard: what the codec must read and
// write. Material for the codec's tests and the seeds of its fuzzing.

import { Reason } from '../../src/base/reason.ts'
import {
  type Packet,
  PacketType,
  type Properties,
  type Version,
} from '../../src/codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'

export interface Vector {
  readonly name: string
  readonly versions: readonly Version[]
  readonly hex: string
  readonly packet: Packet
  /** The properties stand in another order than we write them in. */
  readonly isReordered?: true
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16))
}

const ALL: readonly Version[] = [3, 4, 5]
const BEFORE_5: readonly Version[] = [3, 4]
const text = new TextEncoder()

function subscribe(packetId: number, filters: readonly (readonly [string, 0 | 1 | 2])[]): Packet {
  return {
    type: PacketType.subscribe,
    packetId,
    filters: filters.map(([filter, qos]) => {
      return { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }
    }),
    properties: NO_PROPERTIES,
  }
}

function publish(
  topic: string,
  payload: string,
  options: { qos?: 0 | 1 | 2; dup?: boolean; retain?: boolean; packetId?: number },
  properties: Partial<Properties> | undefined,
): Packet {
  return {
    type: PacketType.publish,
    qos: options.qos ?? 0,
    dup: options.dup ?? false,
    retain: options.retain ?? false,
    topic,
    packetId: options.packetId ?? 0,
    properties: properties === undefined ? NO_PROPERTIES : makeProperties(properties),
    payload: text.encode(payload),
  }
}

function connect(version: Version, over: object, properties?: Partial<Properties>): Packet {
  return {
    type: PacketType.connect,
    version,
    cleanStart: true,
    keepAlive: 60,
    clientId: 'c1',
    will: undefined,
    userName: undefined,
    password: undefined,
    properties: properties === undefined ? NO_PROPERTIES : makeProperties(properties),
    ...over,
  }
}

function ack(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  reason: Reason = Reason.success,
  properties: Readonly<Properties> = NO_PROPERTIES,
): Packet {
  return { type: PacketType[type], packetId: 10, reason, properties }
}

export const VECTORS: readonly Vector[] = [
  {
    name: 'CONNECT of 3.1.1',
    versions: [4],
    hex: '10 0e 00 04 4d 51 54 54 04 02 00 3c 00 02 63 31',
    packet: connect(4, {}),
  },
  {
    name: 'CONNECT of 3.1',
    versions: [3],
    hex: '10 10 00 06 4d 51 49 73 64 70 03 02 00 3c 00 02 63 31',
    packet: connect(3, {}),
  },
  {
    name: 'CONNECT of 3.1.1 with will, user name and password',
    versions: [4],
    hex: [
      '10 1e 00 04 4d 51 54 54 04 ec 00 0a 00 02 63 31 00 03 74 2f 77 00 03 62 79 65 00 01',
      '75 00 01 70',
    ].join(' '),
    packet: connect(4, {
      cleanStart: false,
      keepAlive: 10,
      will: {
        topic: 't/w',
        payload: text.encode('bye'),
        qos: 1,
        retain: true,
        properties: NO_PROPERTIES,
      },
      userName: 'u',
      password: text.encode('p'),
    }),
  },
  {
    name: 'CONNECT of 5.0 with an empty client id',
    versions: [5],
    hex: '10 0d 00 04 4d 51 54 54 05 02 00 3c 00 00 00',
    packet: connect(5, { clientId: '' }),
  },
  {
    name: 'CONNECT of 5.0 with a password alone',
    versions: [5],
    hex: '10 11 00 04 4d 51 54 54 05 42 00 3c 00 00 01 63 00 01 70',
    packet: connect(5, { clientId: 'c', password: text.encode('p') }),
  },
  {
    name: 'CONNECT of 5.0 with properties',
    versions: [5],
    hex: [
      '10 26 00 04 4d 51 54 54 05 00 00 1e 17 11 00 00 0e 10 21 00 0a 27 00 00 04 00 22 00',
      '05 26 00 01 61 00 01 62 00 02 63 31',
    ].join(' '),
    packet: connect(
      5,
      { cleanStart: false, keepAlive: 30 },
      {
        sessionExpiry: 3600,
        receiveMaximum: 10,
        maximumPacketSize: 1024,
        topicAliasMaximum: 5,
        userProperties: [['a', 'b']],
      },
    ),
    isReordered: true,
  },
  {
    name: 'CONNECT of 5.0 with a will that has properties',
    versions: [5],
    hex: [
      '10 31 00 04 4d 51 54 54 05 0e 00 1e 00 00 02 63 31 17 18 00 00 00 05 02 00 00 00 3c',
      '03 00 0a 74 65 78 74 2f 70 6c 61 69 6e 00 03 74 2f 77 00 03 62 79 65',
    ].join(' '),
    packet: connect(5, {
      keepAlive: 30,
      will: {
        topic: 't/w',
        payload: text.encode('bye'),
        qos: 1,
        retain: false,
        properties: makeProperties({ willDelay: 5, messageExpiry: 60, contentType: 'text/plain' }),
      },
    }),
    isReordered: true,
  },
  {
    name: 'CONNACK of 3.1.1 with Session Present',
    versions: [4],
    hex: '20 02 01 00',
    packet: {
      type: PacketType.connack,
      sessionPresent: true,
      reason: Reason.success,
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'CONNACK of 3.x, not authorized',
    versions: BEFORE_5,
    hex: '20 02 00 05',
    packet: {
      type: PacketType.connack,
      sessionPresent: false,
      reason: Reason.notAuthorized,
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'CONNACK of 5.0 with properties',
    versions: [5],
    hex: '20 10 00 00 0d 12 00 02 78 31 21 00 14 24 01 13 00 14',
    packet: {
      type: PacketType.connack,
      sessionPresent: false,
      reason: Reason.success,
      properties: makeProperties({
        assignedClientId: 'x1',
        receiveMaximum: 20,
        maximumQos: 1,
        serverKeepAlive: 20,
      }),
    },
    isReordered: true,
  },
  {
    name: 'CONNACK of 5.0, not authorized',
    versions: [5],
    hex: '20 03 00 87 00',
    packet: {
      type: PacketType.connack,
      sessionPresent: false,
      reason: Reason.notAuthorized,
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'PUBLISH at QoS 0',
    versions: BEFORE_5,
    hex: '30 07 00 03 61 2f 62 68 69',
    packet: publish('a/b', 'hi', {}, undefined),
  },
  {
    name: 'PUBLISH at QoS 1 with DUP and RETAIN, empty',
    versions: BEFORE_5,
    hex: '3b 07 00 03 61 2f 62 00 0a',
    packet: publish('a/b', '', { qos: 1, dup: true, retain: true, packetId: 10 }, undefined),
  },
  {
    name: 'PUBLISH at QoS 2 with properties',
    versions: [5],
    hex: '34 1a 00 03 61 2f 62 00 0a 10 01 01 02 00 00 00 3c 08 00 01 72 09 00 02 01 02 68 69',
    packet: publish(
      'a/b',
      'hi',
      { qos: 2, packetId: 10 },
      {
        payloadFormat: 1,
        messageExpiry: 60,
        responseTopic: 'r',
        correlationData: Uint8Array.of(1, 2),
      },
    ),
  },
  {
    name: 'PUBLISH that sets a topic alias',
    versions: [5],
    hex: '30 0a 00 03 61 2f 62 03 23 00 01 78',
    packet: publish('a/b', 'x', {}, { topicAlias: 1 }),
  },
  {
    name: 'PUBLISH by its topic alias',
    versions: [5],
    hex: '30 07 00 00 03 23 00 01 79',
    packet: publish('', 'y', {}, { topicAlias: 1 }),
  },
  {
    name: 'PUBLISH with two subscription identifiers',
    versions: [5],
    hex: '30 0a 00 01 61 05 0b 01 0b c8 01 7a',
    packet: publish('a', 'z', {}, { subscriptionIds: [1, 200] }),
  },
  { name: 'PUBACK', versions: ALL, hex: '40 02 00 0a', packet: ack('puback') },
  {
    name: 'PUBACK with a reason',
    versions: [5],
    hex: '40 03 00 0a 10',
    packet: ack('puback', Reason.noMatchingSubscribers),
  },
  {
    name: 'PUBACK with a reason and a Reason String',
    versions: [5],
    hex: '40 08 00 0a 97 04 1f 00 01 71',
    packet: ack('puback', Reason.quotaExceeded, makeProperties({ reasonString: 'q' })),
  },
  { name: 'PUBREC', versions: ALL, hex: '50 02 00 0a', packet: ack('pubrec') },
  { name: 'PUBREL', versions: ALL, hex: '62 02 00 0a', packet: ack('pubrel') },
  {
    name: 'PUBREL with a reason',
    versions: [5],
    hex: '62 03 00 0a 92',
    packet: ack('pubrel', Reason.packetIdentifierNotFound),
  },
  { name: 'PUBCOMP', versions: ALL, hex: '70 02 00 0a', packet: ack('pubcomp') },
  {
    name: 'SUBSCRIBE of 3.x with two filters',
    versions: BEFORE_5,
    hex: '82 0e 00 0a 00 03 61 2f 62 01 00 03 63 2f 23 02',
    packet: subscribe(10, [
      ['a/b', 1],
      ['c/#', 2],
    ]),
  },
  {
    name: 'SUBSCRIBE of 5.0 with all options',
    versions: [5],
    hex: '82 0b 00 0a 02 0b 05 00 03 2b 2f 78 2d',
    packet: {
      type: PacketType.subscribe,
      packetId: 10,
      filters: [
        { filter: '+/x', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
      properties: makeProperties({ subscriptionIds: [5] }),
    },
  },
  {
    name: 'SUBSCRIBE of 5.0, shared',
    versions: [5],
    hex: '82 12 00 0b 00 00 0c 24 73 68 61 72 65 2f 67 2f 61 2f 23 00',
    packet: subscribe(11, [['$share/g/a/#', 0]]),
  },
  {
    name: 'SUBACK of 3.1.1',
    versions: [4],
    hex: '90 04 00 0a 01 80',
    packet: {
      type: PacketType.suback,
      packetId: 10,
      reasons: [Reason.grantedQos1, Reason.unspecifiedError],
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'SUBACK of 5.0',
    versions: [5],
    hex: '90 05 00 0a 00 01 87',
    packet: {
      type: PacketType.suback,
      packetId: 10,
      reasons: [Reason.grantedQos1, Reason.notAuthorized],
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'UNSUBSCRIBE of 3.x',
    versions: BEFORE_5,
    hex: 'a2 07 00 0b 00 03 61 2f 62',
    packet: {
      type: PacketType.unsubscribe,
      packetId: 11,
      filters: ['a/b'],
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'UNSUBSCRIBE of 5.0',
    versions: [5],
    hex: 'a2 0b 00 0b 00 00 03 61 2f 62 00 01 63',
    packet: {
      type: PacketType.unsubscribe,
      packetId: 11,
      filters: ['a/b', 'c'],
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'UNSUBACK of 3.x',
    versions: BEFORE_5,
    hex: 'b0 02 00 0b',
    packet: { type: PacketType.unsuback, packetId: 11, reasons: [], properties: NO_PROPERTIES },
  },
  {
    name: 'UNSUBACK of 5.0',
    versions: [5],
    hex: 'b0 05 00 0b 00 00 11',
    packet: {
      type: PacketType.unsuback,
      packetId: 11,
      reasons: [Reason.success, Reason.noSubscriptionExisted],
      properties: NO_PROPERTIES,
    },
  },
  { name: 'PINGREQ', versions: ALL, hex: 'c0 00', packet: { type: PacketType.pingreq } },
  { name: 'PINGRESP', versions: ALL, hex: 'd0 00', packet: { type: PacketType.pingresp } },
  {
    name: 'DISCONNECT',
    versions: ALL,
    hex: 'e0 00',
    packet: { type: PacketType.disconnect, reason: Reason.success, properties: NO_PROPERTIES },
  },
  {
    name: 'DISCONNECT with will and Session Expiry',
    versions: [5],
    hex: 'e0 07 04 05 11 00 00 00 00',
    packet: {
      type: PacketType.disconnect,
      reason: Reason.disconnectWithWill,
      properties: makeProperties({ sessionExpiry: 0 }),
    },
  },
  {
    name: 'DISCONNECT with a reason',
    versions: [5],
    hex: 'e0 01 8e',
    packet: {
      type: PacketType.disconnect,
      reason: Reason.sessionTakenOver,
      properties: NO_PROPERTIES,
    },
  },
  {
    name: 'AUTH',
    versions: [5],
    hex: 'f0 0a 18 08 15 00 01 4d 16 00 01 01',
    packet: {
      type: PacketType.auth,
      reason: Reason.continueAuthentication,
      properties: makeProperties({
        authenticationMethod: 'M',
        authenticationData: Uint8Array.of(1),
      }),
    },
  },
]

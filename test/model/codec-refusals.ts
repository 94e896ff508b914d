// Bytes that the codec must refuse, with the reason and the clause that it must give.

import { Reason } from '../../src/base/reason.ts'
import type { Version } from '../../src/codec/mqtt/packets.ts'

export interface Refusal {
  readonly name: string
  readonly versions: readonly Version[]
  readonly hex: string
  readonly reason: Reason
  readonly clause: string
}

const ALL: readonly Version[] = [3, 4, 5]
const BEFORE_5: readonly Version[] = [3, 4]
const { malformedPacket, protocolError, topicNameInvalid, topicAliasInvalid } = Reason
const { unsupportedProtocolVersion, packetTooLarge } = Reason

type Row = readonly [
  name: string,
  versions: readonly Version[],
  hex: string,
  reason: Reason,
  clause: string,
]

const ROWS: readonly Row[] = [
  // The fixed header.
  ['a Remaining Length of five bytes', ALL, '30 80 80 80 80 01', malformedPacket, 'U5-02'],
  ['a Remaining Length longer than need be', [5], 'c0 80 00', malformedPacket, 'MQTT-1.5.5-1'],
  ['type 0', ALL, '00 00', malformedPacket, 'U5-31'],
  ['type 15 before 5.0', BEFORE_5, 'f0 00', malformedPacket, 'U5-31'],
  ['a packet above the limit', ALL, '30 ff ff ff 7f', packetTooLarge, 'U5-07'],
  ['DISCONNECT with flags', ALL, 'e1 00', malformedPacket, 'MQTT-2.1.3-1'],
  ['PUBREL with flags 0', ALL, '60 02 00 0a', malformedPacket, 'MQTT-2.1.3-1'],
  ['PUBREL with DUP', [4, 5], '6a 02 00 0a', malformedPacket, 'MQTT-2.1.3-1'],
  ['SUBSCRIBE with flags 0', BEFORE_5, '80 06 00 0a 00 01 61 00', malformedPacket, 'MQTT-2.1.3-1'],
  ['SUBSCRIBE with DUP', [4], '8a 06 00 0a 00 01 61 00', malformedPacket, 'MQTT-2.1.3-1'],
  ['UNSUBSCRIBE with DUP', [4], 'aa 05 00 0a 00 01 61', malformedPacket, 'MQTT-2.1.3-1'],
  ['UNSUBSCRIBE with flags 0', [4], 'a0 05 00 0a 00 01 61', malformedPacket, 'MQTT-2.1.3-1'],
  ['PUBACK with flags', ALL, '42 02 00 0a', malformedPacket, 'MQTT-2.1.3-1'],
  ['AUTH with flags', [5], 'f1 06 18 04 15 00 01 4d', malformedPacket, 'MQTT-2.1.3-1'],

  // PINGREQ, PINGRESP, DISCONNECT, AUTH.
  ['PINGREQ with a body', ALL, 'c0 01 00', malformedPacket, 'U5-03'],
  ['PINGRESP with a body', ALL, 'd0 01 00', malformedPacket, 'U5-03'],
  ['DISCONNECT with a body before 5.0', BEFORE_5, 'e0 01 00', malformedPacket, 'U5-03'],
  ['DISCONNECT with a reason of others', [5], 'e0 01 10', malformedPacket, 'U5-30'],
  ['DISCONNECT with bytes left over', [5], 'e0 03 00 00 00', malformedPacket, 'U5-03'],
  ['AUTH without a body', [5], 'f0 00', protocolError, 'U5-52'],
  ['AUTH with a reason of others', [5], 'f0 01 87', malformedPacket, 'U5-30'],
  ['AUTH without a method', [5], 'f0 02 18 00', protocolError, 'U5-52'],
  ['AUTH with bytes left over', [5], 'f0 07 18 04 15 00 01 4d 00', malformedPacket, 'U5-03'],

  // PUBLISH.
  ['QoS 3', ALL, '36 05 00 01 61 00 01', malformedPacket, 'MQTT-3.3.1-4'],
  ['DUP at QoS 0, 5.0', [5], '38 04 00 01 61 00', malformedPacket, 'MQTT-3.3.1-2'],
  ['DUP at QoS 0, 3.1.1', [4], '38 03 00 01 61', malformedPacket, 'MQTT-3.3.1-2'],
  ['PUBLISH without a body', ALL, '30 00', malformedPacket, 'U5-03'],
  ['PUBLISH with half a topic length', ALL, '30 01 00', malformedPacket, 'U5-03'],
  ['PUBLISH whose topic runs past the end', ALL, '30 03 00 05 61', malformedPacket, 'U5-03'],
  ['PUBLISH that ends before its id', ALL, '32 04 00 01 61 00', malformedPacket, 'U5-03'],
  ['PUBLISH with id 0', ALL, '32 05 00 01 61 00 00', protocolError, 'U5-06'],
  ['PUBLISH without property length', [5], '30 03 00 01 61', malformedPacket, 'U5-03'],
  ['a topic with +', BEFORE_5, '30 04 00 02 61 2b', topicNameInvalid, 'MQTT-3.3.2-2'],
  ['a topic with #', [5], '30 05 00 02 61 23 00', topicNameInvalid, 'MQTT-3.3.2-2'],
  ['an empty topic before 5.0', BEFORE_5, '30 02 00 00', protocolError, 'MQTT-4.7.3-1'],
  ['an empty topic without an alias', [5], '30 03 00 00 00', protocolError, 'MQTT-4.7.3-1'],
  ['a topic with U+0000', BEFORE_5, '30 03 00 01 00', malformedPacket, 'MQTT-1.5.4-2'],
  ['a topic with a surrogate', ALL, '30 06 00 03 ed a0 80 00', malformedPacket, 'MQTT-1.5.4-1'],
  ['an overlong form in a topic', BEFORE_5, '30 04 00 02 c0 af', malformedPacket, 'MQTT-1.5.4-1'],
  ['alias 0', [5], '30 07 00 01 61 03 23 00 00', topicAliasInvalid, 'MQTT-3.3.2-8'],
  [
    'PUBLISH with Session Expiry',
    [5],
    '30 09 00 01 61 05 11 00 00 00 01',
    malformedPacket,
    'U5-04',
  ],
  ['an unknown property', [5], '30 06 00 01 61 02 7f 00', malformedPacket, 'U5-04'],
  ['a property above 127', [5], '30 07 00 01 61 03 80 01 00', malformedPacket, 'U5-04'],
  ['properties past the end', [5], '30 05 00 01 61 09 23', malformedPacket, 'U5-03'],
  ['a property past its block', [5], '30 08 00 01 61 02 23 00 01 78', malformedPacket, 'U5-03'],
  [
    'a property length of five bytes',
    [5],
    '30 08 00 01 61 80 80 80 80 01',
    malformedPacket,
    'U5-02',
  ],
  ['a property length too long', [5], '30 05 00 01 61 80 00', malformedPacket, 'MQTT-1.5.5-1'],
  ['a Payload Format of 2', [5], '30 06 00 01 61 02 01 02', protocolError, 'section 2.2.2.2'],
  ['a Topic Alias twice', [5], '30 0a 00 01 61 06 23 00 01 23 00 01', protocolError, 'U5-05'],
  [
    'a Response Topic with a wildcard',
    [5],
    '30 08 00 01 61 04 08 00 01 23',
    protocolError,
    'MQTT-3.3.2-14',
  ],
  ['an empty Response Topic', [5], '30 07 00 01 61 03 08 00 00', protocolError, 'MQTT-4.7.3-1'],
  [
    'a Content Type that is no UTF-8',
    [5],
    '30 08 00 01 61 04 03 00 01 ff',
    malformedPacket,
    'MQTT-1.5.4-1',
  ],
  [
    'half a User Property with U+0000',
    [5],
    '30 0b 00 01 61 07 26 00 01 61 00 01 00',
    malformedPacket,
    'MQTT-1.5.4-2',
  ],
  [
    'a Subscription Identifier of 0 in PUBLISH',
    [5],
    '30 06 00 01 61 02 0b 00',
    protocolError,
    'section 3.8.2.1.2',
  ],

  // Acknowledgements.
  ['PUBACK with id 0', ALL, '40 02 00 00', protocolError, 'U5-06'],
  ['PUBACK with one byte', ALL, '40 01 00', malformedPacket, 'U5-03'],
  ['PUBACK with a reason before 5.0', BEFORE_5, '40 03 00 0a 00', malformedPacket, 'U5-03'],
  ['PUBACK with a reason of others', [5], '40 03 00 0a 92', malformedPacket, 'U5-30'],
  ['PUBREC with a reason of others', [5], '50 03 00 0a 8e', malformedPacket, 'U5-30'],
  ['PUBREL with a reason of others', [5], '62 03 00 0a 10', malformedPacket, 'U5-30'],
  ['PUBCOMP with a reason of others', [5], '70 03 00 0a 80', malformedPacket, 'U5-30'],
  ['PUBACK with an unknown reason', [5], '40 03 00 0a ff', malformedPacket, 'U5-30'],
  ['PUBACK with bytes left over', [5], '40 05 00 0a 00 00 00', malformedPacket, 'U5-03'],
  ['PUBACK with id 0 and a reason', [5], '40 03 00 00 00', protocolError, 'U5-06'],

  // SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK.
  ['SUBSCRIBE without a filter before 5.0', BEFORE_5, '82 02 00 0a', protocolError, 'MQTT-3.8.3-2'],
  ['SUBSCRIBE without a filter', [5], '82 03 00 0a 00', protocolError, 'MQTT-3.8.3-2'],
  ['SUBSCRIBE without options', BEFORE_5, '82 05 00 0a 00 01 61', malformedPacket, 'U5-03'],
  ['a reserved option', [5], '82 07 00 0a 00 00 01 61 40', malformedPacket, 'MQTT-3.8.3-5'],
  ['an option before 5.0', BEFORE_5, '82 06 00 0a 00 01 61 04', malformedPacket, 'MQTT311-3.8.3-4'],
  [
    'a requested QoS of 3 before 5.0',
    BEFORE_5,
    '82 06 00 0a 00 01 61 03',
    malformedPacket,
    'MQTT311-3.8.3-4',
  ],
  ['a maximum QoS of 3', [5], '82 07 00 0a 00 00 01 61 03', protocolError, 'section 3.8.3.1'],
  ['a Retain Handling of 3', [5], '82 07 00 0a 00 00 01 61 30', protocolError, 'section 3.8.3.1'],
  ['SUBSCRIBE with id 0', [5], '82 07 00 00 00 00 01 61 00', protocolError, 'U5-06'],
  ['SUBSCRIBE with id 0 before 5.0', [4], '82 06 00 00 00 01 61 00', protocolError, 'U5-06'],
  [
    'a Subscription Identifier of 0',
    [5],
    '82 09 00 0a 02 0b 00 00 01 61 00',
    protocolError,
    'section 3.8.2.1.2',
  ],
  [
    'two Subscription Identifiers',
    [5],
    '82 0b 00 0a 04 0b 01 0b 02 00 01 61 00',
    protocolError,
    'U5-05',
  ],
  [
    'No Local on a shared subscription',
    [5],
    '82 10 00 0a 00 00 0a 24 73 68 61 72 65 2f 67 2f 61 04',
    protocolError,
    'MQTT-3.8.3-4',
  ],
  ['an empty filter', [5], '82 06 00 0a 00 00 00 00', malformedPacket, 'MQTT-4.7.3-1'],
  ['a filter with U+0000', [4], '82 06 00 0a 00 01 00 00', malformedPacket, 'MQTT-1.5.4-2'],
  [
    'UNSUBSCRIBE without a filter before 5.0',
    BEFORE_5,
    'a2 02 00 0b',
    protocolError,
    'MQTT-3.10.3-2',
  ],
  ['UNSUBSCRIBE without a filter', [5], 'a2 03 00 0b 00', protocolError, 'MQTT-3.10.3-2'],
  ['UNSUBSCRIBE with an empty filter', [4], 'a2 04 00 0b 00 00', malformedPacket, 'MQTT-4.7.3-1'],
  ['SUBACK without a reason', [5], '90 03 00 0a 00', protocolError, 'MQTT-3.8.4-6'],
  ['SUBACK with a reason of others', [5], '90 04 00 0a 00 11', malformedPacket, 'U5-30'],
  ['SUBACK with a reason of 5.0', BEFORE_5, '90 03 00 0a 87', malformedPacket, 'MQTT311-3.9.3-2'],
  ['UNSUBACK without a reason', [5], 'b0 03 00 0a 00', protocolError, 'MQTT-3.11.3-1'],
  ['UNSUBACK with a reason of others', [5], 'b0 04 00 0a 00 01', malformedPacket, 'U5-30'],
  ['UNSUBACK with a reason before 5.0', BEFORE_5, 'b0 03 00 0a 00', malformedPacket, 'U5-03'],

  // CONNACK.
  ['CONNACK with reserved flags', [4, 5], '20 02 02 00', malformedPacket, 'MQTT-3.2.2-1'],
  ['CONNACK with return code 6', BEFORE_5, '20 02 00 06', malformedPacket, 'U5-30'],
  ['CONNACK with a reason of others', [5], '20 03 00 8e 00', malformedPacket, 'U5-30'],
  ['Session Present with a refusal', [4], '20 02 01 05', protocolError, 'MQTT-3.2.2-6'],
  ['CONNACK with bytes left over', ALL, '20 04 00 00 00 00', malformedPacket, 'U5-03'],
  ['CONNACK without a reason', ALL, '20 01 00', malformedPacket, 'U5-03'],

  // CONNECT.
  [
    'the reserved flag of CONNECT',
    [4],
    '10 0d 00 04 4d 51 54 54 04 03 00 3c 00 01 63',
    malformedPacket,
    'MQTT-3.1.2-3',
  ],
  [
    'a Will QoS without a Will',
    [4],
    '10 0d 00 04 4d 51 54 54 04 0a 00 3c 00 01 63',
    malformedPacket,
    'MQTT-3.1.2-11',
  ],
  [
    'Will Retain without a Will',
    [4],
    '10 0d 00 04 4d 51 54 54 04 22 00 3c 00 01 63',
    malformedPacket,
    'MQTT-3.1.2-13',
  ],
  [
    'a Will QoS of 3',
    [4],
    '10 13 00 04 4d 51 54 54 04 1e 00 3c 00 01 63 00 01 77 00 01 78',
    malformedPacket,
    'MQTT-3.1.2-12',
  ],
  [
    'a Will Topic with a wildcard',
    [4],
    '10 13 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 01 23 00 01 78',
    topicNameInvalid,
    'MQTT-3.3.2-2',
  ],
  [
    'an empty Will Topic',
    [4],
    '10 12 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 00 00 01 78',
    protocolError,
    'MQTT-4.7.3-1',
  ],
  [
    'a password without a user name',
    [4],
    '10 10 00 04 4d 51 54 54 04 42 00 3c 00 01 63 00 01 70',
    malformedPacket,
    'MQTT311-3.1.2-22',
  ],
  [
    'a user name flagged but missing',
    [4],
    '10 0d 00 04 4d 51 54 54 04 82 00 3c 00 01 63',
    malformedPacket,
    'U5-03',
  ],
  [
    'a field after the last of CONNECT',
    [4],
    '10 0e 00 04 4d 51 54 54 04 02 00 3c 00 01 63 00',
    malformedPacket,
    'U5-03',
  ],
  [
    'a client id that is no UTF-8',
    [4],
    '10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 ff',
    malformedPacket,
    'MQTT-1.5.4-1',
  ],
  [
    'a Receive Maximum of 0',
    [5],
    '10 11 00 04 4d 51 54 54 05 02 00 3c 03 21 00 00 00 01 63',
    protocolError,
    'section 3.1.2.11.3',
  ],
  [
    'a Maximum Packet Size of 0',
    [5],
    '10 13 00 04 4d 51 54 54 05 02 00 3c 05 27 00 00 00 00 00 01 63',
    protocolError,
    'section 3.1.2.11.4',
  ],
  [
    'a Receive Maximum twice',
    [5],
    '10 14 00 04 4d 51 54 54 05 02 00 3c 06 21 00 01 21 00 01 00 01 63',
    protocolError,
    'U5-05',
  ],
  [
    'Authentication Data without a method',
    [5],
    '10 12 00 04 4d 51 54 54 05 02 00 3c 04 16 00 01 00 00 01 63',
    protocolError,
    'section 3.1.2.11.10',
  ],
  [
    'a Will property among those of CONNECT',
    [5],
    '10 13 00 04 4d 51 54 54 05 02 00 3c 05 18 00 00 00 01 00 01 63',
    malformedPacket,
    'U5-04',
  ],
  [
    'a Topic Alias in a Will',
    [5],
    '10 18 00 04 4d 51 54 54 05 06 00 3c 00 00 01 63 03 23 00 01 00 01 77 00 01 78',
    malformedPacket,
    'U5-04',
  ],
  ['level 6', ALL, '10 07 00 04 4d 51 54 54 06', unsupportedProtocolVersion, 'MQTT-3.1.2-2'],
  [
    'level 3 of MQTT',
    ALL,
    '10 07 00 04 4d 51 54 54 03',
    unsupportedProtocolVersion,
    'MQTT-3.1.2-2',
  ],
  ['a bridge', ALL, '10 07 00 04 4d 51 54 54 84', unsupportedProtocolVersion, 'MQTT-3.1.2-2'],
  [
    'level 4 of MQIsdp',
    ALL,
    '10 09 00 06 4d 51 49 73 64 70 04',
    unsupportedProtocolVersion,
    'MQTT-3.1.2-2',
  ],
  [
    'another protocol',
    ALL,
    '10 07 00 04 4d 51 54 55 04',
    unsupportedProtocolVersion,
    'MQTT-3.1.2-1',
  ],
  ['CONNECT without a level', ALL, '10 06 00 04 4d 51 54 54', malformedPacket, 'U5-03'],
  ['CONNECT without a body', ALL, '10 00', malformedPacket, 'U5-03'],
]

export const REFUSALS: readonly Refusal[] = ROWS.map(([name, versions, hex, reason, clause]) => {
  return { name, versions, hex, reason, clause }
})

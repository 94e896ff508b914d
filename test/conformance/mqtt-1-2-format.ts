// Cases for sections 1.5 and 2 of the standard: data types, fixed headers, identifiers, properties;
// and the table of malformed packets, each of which must end its connection and no other.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const LATER: readonly Version[] = [4, 5]
const OLD: readonly Version[] = [3, 4]
const NEW: readonly Version[] = [5]

/** After CONNECT: the connection is closed with `reason` (5.0), and a healthy client goes on. */
function malformed(
  title: string,
  versions: readonly Version[],
  raw: string,
  reason: string = '0x81|0x82',
): Case {
  return {
    title,
    versions,
    script: `
      h joins client=healthy
      h subs 'health' qos=1
      a joins
      a > raw ${raw}
      a closes ${reason}
      h pubs 'health' 'fine' qos=1
      h gets 'health' 'fine' qos=1`,
  }
}

const STRINGS: readonly (readonly [what: string, bytes: string])[] = [
  ['a surrogate', '00 03 ed a0 80'],
  ['the last surrogate', '00 03 ed bf bf'],
  ['an overlong slash', '00 02 c0 af'],
  ['an overlong three-byte form', '00 03 e0 80 af'],
  ['a truncated sequence', '00 02 e2 82'],
  ['a lone continuation byte', '00 01 80'],
  ['a byte that UTF-8 never uses', '00 01 ff'],
  ['a code point above U+10FFFF', '00 04 f4 90 80 80'],
]

const strings: readonly Case[] = STRINGS.flatMap(([what, bytes]) => [
  malformed(`[MQTT-1.5.4-1] a topic with ${what} is malformed`, [4], `30 ~ ${bytes} 78`),
  malformed(`[MQTT-1.5.4-1] a topic with ${what} is malformed`, NEW, `30 ~ ${bytes} 00 78`),
  malformed(
    `[MQTT-1.5.4-1] [MQTT-3.8.3-1] a filter with ${what} is malformed`,
    [4],
    `82 ~ 000a ${bytes} 00`,
  ),
  malformed(
    `[MQTT-1.5.4-1] [MQTT-3.8.3-1] a filter with ${what} is malformed`,
    NEW,
    `82 ~ 000a 00 ${bytes} 00`,
  ),
])

const data: readonly Case[] = [
  ...strings,
  malformed(
    '[MQTT-1.5.4-2] [MQTT-4.7.3-2] a topic with U+0000 is malformed',
    [4],
    '30 ~ 0003 610062',
  ),
  malformed(
    '[MQTT-1.5.4-2] [MQTT-4.7.3-2] a topic with U+0000 is malformed',
    NEW,
    '30 ~ 0003 610062 00',
  ),
  malformed(
    '[MQTT-1.5.4-2] [MQTT-4.7.3-2] a filter with U+0000 is malformed',
    [4],
    '82 ~ 000a 0003 610062 00',
  ),
  malformed(
    '[MQTT-1.5.4-2] [MQTT-4.7.3-2] a filter with U+0000 is malformed',
    NEW,
    '82 ~ 000a 00 0003 610062 00',
  ),
  malformed(
    '[MQTT-1.5.4-2] a Content Type with U+0000 is malformed',
    NEW,
    "30 ~ s't' p(03 0003 610062) 78",
  ),
  malformed(
    '[MQTT-1.5.4-1] [MQTT-3.3.2-19] a Content Type that is not UTF-8 is malformed',
    NEW,
    "30 ~ s't' p(03 0002 c0af) 78",
  ),
  malformed(
    '[MQTT-1.5.4-1] [MQTT-3.3.2-13] a Response Topic that is not UTF-8 is malformed',
    NEW,
    "30 ~ s't' p(08 0002 c0af) 78",
  ),
  {
    title: '[MQTT-1.5.4-1] every plane of Unicode passes unchanged',
    versions: LATER,
    script: `
      a joins
      a subs '\\u{e9}/\\u{20ac}/\\u{1f600}/\\u{10fffd}' qos=1
      a pubs '\\u{e9}/\\u{20ac}/\\u{1f600}/\\u{10fffd}' 'x' qos=1
      a gets '\\u{e9}/\\u{20ac}/\\u{1f600}/\\u{10fffd}' 'x' qos=1`,
  },
  {
    title: '[MQTT-1.5.4-3] [MQTT-4.7.3-4] U+FEFF at the start of a topic stays',
    versions: LATER,
    script: `
      a joins
      a subs '\\u{feff}bom' qos=0
      a subs 'nobom' qos=0
      a pubs '\\u{feff}nobom' '1'
      a pubs '\\u{feff}bom' '2'
      a gets '\\u{feff}bom' '2'`,
  },
  {
    title: '[MQTT-1.5.4-3] U+FEFF in properties stays',
    versions: NEW,
    script: `
      a joins
      a subs 't'
      a pubs 't' '1' content-type='\\u{feff}text' user-property='\\u{feff}a=\\u{feff}b'
      a gets 't' '1' content-type='\\u{feff}text' user-property='\\u{feff}a=\\u{feff}b'`,
  },
  malformed('[MQTT-1.5.5-1] a Remaining Length that is not minimal is malformed', NEW, 'c0 80 00'),
  malformed(
    '[MQTT-1.5.5-1] a property length that is not minimal is malformed',
    NEW,
    "30 ~ s't' 8000 78",
  ),
  malformed(
    '[MQTT-1.5.5-1] a Subscription Identifier that is not minimal is malformed',
    NEW,
    "82 ~ 000a p(0b 8500) s't' 00",
  ),
  malformed('[U5-02] a Remaining Length of five bytes is malformed', ALL, '30 80 80 80 80 01'),
  malformed('[U5-02] a property length of five bytes is malformed', NEW, "30 ~ s't' 8080808001 78"),
  malformed(
    '[MQTT-1.5.7-1] a User Property whose name is not UTF-8 is malformed',
    NEW,
    "30 ~ s't' p(26 0002 c0af s'v') 78",
  ),
  malformed(
    '[MQTT-1.5.7-1] a User Property whose value holds U+0000 is malformed',
    NEW,
    "30 ~ s't' p(26 s'n' 0001 00) 78",
  ),
  malformed(
    '[MQTT-1.5.7-1] [U5-03] a User Property without a value is malformed',
    NEW,
    "30 ~ s't' p(26 s'n') 78",
  ),
]

const headers: readonly Case[] = [
  malformed('[U5-31] type 0 is malformed', ALL, '00 00'),
  malformed('[U5-31] type 15 is malformed before 5.0', OLD, 'f0 00'),
  malformed('[MQTT-2.1.3-1] PUBACK with flags is malformed', LATER, '41 02 00 0a'),
  malformed('[MQTT-2.1.3-1] PUBREC with flags is malformed', LATER, '51 02 00 0a'),
  malformed('[MQTT-2.1.3-1] [MQTT-3.6.1-1] PUBREL with flags 0 is malformed', LATER, '60 02 00 0a'),
  malformed('[MQTT-2.1.3-1] [MQTT-3.6.1-1] PUBREL with flags 3 is malformed', LATER, '63 02 00 0a'),
  malformed('[MQTT-2.1.3-1] PUBCOMP with flags is malformed', LATER, '71 02 00 0a'),
  malformed(
    '[MQTT-2.1.3-1] [MQTT-3.8.1-1] SUBSCRIBE with flags 0 is malformed',
    [4],
    "80 ~ 000a s't' 00",
  ),
  malformed(
    '[MQTT-2.1.3-1] [MQTT-3.8.1-1] SUBSCRIBE with flags 0 is malformed',
    NEW,
    "80 ~ 000a 00 s't' 00",
  ),
  malformed(
    '[MQTT-2.1.3-1] [MQTT-3.10.1-1] UNSUBSCRIBE with flags 0 is malformed',
    [4],
    "a0 ~ 000a s't'",
  ),
  malformed(
    '[MQTT-2.1.3-1] [MQTT-3.10.1-1] UNSUBSCRIBE with flags 0 is malformed',
    NEW,
    "a0 ~ 000a 00 s't'",
  ),
  malformed('[MQTT-2.1.3-1] PINGREQ with flags is malformed', LATER, 'c1 00'),
  malformed('[MQTT-2.1.3-1] [MQTT-3.14.1-1] DISCONNECT with flags is malformed', ALL, 'e1 00'),
  malformed('[MQTT-2.1.3-1] [MQTT-3.15.1-1] AUTH with flags is malformed', NEW, 'f1 00'),
  malformed('[U5-03] PINGREQ with a body is malformed', ALL, 'c0 01 00'),
  malformed('[U5-03] DISCONNECT with a body is malformed before 5.0', [4], 'e0 01 00'),
  malformed('[U5-03] PUBACK with bytes left over is malformed before 5.0', [4], '40 03 00 0a 00'),
  malformed('[U5-03] PUBACK without a whole identifier is malformed', ALL, '40 01 00'),
  malformed('[U5-03] a topic that runs past the end is malformed', ALL, '30 03 00 05 61'),
  malformed('[U5-03] a PUBLISH without room for its identifier is malformed', ALL, "32 ~ s't' 00"),
  malformed('[U5-03] a SUBSCRIBE without options is malformed', OLD, "82 ~ 000a s't'"),
  malformed('[U5-03] a SUBSCRIBE without options is malformed', NEW, "82 ~ 000a 00 s't'"),
  malformed('[U5-03] a property length past the end is malformed', NEW, '30 05 00 01 61 09 23'),
  malformed(
    '[U5-03] a property past the property length is malformed',
    NEW,
    "30 ~ s't' 01 2300 01",
  ),
  malformed('[U5-03] DISCONNECT with bytes left over is malformed', NEW, 'e0 03 00 00 00'),
  malformed('[U5-04] an unknown property is malformed', NEW, '30 06 00 01 61 02 7f 00'),
  malformed('[U5-04] Session Expiry in PUBLISH is malformed', NEW, '30 09 00 01 61 05 11 00000001'),
  malformed('[U5-04] Topic Alias in SUBSCRIBE is malformed', NEW, "82 ~ 000a p(230001) s't' 00"),
  malformed(
    '[U5-04] Subscription Identifier in UNSUBSCRIBE is malformed',
    NEW,
    "a2 ~ 000a p(0b01) s't'",
  ),
  malformed('[U5-04] Message Expiry in PUBACK is malformed', NEW, '40 ~ 000a 00 p(0200000001)'),
  malformed('[U5-04] Receive Maximum in DISCONNECT is malformed', NEW, 'e0 ~ 00 p(210001)'),
  malformed(
    '[U5-05] [MQTT-4.13.1-1] a repeated Message Expiry is a protocol error',
    NEW,
    "30 ~ s't' p(0200000001 0200000001)",
    '0x82|0x81',
  ),
  malformed(
    '[U5-05] a repeated Topic Alias is a protocol error',
    NEW,
    "30 ~ s't' p(230001 230001)",
    '0x82|0x81|0x94',
  ),
  malformed(
    '[U5-05] a repeated Reason String is a protocol error',
    NEW,
    "40 ~ 000a 00 p(1f s'a' 1f s'a')",
    '0x82|0x81',
  ),
  malformed(
    '[U5-05] a repeated Payload Format is a protocol error',
    NEW,
    "30 ~ s't' p(0100 0100)",
    '0x82|0x81',
  ),
  malformed(
    '[U5-05] a repeated Subscription Identifier is a protocol error',
    NEW,
    "82 ~ 000a p(0b01 0b02) s't' 00",
    '0x82|0x81',
  ),
  malformed('[U5-05] Payload Format 2 is a protocol error', NEW, "30 ~ s't' p(0102)", '0x82|0x81'),
  malformed('[U5-06] PUBLISH with identifier 0', OLD, "32 ~ s't' 0000 78"),
  malformed('[U5-06] PUBLISH with identifier 0', NEW, "32 ~ s't' 0000 00 78", '0x82|0x81'),
  malformed('[U5-06] SUBSCRIBE with identifier 0', OLD, "82 ~ 0000 s't' 00"),
  malformed('[U5-06] SUBSCRIBE with identifier 0', NEW, "82 ~ 0000 00 s't' 00", '0x82|0x81'),
  malformed('[U5-06] UNSUBSCRIBE with identifier 0', OLD, "a2 ~ 0000 s't'"),
  malformed('[U5-06] UNSUBSCRIBE with identifier 0', NEW, "a2 ~ 0000 00 s't'", '0x82|0x81'),
  malformed('[U5-06] PUBACK with identifier 0', NEW, '40 02 00 00', '0x82|0x81'),
  malformed('[U5-06] PUBREL with identifier 0', NEW, '62 02 00 00', '0x82|0x81'),
  malformed('[U5-32] CONNACK from a client', OLD, '20 02 00 00', '0x82|0x81'),
  malformed('[U5-32] CONNACK from a client', NEW, '20 03 00 00 00', '0x82|0x81'),
  malformed('[U5-32] SUBACK from a client', OLD, '90 03 00 0a 00', '0x82|0x81'),
  malformed('[U5-32] SUBACK from a client', NEW, '90 04 00 0a 00 00', '0x82|0x81'),
  malformed('[U5-32] UNSUBACK from a client', OLD, 'b0 02 00 0a', '0x82|0x81'),
  malformed('[U5-32] UNSUBACK from a client', NEW, 'b0 04 00 0a 00 00', '0x82|0x81'),
  malformed('[U5-32] PINGRESP from a client', ALL, 'd0 00', '0x82|0x81'),
  malformed(
    '[U5-30] [MQTT-3.4.2-1] PUBACK with an unknown reason is malformed',
    NEW,
    '40 03 00 0a 7f',
  ),
  malformed(
    '[U5-30] [MQTT-3.5.2-1] PUBREC with an unknown reason is malformed',
    NEW,
    '50 03 00 0a 92',
  ),
  malformed(
    '[U5-30] [MQTT-3.6.2-1] PUBREL with an unknown reason is malformed',
    NEW,
    '62 03 00 0a 80',
  ),
  malformed(
    '[U5-30] [MQTT-3.7.2-1] PUBCOMP with an unknown reason is malformed',
    NEW,
    '70 03 00 0a 10',
  ),
  malformed(
    '[U5-30] [MQTT-3.14.2-1] DISCONNECT with an unknown reason is malformed',
    NEW,
    'e0 01 7f',
  ),
]

const identifiers: readonly Case[] = [
  {
    title:
      '[MQTT-2.2.1-2] [MQTT-3.3.1-2] [MQTT-4.3.1-1] a QoS 0 PUBLISH has no identifier and no DUP',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=2
      34| a > raw 30 ~ s't' 6869
      5| a > raw 30 ~ s't' 00 6869
      a < PUBLISH 't' 'hi' qos=0 dup=0 id=0`,
  },
  {
    title:
      '[MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] messages in flight have identifiers ' +
      'of their own',
    versions: ALL,
    script: `
      a joins
      a subs 't/#' qos=2
      b joins
      b pubs 't/1' '1' qos=1
      b pubs 't/2' '2' qos=2
      b pubs 't/3' '3' qos=1
      a < PUBLISH 't/1' '1' qos=1 id=?x
      a < PUBLISH 't/2' '2' qos=2 id=?y
      a < PUBLISH 't/3' '3' qos=1 id=?z
      differ x y z`,
  },
  {
    title: '[MQTT-2.2.1-4] the two directions number their messages independently',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a > PUBLISH 'other' '2' qos=1 id=%x
      a < PUBACK %x
      a > PUBACK %x
      b pubs 't' '3' qos=1
      a gets 't' '3' qos=1`,
  },
  {
    title: '[MQTT-2.2.1-5] acknowledgements carry the identifier of the PUBLISH',
    versions: ALL,
    script: `
      a joins
      a > PUBLISH 't' '1' qos=1 id=1
      a < PUBACK 1
      a > PUBLISH 't' '2' qos=1 id=65535
      a < PUBACK 65535
      a > PUBLISH 't' '3' qos=2 id=258
      a < PUBREC 258
      a > PUBREL 258
      a < PUBCOMP 258`,
  },
  {
    title: '[MQTT-2.2.1-6] [MQTT-3.8.4-2] [MQTT-3.10.4-5] SUBACK and UNSUBACK carry the identifier',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 65535 't'
      a < SUBACK 65535 0
      a > UNSUBSCRIBE 513 't'
      a < UNSUBACK 513 0`,
  },
  {
    title: '[MQTT-2.2.2-1] packets without properties still have a property length',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=1
      a > PUBLISH 't' 'x' qos=1 id=3
      a <~ PUBACK 3
      a <~ PUBLISH 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-2.2.2-1] acknowledgements are read in their short and long forms',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a > raw 40 03 0001 00
      a ping
      b pubs 't' '2' qos=2
      a < PUBLISH 't' '2' qos=2 id=?y
      a > PUBREC %y user-property='a=b'
      a < PUBREL %y
      a > PUBCOMP %y reason-string='done'
      a > raw e0 02 00 00
      a closed`,
  },
]

const isolation: readonly Case[] = [
  {
    title: '[U5-53] an error on one connection has no effect on another with the same topics',
    versions: ALL,
    script: `
      a joins
      b joins
      a subs 't/#' qos=1
      b subs 't/#' qos=1
      b > raw 00 00
      b closes 0x81|0x82
      a pubs 't/1' 'x' qos=1
      a gets 't/1' 'x' qos=1`,
  },
  {
    title: '[U5-54] several errors in one packet: one of them is reported',
    versions: NEW,
    script: `
      a joins
      a > raw 36 ~ 0002 c0af 0000 p(7f00)
      a closes 0x81/0x82`,
  },
]

export const FORMAT_CASES: readonly Case[] = [...data, ...headers, ...identifiers, ...isolation]

// Cases for the form of CONNECT, section 3.1: what comes first, names and levels, flags, fields and
// properties. Who connects stands in mqtt-3.2-connack.ts; wills have a file of their own.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const LATER: readonly Version[] = [4, 5]
const NEW: readonly Version[] = [5]

/** A CONNECT in raw bytes that is refused; a healthy client goes on. */
function bad(title: string, versions: readonly Version[], raw: string, reason = '0x81|0x82'): Case {
  return {
    title,
    versions,
    script: `
      h joins client=healthy
      a > raw ${raw}
      5| a refused ${reason}
      34| a closed
      h ping`,
  }
}

const first: readonly Case[] = [
  ...[
    'PINGREQ',
    "PUBLISH 't' 'x'",
    "SUBSCRIBE 1 't'",
    "UNSUBSCRIBE 1 't'",
    'DISCONNECT',
    'PUBACK 1',
  ].map(
    (packet): Case => ({
      title: `[MQTT-3.1.0-1] [MQTT-3.14.0-1] ${packet} before CONNECT closes the connection`,
      versions: ALL,
      script: `
        h joins client=healthy
        a > ${packet}
        a closed
        h ping`,
    }),
  ),
  {
    title: '[MQTT-3.1.0-1] [MQTT-3.14.0-1] AUTH before CONNECT closes the connection',
    versions: NEW,
    script: `
      a > AUTH reason=0x18 auth-method='M'
      a closed`,
  },
  {
    title: '[MQTT-3.1.0-1] bytes that are no packet close a connection before CONNECT',
    versions: ALL,
    script: `
      a > raw ff ff ff ff ff
      a closed
      b > raw t'GET / HTTP/1.1' 0d0a t'Host: 127.0.0.1' 0d0a \
        t'Accept: text/html, application/xhtml+xml, image/png, */*' 0d0a0d0a
      b closed`,
  },
  {
    title: '[MQTT-3.1.0-2] a second CONNECT closes the connection',
    versions: ALL,
    script: `
      a joins
      a > CONNECT
      a closes 0x82`,
  },
  {
    title: '[MQTT-3.1.0-2] a second CONNECT is a protocol error, so that the will is published',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will'
      a joins will.topic='will' will.payload='bye'
      a > CONNECT
      a closes 0x82
      w gets 'will' 'bye'`,
  },
  {
    title: '[U5-01] a connection that says nothing is closed',
    versions: ALL,
    inProcess: true,
    script: `
      h joins client=healthy keep-alive=0
      a opens
      b > raw 10 10
      advance 10m
      a closed
      b closed
      h ping`,
  },
  {
    title: '[U5-43] packets sent right after CONNECT are processed after CONNACK',
    versions: ALL,
    script: `
      a > CONNECT
      a > SUBSCRIBE 1 't' qos=1
      a > PUBLISH 't' 'early' qos=1 id=2
      a > PINGREQ
      a < CONNACK
      a <~ SUBACK 1 1
      a <~ PUBLISH 't' 'early' qos=1
      a <~ PUBACK 2
      a <~ PINGRESP`,
  },
  {
    title: '[U5-43] CONNECT, PUBLISH and DISCONNECT in one piece',
    versions: [4],
    script: `
      w joins client=watcher
      w subs 't'
      a > raw 10 0e 0004 4d515454 04 02 003c 0002 6361 30 04 0001 74 78 e0 00
      a < CONNACK
      a closed
      w gets 't' 'x'`,
  },
]

const names: readonly Case[] = [
  ...['MQTX', 'mqtt', 'MQTTT', 'MQT'].map(
    (name): Case => ({
      title: `[MQTT-3.1.2-1] [MQTT311-3.1.2-1] the protocol name ${name} is refused`,
      versions: LATER,
      script: `
        a > CONNECT name=${name}
        a refused 0x84/none/0x81/0x82`,
    }),
  ),
  {
    title: '[MQTT-3.1.2-2] level 6 is refused',
    versions: NEW,
    script: `
      a > CONNECT level=6
      a refused 0x84/none`,
  },
  {
    title: '[MQTT311-3.1.2-2] a level that is not known gets CONNACK 1',
    versions: [4],
    script: `
      a > CONNECT level=2
      a < CONNACK reason=1
      a closed
      b > CONNECT level=0
      b < CONNACK reason=1
      b closed`,
  },
  {
    title: '[Q31-1] MQIsdp goes with level 3 only, and level 3 with MQIsdp',
    versions: [3],
    script: `
      a > CONNECT name=MQIsdp level=4
      a refused 0x84/none
      b > CONNECT name=MQTT level=3
      b refused 0x84/none
      c > CONNECT name=MQIsdp level=3
      c < CONNACK`,
  },
  {
    title: '[MQTT-3.1.2-3] [MQTT-3.1.4-1] the reserved connect flag must be 0',
    versions: LATER,
    script: `
      a > CONNECT connect-flags=3
      5| a refused 0x81|0x82
      4| a closed`,
  },
]

const formats: readonly Case[] = [
  bad(
    '[MQTT-3.1.4-1] [MQTT311-3.1.4-1] a CONNECT that ends too early is refused',
    [4],
    "10 ~ s'MQTT' 04 02 003c 0005 6361",
  ),
  bad(
    '[MQTT-3.1.4-1] a CONNECT that ends too early is refused',
    NEW,
    "10 ~ s'MQTT' 05 02 003c 00 0005 6361",
  ),
  bad(
    '[MQTT-3.1.4-1] [MQTT311-3.1.4-1] bytes after the last field of CONNECT are refused',
    [4],
    "10 ~ s'MQTT' 04 02 003c s'ca' 00",
  ),
  bad(
    '[MQTT-3.1.4-1] bytes after the last field of CONNECT are refused',
    NEW,
    "10 ~ s'MQTT' 05 02 003c 00 s'ca' 00",
  ),
  bad(
    '[MQTT-3.1.3-3] [MQTT-3.1.4-1] a CONNECT without client id is refused',
    [4],
    "10 ~ s'MQTT' 04 02 003c",
  ),
  bad(
    '[MQTT-3.1.3-4] [MQTT-1.5.4-1] a client id that is not UTF-8 is refused',
    [4],
    "10 ~ s'MQTT' 04 02 003c 0002 c0af",
  ),
  bad(
    '[MQTT-3.1.3-4] [MQTT-1.5.4-1] a client id that is not UTF-8 is refused',
    NEW,
    "10 ~ s'MQTT' 05 02 003c 00 0002 c0af",
    '0x81|0x85',
  ),
  bad(
    '[MQTT-1.5.4-2] [MQTT-3.1.3-8] a client id with U+0000 is refused',
    NEW,
    "10 ~ s'MQTT' 05 02 003c 00 0003 610062",
    '0x81|0x85',
  ),
  bad(
    '[MQTT-3.1.2-9] [MQTT311-3.1.2-9] a will without its fields is refused',
    [4],
    "10 ~ s'MQTT' 04 06 003c s'ca'",
  ),
  bad(
    '[MQTT-3.1.2-9] a will without its payload is refused',
    NEW,
    "10 ~ s'MQTT' 05 06 003c 00 s'ca' 00 s'w'",
  ),
  bad(
    '[MQTT-3.1.2-11] a will QoS without a will is refused',
    [4],
    '10 0d 0004 4d515454 04 0a 003c 0001 63',
  ),
  bad(
    '[MQTT-3.1.2-11] a will QoS without a will is refused',
    NEW,
    "10 ~ s'MQTT' 05 0a 003c 00 s'ca'",
  ),
  bad('[MQTT-3.1.2-12] will QoS 3 is refused', [4], "10 ~ s'MQTT' 04 1e 003c s'ca' s'w' s'x'"),
  bad(
    '[MQTT-3.1.2-12] will QoS 3 is refused',
    NEW,
    "10 ~ s'MQTT' 05 1e 003c 00 s'ca' 00 s'w' s'x'",
  ),
  bad(
    '[MQTT-3.1.2-13] will retain without a will is refused',
    [4],
    "10 ~ s'MQTT' 04 22 003c s'ca'",
  ),
  bad(
    '[MQTT-3.1.2-13] will retain without a will is refused',
    NEW,
    "10 ~ s'MQTT' 05 22 003c 00 s'ca'",
  ),
  bad(
    '[MQTT-3.1.2-16] a user name without its flag is refused',
    [4],
    "10 ~ s'MQTT' 04 02 003c s'ca' s'user'",
  ),
  bad(
    '[MQTT-3.1.2-17] a user name flag without user name is refused',
    [4],
    "10 ~ s'MQTT' 04 82 003c s'ca'",
  ),
  bad(
    '[MQTT-3.1.2-17] a user name flag without user name is refused',
    NEW,
    "10 ~ s'MQTT' 05 82 003c 00 s'ca'",
  ),
  bad(
    '[MQTT-3.1.2-18] a password without its flag is refused',
    [4],
    "10 ~ s'MQTT' 04 82 003c s'ca' s'u' s'p'",
  ),
  bad(
    '[MQTT-3.1.2-19] a password flag without password is refused',
    NEW,
    "10 ~ s'MQTT' 05 c2 003c 00 s'ca' s'u'",
  ),
  bad(
    '[MQTT311-3.1.2-22] a password without user name is refused',
    [4],
    "10 ~ s'MQTT' 04 42 003c s'ca' s'p'",
  ),
  bad(
    '[MQTT-3.1.3-12] a user name that is not UTF-8 is refused',
    [4],
    "10 ~ s'MQTT' 04 82 003c s'ca' 0001 ff",
  ),
  bad(
    '[MQTT-3.1.3-12] a user name that is not UTF-8 is refused',
    NEW,
    "10 ~ s'MQTT' 05 82 003c 00 s'ca' 0001 ff",
  ),
  bad(
    '[MQTT-3.1.3-11] a will topic that is not UTF-8 is refused',
    [4],
    "10 ~ s'MQTT' 04 06 003c s'ca' 0001 ff s'x'",
  ),
  bad(
    '[MQTT-3.1.3-11] a will topic that is not UTF-8 is refused',
    NEW,
    "10 ~ s'MQTT' 05 06 003c 00 s'ca' 00 0001 ff s'x'",
  ),
  bad(
    '[MQTT-3.3.2-2] [MQTT-4.7.0-1] a will topic with a wildcard is refused',
    [4],
    "10 ~ s'MQTT' 04 06 003c s'ca' s'w/#' s'x'",
  ),
  bad(
    '[MQTT-3.3.2-2] [MQTT-4.7.0-1] a will topic with a wildcard is refused',
    NEW,
    "10 ~ s'MQTT' 05 06 003c 00 s'ca' 00 s'w/#' s'x'",
    '0x81/0x82/0x90',
  ),
  bad(
    '[MQTT-4.7.3-1] an empty will topic is refused',
    NEW,
    "10 ~ s'MQTT' 05 06 003c 00 s'ca' 00 0000 s'x'",
    '0x81/0x82/0x90',
  ),
  bad('[MQTT-2.1.3-1] CONNECT with flags is refused', [4], "11 ~ s'MQTT' 04 02 003c s'ca'"),
  {
    title: '[MQTT-2.1.3-1] CONNECT with flags is refused',
    versions: NEW,
    script: `
      a > CONNECT flags=1
      a refused 0x81/none`,
  },
]

function badProperty(title: string, list: string, reason = '0x82|0x81'): Case {
  return bad(`${title}`, NEW, `10 ~ s'MQTT' 05 02 003c p(${list}) s'ca'`, reason)
}

function badWillProperty(title: string, list: string, reason = '0x82|0x81'): Case {
  return bad(title, NEW, `10 ~ s'MQTT' 05 06 003c 00 s'ca' p(${list}) s'w' s'x'`, reason)
}

const properties: readonly Case[] = [
  badProperty('[MQTT-4.13.1-1] Receive Maximum 0 is a protocol error', '21 0000'),
  badProperty('[MQTT-4.13.1-1] Maximum Packet Size 0 is a protocol error', '27 00000000'),
  badProperty('[U5-05] a repeated Receive Maximum is a protocol error', '21 0001 21 0001'),
  badProperty('[U5-05] a repeated Session Expiry is a protocol error', '11 00000001 11 00000001'),
  badProperty('[U5-05] Request Problem Information 2 is a protocol error', '17 02'),
  badProperty('[U5-05] Request Response Information 2 is a protocol error', '19 02'),
  badProperty('[U5-52] Authentication Data without a method is a protocol error', '16 0001 00'),
  badProperty('[U5-04] Message Expiry in CONNECT is malformed', '02 00000001', '0x81|0x82'),
  badProperty('[U5-04] an unknown property in CONNECT is malformed', '7f 00', '0x81|0x82'),
  badProperty(
    '[U5-04] Will Delay among the properties of CONNECT is malformed',
    '18 00000001',
    '0x81|0x82',
  ),
  badWillProperty(
    '[U5-04] Session Expiry among those of the will is malformed',
    '11 00000001',
    '0x81|0x82',
  ),
  badWillProperty('[U5-05] a repeated Will Delay is a protocol error', '18 00000001 18 00000001'),
  badWillProperty('[U5-05] Payload Format 2 in a will is a protocol error', '01 02'),
  {
    title: '[MQTT-3.1.2-28] no Response Information unless it was asked for',
    versions: NEW,
    script: `
      a > CONNECT
      a < CONNACK !response-info
      b > CONNECT request-response=0
      b < CONNACK !response-info`,
  },
  {
    title: '[MQTT-3.1.2-29] without Problem Information acknowledgements carry no texts',
    versions: NEW,
    script: `
      a joins problem-info=0
      a > SUBSCRIBE 1 't' qos=1
      a < SUBACK 1 1 !reason-string !user-property
      a > UNSUBSCRIBE 2 'none'
      a < UNSUBACK 2 0x11 !reason-string !user-property
      a > PUBLISH 'nobody' 'x' qos=1 id=3
      a < PUBACK 3 !reason-string !user-property
      a > PUBREL 77
      a < PUBCOMP 77 reason=0x92|0 !reason-string !user-property`,
  },
]

export const CONNECT_CASES: readonly Case[] = [...first, ...names, ...formats, ...properties]

// Cases for CONNECT and CONNACK, sections 3.1 and 3.2: names and levels, flags, client identifiers,
// Clean Start, refusals. Wills and sessions have files of their own.

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
      b > raw t'GET / HTTP/1.1' 0d0a0d0a
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
    '[MQTT-1.5.4-2] a client id with U+0000 is refused',
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
      a < PUBCOMP 77 reason=0x92 !reason-string !user-property`,
  },
]

const identifiers: readonly Case[] = [
  {
    title: '[MQTT-3.1.3-5] client ids of 1 to 23 letters and digits are accepted',
    versions: ALL,
    script: `
      a joins client=0
      b joins client=abcdefghijklmnopqrstuvw
      c joins client=ABCDEFGHIJKLMNOPQRSTUVW
      d joins client=0123456789xyzXYZ`,
  },
  {
    title: '[Q31-2] [MQTT-3.1.3-8] a client id of more than 23 characters is refused in 3.1',
    versions: [3],
    script: `
      a > CONNECT client=abcdefghijklmnopqrstuvwx
      a < CONNACK reason=2
      a closed`,
  },
  {
    title: '[Q31-2] [MQTT-3.1.3-8] an empty client id is refused in 3.1',
    versions: [3],
    script: `
      a > CONNECT client='' clean=1
      a < CONNACK reason=2
      a closed`,
  },
  {
    title: '[MQTT-3.1.3-5] longer client ids and other characters are accepted since 3.1.1',
    versions: LATER,
    script: `
      a joins client='a client/with-\\u{e9} and 30 characters'
      b joins client='x'*1000`,
  },
  {
    title:
      '[MQTT311-3.1.3-6] [MQTT311-3.1.3-7] an empty client id with Clean Session 1 is accepted',
    versions: [4],
    script: `
      a joins client='' clean=1
      b joins client='' clean=1
      a subs 't'
      b subs 't'
      a pubs 't' 'x'
      a gets 't' 'x'
      b gets 't' 'x'`,
  },
  {
    title:
      '[MQTT311-3.1.3-8] [MQTT311-3.1.3-9] [MQTT-3.2.2-6] an empty client id needs Clean Session 1',
    versions: [4],
    script: `
      a > CONNECT client='' clean=0
      a < CONNACK reason=2
      a closed`,
  },
  {
    title:
      '[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] [U5-24] an empty client id gets one assigned',
    versions: NEW,
    script: `
      a > CONNECT client=''
      a < CONNACK assigned-id=?x
      b > CONNECT client=''
      b < CONNACK assigned-id=?y
      differ x y
      c joins client=%x
      a closes 0x8E
      b ping`,
  },
  {
    title: '[MQTT-3.1.3-7] the assigned client id leads back to the session',
    versions: NEW,
    script: `
      a > CONNECT client='' clean=0 session-expiry=100
      a < CONNACK assigned-id=?x
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' 'x' qos=1
      a rejoins client=%x
      a gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.1.3-7] no client id is assigned to whoever has one',
    versions: NEW,
    script: `
      a > CONNECT client=mine
      a < CONNACK !assigned-id`,
  },
  {
    title: '[MQTT-3.1.3-2] client ids tell sessions apart, letter by letter',
    versions: ALL,
    script: `
      a joins client=same persist
      b joins client=Same persist
      a subs 't' qos=1
      a ping
      b ping
      b pubs 't' 'x' qos=1
      a gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.1.3-1] the payload is read in its order',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'w/t'
      a > raw 10 ~ s'MQTT' 05 c6 003c 00 s'order' p(0300 01 61) s'w/t' s'bye' s'user' s'secret'
      a < CONNACK
      a cut
      w gets 'w/t' 'bye' content-type='a'`,
  },
  {
    title: '[MQTT-3.1.3-1] the payload is read in its order',
    versions: [3, 4],
    script: `
      w joins client=watcher
      w subs 't/w' qos=1
      4| a > raw 10 1e 0004 4d515454 04 c6 000a 0002 6331 0003 742f77 0003 627965 0001 75 0001 70
      3| a > raw 10 20 0006 4d5149736470 03 c6 000a 0002 6331 0003 742f77 0003 627965 0001 75 0001 70
      a < CONNACK
      a cut
      w gets 't/w' 'bye'`,
  },
  {
    title: '[MQTT-3.1.2-19] a password without user name is accepted in 5.0',
    versions: NEW,
    script: `
      a joins password='p'`,
  },
  {
    title: '[Q31-7] a user name flag without the field is tolerated in 3.1',
    versions: [3],
    script: `
      a > raw 10 ~ s'MQIsdp' 03 82 003c s'quirk'
      a < CONNACK
      a ping`,
  },
]

const connack: readonly Case[] = [
  {
    title:
      '[MQTT-3.1.4-5] [MQTT-3.2.0-2] [MQTT-3.2.2-1] [MQTT-3.2.2-8] a good CONNECT gets one CONNACK',
    versions: ALL,
    script: `
      a > CONNECT
      a < CONNACK reason=0 session-present=0
      a silent`,
  },
  {
    title:
      '[MQTT-3.2.2-2] [MQTT-3.1.2-4] [MQTT-3.1.4-4] Clean Start answers without Session Present',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=1
      a leaves
      a > CONNECT clean=1
      a < CONNACK session-present=0
      b joins
      b pubs 't' 'x' qos=1
      a silent`,
  },
  {
    title:
      '[MQTT-3.2.2-3] [MQTT-3.1.2-5] [MQTT-3.1.2-6] Session Present tells whether there was one',
    versions: LATER,
    script: `
      a > CONNECT persist
      a < CONNACK session-present=0
      a leaves
      a > CONNECT persist
      a < CONNACK session-present=1`,
  },
  {
    title: '[Q31-3] CONNACK has no Session Present in 3.1',
    versions: [3],
    script: `
      a joins persist
      a subs 't' qos=1
      a leaves
      a > CONNECT persist
      a < CONNACK session-present=0
      a pubs 't' 'x' qos=1
      a gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.2.0-1] CONNACK comes before what waits in the session',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      a leaves
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=2
      a rejoins
      a gets 't' '1' qos=1
      a gets 't' '2' qos=2`,
  },
  {
    title: '[MQTT-3.2.2-6] [MQTT-3.2.2-7] a refusal has no Session Present and is the end',
    versions: NEW,
    script: `
      a joins persist
      a leaves
      a > CONNECT clean=0 receive-max=0
      a refused 0x82|0x81
      a rejoins`,
  },
  {
    title: '[MQTT-3.1.4-6] nothing that follows a refused CONNECT is processed',
    versions: LATER,
    script: `
      w joins client=watcher
      w subs '#'
      4| a > raw 10 ~ s'MQTT' 04 00 003c 0000
      5| a > raw 10 ~ s'MQTT' 05 02 003c p(21 0000) s'a'
      34| a > PUBLISH 't' 'x'
      5| a > PUBLISH 't' 'x'
      4| a refused 0x85
      5| a refused 0x82|0x81
      w silent`,
  },
  {
    title: '[MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.1.2-24] CONNACK keeps to Maximum Packet Size',
    versions: NEW,
    script: `
      a joins packet-max=64
      b > CONNECT packet-max=5 receive-max=0
      b refused 0x82/0x81/none`,
  },
  {
    title: "[MQTT-3.2.2-22] [U5-47] without Server Keep Alive the client's value counts; 0 is none",
    versions: NEW,
    inProcess: true,
    script: `
      a > CONNECT keep-alive=600
      a < CONNACK !server-keep-alive
      b > CONNECT keep-alive=0
      b < CONNACK !server-keep-alive
      advance 890s
      a ping
      advance 950s
      a closes 0x8D
      b ping`,
  },
]

const keepAlive: readonly Case[] = [
  {
    title:
      '[MQTT-3.1.2-22] [U5-46] a client that is silent for 1.5 times Keep Alive is disconnected',
    versions: ALL,
    inProcess: true,
    script: `
      a joins keep-alive=10
      advance 14s
      a ping
      advance 14s
      a > PUBLISH 't' 'x'
      advance 14s
      a ping
      advance 20s
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-22] [U5-46] what the server sends does not keep a client alive',
    versions: ALL,
    inProcess: true,
    script: `
      b joins keep-alive=0
      a joins keep-alive=10
      a subs 't'
      advance 8s
      b pubs 't' 'x'
      a gets 't' 'x'
      advance 12s
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-22] [U5-46] a part of a packet does not keep a client alive',
    versions: ALL,
    inProcess: true,
    script: `
      a joins keep-alive=10
      advance 9s
      a > raw 30
      advance 5s
      a > raw 10 00
      advance 6s
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-22] Keep Alive 1 ends a silent connection in real time',
    versions: ALL,
    script: `
      a joins keep-alive=1
      advance 3500ms
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-22] [U5-47] Keep Alive 0 never ends a connection',
    versions: ALL,
    inProcess: true,
    script: `
      a joins keep-alive=0
      advance 30d
      a ping`,
  },
  {
    title: '[MQTT-3.12.4-1] [U5-45] PINGREQ is answered by PINGRESP',
    versions: ALL,
    script: `
      a joins
      a > PINGREQ
      a < PINGRESP
      a > PINGREQ
      a > PINGREQ
      a < PINGRESP
      a < PINGRESP`,
  },
]

export const CONNECT_CASES: readonly Case[] = [
  ...first,
  ...names,
  ...formats,
  ...properties,
  ...identifiers,
  ...connack,
  ...keepAlive,
]

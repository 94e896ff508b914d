// Cases for who connects and what CONNACK answers, sections 3.1.3 and 3.2: client identifiers,
// Session Present, refusals, Keep Alive.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const LATER: readonly Version[] = [4, 5]
const NEW: readonly Version[] = [5]

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
    title: '[Q31-2] a client id of more than 23 characters is refused in 3.1',
    versions: [3],
    script: `
      a > CONNECT client=abcdefghijklmnopqrstuvwx
      a < CONNACK reason=2
      a closed`,
  },
  {
    title: '[Q31-2] an empty client id is refused in 3.1',
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
      3| a > raw 10 20 0006 4d5149736470 03 c6 000a 0002 6331 0003 742f77 0003 627965 0001 75 \
        0001 70
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
    title: '[Q31-3] [MQTT-3.1.2-6] CONNACK has no Session Present in 3.1',
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
    title:
      '[MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-4.13.2-1] a refusal has no Session Present ' +
      'and is the end',
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
    versions: ALL,
    script: `
      w joins client=watcher
      w subs '#'
      3| a > raw 10 ~ s'MQIsdp' 03 02 003c 0000
      4| a > raw 10 ~ s'MQTT' 04 00 003c 0000
      5| a > raw 10 ~ s'MQTT' 05 02 003c p(21 0000) s'a'
      a > PUBLISH 't' 'x'
      34| a refused 0x85
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
      ours| advance 2400ms
      theirs| advance 6s
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-22] [U5-47] Keep Alive 0 never ends a connection',
    versions: ALL,
    inProcess: true,
    script: `
      a joins keep-alive=0
      advance 6h
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

export const CONNACK_CASES: readonly Case[] = [...identifiers, ...connack, ...keepAlive]

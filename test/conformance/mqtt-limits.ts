// Cases for what a server may limit: announced in CONNACK and enforced. They need a server that is
// started with settings of theirs.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const NEW: readonly Version[] = [5]

export const LIMIT_CASES: readonly Case[] = [
  {
    title: '[MQTT-3.2.2-9] [U5-08] [U5-28] [MQTT-3.2.2-11] Maximum QoS 1 is announced and enforced',
    versions: NEW,
    settings: { 'mqtt.qosMax': 1 },
    script: `
      a > CONNECT
      a < CONNACK qos-max=1
      a > PUBLISH 't' 'x' qos=1 id=1
      a < PUBACK 1
      a > PUBLISH 't' 'x' qos=2 id=2
      a closes 0x9B`,
  },
  {
    title: '[MQTT-3.2.2-9] [U5-08] Maximum QoS 0 is announced and enforced',
    versions: NEW,
    settings: { 'mqtt.qosMax': 0 },
    script: `
      a > CONNECT
      a < CONNACK qos-max=0
      a > PUBLISH 't' 'x' qos=1 id=1
      a closes 0x9B`,
  },
  {
    title: '[MQTT-3.2.2-10] with Maximum QoS 1 subscriptions of QoS 2 are accepted',
    versions: ALL,
    settings: { 'mqtt.qosMax': 1 },
    script: `
      a joins
      a > SUBSCRIBE 1 't' qos=2
      a < SUBACK 1 1/2
      a pubs 't' 'x' qos=1
      a gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.2.2-12] a will above Maximum QoS is refused',
    versions: NEW,
    settings: { 'mqtt.qosMax': 1 },
    script: `
      a > CONNECT will.topic='w' will.payload='x' will.qos=2
      a refused 0x9B
      b joins will.topic='w' will.payload='x' will.qos=1`,
  },
  {
    title: '[U5-28] [U5-09] [MQTT-3.2.2-14] without retained messages RETAIN is refused',
    versions: NEW,
    settings: { 'mqtt.retainAvailable': false },
    script: `
      a > CONNECT
      a < CONNACK retain-available=0
      a > PUBLISH 't' 'x' qos=1 id=1
      a < PUBACK 1
      a > PUBLISH 't' 'x' qos=1 id=2 retain=1
      a closes 0x9A`,
  },
  {
    title: '[MQTT-3.2.2-13] without retained messages a will with Will Retain is refused',
    versions: NEW,
    settings: { 'mqtt.retainAvailable': false },
    script: `
      a > CONNECT will.topic='w' will.payload='x' will.retain=1
      a refused 0x9A
      b joins will.topic='w' will.payload='x'`,
  },
  {
    title: '[U5-10] [U5-28] without wildcard subscriptions they are refused',
    versions: NEW,
    settings: { 'mqtt.wildcardSubscriptions': false },
    script: `
      a > CONNECT
      a < CONNACK wildcard-available=0
      a subs 't' qos=1
      a > SUBSCRIBE 1 't/+' qos=1
      ours| a closes 0xA2
      theirs| a <? SUBACK 1 0xA2
      theirs| a closes 0xA2`,
  },
  {
    title: '[MQTT311-3.8.3-2] without wildcard subscriptions they are rejected before 5.0 too',
    versions: [4],
    settings: { 'mqtt.wildcardSubscriptions': false },
    script: `
      a joins
      a > SUBSCRIBE 1 't' 't/#' '+' qos=1
      a < SUBACK 1 0,0x80,0x80`,
  },
  {
    title: '[U5-11] [U5-28] without Subscription Identifiers they are refused',
    versions: NEW,
    settings: { 'mqtt.subscriptionIds': false },
    script: `
      a > CONNECT
      a < CONNACK subscription-id-available=0
      a subs 't'
      a > SUBSCRIBE 1 't' subscription-id=1
      a closes 0xA1`,
  },
  {
    title: '[U5-12] [U5-28] without shared subscriptions they are refused',
    versions: NEW,
    settings: { 'mqtt.sharedSubscriptions': false },
    script: `
      a > CONNECT
      a < CONNACK shared-available=0
      a subs 't'
      a > SUBSCRIBE 1 '$share/g/t'
      ours| a closes 0x9E
      theirs| a <? SUBACK 1 0x9E
      theirs| a closes 0x9E`,
  },
  {
    title: '[MQTT-3.3.2-12] [U5-28] Topic Alias Maximum is announced; each alias within it works',
    versions: NEW,
    settings: { 'mqtt.topicAliasMax': 3 },
    script: `
      w joins client=watcher
      w subs '#'
      a > CONNECT
      a < CONNACK alias-max=3
      a > PUBLISH 't/1' '1' alias=1
      a > PUBLISH 't/2' '2' alias=2
      a > PUBLISH 't/3' '3' alias=3
      a > PUBLISH '' '4' alias=2
      a ping
      w < PUBLISH 't/1' '1'
      w < PUBLISH 't/2' '2'
      w < PUBLISH 't/3' '3'
      w < PUBLISH 't/2' '4'
      a > PUBLISH 't/4' '5' alias=4
      a closes 0x94`,
  },
  {
    title: '[MQTT-3.2.2-18] [U5-28] with Topic Alias Maximum 0 every alias is refused',
    versions: NEW,
    settings: { 'mqtt.topicAliasMax': 0 },
    script: `
      a > CONNECT
      a < CONNACK alias-max=any
      a > PUBLISH 't' 'x' alias=1
      a closes 0x94|0x82`,
  },
  {
    title: '[MQTT-3.3.4-7] [U5-28] [MQTT-4.9.0-1] Receive Maximum is announced and enforced',
    versions: NEW,
    settings: { 'mqtt.receiveMax': 2 },
    script: `
      a > CONNECT
      a < CONNACK receive-max=2
      a > PUBLISH 't' '1' qos=2 id=1
      a > PUBLISH 't' '2' qos=2 id=2
      a < PUBREC 1
      a < PUBREC 2
      a > PUBLISH 't' '2' qos=2 id=2 dup=1
      a < PUBREC 2
      a > PUBLISH 't' '3' qos=0
      a > PUBREL 1
      a < PUBCOMP 1
      a > PUBLISH 't' '4' qos=2 id=4
      a < PUBREC 4
      a > PUBLISH 't' '5' qos=2 id=5
      a closes 0x93`,
  },
  {
    title:
      "[MQTT-3.1.2-21] [MQTT-3.2.2-21] [U5-47] [U5-28] Server Keep Alive is used for the client's",
    versions: NEW,
    settings: { 'mqtt.keepAliveMax': 20 },
    inProcess: true,
    script: `
      a > CONNECT keep-alive=600
      a < CONNACK server-keep-alive=20
      b > CONNECT keep-alive=0
      b < CONNACK server-keep-alive=20
      c > CONNECT keep-alive=10
      c < CONNACK !server-keep-alive
      advance 14s
      c ping
      advance 13s
      a ping
      advance 10s
      b closes 0x8D
      c closes 0x8D
      a ping
      advance 40s
      a closes 0x8D`,
  },
  {
    title: '[MQTT-3.1.2-21] [U5-28] Server Keep Alive is announced',
    versions: NEW,
    settings: { 'mqtt.keepAliveMax': 20 },
    script: `
      a > CONNECT keep-alive=600
      a < CONNACK server-keep-alive=20
      c > CONNECT keep-alive=10
      c < CONNACK server-keep-alive=any`,
  },
  {
    title: '[U5-28] [MQTT-4.1.0-2] [MQTT-3.1.2-23] a capped Session Expiry is announced and kept',
    versions: NEW,
    settings: { 'mqtt.sessionExpiryMax': 60 },
    inProcess: true,
    script: `
      a > CONNECT clean=0 session-expiry=3600
      a < CONNACK session-expiry=60
      a leaves
      b > CONNECT clean=0 session-expiry=30
      b < CONNACK !session-expiry
      b leaves
      c joins clean=0 v=4
      c leaves
      advance 29s
      b rejoins session-expiry=30
      advance 32s
      a > CONNECT clean=0 session-expiry=3600
      a < CONNACK session-present=0 session-expiry=60
      c > CONNECT clean=0 v=4
      c < CONNACK session-present=0`,
  },
  {
    title: '[U5-07] [U5-28] [MQTT-3.2.2-15] Maximum Packet Size is announced and enforced',
    versions: NEW,
    settings: { 'limits.packetBytesMax': 100 },
    script: `
      a > CONNECT
      a < CONNACK packet-max=100
      a subs 't'
      a > PUBLISH 't' 'x'*94
      a gets 't' 'x'*94
      a > PUBLISH 't' 'x'*95
      a closes 0x95`,
  },
  {
    title: '[U5-07] a packet above the limit is refused before it is read to its end',
    versions: ALL,
    settings: { 'limits.packetBytesMax': 100 },
    script: `
      h joins client=healthy
      a joins
      a > raw 30 ff ff ff 7f 00
      a closes 0x95
      h ping`,
  },
  {
    title: '[U5-07] a CONNECT above the limit is refused',
    versions: NEW,
    settings: { 'limits.packetBytesMax': 100 },
    script: `
      a > CONNECT client='x'*200
      a refused 0x95/none`,
  },
  {
    title: '[U5-28] a server without limits of its own says nothing of them',
    versions: NEW,
    script: `
      a > CONNECT session-expiry=100 keep-alive=60
      ours| a < CONNACK !qos-max !retain-available !wildcard-available \
        !subscription-id-available !shared-available !server-keep-alive !session-expiry
      theirs| a < CONNACK`,
  },
  {
    title: '[MQTT-3.4.2-1] [MQTT-3.9.3-2] topics and filters of too many levels are refused alone',
    versions: NEW,
    settings: { 'limits.topicLevelsMax': 4 },
    script: `
      a joins
      a > SUBSCRIBE 1 'a/b/c/d' 'a/b/c/d/e'
      a < SUBACK 1 0,0x8F
      a > PUBLISH 'a/b/c/d/e' 'x' qos=1 id=2
      a < PUBACK 2 reason=0x90
      a pubs 'a/b/c/d' 'y'
      a gets 'a/b/c/d' 'y'`,
  },
  {
    title: '[MQTT-3.9.3-2] more subscriptions than a session may have are refused alone',
    versions: NEW,
    settings: { 'limits.subscriptionsPerSessionMax': 2 },
    script: `
      a joins
      a > SUBSCRIBE 1 'a' 'b' 'c'
      a < SUBACK 1 0,0,0x97
      a > SUBSCRIBE 2 'b' qos=1
      a < SUBACK 2 1
      a unsubs 'a'
      a > SUBSCRIBE 3 'c'
      a < SUBACK 3 0`,
  },
  {
    title: '[U5-34] a full session queue drops the newest message for that session alone',
    versions: NEW,
    settings: { 'limits.sessionQueueMax': 3 },
    script: `
      a joins persist
      a subs 't' qos=1
      a leaves
      w joins client=watcher
      w subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      b pubs 't' '3' qos=1
      b pubs 't' '4' qos=1
      w gets 't' '1' qos=1
      w gets 't' '2' qos=1
      w gets 't' '3' qos=1
      w gets 't' '4' qos=1
      a rejoins
      a gets 't' '1' qos=1
      a gets 't' '2' qos=1
      a gets 't' '3' qos=1`,
  },
]

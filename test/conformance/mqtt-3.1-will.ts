// Cases for wills: when they are published, when not, with what, and how a delay and the session's
// end come together.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const NEW: readonly Version[] = [5]

const anyVersion: readonly Case[] = [
  {
    title:
      '[MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT311-3.1.2-8] [Q31-11] a will is published at ' +
      'a broken connection',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/#' qos=2
      a joins will.topic='will/a' will.payload='bye'
      w silent
      a cut
      w gets 'will/a' 'bye' qos=0`,
  },
  {
    title: '[MQTT-3.1.2-8] a will is published when the stream is reset',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/#' qos=2
      a joins will.topic='will/a' will.payload='bye' will.qos=1
      a reset
      w gets 'will/a' 'bye' qos=1`,
  },
  {
    title:
      '[MQTT-3.1.2-10] [MQTT311-3.1.2-10] [MQTT-3.14.4-3] [MQTT311-3.14.4-3] DISCONNECT ' +
      'takes the will away',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/#' qos=2
      a joins will.topic='will/a' will.payload='bye' will.qos=1
      a leaves
      w silent`,
  },
  {
    title: '[MQTT-3.1.2-10] a will is published once',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/#' qos=2
      a joins persist will.topic='will/a' will.payload='bye' will.qos=1
      a cut
      w gets 'will/a' 'bye' qos=1
      a rejoins
      a cut
      w silent`,
  },
  {
    title: '[MQTT-3.1.2-12] a will goes at its own QoS, lowered to what was granted',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/0' qos=2
      w subs 'will/1' qos=2
      w subs 'will/2' qos=2
      w subs 'will/low' qos=0
      a joins will.topic='will/0' will.payload='0' will.qos=0
      a cut
      w gets 'will/0' '0' qos=0
      a joins will.topic='will/1' will.payload='1' will.qos=1
      a cut
      w gets 'will/1' '1' qos=1
      a joins will.topic='will/2' will.payload='2' will.qos=2
      a cut
      w gets 'will/2' '2' qos=2
      a joins will.topic='will/low' will.payload='l' will.qos=2
      a cut
      w gets 'will/low' 'l' qos=0`,
  },
  {
    title: '[MQTT-3.1.2-14] a will without Will Retain is not retained',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload='bye'
      a cut
      w gets 'will/a' 'bye' retain=0
      b joins
      b subs 'will/a'
      b silent`,
  },
  {
    title: '[MQTT-3.1.2-15] a will with Will Retain is retained',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload='bye' will.retain=1
      a cut
      w gets 'will/a' 'bye' retain=0
      b joins
      b subs 'will/a'
      b gets 'will/a' 'bye' retain=1`,
  },
  {
    title: '[MQTT-3.1.2-15] an empty will with Will Retain clears the retained message',
    versions: ALL,
    script: `
      w joins client=watcher
      w pubs 'will/a' 'alive' qos=1 retain=1
      w subs 'will/a'
      w gets 'will/a' 'alive' retain=1
      a joins will.topic='will/a' will.payload='' will.retain=1
      a cut
      w gets 'will/a' ''
      b joins
      b subs 'will/a'
      b silent`,
  },
  {
    title: '[MQTT-3.1.2-8] a protocol error publishes the will',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload='bye'
      a > raw 00 00
      a closes 0x81|0x82
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.2-8] [MQTT-3.1.2-22] the end of Keep Alive publishes the will',
    versions: ALL,
    inProcess: true,
    script: `
      w joins client=watcher keep-alive=0
      w subs 'will/a'
      a joins keep-alive=10 will.topic='will/a' will.payload='bye'
      advance 14s
      w ping
      advance 6s
      a closes 0x8D
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.4-3] [MQTT-3.1.2-8] [MQTT311-3.1.4-2] a takeover publishes the will',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins client=one will.topic='will/a' will.payload='bye'
      b joins client=one
      a closes 0x8E
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.2-7] the will of the newest connection counts',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/#'
      a joins persist will.topic='will/1' will.payload='old'
      a leaves
      a rejoins will.topic='will/2' will.payload='new'
      a cut
      w gets 'will/2' 'new'`,
  },
  {
    title: '[MQTT-3.1.2-9] an empty will and one of 65,535 bytes are published',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload=''
      a cut
      w gets 'will/a' ''
      a joins will.topic='will/a' will.payload='x'*65535
      a cut
      w gets 'will/a' 'x'*65535`,
  },
]

const reasons: readonly Case[] = [
  ...['0x04', '0x80', '0x81', '0x82', '0x93', '0x97'].map(
    (reason): Case => ({
      title: `[MQTT-3.14.4-3] [MQTT-3.1.2-10] DISCONNECT ${reason} leaves the will to be published`,
      versions: NEW,
      script: `
        w joins client=watcher
        w subs 'will/a'
        a joins will.topic='will/a' will.payload='bye'
        a leaves reason=${reason}
        w gets 'will/a' 'bye'`,
    }),
  ),
  {
    title: '[U5-29] [MQTT-3.14.4-3] Session Expiry at DISCONNECT after none at CONNECT is an error',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload='bye'
      a > DISCONNECT session-expiry=10
      a closes 0x82
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.3-10] [MQTT-3.1.2-9] a will carries its properties, User Properties in order',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a' qos=1
      a > CONNECT will.topic='will/a' will.payload='bye' will.qos=1 will.payload-format=1 \
        will.message-expiry=60 will.content-type='text/plain' will.response-topic='r/t' \
        will.correlation-data=x'0102' will.user-property='b=1' will.user-property='a=2' \
        will.user-property='b=1'
      a < CONNACK
      a cut
      w gets 'will/a' 'bye' qos=1 payload-format=1 message-expiry=59..60 \
        content-type='text/plain' response-topic='r/t' correlation-data=x'0102' \
        user-property='b=1' user-property='a=2' user-property='b=1'`,
  },
  {
    title: "[MQTT-3.8.3-3] No Local keeps a client's own will from it",
    versions: NEW,
    script: `
      a joins persist will.topic='will/a' will.payload='bye' will.qos=1
      a subs 'will/a' qos=1 nl=1
      a cut
      a rejoins
      a silent`,
  },
]

const delays: readonly Case[] = [
  {
    title: '[MQTT-3.1.2-8] a will waits for its delay',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' will.will-delay=1
      a cut
      w silent
      advance 2200ms
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.2-8] a will waits for its delay, to the second',
    versions: NEW,
    inProcess: true,
    script: `
      w joins client=watcher keep-alive=0
      w subs 'will/a' qos=1
      a joins clean=0 session-expiry=3600 will.topic='will/a' will.payload='bye' will.qos=1 \
        will.will-delay=300
      a cut
      advance 299s
      w silent
      advance 2s
      w gets 'will/a' 'bye' qos=1`,
  },
  {
    title: '[MQTT-3.1.2-8] [MQTT-4.1.0-2] a will goes out with its session, if that ends first',
    versions: NEW,
    inProcess: true,
    script: `
      w joins client=watcher keep-alive=0
      w subs 'will/a'
      a joins clean=0 session-expiry=10 will.topic='will/a' will.payload='bye' will.will-delay=300
      a cut
      advance 9s
      w silent
      advance 2s
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.2-8] without Session Expiry a delay means nothing',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins will.topic='will/a' will.payload='bye' will.will-delay=300
      a cut
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.3-9] who comes back within the delay cancels the will',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' will.will-delay=1
      a cut
      a rejoins
      advance 2200ms
      w silent`,
  },
  {
    title: '[MQTT-3.1.2-8] who comes back with Clean Start ends the session and so sends the will',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' will.will-delay=300
      a cut
      w silent
      a joins
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.1.3-9] a takeover within the session cancels a delayed will',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins client=one clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' \
        will.will-delay=300
      b rejoins client=one
      a closes 0x8E
      w silent`,
  },
  {
    title: '[MQTT-3.1.4-3] [MQTT-3.1.2-8] a takeover with Clean Start sends a delayed will',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins client=one clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' \
        will.will-delay=300
      b joins client=one
      a closes 0x8E
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.14.4-3] DISCONNECT 0x04 that ends the session sends a delayed will at once',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 'will/a'
      a joins clean=0 session-expiry=60 will.topic='will/a' will.payload='bye' will.will-delay=300
      a leaves reason=0x04 session-expiry=0
      w gets 'will/a' 'bye'`,
  },
  {
    title: '[MQTT-3.3.2-5] the expiry of a will begins when it is published',
    versions: NEW,
    inProcess: true,
    script: `
      w joins client=watcher keep-alive=0 clean=0 session-expiry=86400
      w subs 'will/a' qos=1
      w leaves
      a joins clean=0 session-expiry=3600 will.topic='will/a' will.payload='bye' will.qos=1 \
        will.will-delay=100 will.message-expiry=50
      a cut
      advance 130s
      w rejoins client=watcher
      w gets 'will/a' 'bye' qos=1 message-expiry=18..22`,
  },
]

export const WILL_CASES: readonly Case[] = [...anyVersion, ...reasons, ...delays]

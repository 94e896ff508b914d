// Cases for session state, section 4.1, its end by time, and takeover, section 3.1.4.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const OLD: readonly Version[] = [3, 4]
const NEW: readonly Version[] = [5]

const state: readonly Case[] = [
  {
    title: '[MQTT-4.1.0-1] [MQTT-3.1.2-23] [MQTT-3.1.2-5] subscriptions outlive the connection',
    versions: ALL,
    script: `
      a joins persist
      a subs 't/0' qos=0 't/1' qos=1 't/2' qos=2
      a leaves
      a rejoins
      b joins
      b pubs 't/0' '0' qos=2
      b pubs 't/1' '1' qos=2
      b pubs 't/2' '2' qos=2
      a gets 't/0' '0' qos=0
      a gets 't/1' '1' qos=1
      a gets 't/2' '2' qos=2`,
  },
  {
    title: '[MQTT-4.1.0-1] subscription options and identifiers outlive the connection',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=1 nl=1 rap=1 subscription-id=9
      a leaves
      a rejoins
      a pubs 't' 'own' qos=1
      b joins
      b pubs 't' 'x' qos=1 retain=1
      a gets 't' 'x' qos=1 retain=1 subscription-id=9`,
  },
  {
    title: '[MQTT-4.1.0-1] UNSUBSCRIBE outlives the connection too',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=1
      a unsubs 't'
      a leaves
      b joins
      b pubs 't' 'x' qos=1
      a rejoins
      b pubs 't' 'y' qos=1
      a silent`,
  },
  {
    title:
      '[MQTT-3.1.2-23] [MQTT311-3.1.2-4] [MQTT311-3.1.2-5] QoS 1 and 2 messages wait ' +
      'for who comes back',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      a cut
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=2
      a rejoins
      a gets 't' '1' qos=1
      a gets 't' '2' qos=2
      a leaves
      a rejoins
      a silent`,
  },
  {
    title: '[MQTT311-3.1.2-6] Clean Session 1 ends with its connection',
    versions: OLD,
    script: `
      a joins clean=1
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' 'x' qos=1
      a > CONNECT clean=0
      a < CONNACK session-present=0
      b pubs 't' 'y' qos=1
      a silent`,
  },
  {
    title: '[MQTT-4.1.0-2] without Session Expiry the session ends with its connection',
    versions: NEW,
    script: `
      a joins clean=0
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' 'x' qos=1
      a > CONNECT clean=0
      a < CONNACK session-present=0
      b pubs 't' 'y' qos=1
      a silent`,
  },
  {
    title: '[MQTT-3.1.2-23] Clean Start with Session Expiry begins a session that lasts',
    versions: NEW,
    script: `
      a joins clean=1 session-expiry=100
      a subs 't' qos=1
      a leaves
      a rejoins
      a pubs 't' 'x' qos=1
      a gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.1.2-5] a session goes on in another version',
    versions: NEW,
    script: `
      a joins client=one persist
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' 'x' qos=1 content-type='c'
      c rejoins client=one v=4
      c gets 't' 'x' qos=1
      c leaves
      b pubs 't' 'y' qos=1 content-type='c'
      d rejoins client=one
      d gets 't' 'y' qos=1 content-type='c'`,
  },
]

const expiry: readonly Case[] = [
  {
    title: '[MQTT-4.1.0-2] [MQTT-3.1.2-23] a session ends when its expiry has passed',
    versions: NEW,
    inProcess: true,
    script: `
      b joins keep-alive=0
      a joins clean=0 session-expiry=100
      a subs 't' qos=1
      a leaves
      advance 99s
      a > CONNECT clean=0 session-expiry=100
      a < CONNACK session-present=1
      a leaves
      advance 101s
      b pubs 't' 'x' qos=1
      a > CONNECT clean=0 session-expiry=100
      a < CONNACK session-present=0
      b pubs 't' 'y' qos=1
      a silent`,
  },
  {
    title: '[MQTT-4.1.0-2] a session ends when its expiry has passed, in real time',
    versions: NEW,
    script: `
      a joins clean=0 session-expiry=1
      a subs 't' qos=1
      a leaves
      advance 2400ms
      a > CONNECT clean=0 session-expiry=1
      a < CONNACK session-present=0`,
  },
  {
    title: '[MQTT-4.1.0-1] a session does not expire while it is connected',
    versions: NEW,
    inProcess: true,
    script: `
      a joins clean=0 session-expiry=10 keep-alive=0
      a subs 't' qos=1
      advance 1h
      a pubs 't' 'x' qos=1
      a gets 't' 'x' qos=1
      a leaves
      advance 9s
      a rejoins`,
  },
  {
    title: '[MQTT-3.1.2-23] Session Expiry 0xFFFFFFFF never ends, nor does Clean Session 0',
    versions: NEW,
    inProcess: true,
    script: `
      a joins clean=0 session-expiry=4294967295
      a leaves
      b joins clean=0 v=4
      b leaves
      advance 12h
      a rejoins
      b rejoins v=4`,
  },
  {
    title: '[MQTT-3.1.2-23] DISCONNECT may change Session Expiry',
    versions: NEW,
    inProcess: true,
    script: `
      a joins clean=0 session-expiry=100
      a leaves session-expiry=10
      advance 11s
      a > CONNECT clean=0 session-expiry=10
      a < CONNACK session-present=0
      a leaves session-expiry=100
      advance 50s
      a rejoins`,
  },
  {
    title: '[MQTT-3.1.2-23] DISCONNECT with Session Expiry 0 ends the session',
    versions: NEW,
    script: `
      a joins clean=0 session-expiry=100
      a leaves session-expiry=0
      a > CONNECT clean=0
      a < CONNACK session-present=0`,
  },
]

const takeover: readonly Case[] = [
  {
    title: '[MQTT-3.1.4-3] [MQTT311-3.1.4-2] a second connection takes the client id over',
    versions: ALL,
    script: `
      a joins client=one
      b joins client=one
      a closes 0x8E
      b ping`,
  },
  {
    title:
      '[MQTT-3.1.4-3] [MQTT-3.1.2-5] a takeover goes on with the session and what is in flight',
    versions: ALL,
    script: `
      a joins client=one persist
      a subs 't' qos=2
      p joins
      p pubs 't' '1' qos=1
      p pubs 't' '2' qos=2
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=2 id=?y
      a > PUBREC %y
      a < PUBREL %y
      b rejoins client=one
      a closes 0x8E
      b <~ PUBLISH 't' '1' qos=1 dup=1 id=%x
      b <~ PUBREL %y
      b > PUBACK %x
      b > PUBCOMP %y
      p pubs 't' '3' qos=1
      b gets 't' '3' qos=1`,
  },
  {
    title: '[MQTT-3.1.4-3] [MQTT-3.1.4-4] a takeover with Clean Start drops the session',
    versions: ALL,
    script: `
      a joins client=one persist
      a subs 't' qos=2
      b joins client=one clean=1
      a closes 0x8E
      p joins
      p pubs 't' 'x' qos=1
      b silent`,
  },
  {
    title: '[MQTT-3.1.4-3] takeovers across versions',
    versions: NEW,
    script: `
      a joins client=one v=3
      b joins client=one v=4
      a closed
      c joins client=one
      b closed
      d joins client=one v=3
      c closes 0x8E`,
  },
  {
    title: '[MQTT-3.1.4-3] many takeovers leave one connection',
    versions: ALL,
    script: `
      a joins client=one persist
      a subs 't' qos=1
      b rejoins client=one
      c rejoins client=one
      d rejoins client=one
      a closes 0x8E
      b closes 0x8E
      c closes 0x8E
      d pubs 't' 'x' qos=1
      d gets 't' 'x' qos=1`,
  },
]

export const SESSION_CASES: readonly Case[] = [...state, ...expiry, ...takeover]

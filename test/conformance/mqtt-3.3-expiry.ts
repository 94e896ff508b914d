// Cases for Message Expiry. Most need a clock of their own; a few are short enough for real time.

import type { Case, Version } from '../support/wire-script.ts'

const NEW: readonly Version[] = [5]

export const EXPIRY_CASES: readonly Case[] = [
  {
    title: '[MQTT-3.3.2-6] a live message carries the expiry that it came with',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=1
      a pubs 't' '1' qos=1 message-expiry=100
      a gets 't' '1' qos=1 message-expiry=99..100
      a pubs 't' '2' qos=1 message-expiry=4294967295
      a gets 't' '2' qos=1 message-expiry=4294967294..4294967295`,
  },
  {
    title: '[MQTT-3.3.2-6] the time that a message waited is taken off its expiry',
    versions: NEW,
    inProcess: true,
    script: `
      b joins keep-alive=0
      a joins persist
      a subs 't' qos=1
      a leaves
      b pubs 't' '1' qos=1 message-expiry=100
      advance 30s
      b pubs 't' '2' qos=1 message-expiry=100
      advance 10s
      a rejoins
      a gets 't' '1' qos=1 message-expiry=59..61
      a gets 't' '2' qos=1 message-expiry=89..91`,
  },
  {
    title: '[MQTT-3.3.2-5] a message whose expiry passed while it waited is not delivered',
    versions: NEW,
    script: `
      b joins
      a joins persist
      a subs 't' qos=2
      a leaves
      b pubs 't' '1' qos=1 message-expiry=1
      b pubs 't' '2' qos=2 message-expiry=1
      b pubs 't' '3' qos=1 message-expiry=100
      b pubs 't' '4' qos=1
      advance 2400ms
      a rejoins
      a gets 't' '3' qos=1 message-expiry=96..98
      a gets 't' '4' qos=1`,
  },
  {
    title: '[MQTT-3.3.2-5] a message whose expiry passed behind a full window is not delivered',
    versions: NEW,
    inProcess: true,
    script: `
      b joins keep-alive=0
      a joins receive-max=1 keep-alive=0
      a subs 't' qos=1
      b pubs 't' '1' qos=1 message-expiry=10
      b pubs 't' '2' qos=1 message-expiry=10
      b pubs 't' '3' qos=1
      a < PUBLISH 't' '1' qos=1 message-expiry=10
      advance 11s
      a > PUBACK
      a gets 't' '3' qos=1`,
  },
  {
    title: '[MQTT-4.3.3-7] [MQTT-4.3.3-13] a QoS 2 message that was begun does not expire',
    versions: NEW,
    inProcess: true,
    script: `
      b joins keep-alive=0
      a joins clean=0 session-expiry=3600
      a subs 't' qos=2
      b pubs 't' '1' qos=2 message-expiry=10
      a < PUBLISH 't' '1' qos=2 message-expiry=10 id=?x
      a cut
      advance 20s
      a rejoins
      a < PUBLISH 't' '1' qos=2 dup=1 message-expiry=any id=%x
      a > PUBREC %x
      a < PUBREL %x
      a cut
      advance 20s
      a rejoins
      a < PUBREL %x
      a > PUBCOMP %x`,
  },
  {
    title: '[MQTT-4.3.3-13] the receiver of an expired QoS 2 message finishes the handshake',
    versions: NEW,
    inProcess: true,
    script: `
      a joins keep-alive=0
      a > PUBLISH 't' '1' qos=2 id=1 message-expiry=1
      a < PUBREC 1
      advance 1h
      a > PUBREL 1
      a < PUBCOMP 1 reason=0`,
  },
  {
    title: '[U5-19] a retained message is sent with what is left of its expiry, and then dropped',
    versions: NEW,
    inProcess: true,
    script: `
      b joins keep-alive=0
      b pubs 't' '1' qos=1 retain=1 message-expiry=100
      advance 40s
      a joins keep-alive=0
      a subs 't' qos=1
      a gets 't' '1' qos=1 retain=1 message-expiry=59..61
      advance 61s
      a subs 't' qos=1
      a silent`,
  },
  {
    title: '[U5-19] a retained message whose expiry passed is not sent',
    versions: NEW,
    script: `
      b joins
      b pubs 't' '1' qos=1 retain=1 message-expiry=1
      advance 2400ms
      a joins
      a subs 't' qos=1
      a silent`,
  },
  {
    title: '[MQTT-3.3.2-5] subscribers of older versions never get what has expired',
    versions: NEW,
    script: `
      a joins v=4 persist
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' '1' qos=1 message-expiry=1
      b pubs 't' '2' qos=1 message-expiry=60
      advance 2400ms
      a rejoins v=4
      a gets 't' '2' qos=1`,
  },
]

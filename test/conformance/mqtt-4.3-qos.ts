// Cases for PUBACK, PUBREC, PUBREL and PUBCOMP, the QoS flows of section 4.3 and delivery retry of
// section 4.4: each flow cut at every step and resumed, in both directions.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const NEW: readonly Version[] = [5]

const receiver: readonly Case[] = [
  {
    title:
      '[MQTT-4.3.2-4] [MQTT-4.3.2-5] after PUBACK the same identifier is a new message, DUP or not',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=1
      a joins
      a > PUBLISH 't' 'x' qos=1 id=7
      a < PUBACK 7
      a > PUBLISH 't' 'x' qos=1 id=7 dup=1
      a < PUBACK 7
      w gets 't' 'x' qos=1
      w gets 't' 'x' qos=1`,
  },
  {
    title:
      '[MQTT-4.3.3-8] [MQTT-4.3.3-10] a repeated QoS 2 PUBLISH gets PUBREC and is not ' +
      'delivered again',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins
      a > PUBLISH 't' 'x' qos=2 id=7
      a < PUBREC 7
      a > PUBLISH 't' 'x' qos=2 id=7 dup=1
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      w gets 't' 'x' qos=2
      w silent`,
  },
  {
    title: '[MQTT-4.3.3-11] [MQTT-4.3.3-12] after PUBCOMP the same identifier is a new message',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins
      a > PUBLISH 't' '1' qos=2 id=7
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      a > PUBLISH 't' '2' qos=2 id=7
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      w gets 't' '1' qos=2
      w gets 't' '2' qos=2`,
  },
  {
    title: '[MQTT-4.3.3-8] a QoS 2 message goes on when it is received, not when it is released',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=1
      a joins
      a > PUBLISH 't' 'x' qos=2 id=7
      a < PUBREC 7
      ours| w gets 't' 'x' qos=1
      a > PUBREL 7
      a < PUBCOMP 7
      theirs| w gets 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-4.3.3-10] [MQTT-4.4.0-1] QoS 2 cut before PUBREC arrives: one delivery',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins persist
      a > PUBLISH 't' 'x' qos=2 id=7
      a < PUBREC 7
      a cut
      a rejoins
      a > PUBLISH 't' 'x' qos=2 id=7 dup=1
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      w gets 't' 'x' qos=2
      w silent`,
  },
  {
    title:
      '[MQTT-4.3.3-11] [MQTT-4.4.0-1] QoS 2 cut before PUBCOMP arrives: PUBREL is answered again',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins persist
      a > PUBLISH 't' 'x' qos=2 id=7
      a < PUBREC 7
      a cut
      a rejoins
      a > PUBREL 7
      a < PUBCOMP 7
      a cut
      a rejoins
      a > PUBREL 7
      34| a < PUBCOMP 7
      5| a < PUBCOMP 7 reason=0x92|0
      w gets 't' 'x' qos=2
      w silent`,
  },
  {
    title: '[MQTT-4.3.3-12] Clean Start forgets the identifiers of QoS 2',
    versions: ALL,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins persist
      a > PUBLISH 't' '1' qos=2 id=7
      a < PUBREC 7
      a cut
      a joins
      a > PUBLISH 't' '2' qos=2 id=7
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      ours| w gets 't' '1' qos=2
      theirs| w gets~? 't' '1' qos=2
      w gets~ 't' '2' qos=2`,
  },
  {
    title: '[MQTT-3.7.2-1] PUBREL for an identifier that is not known is answered',
    versions: ALL,
    script: `
      a joins
      a > PUBREL 999
      34| a < PUBCOMP 999
      5| a < PUBCOMP 999 reason=0x92|0`,
  },
  {
    title:
      '[MQTT-3.5.2-1] [MQTT-2.2.1-3] a QoS 1 PUBLISH under an identifier held by QoS 2 is refused',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins
      a > PUBLISH 't' '2' qos=2 id=7
      a < PUBREC 7
      ours| w gets 't' '2' qos=2
      a > PUBLISH 't' '1' qos=1 id=7
      a < PUBACK 7 reason=0x91
      w silent`,
  },
  {
    title:
      '[U5-25] SUBSCRIBE and UNSUBSCRIBE under an identifier held by QoS 2 get 0x91 for ' +
      'each filter',
    versions: NEW,
    script: `
      a joins
      a > PUBLISH 't' '2' qos=2 id=7
      a < PUBREC 7
      a > SUBSCRIBE 7 'a' 'b'
      a < SUBACK 7 0x91,0x91
      a > UNSUBSCRIBE 7 'a' 'b'
      a < UNSUBACK 7 0x91,0x91
      a > PUBREL 7
      a < PUBCOMP 7
      a > SUBSCRIBE 7 'a' 'b'
      a < SUBACK 7 0,0`,
  },
]

const sender: readonly Case[] = [
  {
    title:
      '[MQTT-4.3.2-3] [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT311-4.4.0-1] QoS 1 cut before ' +
      'PUBACK: sent again with DUP',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=1
      b joins
      b pubs 't' 'x' qos=1
      a < PUBLISH 't' 'x' qos=1 dup=0 id=?x
      a silent
      a cut
      a rejoins
      a < PUBLISH 't' 'x' qos=1 dup=1 id=%x
      a > PUBACK %x
      a leaves
      a rejoins
      a silent`,
  },
  {
    title:
      '[MQTT-4.3.3-3] [MQTT-4.4.0-1] [MQTT-3.3.1-1] QoS 2 cut before PUBREC: sent again with DUP',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      b joins
      b pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2 dup=0 id=?x
      a cut
      a rejoins
      a < PUBLISH 't' 'x' qos=2 dup=1 id=%x
      a > PUBREC %x
      a < PUBREL %x
      a > PUBCOMP %x
      a leaves
      a rejoins
      a silent`,
  },
  {
    title:
      '[MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.4.0-1] QoS 2 cut before ' +
      'PUBCOMP: PUBREL again, never PUBLISH',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      b joins
      b pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2 id=?x
      a > PUBREC %x
      a < PUBREL %x
      a cut
      a rejoins
      a < PUBREL %x
      a silent
      a > PUBCOMP %x
      a leaves
      a rejoins
      a silent`,
  },
  {
    title:
      '[MQTT-4.4.0-1] [MQTT-4.6.0-1] re-sent messages keep their order and come before new ones',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      b pubs 't' '3' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=1 id=?y
      a < PUBLISH 't' '3' qos=1 id=?z
      a > PUBACK %y
      a cut
      b pubs 't' '4' qos=1
      a rejoins
      a < PUBLISH 't' '1' qos=1 dup=1 id=%x
      a < PUBLISH 't' '3' qos=1 dup=1 id=%z
      a < PUBLISH 't' '4' qos=1 dup=0 id=?w
      differ x z w`,
  },
  {
    title: '[MQTT-4.4.0-1] nothing is sent again while the connection lasts',
    versions: NEW,
    inProcess: true,
    script: `
      a joins keep-alive=0
      a subs 't' qos=2
      b joins keep-alive=0
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=2
      a < PUBLISH 't' '1' qos=1
      a < PUBLISH 't' '2' qos=2 id=?x
      a > PUBREC %x
      a < PUBREL %x
      advance 1h
      a silent`,
  },
  {
    title: '[MQTT-4.4.0-1] without a session nothing is sent again',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=1
      b joins
      b pubs 't' 'x' qos=1
      a < PUBLISH 't' 'x' qos=1
      a cut
      a joins
      a silent`,
  },
  {
    title: '[MQTT-4.4.0-2] [MQTT-3.4.2-1] a message refused by PUBACK is not sent again',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=1
      b joins
      b pubs 't' 'x' qos=1
      a < PUBLISH 't' 'x' qos=1
      a > PUBACK reason=0x97
      a silent
      a leaves
      a rejoins
      a silent`,
  },
  {
    title:
      '[MQTT-4.4.0-2] [MQTT-4.3.3-4] a message refused by PUBREC gets no PUBREL and is ' +
      'not sent again',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=2
      b joins
      b pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2
      a > PUBREC reason=0x83
      a silent
      a leaves
      a rejoins
      a silent`,
  },
  {
    title: '[MQTT-4.3.3-4] PUBREC 0x10 is a success',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=2
      b joins
      b pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2
      a > PUBREC reason=0x10
      a < PUBREL
      a > PUBCOMP`,
  },
  {
    title: '[MQTT-3.6.2-1] PUBREC for an identifier that is not known is answered by PUBREL',
    versions: ALL,
    script: `
      a joins
      a > PUBREC 999
      34| a < PUBREL 999
      5| a < PUBREL 999 reason=0x92|0
      a > PUBCOMP 999
      a silent`,
  },
  {
    title: '[MQTT-4.3.3-5] a repeated PUBREC gets PUBREL again',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=2
      b joins
      b pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2
      a > PUBREC
      a < PUBREL
      a > PUBREC
      a < PUBREL
      a > PUBCOMP
      a silent`,
  },
  {
    title: '[MQTT-4.3.2-3] PUBACK and PUBCOMP for identifiers that are not known are ignored',
    versions: ALL,
    script: `
      a joins
      a > PUBACK 999
      a > PUBCOMP 999
      a silent`,
  },
  {
    title: '[MQTT-4.3.2-3] acknowledgements may come in any order',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=1 id=?y
      a > PUBACK %y
      a > PUBACK %x
      a silent`,
  },
]

const tooLarge = ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBACK', 'UNSUBACK']

const small: readonly Case[] = [
  {
    title:
      `[MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] ` +
      `[MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2] ` +
      `[MQTT-3.11.2-1] [MQTT-3.11.2-2] ${tooLarge.join(', ')} keep to Maximum Packet ` +
      `Size`,
    versions: NEW,
    script: `
      a joins packet-max=40
      a > PUBLISH 'nobody/listens/here' 'x' qos=1 id=1
      a < PUBACK 1
      a > PUBLISH 'nobody/listens/here' 'x' qos=2 id=2
      a < PUBREC 2
      a > PUBREL 2
      a < PUBCOMP 2
      a > PUBREL 3
      a < PUBCOMP 3 reason=0x92|0
      a > PUBREC 4
      a < PUBREL 4 reason=0x92|0
      a > SUBSCRIBE 5 't' qos=1
      a < SUBACK 5 1
      a > UNSUBSCRIBE 6 'a/filter/that/was/never/subscribed'
      a < UNSUBACK 6 0x11`,
  },
  {
    title:
      '[MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-3.14.2-2] ' +
      'DISCONNECT keeps to Maximum Packet Size and is the last packet',
    versions: NEW,
    script: `
      a joins packet-max=22
      a > raw 30 ~ 0000 00 78
      a closes 0x82|0x81|0x90`,
  },
]

export const QOS_CASES: readonly Case[] = [...receiver, ...sender, ...small]

// Cases for what only MQTT 3.1 does, and what only 3.1.1 says.

import type { Case, Version } from '../support/wire-script.ts'

const OLD: readonly Version[] = [3, 4]
const OLDEST: readonly Version[] = [3]

export const OLD_CASES: readonly Case[] = [
  {
    title: '[Q31-5] PUBREL, SUBSCRIBE and UNSUBSCRIBE with DUP are accepted in 3.1',
    versions: OLDEST,
    script: `
      a joins
      a > SUBSCRIBE 1 't' qos=1 flags=10
      a < SUBACK 1 1
      a > PUBLISH 'other' 'x' qos=2 id=2
      a < PUBREC 2
      a > PUBREL 2 flags=10
      a < PUBCOMP 2
      a > UNSUBSCRIBE 3 't' flags=10
      a < UNSUBACK 3
      a silent`,
  },
  {
    title: '[MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] in 3.1.1 they are not',
    versions: [4],
    script: `
      a joins
      a > SUBSCRIBE 1 't' qos=1 flags=10
      a closed
      b joins
      b > UNSUBSCRIBE 1 't' flags=10
      b closed
      c joins
      c > PUBREL 1 flags=10
      c closed`,
  },
  {
    title: '[Q31-6] a message sent again by timer with DUP is answered',
    versions: OLDEST,
    script: `
      w joins client=watcher
      w subs 't' qos=2
      a joins
      a > PUBLISH 't' 'x' qos=2 id=1
      a < PUBREC 1
      a > PUBLISH 't' 'x' qos=2 id=1 dup=1
      a < PUBREC 1
      a > PUBREL 1
      a < PUBCOMP 1
      a > PUBREL 1 flags=10
      a < PUBCOMP 1
      w gets 't' 'x' qos=2
      w silent`,
  },
  {
    title: '[MQTT311-4.8.0-1] a protocol violation closes the connection without a packet',
    versions: OLD,
    script: `
      a joins
      a > raw f0 00
      a closed`,
  },
  {
    title: '[MQTT311-4.8.0-2] an error on one connection is the end of that connection only',
    versions: OLD,
    script: `
      b joins
      a joins
      a > raw 30 03 0005 61
      a closed
      b ping`,
  },
  {
    title: '[MQTT311-3.1.2-11] [MQTT311-3.1.2-12] without Will Flag nothing is published',
    versions: OLD,
    script: `
      w joins client=watcher
      w subs '#'
      a joins
      a cut
      w silent`,
  },
  {
    title:
      '[MQTT311-3.2.2-6] [MQTT311-3.1.4-1] where no return code fits, the connection is closed',
    versions: [4],
    script: `
      a > raw 10 ~ s'MQTT' 04 01 003c s'ca'
      a closed`,
  },
  {
    title:
      '[MQTT311-3.14.1-1] DISCONNECT with reserved bits closes the connection, and the ' +
      'will goes out',
    versions: [4],
    script: `
      w joins client=watcher
      w subs 'will'
      a joins will.topic='will' will.payload='bye'
      a > raw e1 00
      a closed
      w gets 'will' 'bye'`,
  },
  {
    title: '[MQTT311-7.0.0-2] plain clients need no extension',
    versions: OLD,
    script: `
      a joins
      a subs 't' qos=2
      a pubs 't' 'x' qos=2
      a gets 't' 'x' qos=2
      a unsubs 't'
      a ping
      a leaves`,
  },
]

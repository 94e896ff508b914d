// Cases for AUTH, section 4.12, on a server that knows no method, for access rules and for the
// limits that a server announces.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const OLD: readonly Version[] = [3, 4]
const NEW: readonly Version[] = [5]

const auth: readonly Case[] = [
  {
    title: '[MQTT-4.12.0-1] [MQTT-4.12.0-4] a method that the server does not know is refused',
    versions: NEW,
    script: `
      a > CONNECT auth-method='SCRAM-SHA-1' auth-data=x'00'
      a refused 0x8C|0x87
      b > CONNECT auth-method='none'
      b refused 0x8C|0x87`,
  },
  {
    title: '[MQTT-4.12.0-6] without a method in CONNECT there is none in CONNACK',
    versions: NEW,
    script: `
      a > CONNECT
      a < CONNACK !auth-method !auth-data
      a silent`,
  },
  {
    title:
      '[U5-51] [MQTT-4.12.0-7] [MQTT-4.13.1-1] AUTH on a connection without a method is an error',
    versions: NEW,
    script: `
      a joins
      a > AUTH reason=0x19 auth-method='M'
      a closes 0x82|0x8C
      b joins
      b > AUTH reason=0x18 auth-method='M' auth-data='x'
      b closes 0x82|0x8C`,
  },
  {
    title: '[U5-52] AUTH without a method is an error',
    versions: NEW,
    script: `
      a joins
      a > raw f0 02 19 00
      a closes 0x82|0x81
      b joins
      b > raw f0 00
      b closes 0x82|0x81`,
  },
  {
    title: '[MQTT-3.15.2-1] AUTH with a reason that it may not have is malformed',
    versions: NEW,
    script: `
      a joins
      a > AUTH reason=0x80 auth-method='M'
      a closes 0x81/0x82`,
  },
]

const ACCESS = { access: true }

/** The server knows user `u` with password `p`; topics under `denied/` are nobody's. */
const access: readonly Case[] = [
  {
    title: '[MQTT-3.1.4-2] [MQTT-3.2.2-7] a wrong password is refused',
    versions: ALL,
    settings: ACCESS,
    script: `
      a > CONNECT user='u' password='wrong'
      5| a refused 0x86|0x87
      34| a < CONNACK reason=4|5
      34| a closed
      b joins user='u' password='p'`,
  },
  {
    title: "[MQTT-3.1.4-2] [MQTT-3.1.4-3] who is refused takes nobody's session over",
    versions: ALL,
    settings: ACCESS,
    script: `
      a joins client=one user='u' password='p'
      b > CONNECT client=one user='u' password='wrong'
      b refused 0x86|0x87
      a ping`,
  },
  {
    title:
      '[MQTT311-3.3.5-2] [Q31-10] [Q31-4] before 5.0 what may not be published is ' +
      'acknowledged and dropped',
    versions: OLD,
    settings: ACCESS,
    script: `
      a joins user='u' password='p'
      b joins user='u' password='p'
      b subs '#' qos=2
      a pubs 'denied/x' '0'
      a pubs 'denied/x' '1' qos=1
      a pubs 'denied/x' '2' qos=2 retain=1
      a pubs 'fine' '3' qos=1
      b gets 'fine' '3' qos=1`,
  },
  {
    title: '[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-4.3.3-9] what may not be published gets 0x87',
    versions: NEW,
    settings: ACCESS,
    script: `
      a joins user='u' password='p'
      b joins user='u' password='p'
      b subs '#' qos=2
      a > PUBLISH 'denied/x' '0'
      a ping
      a > PUBLISH 'denied/x' '1' qos=1 id=1
      a < PUBACK 1 reason=0x87
      a > PUBLISH 'denied/x' '2' qos=2 id=2
      a < PUBREC 2 reason=0x87
      a > PUBLISH 'fine' '3' qos=2 id=2
      a < PUBREC 2 reason=0
      a > PUBREL 2
      a < PUBCOMP 2
      b gets 'fine' '3' qos=2`,
  },
  {
    title:
      '[MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT311-3.9.3-2] [MQTT-3.8.4-7] ' +
      'what may not be subscribed is refused alone',
    versions: [4, 5],
    settings: ACCESS,
    script: `
      a joins user='u' password='p'
      5| a > SUBSCRIBE 1 'fine' qos=1 'denied/#' qos=1 'also/fine' qos=2
      5| a < SUBACK 1 1,0x87,2
      4| a > SUBSCRIBE 1 'fine' qos=1 'denied/#' qos=1 'also/fine' qos=2
      4| a < SUBACK 1 1,0x80,2
      a pubs 'fine' 'x' qos=1
      a gets 'fine' 'x' qos=1`,
  },
  {
    title: '[Q31-4] in 3.1 what may not be subscribed is granted and delivers nothing',
    versions: [3],
    settings: ACCESS,
    script: `
      a joins user='u' password='p'
      a > SUBSCRIBE 1 'fine' qos=1 'denied/#' qos=1
      a < SUBACK 1 1,0/1/2
      a pubs 'fine' 'x' qos=1
      a gets 'fine' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.1.2-8] [MQTT-3.1.4-2] a will that may not be published is not',
    versions: ALL,
    settings: ACCESS,
    script: `
      w joins client=watcher user='u' password='p'
      w subs '#' qos=1
      5| a > CONNECT user='u' password='p' will.topic='denied/w' will.payload='x'
      34| a > CONNECT user='u' password='p' will.topic='denied/w' will.payload='x'
      ours| a refused 0x87
      theirs| a <? CONNACK
      theirs| a reset
      w silent`,
  },
]

export const AUTH_CASES: readonly Case[] = [...auth, ...access]

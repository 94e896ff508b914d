// Cases for AUTH, section 4.12, on a server that knows no method and on one that knows some, and
// for access rules.

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
/** The same, with the methods of pin-method. */
const METHODS = { access: true, methods: true }

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

/** With METHOD in place of the method, played with each. */
const CONNECTING: readonly Case[] = [
  {
    title: '[MQTT-4.12.0-2] [MQTT-4.12.0-3] [MQTT-4.12.0-5] a method asks before CONNACK',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='METHOD' auth-data='u'
      a < AUTH reason=0x18 auth-method='METHOD' auth-data='pin?'
      a > AUTH reason=0x18 auth-method='METHOD' auth-data='p'
      a < CONNACK reason=0 auth-method='METHOD' auth-data='welcome'
      a subs 'fine'
      a pubs 'fine' 'x'
      a gets 'fine' 'x'`,
  },
  {
    title: '[MQTT-4.12.0-5] a method may need no question',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='METHOD' auth-data='u:p'
      a < CONNACK reason=0 auth-method='METHOD' auth-data='welcome'
      a ping`,
  },
  {
    title: '[MQTT-4.12.0-4] [MQTT-3.1.4-2] who fails is refused, at first or later',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='METHOD' auth-data='u:wrong'
      a refused 0x86|0x87
      b > CONNECT auth-method='METHOD' auth-data='u'
      b < AUTH reason=0x18
      b > AUTH reason=0x18 auth-method='METHOD' auth-data='wrong'
      b refused 0x86|0x87`,
  },
  {
    title: '[MQTT-3.1.2-30] [MQTT-4.12.0-3] [U5-44] before CONNACK nothing but AUTH is taken',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='METHOD' auth-data='u'
      a < AUTH reason=0x18
      a > PUBLISH 'fine' 'x'
      a refused 0x82
      b > CONNECT auth-method='METHOD' auth-data='u'
      b < AUTH reason=0x18
      b > AUTH reason=0x19 auth-method='METHOD' auth-data='p'
      b refused 0x82
      c > CONNECT auth-method='METHOD' auth-data='u'
      c < AUTH reason=0x18
      c > AUTH reason=0x18 auth-method='other' auth-data='p'
      c refused 0x82
      d > CONNECT auth-method='METHOD' auth-data='u'
      d < AUTH reason=0x18
      d > CONNECT auth-method='METHOD' auth-data='u'
      d refused 0x82`,
  },
  {
    title: '[MQTT-3.1.2-30] a client may go before CONNACK',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='METHOD' auth-data='u' will.topic='fine' will.payload='x'
      a < AUTH reason=0x18
      a > DISCONNECT reason=4
      a closed`,
  },
  {
    title: '[MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-3.1.2-24] AUTH heeds Maximum Packet Size',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT packet-max=60 auth-method='METHOD' auth-data='u'
      a < AUTH reason=0x18 !reason-string !user-property
      a > DISCONNECT
      a closed
      b > CONNECT packet-max=14 auth-method='METHOD' auth-data='u'
      b refused 0x95`,
  },
  {
    title: "[MQTT-4.12.0-4] who fails takes nobody's session over",
    versions: NEW,
    settings: METHODS,
    script: `
      a joins client=one auth-method='METHOD' auth-data='u:p'
      b > CONNECT client=one auth-method='METHOD' auth-data='u'
      b < AUTH reason=0x18
      a ping
      b > AUTH reason=0x18 auth-method='METHOD' auth-data='wrong'
      b refused 0x86|0x87
      a ping
      c > CONNECT client=one auth-method='METHOD' auth-data='v:q'
      c refused 0x87
      a ping`,
  },
]

const AGAIN: readonly Case[] = [
  {
    title: '[MQTT-4.12.1-1] [MQTT-4.12.0-5] [U5-50] traffic goes on in re-authentication',
    versions: NEW,
    settings: METHODS,
    script: `
      a joins auth-method='METHOD' auth-data='u:p'
      a subs '#' qos=1
      a > AUTH reason=0x19 auth-method='METHOD' auth-data='u'
      a < AUTH reason=0x18 auth-method='METHOD' auth-data='pin?'
      a pubs 'fine' '1' qos=1
      a gets 'fine' '1' qos=1
      a > PUBLISH 'denied/x' '2' qos=1 id=9
      a < PUBACK 9 reason=0x87
      a > AUTH reason=0x18 auth-method='METHOD' auth-data='p'
      a < AUTH reason=0 auth-method='METHOD' auth-data='welcome'
      a pubs 'fine' '3' qos=1
      a gets 'fine' '3' qos=1
      a > AUTH reason=0x19 auth-method='METHOD' auth-data='u:p'
      a < AUTH reason=0 auth-method='METHOD' auth-data='welcome'
      a ping`,
  },
  {
    title: '[MQTT-4.12.1-2] who fails in re-authentication is disconnected',
    versions: NEW,
    settings: METHODS,
    script: `
      a joins auth-method='METHOD' auth-data='u:p'
      a > AUTH reason=0x19 auth-method='METHOD' auth-data='u'
      a < AUTH reason=0x18
      a > AUTH reason=0x18 auth-method='METHOD' auth-data='wrong'
      a closes 0x87
      b joins auth-method='METHOD' auth-data='u:p'
      b > AUTH reason=0x19 auth-method='METHOD' auth-data='u:wrong'
      b closes 0x87`,
  },
  {
    title: '[MQTT-4.12.1-2] nobody becomes another user by re-authentication',
    versions: NEW,
    settings: METHODS,
    script: `
      a joins auth-method='METHOD' auth-data='u:p'
      a > AUTH reason=0x19 auth-method='METHOD' auth-data='v:q'
      a closes 0x87`,
  },
  {
    title: '[U5-51] [MQTT-4.12.1-1] re-authentication by another method is an error',
    versions: NEW,
    settings: METHODS,
    script: `
      a joins auth-method='METHOD' auth-data='u:p'
      a > AUTH reason=0x19 auth-method='other' auth-data='u:p'
      a closes 0x82|0x8C`,
  },
  {
    title: '[MQTT-4.12.0-3] [MQTT-4.12.1-1] [MQTT-3.15.2-1] AUTH out of turn is an error',
    versions: NEW,
    settings: METHODS,
    script: `
      a joins auth-method='METHOD' auth-data='u:p'
      a > AUTH reason=0x18 auth-method='METHOD' auth-data='p'
      a closes 0x82
      b joins auth-method='METHOD' auth-data='u:p'
      b > AUTH reason=0x19 auth-method='METHOD' auth-data='u'
      b < AUTH reason=0x18
      b > AUTH reason=0x19 auth-method='METHOD' auth-data='u'
      b closes 0x82
      c joins auth-method='METHOD' auth-data='u:p'
      c > AUTH reason=0x00 auth-method='METHOD'
      c closes 0x82|0x81`,
  },
  {
    title: '[MQTT-3.1.2-8] [MQTT-4.12.1-2] a will survives re-authentication',
    versions: NEW,
    settings: METHODS,
    script: `
      w joins client=watcher user='u' password='p'
      w subs '#' qos=1
      a joins auth-method='METHOD' auth-data='u:p' will.topic='fine' will.payload='x'
      a > AUTH reason=0x19 auth-method='METHOD' auth-data='u:p'
      a < AUTH reason=0
      a cut
      w gets 'fine' 'x'`,
  },
]

const EXCHANGES: readonly Case[] = [...CONNECTING, ...AGAIN]

/** The case with a method. */
function by(method: string, { title, script, ...rest }: Case): Case {
  return { ...rest, title: `${title} (${method})`, script: script.replaceAll('METHOD', method) }
}

/** The server also knows the methods `PIN` and `SLOW-PIN`: `u` and, when asked, `p`. */
const methods: readonly Case[] = [
  ...['PIN', 'SLOW-PIN'].flatMap((method) => EXCHANGES.map((one) => by(method, one))),
  {
    title: '[MQTT-4.12.0-1] [MQTT-4.12.0-4] beside known methods an unknown one is refused',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='pin' auth-data='u:p'
      a refused 0x8C|0x87`,
  },
  {
    title: '[U5-51] [MQTT-4.12.0-6] who logs in without a method cannot use one later',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT user='u' password='p'
      a < CONNACK reason=0 !auth-method !auth-data
      a > AUTH reason=0x19 auth-method='PIN' auth-data='u:p'
      a closes 0x82|0x8C`,
  },
  {
    title: '[MQTT-4.12.0-4] [MQTT-4.12.1-2] a method that fails lets nobody in, nor stay',
    versions: NEW,
    settings: METHODS,
    script: `
      a > CONNECT auth-method='SLOW-PIN' auth-data='fail'
      a refused 0x88
      b joins auth-method='SLOW-PIN' auth-data='u:p'
      b > AUTH reason=0x19 auth-method='SLOW-PIN' auth-data='fail'
      b closes 0x87`,
  },
  {
    title: '[U5-01] [MQTT-4.12.0-4] an exchange that takes too long is cut',
    versions: NEW,
    settings: METHODS,
    inProcess: true,
    script: `
      a > CONNECT auth-method='PIN' auth-data='u'
      a < AUTH reason=0x18
      advance 11s
      a closed`,
  },
]

export const AUTH_CASES: readonly Case[] = [...auth, ...access, ...methods]

// Cases for SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK, sections 3.8 to 3.11.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const NEW: readonly Version[] = [5]

function bad(title: string, versions: readonly Version[], raw: string, reason: string): Case {
  return {
    title,
    versions,
    script: `
      h joins client=healthy
      a joins
      a > raw ${raw}
      a closes ${reason}
      h ping`,
  }
}

const MANY = Array.from({ length: 200 }, (_, at) => at)

const malformed: readonly Case[] = [
  bad('[MQTT-3.8.3-2] SUBSCRIBE without a filter is an error', [4], '82 02 000a', '0x82'),
  bad('[MQTT-3.8.3-2] SUBSCRIBE without a filter is an error', NEW, '82 03 000a 00', '0x82|0x81'),
  bad('[MQTT-3.8.3-5] a reserved option bit is malformed', [4], "82 ~ 000a s'a' 04", '0x81'),
  bad(
    '[MQTT-3.8.3-5] the highest reserved option bit is malformed',
    [4],
    "82 ~ 000a s'a' 80",
    '0x81',
  ),
  bad(
    '[MQTT-3.8.3-5] reserved option bit 6 is malformed',
    NEW,
    '82 07 000a 00 0001 61 40',
    '0x81|0x82',
  ),
  bad(
    '[MQTT-3.8.3-5] reserved option bit 7 is malformed',
    NEW,
    '82 07 000a 00 0001 61 80',
    '0x81|0x82',
  ),
  bad('[MQTT-3.8.3-5] QoS 3 in a SUBSCRIBE is an error', [4], "82 ~ 000a s'a' 03", '0x82'),
  bad(
    '[MQTT-3.8.3-5] [MQTT-4.13.1-1] QoS 3 in a SUBSCRIBE is an error',
    NEW,
    '82 07 000a 00 0001 61 03',
    '0x82|0x81',
  ),
  bad(
    '[MQTT-3.8.3-5] [MQTT-4.13.1-1] Retain Handling 3 is an error',
    NEW,
    '82 07 000a 00 0001 61 30',
    '0x82|0x81',
  ),
  bad(
    '[MQTT-3.8.3-5] one bad filter of several is an error',
    NEW,
    "82 ~ 000a 00 s'a' 00 s'b' c0",
    '0x81|0x82',
  ),
  bad(
    '[U5-06] Subscription Identifier 0 is an error',
    NEW,
    '82 09 000a 02 0b00 0001 61 00',
    '0x82|0x81',
  ),
  bad(
    '[MQTT-3.8.3-4] No Local on a shared subscription is an error',
    NEW,
    "82 ~ 000a 00 s'$share/g/a' 04",
    '0x82|0x81',
  ),
  bad('[MQTT-3.10.3-2] UNSUBSCRIBE without a filter is an error', [4], 'a2 02 000b', '0x82'),
  bad(
    '[MQTT-3.10.3-2] UNSUBSCRIBE without a filter is an error',
    NEW,
    'a2 03 000b 00',
    '0x82|0x81',
  ),
  bad(
    '[MQTT-3.10.3-1] a filter of UNSUBSCRIBE that is not UTF-8 is malformed',
    [4],
    'a2 ~ 000b 0002 c0af',
    '0x81',
  ),
  bad(
    '[MQTT-3.10.3-1] a filter of UNSUBSCRIBE that is not UTF-8 is malformed',
    NEW,
    'a2 ~ 000b 00 0002 c0af',
    '0x81|0x8F',
  ),
]

const subscribe: readonly Case[] = [
  {
    title:
      '[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-7] [MQTT-3.9.3-2] SUBSCRIBE is ' +
      'answered with what is granted',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 10 't/0' qos=0
      a < SUBACK 10 0
      a > SUBSCRIBE 11 't/1' qos=1
      a < SUBACK 11 1
      a > SUBSCRIBE 12 't/2' qos=2
      a < SUBACK 12 2`,
  },
  {
    title:
      '[MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.9.3-1] several filters get one SUBACK, in their order',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 10 'a' qos=2 'b' qos=0 'c' qos=1 'a/#' qos=1
      a < SUBACK 10 2,0,1,1
      b joins
      b pubs 'a' '1' qos=2
      ours| a gets 'a' '1' qos=2
      theirs| a gets~ 'a' '1' qos=2
      theirs| a gets~? 'a' '1' qos=1
      b pubs 'b' '2' qos=2
      a gets 'b' '2' qos=0
      b pubs 'c' '3' qos=2
      a gets 'c' '3' qos=1`,
  },
  {
    title: '[MQTT-3.8.4-5] the same filter twice in one SUBSCRIBE: the last one holds',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 10 'a' qos=2 'a' qos=0
      a < SUBACK 10 2,0
      b joins
      b pubs 'a' '1' qos=2
      a gets 'a' '1' qos=0`,
  },
  {
    title: '[MQTT-3.8.4-3] the same filter again replaces the subscription',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=0
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=2
      a gets 't' '1' qos=2
      a subs 't' qos=1
      b pubs 't' '2' qos=2
      a gets 't' '2' qos=1
      a unsubs 't'
      b pubs 't' '3' qos=2
      a silent`,
  },
  {
    title: '[MQTT-3.8.4-3] [U5-23] replacing a subscription replaces its identifier and options',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=1 nl=1 subscription-id=1
      a subs 't' qos=1 rap=1 subscription-id=2
      a pubs 't' 'x' qos=1 retain=1
      a gets 't' 'x' qos=1 retain=1 subscription-id=2
      a subs 't' qos=1 rh=2
      a pubs 't' 'y' qos=1 retain=1
      a gets 't' 'y' qos=1 retain=0`,
  },
  {
    title: '[MQTT-3.8.4-3] filters that match the same are still two subscriptions',
    versions: NEW,
    script: `
      a joins
      a subs 't/+' qos=1 subscription-id=1
      a subs 't/#' qos=1 subscription-id=2
      a unsubs 't/+'
      a pubs 't/x' '1' qos=1
      a gets 't/x' '1' qos=1 subscription-id=2`,
  },
  {
    title: "[MQTT-3.8.3-3] No Local keeps a client's own messages from it, and from nobody else",
    versions: NEW,
    script: `
      a joins
      b joins
      a subs 't' qos=1 nl=1
      b subs 't' qos=1 nl=1
      a pubs 't' 'x' qos=1
      b gets 't' 'x' qos=1
      a silent
      b pubs 't' 'y' qos=1
      a gets 't' 'y' qos=1
      b silent`,
  },
  {
    title: '[MQTT-3.8.3-3] No Local counts for its own subscription, not for an overlapping one',
    versions: NEW,
    script: `
      a joins
      a subs 't/#' qos=2 nl=1 subscription-id=1
      a subs 't/x' qos=0 subscription-id=2
      a pubs 't/x' '1' qos=2
      a gets 't/x' '1' qos=0 subscription-id=2
      a pubs 't/y' '2' qos=2
      a silent`,
  },
  {
    title: '[MQTT-3.8.3-3] No Local goes by client id, also for what waited in the session',
    versions: NEW,
    script: `
      a joins client=one persist
      a subs 't' qos=1 nl=1
      a > PUBLISH 't' 'x' qos=1 id=1
      a < PUBACK 1
      a leaves
      b rejoins client=one
      b pubs 't' 'y' qos=1
      b silent`,
  },
  {
    title: '[U5-33] a SUBSCRIBE and a PUBLISH that follow each other at once are both answered',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 1 't' qos=1
      a > PUBLISH 't' 'x' qos=1 id=2
      a <~ SUBACK 1 1
      a <~ PUBACK 2
      a <~ PUBLISH 't' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.8.4-6] a SUBSCRIBE of 200 filters gets 200 reasons',
    versions: ALL,
    script: `
      a joins
      a > SUBSCRIBE 1 ${MANY.map((at) => `'many/${at}' qos=${at % 3}`).join(' ')}
      a < SUBACK 1 ${MANY.map((at) => at % 3).join(',')}
      b joins
      b pubs 'many/197' 'x' qos=2
      a gets 'many/197' 'x' qos=2
      b pubs 'many/199' 'x' qos=2
      a gets 'many/199' 'x' qos=1`,
  },
]

const unsubscribe: readonly Case[] = [
  {
    title: '[MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] UNSUBSCRIBE ends the subscription',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      a gets 't' '1' qos=1
      a > UNSUBSCRIBE 7 't'
      a < UNSUBACK 7 0
      b pubs 't' '2' qos=1
      a silent`,
  },
  {
    title: '[MQTT-3.10.4-1] filters are compared character by character',
    versions: ALL,
    script: `
      a joins
      a subs 't/+' qos=1
      a > UNSUBSCRIBE 7 't/x' 't/#' 'T/+' 't/+/' '/t/+'
      a < UNSUBACK 7 0x11,0x11,0x11,0x11,0x11
      b joins
      b pubs 't/x' '1' qos=1
      a gets 't/x' '1' qos=1`,
  },
  {
    title: '[MQTT-3.10.4-5] [MQTT-3.11.3-2] UNSUBSCRIBE of what was not subscribed is answered',
    versions: ALL,
    script: `
      a joins
      a > UNSUBSCRIBE 7 'never'
      a < UNSUBACK 7 0x11`,
  },
  {
    title: '[MQTT-3.10.4-6] [MQTT-3.11.3-1] several filters get one UNSUBACK, in their order',
    versions: ALL,
    script: `
      a joins
      a subs 'a' qos=1 'c' qos=1
      a > UNSUBSCRIBE 7 'a' 'b' 'c' 'a'
      a < UNSUBACK 7 0,0x11,0,0x11
      b joins
      b pubs 'a' '1' qos=1
      b pubs 'c' '2' qos=1
      a silent`,
  },
  {
    title: '[MQTT-3.10.4-3] deliveries that have begun are finished after UNSUBSCRIBE',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=2
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=2 id=?y
      a unsubs 't'
      a > PUBREC %y
      a < PUBREL %y
      a cut
      a rejoins
      a <~ PUBLISH 't' '1' qos=1 dup=1 id=%x
      a <~ PUBREL %y
      a > PUBACK %x
      a > PUBCOMP %y
      a silent`,
  },
]

export const SUBSCRIBE_CASES: readonly Case[] = [...malformed, ...subscribe, ...unsubscribe]

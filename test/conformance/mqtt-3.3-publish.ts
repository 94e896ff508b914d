// Cases for PUBLISH, section 3.3, and the application message's way through the server: flags,
// properties, order, overlapping subscriptions. Retained messages, aliases and expiry stand apart.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const LATER: readonly Version[] = [4, 5]
const NEW: readonly Version[] = [5]

/** A PUBLISH that ends its connection. */
function bad(title: string, versions: readonly Version[], raw: string, reason: string): Case {
  return {
    title,
    versions,
    script: `
      h joins client=healthy
      h subs '#'
      a joins
      a > raw ${raw}
      a closes ${reason}
      h silent`,
  }
}

const flags: readonly Case[] = [
  {
    title:
      '[MQTT-3.3.1-3] [MQTT-4.3.2-2] [MQTT-4.3.3-2] DUP of the publisher does not reach ' +
      'subscribers',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=2
      b joins
      b > PUBLISH 't' '1' qos=1 id=7 dup=1
      b < PUBACK 7
      a gets 't' '1' qos=1 dup=0
      b > PUBLISH 't' '2' qos=2 id=8 dup=1
      b < PUBREC 8
      b > PUBREL 8
      b < PUBCOMP 8
      a gets 't' '2' qos=2 dup=0`,
  },
  bad('[MQTT-3.3.1-4] QoS 3 is malformed', [3, 4], '36 05 0001 61 0001', '0x81'),
  bad('[MQTT-3.3.1-4] QoS 3 is malformed', NEW, '36 06 0001 61 0001 00', '0x81|0x82'),
  bad('[MQTT-3.3.1-2] DUP at QoS 0 is malformed', [4], '38 03 0001 61', '0x81'),
  bad('[MQTT-3.3.1-2] DUP at QoS 0 is malformed', NEW, '38 04 0001 61 00', '0x81|0x82'),
  {
    title: '[Q31-11] DUP at QoS 0 is no error in 3.1',
    versions: [3],
    script: `
      a joins
      a subs 't'
      a > raw 38 04 0001 74 78
      a < PUBLISH 't' 'x' dup=0`,
  },
  bad('[MQTT-3.3.2-1] a topic that is not UTF-8 is malformed', [4], '30 04 0002 c0af', '0x81'),
  bad(
    '[MQTT-3.3.2-1] a topic that is not UTF-8 is malformed',
    NEW,
    '30 05 0002 c0af 00',
    '0x81/0x90',
  ),
  ...['+', '#', 'a/+/b', 'a/#', 'a+', '#a'].flatMap((topic) => [
    bad(
      `[MQTT-3.3.2-2] [MQTT-4.7.0-1] [U5-15] the topic ${topic} is refused`,
      [3, 4],
      `30 ~ s'${topic}' 78`,
      '0x81',
    ),
    bad(
      `[MQTT-3.3.2-2] [MQTT-4.7.0-1] [U5-15] the topic ${topic} is refused`,
      NEW,
      `30 ~ s'${topic}' 00 78`,
      '0x81/0x82/0x90',
    ),
  ]),
  bad('[MQTT-4.7.3-1] [U5-15] an empty topic is refused', [3, 4], '30 03 0000 78', '0x82'),
  bad(
    '[MQTT-4.7.3-1] [U5-15] an empty topic without alias is refused',
    NEW,
    '30 04 0000 00 78',
    '0x82|0x81|0x90',
  ),
  bad(
    '[U5-16] [MQTT-3.3.4-6] a Subscription Identifier from a client is refused',
    NEW,
    "30 ~ s't' p(0b 05) 78",
    '0x82|0x81',
  ),
  bad(
    '[MQTT-3.3.2-14] a Response Topic with wildcards is refused',
    NEW,
    "30 ~ s't' p(08 s'r/+') 78",
    '0x82|0x81|0x90',
  ),
]

const properties: readonly Case[] = [
  {
    title: '[MQTT-3.3.2-4] Payload Format is passed on unchanged, 0 included or left out',
    versions: NEW,
    script: `
      a joins
      a subs 't'
      a pubs 't' '1' payload-format=1
      a gets 't' '1' payload-format=1
      a pubs 't' '2'
      a gets 't' '2'
      a pubs 't' '3' payload-format=0
      a < PUBLISH 't' '3' payload-format=any`,
  },
  {
    title: '[MQTT-3.3.2-15] [MQTT-3.3.2-13] [U5-49] Response Topic is passed on unchanged',
    versions: NEW,
    script: `
      a joins
      a subs 't'
      a pubs 't' '1' response-topic='r/\\u{e9}'
      a gets 't' '1' response-topic='r/\\u{e9}'`,
  },
  {
    title: '[MQTT-3.3.2-16] [U5-49] Correlation Data is passed on unchanged',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=1
      a pubs 't' '1' qos=1 correlation-data=x'00ff80'
      a gets 't' '1' qos=1 correlation-data=x'00ff80'
      a pubs 't' '2' qos=1 response-topic='r' correlation-data=''
      a gets 't' '2' qos=1 response-topic='r' correlation-data=''`,
  },
  {
    title: '[MQTT-3.3.2-17] [MQTT-3.3.2-18] User Properties are passed on unchanged and in order',
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=2
      a pubs 't' '1' qos=2 user-property='b=1' user-property='a=2' user-property='b=1' \
        user-property='=' user-property='b=0'
      a gets 't' '1' qos=2 user-property='b=1' user-property='a=2' user-property='b=1' \
        user-property='=' user-property='b=0'`,
  },
  {
    title: '[MQTT-3.3.2-20] [MQTT-3.3.2-19] Content Type is passed on unchanged',
    versions: NEW,
    script: `
      a joins
      a subs 't'
      a pubs 't' '1' content-type='application/x; \\u{1f600}'
      a gets 't' '1' content-type='application/x; \\u{1f600}'
      a pubs 't' '2' content-type=''
      a gets 't' '2' content-type=''`,
  },
  {
    title: '[MQTT-3.3.2-17] properties wait with their message in a session',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=2
      a leaves
      b joins
      b pubs 't' '1' qos=2 payload-format=1 content-type='c' response-topic='r' \
        correlation-data='d' user-property='n=v'
      a rejoins
      a gets 't' '1' qos=2 payload-format=1 content-type='c' response-topic='r' \
        correlation-data='d' user-property='n=v'`,
  },
  {
    title: '[MQTT-3.3.2-17] messages pass between versions, without properties before 5.0',
    versions: NEW,
    script: `
      n joins client=new
      n subs 't' qos=1
      o joins client=old v=4
      o subs 't' qos=1
      p joins client=oldest v=3
      p subs 't' qos=1
      n pubs 't' '1' qos=1 content-type='c' user-property='n=v'
      n gets 't' '1' qos=1 content-type='c' user-property='n=v'
      o gets 't' '1' qos=1
      p gets 't' '1' qos=1
      o pubs 't' '2' qos=1
      n gets 't' '2' qos=1
      o gets 't' '2' qos=1
      p gets 't' '2' qos=1
      p pubs 't' '3' qos=1
      n gets 't' '3' qos=1
      o gets 't' '3' qos=1
      p gets 't' '3' qos=1`,
  },
]

const delivery: readonly Case[] = [
  {
    title: '[MQTT-3.3.4-1] QoS 0 is not answered, QoS 1 by PUBACK, QoS 2 by PUBREC',
    versions: ALL,
    script: `
      a joins
      a > PUBLISH 't' 'x'
      a silent
      a > PUBLISH 't' 'x' qos=1 id=1
      a < PUBACK 1
      a > PUBLISH 't' 'x' qos=2 id=2
      a < PUBREC 2
      a silent
      a > PUBREL 2
      a < PUBCOMP 2`,
  },
  {
    title: '[MQTT-3.3.4-1] a message that nobody wants gets 0x10',
    versions: NEW,
    script: `
      a joins
      a > PUBLISH 'nobody' 'x' qos=1 id=1
      a < PUBACK 1 reason=0x10|0x00
      a > PUBLISH 'nobody' 'x' qos=2 id=2
      a < PUBREC 2 reason=0x10|0x00
      a > PUBREL 2
      a < PUBCOMP 2 reason=0
      a subs 'somebody' qos=0
      a > PUBLISH 'somebody' 'x' qos=1 id=3
      a <~ PUBACK 3 reason=0
      a <~ PUBLISH 'somebody' 'x'`,
  },
  {
    title:
      '[MQTT-3.3.2-3] [MQTT-4.5.0-1] every client with a matching subscription gets the message',
    versions: ALL,
    script: `
      a joins
      b joins
      c joins
      a subs 't/+' qos=1
      b subs 't/#' qos=1
      c subs 'u/#' qos=1
      c pubs 't/1' 'x' qos=1
      a gets 't/1' 'x' qos=1
      b gets 't/1' 'x' qos=1
      c silent`,
  },
  {
    title: '[MQTT-4.5.0-1] sessions without a connection get it too, at QoS 1 and 2',
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
  ...[
    [0, 0, 0],
    [0, 1, 0],
    [0, 2, 0],
    [1, 0, 0],
    [1, 1, 1],
    [1, 2, 1],
    [2, 0, 0],
    [2, 1, 1],
    [2, 2, 2],
  ].map(
    ([sent, granted, got]): Case => ({
      title:
        `[MQTT-3.8.4-8] QoS ${sent} to a subscription of QoS ${granted} is delivered at ` +
        `${got}`,
      versions: ALL,
      script: `
        a joins
        a > SUBSCRIBE 1 't' qos=${granted}
        a < SUBACK 1 ${granted}
        b joins
        b pubs 't' 'x' qos=${sent}
        a gets 't' 'x' qos=${got}`,
    }),
  ),
  {
    title: '[MQTT-3.3.4-2] overlapping subscriptions deliver at the highest matching QoS',
    versions: ALL,
    script: `
      a joins
      a subs 'over/#' qos=0 'over/+' qos=2 'over/lap' qos=1
      b joins
      b pubs 'over/lap' 'x' qos=2
      a gets~ 'over/lap' 'x' qos=2
      theirs| a gets~? 'over/lap' 'x' qos=1
      theirs| a gets~? 'over/lap' 'x' qos=0`,
  },
  {
    title: '[MQTT-3.3.4-2] overlapping subscriptions deliver at no more than the message had',
    versions: ALL,
    script: `
      a joins
      a subs 'over/#' qos=2 'over/lap' qos=0
      b joins
      b pubs 'over/lap' 'x' qos=1
      a gets~ 'over/lap' 'x' qos=1
      theirs| a gets~? 'over/lap' 'x' qos=0`,
  },
  {
    title: '[MQTT-3.3.4-3] [MQTT-3.3.4-5] a message carries the identifier of its subscription',
    versions: NEW,
    script: `
      a joins
      a subs 't' subscription-id=1
      a subs 'u' subscription-id=268435455
      a subs 'v'
      a pubs 't' 'x'
      a gets 't' 'x' subscription-id=1
      a pubs 'u' 'x'
      a gets 'u' 'x' subscription-id=268435455
      a pubs 'v' 'x'
      a gets 'v' 'x'`,
  },
  {
    title: '[MQTT-3.3.4-4] one copy for overlapping subscriptions carries all identifiers',
    versions: NEW,
    script: `
      a joins
      a subs 'over/#' qos=1 subscription-id=7
      a subs 'over/lap' qos=1 subscription-id=9
      a subs '+/lap' qos=1
      b joins
      b pubs 'over/lap' 'x' qos=1
      ours| a gets 'over/lap' 'x' qos=1 subscription-id=7 subscription-id=9
      theirs| a gets~ 'over/lap' 'x' qos=1 subscription-id=7
      theirs| a gets~ 'over/lap' 'x' qos=1 subscription-id=9
      theirs| a gets~ 'over/lap' 'x' qos=1`,
  },
  {
    title: '[MQTT-3.3.4-4] equal identifiers of overlapping subscriptions are all kept',
    versions: NEW,
    script: `
      a joins
      a subs 'over/#' qos=1 subscription-id=7
      a subs 'over/lap' qos=1 subscription-id=7
      b joins
      b pubs 'over/lap' 'x' qos=1
      ours| a gets 'over/lap' 'x' qos=1 subscription-id=7 subscription-id=7
      theirs| a gets~ 'over/lap' 'x' qos=1 subscription-id=7
      theirs| a gets~ 'over/lap' 'x' qos=1 subscription-id=7`,
  },
  {
    title: '[MQTT-3.3.4-3] identifiers come with what waited in the session',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=1 subscription-id=5
      a leaves
      b joins
      b pubs 't' 'x' qos=1
      a rejoins
      a gets 't' 'x' qos=1 subscription-id=5
      b pubs 't' 'y' qos=1
      a gets 't' 'y' qos=1 subscription-id=5`,
  },
]

/** Messages of one topic and QoS, sent without waiting. */
function inOrder(qos: number): Case {
  const numbers = Array.from({ length: 20 }, (_, at) => at + 1)
  const send = numbers.map((n) => `b > PUBLISH 't' 'm${n}' qos=${qos} id=${qos === 0 ? 0 : n}`)
  const get = numbers.map((n) => `a gets 't' 'm${n}' qos=${qos}`)
  const answers = numbers.flatMap((n) => {
    if (qos === 0) return []
    if (qos === 1) return [`b <~ PUBACK ${n}`]
    return [`b <~ PUBREC ${n}`]
  })
  const released = qos === 2 ? numbers.map((n) => `b > PUBREL ${n}`) : []
  const done = qos === 2 ? numbers.map((n) => `b <~ PUBCOMP ${n}`) : []
  const lines = [...send, ...answers, ...released, ...done, ...get]
  return {
    title: `[MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT-4.2.0-1] messages at QoS ${qos} keep their order`,
    versions: ALL,
    script: ['a joins', `a subs 't' qos=2`, 'b joins', ...lines].join('\n'),
  }
}

const order: readonly Case[] = [
  inOrder(0),
  inOrder(1),
  inOrder(2),
  {
    title: '[MQTT-4.6.0-5] what waited in the session comes before what is new, in order',
    versions: ALL,
    script: `
      a joins persist
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      b pubs 't' '3' qos=1
      a rejoins
      b pubs 't' '4' qos=1
      a gets 't' '1' qos=1
      a gets 't' '2' qos=1
      a gets 't' '3' qos=1
      a gets 't' '4' qos=1`,
  },
]

const sizes: readonly Case[] = [
  {
    title: '[MQTT-3.3.4-1] an empty payload is a message like others',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=2
      a pubs 't' '' qos=2
      a gets 't' '' qos=2`,
  },
  ...[110, 127, 128, 16_383, 16_384, 70_000].map(
    (length): Case => ({
      title: `[MQTT-4.2.0-1] a payload of ${length} bytes passes whole`,
      versions: ALL,
      script: `
        a joins
        a subs 't' qos=1
        a pubs 't' 'x'*${length} qos=1
        a gets 't' 'x'*${length} qos=1`,
    }),
  ),
  {
    title: '[MQTT-4.2.0-1] packets cut into single bytes and packets all in one piece',
    versions: LATER,
    script: `
      a joins
      a subs 't'
      4| a > raw 30
      4| a > raw 04
      4| a > raw 00
      4| a > raw 01
      4| a > raw 74
      4| a > raw 31
      4| a > raw 30 04 0001 74 32 30 04 0001 74 33 30 04 0001 74 34
      5| a > raw 30
      5| a > raw 05
      5| a > raw 00
      5| a > raw 01
      5| a > raw 74
      5| a > raw 00
      5| a > raw 31
      5| a > raw 30 05 0001 74 00 32 30 05 0001 74 00 33 30 05 0001 74 00 34
      a gets 't' '1'
      a gets 't' '2'
      a gets 't' '3'
      a gets 't' '4'`,
  },
]

export const PUBLISH_CASES: readonly Case[] = [
  ...flags,
  ...properties,
  ...delivery,
  ...order,
  ...sizes,
]

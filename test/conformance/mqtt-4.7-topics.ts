// Cases for topic names and filters, section 4.7: the matching table, and what is no filter.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const LATER: readonly Version[] = [4, 5]
const NEW: readonly Version[] = [5]

/** Filter, topics that match, topics that do not. */
const MATCHES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a', ['a'], ['A', 'a/', '/a', 'a/b', 'aa', 'b']],
  ['a/b', ['a/b'], ['a', 'a/b/', 'a//b', 'a/B', 'a/b/c']],
  ['a/#', ['a', 'a/', 'a/b', 'a/b/c', 'a//'], ['A', 'b', 'aa', '/a', 'aa/b']],
  ['#', ['a', '/', '/a', 'a/b/c', ' '], []],
  ['+', ['a', ' ', 'abc'], ['/', '/a', 'a/', 'a/b']],
  ['/+', ['/a', '/'], ['a', '/a/b', 'a/b', '//']],
  ['+/+', ['/a', 'a/', '/', 'a/b'], ['a', '/a/b', 'a/b/c', '//']],
  ['a/+', ['a/', 'a/b'], ['a', 'a/b/c', 'a//', 'b/b']],
  ['a/+/#', ['a/b', 'a/', 'a/b/c', 'a//c/d'], ['a', 'b/b']],
  ['+/b/+', ['a/b/c', '/b/', '/b/c'], ['a/b', 'b/c', 'a/c/b']],
  ['a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/b/c', 'a/b/c/']],
  ['/', ['/'], ['', '//', 'a', 'a/', '/a'].slice(1)],
  ['//', ['//'], ['/', '///', '/a/']],
  ['/#', ['/', '/a', '//', '/a/b'], ['a', 'a/']],
  ['+/#', ['a', '/', 'a/b', 'a/b/c'], []],
  ['a b/c d', ['a b/c d'], ['ab/cd', 'a b/c  d', 'a%20b/c d']],
  [' a', [' a'], ['a', 'a ']],
  ['a*/?/.', ['a*/?/.'], ['ab/b/.', 'a/b/c']],
  ['../a', ['../a'], ['a', './a']],
  ['\\u{e9}/x', ['\\u{e9}/x'], ['e\\u{301}/x', '\\u{c9}/x', 'e/x']],
]

const matching: readonly Case[] = MATCHES.map(([filter, topics, others]) => ({
  title:
    `[MQTT-4.7.3-4] [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-3.3.2-3] [U5-41] [Q31-9] the ` +
    `filter '${filter}' matches ${topics.length} topics and ${others.length} others ` +
    `not`,
  versions: ALL,
  script: [
    'a joins',
    `a subs '${filter}' qos=1`,
    'b joins',
    ...others.map((topic) => `b pubs '${topic}' 'no'`),
    ...topics.map((topic) => `b pubs '${topic}' 'yes' qos=1`),
    ...topics.map((topic) => `a gets '${topic}' 'yes' qos=1`),
  ].join('\n'),
}))

const BAD = ['a#', 'a/#/b', '#/a', 'a+', 'a/+b', '+a', 'a/#b', '##', '#/', '+#', '']
const BAD_SHARED = ['$share/g', '$share/g/', '$share//a', '$share/+/a', '$share/g#/a', '$share/#/a']

function badFilter(filter: string, clauses: string, versions: readonly Version[]): readonly Case[] {
  return versions.map((version) => ({
    title: `${clauses} the filter '${filter}' is refused`,
    versions: [version],
    script: `
      h joins client=healthy
      a joins
      a > raw 82 ~ 000a ${version === 5 ? '00 ' : ''}s'${filter}' 00
      ours| a closes ${filter === '' ? '0x8F/0x81' : '0x8F'}
      5| theirs| a <? SUBACK 10 0x8F
      5| theirs| a closes 0x8F|0x81|0x82
      34| theirs| a <? SUBACK 10 0x80
      34| theirs| a closes 0x8F
      h ping`,
  }))
}

const refused: readonly Case[] = [
  ...BAD.flatMap((filter) =>
    badFilter(filter, '[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [U5-14]', ALL),
  ),
  ...BAD_SHARED.flatMap((filter) =>
    badFilter(filter, '[MQTT-4.8.2-1] [MQTT-4.8.2-2] [U5-14]', NEW),
  ),
  ...LATER.map(
    (version): Case => ({
      title: '[MQTT-4.7.1-1] [U5-14] one bad filter among good ones',
      versions: [version],
      script: `
        a joins
        a > raw 82 ~ 000a ${version === 5 ? '00 ' : ''}s'good' 00 s'a/#/b' 00
        ours| a closes 0x8F
        theirs| a <? SUBACK 10 0,0x8F
        theirs| a closes 0x8F|0x81|0x82`,
    }),
  ),
]

const dollar: readonly Case[] = [
  {
    title: '[MQTT-4.7.2-1] [U5-40] filters that begin with a wildcard do not match $SYS',
    versions: ALL,
    script: `
      a joins
      a subs '#' '+/#' '+/broker/#' '+/+/+' '/#'
      a silent`,
  },
  {
    title: '[MQTT-4.7.2-1] [U5-18] topics that begin with $ are not for clients to publish',
    versions: NEW,
    script: `
      a joins
      a subs '$client/#' qos=1 '#' qos=1 '+/x' qos=1
      b joins
      b > PUBLISH '$client/x' '1' qos=1 id=1
      ours| b < PUBACK 1 reason=0x87
      theirs| b < PUBACK 1 reason=*
      b > PUBLISH '$client/x' '2' qos=2 id=2
      ours| b < PUBREC 2 reason=0x87
      theirs| b < PUBREC 2 reason=*
      theirs| b > PUBREL 2
      theirs| b < PUBCOMP 2
      b > PUBLISH '$client/x' '3'
      b ping
      theirs| a gets~? '$client/x' '1' qos=1
      theirs| a gets~? '$client/x' '2' qos=1
      theirs| a gets~? '$client/x' '3'
      a silent`,
  },
  {
    title: '[MQTT-4.7.2-1] [U5-18] [Q31-10] before 5.0 a publish to $ is acknowledged and dropped',
    versions: [3, 4],
    script: `
      a joins
      a subs '$client/#' qos=1 '#' qos=1
      b joins
      b pubs '$client/x' '1' qos=1
      b pubs '$client/x' '2' qos=2
      b pubs '$client/x' '3' retain=1
      theirs| a gets~? '$client/x' '1' qos=1
      theirs| a gets~? '$client/x' '2' qos=1
      theirs| a gets~? '$client/x' '3'
      a silent`,
  },
  {
    title: '[MQTT-4.7.2-1] a $ that does not come first means nothing',
    versions: ALL,
    script: `
      a joins
      a subs '+/$x/#' qos=1
      a pubs 'a/$x/b' '1' qos=1
      a gets 'a/$x/b' '1' qos=1`,
  },
]

const lengths: readonly Case[] = [
  {
    title: '[MQTT-4.7.3-3] [U5-42] a topic of 65,535 bytes works',
    versions: LATER,
    script: `
      a joins
      a subs 'x'*65535 qos=1
      a pubs 'x'*65535 '1' qos=1
      a gets 'x'*65535 '1' qos=1`,
  },
  {
    title: '[Q31-8] [MQTT-4.7.3-3] a topic of 32,767 characters works in 3.1',
    versions: [3],
    script: `
      a joins
      a subs 'x'*32767 qos=1
      a pubs 'x'*32767 '1' qos=1
      a gets 'x'*32767 '1' qos=1`,
  },
  {
    title: '[MQTT-4.7.3-1] topics of one character work',
    versions: ALL,
    script: `
      a joins
      a subs '/' ' ' 'a'
      a pubs '/' '1'
      a gets '/' '1'
      a pubs ' ' '2'
      a gets ' ' '2'
      a pubs 'a' '3'
      a gets 'a' '3'`,
  },
]

export const TOPIC_CASES: readonly Case[] = [...matching, ...refused, ...dollar, ...lengths]

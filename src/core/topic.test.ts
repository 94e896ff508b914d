import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterOf, topicOf } from '../../test/support/tree-fixtures.ts'
import {
  isWild,
  levels,
  matches,
  parseSubscriptionFilter,
  parseTopic,
  parseTopicFilter,
  shareName,
} from './topic.ts'

const MATCHES: readonly (readonly [filter: string, topics: readonly string[]])[] = [
  ['a/#', ['a', 'a/', 'a/b', 'a/b/c', 'a//']],
  ['a/b/#', ['a/b', 'a/b/c']],
  ['#', ['a', '/', '/a', 'a/b/c', ' ']],
  ['/#', ['/', '/a', '//']],
  ['+', ['x', ' ', 'x y']],
  ['+/', ['/', 'x/']],
  ['+/+', ['/x', 'x/', '/', 'x/y']],
  ['/+', ['/x', '/']],
  ['a/+', ['a/', 'a/b']],
  ['a/+/#', ['a/b', 'a/b/c', 'a/', 'a//']],
  ['+/b/+/#', ['a/b/c', '/b/', '/b//d']],
  ['+/#', ['a', 'a/b', '/']],
  ['a/+/c', ['a/b/c', 'a//c', 'a/$/c']],
  ['/', ['/']],
  ['//', ['//']],
  ['a b', ['a b']],
  ['a/b', ['a/b']],
  ['Ä/ö', ['Ä/ö']],
  ['$SYS/#', ['$SYS', '$SYS/', '$SYS/broker/uptime']],
  ['$SYS/+', ['$SYS/broker']],
  ['$share', ['$share']],
]

const MISMATCHES: readonly (readonly [filter: string, topics: readonly string[]])[] = [
  ['a/#', ['ab', 'A/b', '/a', 'b', 'ab/c', '$a']],
  ['a/b/#', ['a', 'a/bc', 'a/', 'a/c']],
  ['+', ['/x', 'x/', 'x/y', '/', '$SYS']],
  ['+/+', ['x', 'x/y/z', '$SYS/x']],
  ['/+', ['x', '/x/y', '//']],
  ['a/+', ['a', 'a/b/c', 'b/c']],
  ['a/+/#', ['a', 'b/c/d']],
  ['+/b/+/#', ['a/b', 'a/c/d']],
  ['/#', ['a', 'a/']],
  ['a', ['A', 'a/', '/a', ' a', 'aa', 'b']],
  ['a/', ['a', 'a//', 'a/b']],
  ['a/b', ['a', 'a/', 'a/bc', 'a/B']],
  ['ab', ['a']],
  ['/', ['//', 'a']],
  // The same letter in two normal forms.
  ['\u00c5', ['A\u030a']],
  ['#', ['$SYS', '$SYS/x', '$']],
  ['+/#', ['$SYS', '$SYS/x']],
  ['+/x', ['$SYS/x']],
  ['$SYS/#', ['$sys', '$SYSx', 'SYS']],
]

for (const [filter, topics] of MATCHES) {
  test(`[MQTT-4.7.3-4] the filter ${filter} matches ${topics.join('  ')}`, () => {
    for (const topic of topics) assert.equal(matches(filterOf(filter), topicOf(topic)), true, topic)
  })
}

for (const [filter, topics] of MISMATCHES) {
  test(`[MQTT-4.7.2-1] [MQTT-4.7.3-4] ${filter} does not match ${topics.join('  ')}`, () => {
    for (const topic of topics) {
      assert.equal(matches(filterOf(filter), topicOf(topic)), false, topic)
    }
  })
}

const BAD_FILTERS = [
  'a#',
  'a/#/b',
  '#/a',
  'a+',
  'a/+b',
  '',
  '##',
  '#+',
  '++',
  '+a',
  '+#',
  'a/b#',
  'a/+#',
]

for (const filter of BAD_FILTERS) {
  test(`[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] "${filter}" is refused`, () => {
    assert.equal(parseTopicFilter(filter, 128), undefined)
    assert.equal(parseSubscriptionFilter(filter, 128), undefined)
    assert.equal(parseSubscriptionFilter(`$share/g/${filter}`, 128), undefined)
  })
}

const BAD_SHARES = [
  '$share/',
  '$share//',
  '$share/g',
  '$share/g/',
  '$share//a',
  '$share/+/a',
  '$share/#/a',
  '$share/g#/a',
  '$share/g+/a',
  '$share/g/$share/h/a',
]

for (const filter of BAD_SHARES) {
  test(`[MQTT-4.8.2-1] [MQTT-4.8.2-2] the shared filter ${filter} is refused`, () => {
    assert.equal(parseSubscriptionFilter(filter, 128), undefined)
  })
}

test('[MQTT-4.8.2-1] a shared filter is a ShareName and a filter', () => {
  const good = [
    ['$share/g/a', 'g', 'a'],
    ['$share/g/a/+/#', 'g', 'a/+/#'],
    ['$share/g//finance', 'g', '/finance'],
    ['$share/g//', 'g', '/'],
    ['$share/a b/#', 'a b', '#'],
    ['$share/$share/$SYS/#', '$share', '$SYS/#'],
  ] as const
  for (const [text, share, filter] of good) {
    assert.deepEqual(parseSubscriptionFilter(text, 128), { filter, share })
    assert.equal(shareName(share, filterOf(filter)), text)
  }
})

test('[MQTT-4.8.2-1] a filter that only resembles a shared one is an ordinary filter', () => {
  for (const filter of ['$shared/x', '$share', '$SHARE/g/a', '/$share/g/a', 'share/g/a', '+/g/a']) {
    assert.deepEqual(parseSubscriptionFilter(filter, 128), { filter, share: undefined })
    assert.equal(parseTopicFilter(filter, 128), filter)
  }
})

test('a shared filter is no filter where shares have no meaning', () => {
  assert.equal(parseTopicFilter('$share/g/a', 128), undefined)
})

test('[MQTT-4.7.0-1] a topic has no wildcards', () => {
  for (const topic of ['+', '#', 'a/+', 'a/#', 'a+', 'a#b']) {
    assert.equal(parseTopic(topic, 128), undefined, topic)
  }
})

test('[MQTT-4.7.3-1] a topic or filter has one character at least, even a space', () => {
  assert.equal(parseTopic('', 128), undefined)
  assert.equal(parseTopicFilter('', 128), undefined)
  for (const text of [' ', '/', 'a', '$']) {
    assert.equal(parseTopic(text, 128), text)
    assert.equal(parseTopicFilter(text, 128), text)
  }
})

test('[MQTT-4.7.3-2] topics and filters have no U+0000', () => {
  for (const text of ['\0', 'a\0', '\0a', 'a/\0/b']) {
    assert.equal(parseTopic(text, 128), undefined)
    assert.equal(parseTopicFilter(text, 128), undefined)
    assert.equal(parseSubscriptionFilter(`$share/${text}/a`, 128), undefined)
  }
})

test('[MQTT-4.7.3-3] topics and filters have at most 65,535 bytes of UTF-8', () => {
  for (const [letter, bytes] of [
    ['a', 1],
    ['ä', 2],
    ['€', 3],
    ['😀', 4],
  ] as const) {
    const rest = 65_535 % bytes
    const longest = letter.repeat((65_535 - rest) / bytes) + 'b'.repeat(rest)
    assert.equal(new TextEncoder().encode(longest).length, 65_535)
    assert.equal(parseTopic(longest, 128), longest)
    assert.equal(parseTopicFilter(longest, 128), longest)
    assert.equal(parseTopic(`${longest}b`, 128), undefined)
    assert.equal(parseTopicFilter(`${longest}b`, 128), undefined)
  }
})

test('[MQTT-4.7.3-3] a shared filter is measured whole', () => {
  const longest = 'a'.repeat(65_535 - '$share/g/'.length)
  assert.equal(parseSubscriptionFilter(`$share/g/${longest}`, 128)?.filter, longest)
  assert.equal(parseSubscriptionFilter(`$share/g/${longest}a`, 128), undefined)
})

test('half of a surrogate pair is refused, a whole one is not', () => {
  for (const bad of [
    '\ud83d',
    'a\ud83d/b',
    '\ude00',
    '\ude00\ud83d',
    '\ude00\ude00',
    '\ud83d\ud83d\ude00',
    '\ud83d\ue000',
  ]) {
    assert.equal(parseTopic(bad, 128), undefined, JSON.stringify(bad))
    assert.equal(parseTopicFilter(bad, 128), undefined, JSON.stringify(bad))
    assert.equal(parseSubscriptionFilter(`$share/${bad}/a`, 128), undefined, JSON.stringify(bad))
  }
  for (const good of [
    '\ud83d\ude00',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\udbff\udfff',
    '\ud800\udc00',
  ]) {
    assert.equal(parseTopic(good, 128), good)
  }
})

test('topics and filters have at most levelsMax levels, empty ones counted', () => {
  for (const text of ['a/b/c', '//', 'a//', '/a/b']) {
    assert.equal(levels(text), 3)
    assert.equal(parseTopic(text, 3), text)
    assert.equal(parseTopic(text, 2), undefined)
    assert.equal(parseTopicFilter(text, 3), text)
    assert.equal(parseTopicFilter(text, 2), undefined)
    assert.equal(parseSubscriptionFilter(`$share/g/${text}`, 3)?.filter, text)
    assert.equal(parseSubscriptionFilter(`$share/g/${text}`, 2), undefined)
    assert.equal(parseSubscriptionFilter(text, Number.POSITIVE_INFINITY)?.filter, text)
  }
  assert.equal(levels('a'), 1)
})

test('a filter is wild with a wildcard in it', () => {
  for (const filter of ['+', '#', 'a/+', 'a/#', 'a/+/b']) assert.equal(isWild(filter), true)
  for (const filter of ['a', '/', '$SYS/a']) assert.equal(isWild(filter), false)
})

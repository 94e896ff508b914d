import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessage, filterOf, topicOf } from '../../test/support/tree-fixtures.ts'
import { type Message, NO_MESSAGE_PROPERTIES, USER_PROPERTY_BYTES } from './message.ts'
import { LEVEL_BYTES, RETAINED_OVERHEAD_BYTES, Retained } from './retained.ts'

const ROOMY = 1_000_000
const NOW = 1000

function retainedOf(topics: readonly string[]): Retained {
  const retained = new Retained(ROOMY)
  for (const topic of topics) retained.set(createMessage(topic))
  return retained
}

function found(retained: Retained, filter: string): string[] {
  return [...retained.matching(filterOf(filter), NOW)].map(({ topic }) => topic).sort()
}

test('[MQTT-3.3.1-5] the newest message is the state of its topic', () => {
  const retained = new Retained(ROOMY)
  assert.equal(retained.get(topicOf('a'), NOW), undefined)
  const [first, second] = [createMessage('a'), createMessage('a')]
  assert.equal(retained.set(first), true)
  assert.equal(retained.get(topicOf('a'), NOW), first)
  assert.equal(retained.set(second), true)
  assert.equal(retained.get(topicOf('a'), NOW), second)
  assert.equal(retained.count, 1)
})

test('[MQTT-3.3.1-6] a cleared topic has no state', () => {
  const retained = retainedOf(['a', 'a/b'])
  assert.equal(retained.clear(topicOf('a')), true)
  assert.equal(retained.clear(topicOf('a')), false)
  assert.equal(retained.clear(topicOf('a/b/c')), false)
  assert.equal(retained.get(topicOf('a'), NOW), undefined)
  assert.equal(retained.count, 1)
  assert.deepEqual(found(retained, '#'), ['a/b'])
  assert.equal(retained.clear(topicOf('a/b')), true)
  assert.equal(retained.bytes, 0)
  assert.deepEqual(found(retained, '#'), [])
})

test('a state outlives the buffer that its payload came in', () => {
  const buffer = new Uint8Array([1, 2, 3])
  const retained = new Retained(ROOMY)
  retained.set(createMessage('a', { payload: buffer }))
  buffer.fill(0xdd)
  assert.deepEqual(retained.get(topicOf('a'), NOW)?.payload, new Uint8Array([1, 2, 3]))
})

test('[MQTT-4.7.2-1] a filter finds the topics that it matches', () => {
  const topics = ['a', 'a/', 'a/b', 'a/b/c', 'b/b', '/', '/b', '$a', '$a/b', 'ab']
  const retained = retainedOf(topics)
  const expected: Readonly<Record<string, readonly string[]>> = {
    'a/b': ['a/b'],
    'x/y': [],
    'a/x/y': [],
    a: ['a'],
    'a/': ['a/'],
    '#': ['/', '/b', 'a', 'a/', 'a/b', 'a/b/c', 'ab', 'b/b'],
    '+': ['a', 'ab'],
    '+/#': ['/', '/b', 'a', 'a/', 'a/b', 'a/b/c', 'ab', 'b/b'],
    '+/b': ['/b', 'a/b', 'b/b'],
    'a/#': ['a', 'a/', 'a/b', 'a/b/c'],
    'a/+': ['a/', 'a/b'],
    'a/+/#': ['a/', 'a/b', 'a/b/c'],
    'a/+/c': ['a/b/c'],
    '/#': ['/', '/b'],
    '/+': ['/', '/b'],
    '$a/#': ['$a', '$a/b'],
    '$a/+': ['$a/b'],
    'z/#': [],
  }
  for (const [filter, matching] of Object.entries(expected)) {
    assert.deepEqual(found(retained, filter), matching, filter)
  }
})

test('an iterator that is at its end stays there', () => {
  const states = retainedOf(['a']).matching(filterOf('#'), NOW)
  assert.equal(states.next().done, false)
  assert.equal(states.next().done, true)
  assert.equal(states.next().done, true)
})

test('the bytes are those of all texts and payloads, and a fixed part each', () => {
  const retained = new Retained(ROOMY)
  retained.set(createMessage('ab', { payload: new Uint8Array(10) }))
  assert.equal(retained.bytes, RETAINED_OVERHEAD_BYTES + 12)
  assert.equal(retained.payloadBytes, 10)
  const properties = {
    ...NO_MESSAGE_PROPERTIES,
    contentType: 'abc',
    responseTopic: 'r/t',
    correlationData: new Uint8Array(7),
    userProperties: [
      ['n', 'value'],
      ['n', ''],
    ] as const,
  }
  retained.set(createMessage('b', { payload: new Uint8Array(0), properties }))
  const pairs = 2 * USER_PROPERTY_BYTES + 6 + 1
  assert.equal(retained.bytes, 2 * RETAINED_OVERHEAD_BYTES + 12 + 1 + 3 + 3 + 7 + pairs)
  retained.set(createMessage('b', { payload: new Uint8Array(4) }))
  assert.equal(retained.payloadBytes, 14)
  retained.clear(topicOf('ab'))
  assert.equal(retained.payloadBytes, 4)
  retained.clear(topicOf('b'))
  assert.equal(retained.bytes, 0)
  assert.equal(retained.payloadBytes, 0)
})

test('a topic of many levels counts for each of them', () => {
  const retained = new Retained(ROOMY)
  retained.set(createMessage('a/b//d', { payload: new Uint8Array(1) }))
  assert.equal(retained.bytes, RETAINED_OVERHEAD_BYTES + 3 * LEVEL_BYTES + 6 + 1)
})

test('what does not fit within bytesMax is refused, and changes nothing', () => {
  const size = RETAINED_OVERHEAD_BYTES + 1 + 100
  const retained = new Retained(2 * size)
  const payload = new Uint8Array(100)
  const [a, b] = [createMessage('a', { payload }), createMessage('b', { payload })]
  assert.equal(retained.set(a), true)
  assert.equal(retained.set(b), true)
  assert.equal(retained.bytes, 2 * size)

  assert.equal(retained.set(createMessage('c', { payload: new Uint8Array(0) })), false)
  assert.equal(retained.set(createMessage('a', { payload: new Uint8Array(101) })), false)
  assert.equal(retained.get(topicOf('a'), NOW), a)
  assert.equal(retained.count, 2)
  assert.equal(retained.bytes, 2 * size)

  assert.equal(retained.set(createMessage('a', { payload: new Uint8Array(99) })), true)
  assert.equal(retained.set(createMessage('b', { payload: new Uint8Array(101) })), true)
  assert.equal(retained.bytes, 2 * size)
})

test('[MQTT-3.3.2-5] an expired state is not returned, from that very millisecond on', () => {
  const retained = new Retained(ROOMY)
  retained.set(createMessage('a', { expiresAtMs: 2000 }))
  retained.set(createMessage('b'))
  assert.equal(retained.get(topicOf('a'), 1999)?.topic, 'a')
  assert.equal(retained.get(topicOf('a'), 2000), undefined)
  assert.equal([...retained.matching(filterOf('#'), 1999)].length, 2)
  assert.equal([...retained.matching(filterOf('#'), 2000)].length, 1)
  assert.equal(retained.count, 2)
})

test('a sweep clears the expired, the earliest first, at most so many at once', () => {
  const retained = new Retained(ROOMY)
  for (const at of [5, 3, 1, 4, 2]) retained.set(createMessage(`t/${at}`, { expiresAtMs: at }))
  retained.set(createMessage('ever'))
  const cleared: string[] = []
  const note = (message: Message): void => {
    assert.equal(retained.get(message.topic, 0), undefined)
    cleared.push(message.topic)
  }
  assert.equal(retained.sweep(0, 10, note), 0)
  assert.equal(retained.sweep(4, 3, note), 3)
  assert.deepEqual(cleared, ['t/1', 't/2', 't/3'])
  assert.equal(retained.sweep(4, 3, note), 1)
  assert.equal(retained.sweep(Number.MAX_SAFE_INTEGER, 10), 1)
  assert.equal(retained.count, 1)
  assert.equal(retained.bytes, RETAINED_OVERHEAD_BYTES + 'ever'.length + 'payload'.length)
})

test('a replaced or cleared state does not expire any more', () => {
  const retained = new Retained(ROOMY)
  retained.set(createMessage('a', { expiresAtMs: 1 }))
  retained.set(createMessage('a'))
  retained.set(createMessage('b', { expiresAtMs: 1 }))
  retained.set(createMessage('b', { expiresAtMs: 9 }))
  retained.set(createMessage('c', { expiresAtMs: 1 }))
  retained.clear(topicOf('c'))
  assert.equal(retained.sweep(8, 10), 0)
  assert.equal(retained.sweep(9, 10), 1)
  assert.equal(retained.get(topicOf('a'), 9)?.topic, 'a')
})

test('what is found follows the changes made while it is being looked for', () => {
  const retained = retainedOf(['a/1', 'a/2', 'a/3', 'b'])
  const states = retained.matching(filterOf('#'), NOW)
  assert.equal(states.next().value?.topic, 'a/1')
  const newest = createMessage('a/2')
  retained.set(newest) // Replaced: comes, as it then is.
  retained.clear(topicOf('a/3')) // Cleared: does not come.
  retained.clear(topicOf('a/1')) // Came already, cleared and set again: does not come twice.
  retained.set(createMessage('a/1'))
  retained.set(createMessage('c')) // New: does not come.
  const rest = [...states]
  assert.deepEqual(
    rest.map(({ topic }) => topic),
    ['a/2', 'b'],
  )
  assert.equal(rest[0], newest)
})

test('a branch that is cut off and grows again meanwhile does no harm', () => {
  const retained = retainedOf(['a/b/c', 'a/b/d', 'e'])
  const states = retained.matching(filterOf('#'), NOW)
  assert.equal(states.next().value?.topic, 'a/b/c')
  for (const topic of ['a/b/c', 'a/b/d']) retained.clear(topicOf(topic))
  for (const topic of ['a/b/d', 'a/b/c', 'a/b', 'a']) retained.set(createMessage(topic))
  assert.deepEqual(
    [...states].map(({ topic }) => topic),
    ['e'],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicOf } from '../../test/support/tree-fixtures.ts'
import { seededRandom } from '../base/random.ts'
import { Expiries } from './expiries.ts'

const [a, b, c] = [topicOf('a'), topicOf('b'), topicOf('c')]

test('what is due first comes first, and only once it is due', () => {
  const expiries = new Expiries()
  assert.equal(expiries.due(Number.MAX_SAFE_INTEGER), undefined)
  expiries.set(a, 30)
  expiries.set(b, 10)
  expiries.set(c, 20)
  assert.equal(expiries.size, 3)
  assert.equal(expiries.due(9), undefined)
  assert.equal(expiries.due(10), b)
  expiries.delete(b)
  assert.equal(expiries.due(10), undefined)
  assert.equal(expiries.due(30), c)
})

test('a topic set again is due at the new time alone', () => {
  const expiries = new Expiries()
  expiries.set(a, 10)
  expiries.set(a, 20)
  assert.equal(expiries.size, 1)
  assert.equal(expiries.due(19), undefined)
  assert.equal(expiries.due(20), a)
})

test('deleting what is not there changes nothing', () => {
  const expiries = new Expiries()
  expiries.set(a, 10)
  expiries.delete(b)
  expiries.delete(a)
  expiries.delete(a)
  assert.equal(expiries.size, 0)
})

test('after any changes, topics come in the order of their times', () => {
  const random = seededRandom(7)
  const topics = Array.from({ length: 200 }, (_, number) => topicOf(`t/${number}`))
  const times = new Map<string, number>()
  const expiries = new Expiries()
  for (let step = 0; step < 5000; step += 1) {
    const topic = topics[random.below(topics.length)] ?? a
    if (random.below(3) === 0) {
      times.delete(topic)
      expiries.delete(topic)
    } else {
      const atMs = random.below(100)
      times.set(topic, atMs)
      expiries.set(topic, atMs)
    }
    assert.equal(expiries.size, times.size)
    const first = expiries.due(100)
    assert.equal(
      first && times.get(first),
      times.size === 0 ? undefined : Math.min(...times.values()),
    )
  }
  let lastMs = 0
  for (let first = expiries.due(100); first !== undefined; first = expiries.due(100)) {
    const atMs = times.get(first) ?? Number.NaN
    assert.ok(atMs >= lastMs)
    lastMs = atMs
    expiries.delete(first)
    times.delete(first)
  }
  assert.equal(times.size, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSubscriber, filterOf, topicOf } from '../../test/support/tree-fixtures.ts'
import { AudienceCache } from './audience-cache.ts'
import type { Audience, Listener } from './subscription.ts'

const match = { qos: 0, retainAsPublished: false, ids: [] } as const
const listener: Listener = { subscriber: createSubscriber('ann'), match, ownMatch: match }

function createAudience(listeners: number): Audience {
  return Array.from({ length: listeners }, () => listener)
}

function fill(cache: AudienceCache, from: number, to: number, listeners = 1): void {
  for (let number = from; number < to; number += 1) {
    cache.set(topicOf(`t/${number}`), createAudience(listeners))
  }
}

test('never more than audiencesMax are kept, and the newest half always is', () => {
  for (const audiencesMax of [2, 3, 4, 10, 11]) {
    const cache = new AudienceCache(audiencesMax)
    for (let number = 0; number < 50; number += 1) {
      fill(cache, number, number + 1)
      assert.ok(cache.size <= audiencesMax)
      const half = Math.floor(audiencesMax / 2)
      for (let recent = Math.max(0, number - half + 1); recent <= number; recent += 1) {
        assert.notEqual(cache.get(topicOf(`t/${recent}`)), undefined)
      }
    }
  }
})

test('with room for none or one nothing is kept', () => {
  for (const audiencesMax of [0, 1]) {
    const cache = new AudienceCache(audiencesMax)
    fill(cache, 0, 1)
    assert.equal(cache.size, 0)
    assert.equal(cache.get(topicOf('t/0')), undefined)
  }
})

test('what is used again stays while what is not goes', () => {
  const cache = new AudienceCache(8)
  const audience = createAudience(1)
  cache.set(topicOf('hot'), audience)
  for (let number = 0; number < 100; number += 1) {
    fill(cache, number, number + 1)
    assert.equal(cache.get(topicOf('hot')), audience, `after ${number}`)
  }
  assert.equal(cache.get(topicOf('t/0')), undefined)
})

test('what is used again is kept once', () => {
  const cache = new AudienceCache(8)
  fill(cache, 0, 5)
  for (let number = 0; number < 3; number += 1) cache.get(topicOf(`t/${number}`))
  assert.equal(cache.size, 5)
})

test('huge audiences count by their listeners', () => {
  const cache = new AudienceCache(100) // 1,600 listeners in a generation.
  fill(cache, 0, 20, 200)
  assert.equal(cache.size, 12)
  assert.equal(cache.get(topicOf('t/7')), undefined)
  assert.notEqual(cache.get(topicOf('t/8')), undefined)
})

test('an audience larger than a generation is not kept, and disturbs no other', () => {
  const cache = new AudienceCache(100)
  fill(cache, 0, 10)
  cache.set(topicOf('a'), createAudience(1601))
  assert.equal(cache.get(topicOf('a')), undefined)
  assert.equal(cache.size, 10)
  cache.set(topicOf('a'), createAudience(1600))
  assert.notEqual(cache.get(topicOf('a')), undefined)
  assert.equal(cache.size, 11)
})

test('dropped audiences give their listeners back', () => {
  const cache = new AudienceCache(100)
  fill(cache, 0, 1, 700)
  for (const filter of ['a/b', 'a/+']) {
    cache.set(topicOf('a/b'), createAudience(900))
    cache.drop(filterOf(filter))
    assert.equal(cache.size, 1)
  }
  // Two full generations; were the 900 still counted, there would be a third, and the first gone.
  fill(cache, 1, 2, 900)
  fill(cache, 2, 3, 1600)
  assert.equal(cache.size, 3)
})

test('a drop reaches both generations', () => {
  for (const filter of ['t/3', 't/+', 't/#', '#']) {
    const cache = new AudienceCache(10)
    fill(cache, 0, 8)
    cache.drop(filterOf(filter))
    assert.equal(cache.get(topicOf('t/3')), undefined, filter)
    assert.equal(cache.size, filter === 't/3' ? 7 : 0)
    cache.drop(filterOf('t/7'))
    assert.equal(cache.get(topicOf('t/7')), undefined)
  }
})

test('very long topics are not kept', () => {
  const cache = new AudienceCache(10)
  cache.set(topicOf('a'.repeat(1024)), createAudience(1))
  assert.equal(cache.size, 1)
  cache.set(topicOf('b'.repeat(1025)), createAudience(1))
  assert.equal(cache.size, 1)
})

test('filters that search long and drop nothing make it forget all in the end', () => {
  const cache = new AudienceCache(2000)
  for (let number = 0; number < 1000; number += 1) {
    cache.set(topicOf(`a/${number}/x`), createAudience(1))
  }
  cache.drop(filterOf('a/+/y'))
  assert.equal(cache.size, 1000, 'one search is worth less than what is kept')
  for (let number = 0; number < 100; number += 1) cache.drop(filterOf(`a/+/y${number}`))
  assert.equal(cache.size, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createSubscriber,
  createSubscription,
  filterOf,
  topicOf,
} from '../../test/support/tree-fixtures.ts'
import type { Audience } from './subscription.ts'
import { TopicTree } from './topic-tree.ts'

const ann = createSubscriber('ann')
const bob = createSubscriber('bob')
const eve = createSubscriber('eve')

function namesOf(audience: Audience): string {
  return audience.map(({ subscriber }) => subscriber.clientId).join(' ')
}

test('an empty tree has nobody for any topic', () => {
  const tree = new TopicTree(16)
  assert.equal(tree.size, 0)
  assert.deepEqual(tree.audience(topicOf('a/b')), [])
})

test('a subscription is found by what its filter matches, until it is removed', () => {
  for (const filter of ['a/b', '+/b', 'a/+', 'a/#', '#', '+/+', 'a/b/#', '+/+/#']) {
    const tree = new TopicTree(16)
    assert.equal(tree.add(createSubscription(ann, filter)), true)
    assert.equal(tree.size, 1)
    assert.equal(namesOf(tree.audience(topicOf('a/b'))), 'ann', filter)
    assert.equal(
      namesOf(tree.audience(topicOf('x/y/z'))),
      filter === '#' || filter === '+/+/#' ? 'ann' : '',
      filter,
    )
    assert.equal(tree.remove(ann, filterOf(filter)), true)
    assert.equal(tree.size, 0)
    assert.equal(namesOf(tree.audience(topicOf('a/b'))), '', filter)
  }
})

test('[MQTT-4.7.2-1] wildcards at the first level do not match $, deeper ones do', () => {
  const tree = new TopicTree(16)
  for (const filter of ['#', '+', '+/#', '+/b']) tree.add(createSubscription(ann, filter))
  assert.equal(namesOf(tree.audience(topicOf('$a'))), '')
  assert.equal(namesOf(tree.audience(topicOf('$a/b'))), '')
  tree.add(createSubscription(bob, '$a/+'))
  tree.add(createSubscription(eve, '$a/#'))
  assert.equal(namesOf(tree.audience(topicOf('$a'))), 'eve')
  assert.equal(namesOf(tree.audience(topicOf('$a/b'))), 'bob eve')
  assert.equal(namesOf(tree.audience(topicOf('$a/$b'))), 'bob eve')
})

test('[MQTT-3.8.4-3] the same subscriber and filter again replaces, and keeps the rank', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a', { qos: 2, id: 7 }))
  tree.add(createSubscription(bob, 'a'))
  assert.equal(tree.add(createSubscription(ann, 'a', { qos: 1 })), false)
  assert.equal(tree.size, 2)
  const audience = tree.audience(topicOf('a'))
  assert.equal(namesOf(audience), 'ann bob')
  assert.deepEqual(audience[0]?.match, { qos: 1, retainAsPublished: false, ids: [] })
})

test('[MQTT-3.8.4-3] each option of a replacement counts, alone at its filter or not', () => {
  const changes = [{ qos: 1 }, { noLocal: true }, { retainAsPublished: true }, { id: 9 }] as const
  for (const others of [[], [bob]]) {
    for (const change of changes) {
      const tree = new TopicTree(16)
      for (const subscriber of [ann, ...others]) tree.add(createSubscription(subscriber, 'a'))
      tree.audience(topicOf('a'))
      tree.add(createSubscription(ann, 'a', change))
      const listener = tree.audience(topicOf('a'))[0]
      const match = {
        qos: 'qos' in change ? 1 : 0,
        retainAsPublished: 'retainAsPublished' in change,
        ids: 'id' in change ? [9] : [],
      }
      assert.deepEqual(listener?.match, match)
      assert.deepEqual(listener?.ownMatch, 'noLocal' in change ? undefined : match)
    }
  }
})

test('[MQTT-3.8.4-3] a replacement may ask for less than was there', () => {
  for (const change of [{ qos: 1 }, { id: 4 }, { id: 0 }] as const) {
    const tree = new TopicTree(16)
    tree.add(createSubscription(ann, 'a', { qos: 2, id: 5 }))
    tree.audience(topicOf('a'))
    tree.add(createSubscription(ann, 'a', { qos: 2, id: 5, ...change }))
    const { qos, id } = { qos: 2, id: 5, ...change }
    const ids = id === 0 ? [] : [id]
    assert.deepEqual(tree.audience(topicOf('a'))[0]?.match, { qos, retainAsPublished: false, ids })
  }
})

test('a replacement that changes nothing for audiences leaves them alone', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a', { qos: 1 }))
  const audience = tree.audience(topicOf('a'))
  assert.equal(tree.add(createSubscription(ann, 'a', { qos: 1, retainHandling: 2 })), false)
  assert.equal(tree.audience(topicOf('a')), audience)
})

test('[MQTT-3.3.4-2] [MQTT-3.3.4-4] overlapping subscriptions make one listener', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a/#', { qos: 1, id: 5 }))
  tree.add(createSubscription(bob, 'a/b', { qos: 0 }))
  tree.add(createSubscription(ann, 'a/b', { qos: 2, id: 5 }))
  tree.add(createSubscription(ann, '+/b', { retainAsPublished: true, id: 3 }))
  tree.add(createSubscription(ann, '#', { qos: 1 }))
  const [first, second, ...rest] = tree.audience(topicOf('a/b'))
  assert.deepEqual(first, {
    subscriber: ann,
    match: { qos: 2, retainAsPublished: true, ids: [5, 5, 3] },
    ownMatch: { qos: 2, retainAsPublished: true, ids: [5, 5, 3] },
  })
  assert.equal(second?.subscriber, bob)
  assert.deepEqual(rest, [])
})

test('[MQTT-3.8.3-3] No Local is taken out before merging', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a', { noLocal: true, qos: 2, id: 1 }))
  assert.equal(tree.audience(topicOf('a'))[0]?.ownMatch, undefined)

  tree.add(createSubscription(ann, '#', { noLocal: true, id: 2 }))
  assert.equal(tree.audience(topicOf('a'))[0]?.ownMatch, undefined)
  assert.deepEqual(tree.audience(topicOf('a'))[0]?.match.ids, [1, 2])

  tree.add(createSubscription(ann, '+', { qos: 1, id: 3 }))
  const [listener] = tree.audience(topicOf('a'))
  assert.deepEqual(listener?.match, { qos: 2, retainAsPublished: false, ids: [1, 2, 3] })
  assert.deepEqual(listener?.ownMatch, { qos: 1, retainAsPublished: false, ids: [3] })
})

test('without No Local the own match is the very same object', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a', { id: 4 }))
  const [alone] = tree.audience(topicOf('a'))
  assert.equal(alone?.ownMatch, alone?.match)
  tree.add(createSubscription(ann, '#'))
  const [merged] = tree.audience(topicOf('a'))
  assert.equal(merged?.ownMatch, merged?.match)
})

test('one subscription has one listener, whatever the topic', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a/#', { id: 4 }))
  assert.equal(tree.audience(topicOf('a/b'))[0], tree.audience(topicOf('a/c'))[0])
})

test('two subscribers with one client id are two', () => {
  const tree = new TopicTree(16)
  const twin = createSubscriber('ann')
  tree.add(createSubscription(ann, 'a'))
  assert.equal(tree.add(createSubscription(twin, 'a')), true)
  assert.equal(tree.audience(topicOf('a')).length, 2)
  assert.equal(tree.remove(ann, filterOf('a')), true)
  assert.deepEqual(
    tree.audience(topicOf('a')).map(({ subscriber }) => subscriber),
    [twin],
  )
})

test('an empty last level is a level', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a'))
  tree.add(createSubscription(bob, 'a/'))
  tree.add(createSubscription(eve, 'a/+'))
  assert.equal(namesOf(tree.audience(topicOf('a'))), 'ann')
  assert.equal(namesOf(tree.audience(topicOf('a/'))), 'bob eve')
  assert.equal(namesOf(tree.audience(topicOf('a//'))), '')
})

test('[MQTT-3.8.4-3] a replaced subscription keeps its rank across filters too', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a'))
  tree.add(createSubscription(bob, '#'))
  tree.add(createSubscription(ann, 'a', { qos: 1 }))
  assert.equal(namesOf(tree.audience(topicOf('a'))), 'ann bob')
})

test('a removed filter leaves those that go on where it ended', () => {
  for (const deeper of ['a/b', 'a/+', 'a/+/b', 'a/#']) {
    const tree = new TopicTree(16)
    tree.add(createSubscription(ann, 'a'))
    tree.add(createSubscription(ann, deeper))
    tree.remove(ann, filterOf('a'))
    assert.equal(tree.add(createSubscription(ann, deeper)), false, deeper)
    assert.equal(tree.remove(ann, filterOf(deeper)), true, deeper)
  }
})

test('an audience is in the order of first subscriptions, across filters', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(eve, '#'))
  tree.add(createSubscription(bob, 'a'))
  tree.add(createSubscription(ann, '+'))
  tree.add(createSubscription(ann, '#'))
  tree.add(createSubscription(eve, 'a'))
  assert.equal(namesOf(tree.audience(topicOf('a'))), 'eve bob ann')
  tree.remove(eve, filterOf('#'))
  assert.equal(namesOf(tree.audience(topicOf('a'))), 'bob ann eve')
})

test('removing what is not there changes nothing', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a/b/c'))
  tree.add(createSubscription(ann, 'a/+/#'))
  const audience = tree.audience(topicOf('a/b/c'))
  const absent = ['a', 'a/b', 'a/b/c/d', 'b', 'a/+', 'a/+/c', 'a/#', '#', '+', '+/b', 'x/y/#']
  for (const filter of absent) assert.equal(tree.remove(ann, filterOf(filter)), false, filter)
  assert.equal(tree.remove(bob, filterOf('a/b/c')), false)
  assert.equal(tree.size, 2)
  assert.equal(tree.audience(topicOf('a/b/c')), audience)
})

test('a filter that ends above or below another comes and goes without it', () => {
  const tree = new TopicTree(16)
  const filters = ['a', 'a/b', 'a/b/c', 'a/#', 'a/+', 'a/+/c', 'a//', 'd', '/']
  for (const filter of filters) tree.add(createSubscription(ann, filter))
  for (const [index, filter] of filters.entries()) {
    assert.equal(tree.remove(ann, filterOf(filter)), true)
    assert.equal(tree.size, filters.length - index - 1)
    for (const left of filters.slice(index + 1)) {
      assert.equal(tree.add(createSubscription(ann, left)), false, left)
    }
  }
})

test('a level is forgotten with the last filter that has it', () => {
  const tree = new TopicTree(16)
  const filters = ['a', 'a/b/c', 'a/b/d', 'a/+/c', 'x/#', '#', '+', '/']
  const nodes = [1, 3, 4, 6, 7, 7, 8, 10]
  for (const [index, filter] of filters.entries()) {
    tree.add(createSubscription(ann, filter))
    tree.add(createSubscription(bob, filter))
    assert.equal(tree.nodes, nodes[index], filter)
  }
  for (const filter of filters) tree.remove(ann, filterOf(filter))
  assert.equal(tree.nodes, 10)
  for (const filter of filters) tree.remove(bob, filterOf(filter))
  assert.equal(tree.nodes, 0)
})

test('many subscribers at one filter come and go in order', () => {
  const tree = new TopicTree(16)
  const many = Array.from({ length: 1000 }, (_, number) => createSubscriber(`c${number}`))
  for (const subscriber of many) tree.add(createSubscription(subscriber, 'a/#'))
  assert.equal(tree.size, 1000)
  const order = tree.audience(topicOf('a')).map(({ subscriber }) => subscriber)
  assert.deepEqual(order, many)
  for (const subscriber of many) assert.equal(tree.remove(subscriber, filterOf('a/#')), true)
  assert.equal(tree.size, 0)
  assert.deepEqual(tree.audience(topicOf('a')), [])
})

test('an audience is found again, and never changes once handed out', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a', { qos: 1, id: 2 }))
  const before = tree.audience(topicOf('a'))
  assert.equal(tree.audience(topicOf('a')), before)
  const snapshot = structuredClone(before.map(({ match, ownMatch }) => ({ match, ownMatch })))

  tree.add(createSubscription(bob, '#'))
  tree.add(createSubscription(ann, 'a', { qos: 2, id: 3, noLocal: true }))
  tree.remove(ann, filterOf('a'))
  assert.equal(namesOf(tree.audience(topicOf('a'))), 'bob')
  assert.equal(namesOf(before), 'ann')
  assert.deepEqual(
    before.map(({ match, ownMatch }) => ({ match, ownMatch })),
    snapshot,
  )
})

test('a changed filter rebuilds the audiences of the topics that it matches, and no other', () => {
  const topics = ['a', 'a/b', 'a/b/c', 'a/', 'b', 'b/b', '$a', '$a/b', '/', '/a'].map(topicOf)
  const cases = [
    ['a', 'a'],
    ['a/b', 'a/b'],
    ['z', ''],
    ['a/#', 'a a/b a/b/c a/'],
    ['a/+', 'a/b a/'],
    ['+', 'a b'],
    ['+/b', 'a/b b/b'],
    ['#', 'a a/b a/b/c a/ b b/b / /a'],
    ['+/+', 'a/b a/ b/b / /a'],
    ['$a/#', '$a $a/b'],
    ['+/b/+', 'a/b/c'],
  ] as const
  for (const [filter, expected] of cases) {
    const tree = new TopicTree(1024)
    tree.add(createSubscription(bob, '#'))
    for (const change of [
      () => tree.add(createSubscription(ann, filter)),
      () => tree.add(createSubscription(ann, filter, { qos: 1 })),
      () => tree.remove(ann, filterOf(filter)),
    ]) {
      const before = topics.map((topic) => tree.audience(topic))
      change()
      const anew = topics.filter((topic, index) => tree.audience(topic) !== before[index])
      const visible = expected.split(' ').filter((topic) => topic !== '')
      assert.deepEqual(anew, visible, filter)
    }
  }
})

test('filters with the same last level and different parents are apart', () => {
  const tree = new TopicTree(16)
  tree.add(createSubscription(ann, 'a/x'))
  tree.add(createSubscription(bob, 'b/x'))
  tree.add(createSubscription(eve, 'ab/x'))
  assert.equal(namesOf(tree.audience(topicOf('a/x'))), 'ann')
  assert.equal(namesOf(tree.audience(topicOf('b/x'))), 'bob')
  assert.equal(namesOf(tree.audience(topicOf('ab/x'))), 'eve')
})

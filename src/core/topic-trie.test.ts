import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicOf } from '../../test/support/tree-fixtures.ts'
import { TopicTrie } from './topic-trie.ts'

const TOPICS = ['a', 'a/b/c', 'a/b/d', 'x/', '/', '$a/b'].map(topicOf)

test('a value is found by its topic, until it is removed', () => {
  const trie = new TopicTrie<object>()
  for (const topic of TOPICS) {
    const [first, second] = [{}, {}]
    assert.equal(trie.get(topic), undefined)
    trie.set(topic, first)
    assert.equal(trie.get(topic), first)
    trie.set(topic, second)
    assert.equal(trie.remove(topic), second)
    assert.equal(trie.get(topic), undefined)
    assert.equal(trie.remove(topic), undefined)
    assert.equal(trie.size, 0)
  }
})

test('a topic on the way to another is not there by that', () => {
  const trie = new TopicTrie<object>()
  trie.set(topicOf('a/b/c'), {})
  for (const text of ['a', 'a/b', 'a/b/c/d', 'a/b/']) {
    assert.equal(trie.get(topicOf(text)), undefined)
    assert.equal(trie.remove(topicOf(text)), undefined)
  }
  assert.equal(trie.size, 1)
})

test('a level is forgotten with the last topic that has it', () => {
  const trie = new TopicTrie<object>()
  const nodes = [1, 3, 4, 6, 8, 10]
  for (const [index, topic] of TOPICS.entries()) {
    trie.set(topic, {})
    trie.set(topic, {})
    assert.equal(trie.nodes, nodes[index], topic)
  }
  for (const topic of TOPICS) trie.remove(topic)
  assert.equal(trie.nodes, 0)
})

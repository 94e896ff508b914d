// The topic tree against the naive matcher: random subscriptions come, change and go between
// look-ups, so that an audience that should have been dropped from the cache would be seen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Audience, Subscription } from '../../src/core/subscription.ts'
import { matches, parseTopic, parseTopicFilter } from '../../src/core/topic.ts'
import { TopicTree } from '../../src/core/topic-tree.ts'
import { naiveAudience, naiveMatches } from '../support/naive-matcher.ts'
import {
  createSubscriber,
  createSubscription,
  filterOf,
  topicOf,
} from '../support/tree-fixtures.ts'

/** Few levels, so that filters and topics meet often; the empty one and `$` are among them. */
const LEVELS = ['', 'a', 'b', 'ab', '$a', '$']

const topicText = fc
  .array(fc.constantFrom(...LEVELS), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')

const filterText = fc
  .tuple(
    fc.array(fc.constantFrom(...LEVELS, '+', '+'), { maxLength: 4 }),
    fc.constantFrom('#', '+', ...LEVELS),
  )
  .map(([levels, last]) => [...levels, last].join('/'))
  .filter((text) => text !== '')

const options = fc.record({
  qos: fc.constantFrom(0, 1, 2),
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  id: fc.constantFrom(0, 0, 1, 2),
})

const SUBSCRIBERS = ['ann', 'bob', 'eve', 'joe'].map(createSubscriber)
const subscriber = fc.constantFrom(...SUBSCRIBERS)

const command = fc.oneof(
  fc.record({ kind: fc.constant('add'), subscriber, filter: filterText, options }),
  fc.record({ kind: fc.constant('remove'), subscriber, filter: filterText }),
  fc.record({ kind: fc.constant('removeOne'), index: fc.nat() }),
  fc.record({ kind: fc.constant('changeOne'), index: fc.nat(), options }),
  fc.record({ kind: fc.constant('look'), topic: topicText }),
  fc.record({ kind: fc.constant('look'), topic: topicText }),
)

function snapshotOf(audience: Audience): unknown {
  return audience.map(({ subscriber, match, ownMatch }) => ({
    name: subscriber.clientId,
    match: structuredClone(match),
    ownMatch: structuredClone(ownMatch),
  }))
}

/** The tree beside the plainest model of it: the list of subscriptions in order of coming. */
class Pair {
  readonly #tree: TopicTree
  #list: Subscription[] = []
  readonly #handedOut: { audience: Audience; snapshot: unknown }[] = []
  readonly #topics = new Set<string>(['a', 'a/b', '/', '$a'])

  constructor(audiencesMax: number) {
    this.#tree = new TopicTree(audiencesMax)
  }

  at(index: number): Subscription | undefined {
    return this.#list[index % this.#list.length]
  }

  add(subscription: Subscription): void {
    const index = this.#indexOf(subscription)
    assert.equal(this.#tree.add(subscription), index < 0)
    if (index < 0) this.#list.push(subscription)
    else this.#list[index] = subscription
    assert.equal(this.#tree.size, this.#list.length)
  }

  remove(subscription: Pick<Subscription, 'subscriber' | 'filter'>): void {
    const index = this.#indexOf(subscription)
    assert.equal(this.#tree.remove(subscription.subscriber, subscription.filter), index >= 0)
    this.#list = this.#list.filter((_, at) => at !== index)
    assert.equal(this.#tree.size, this.#list.length)
  }

  look(topic: string): void {
    this.#topics.add(topic)
    const audience = this.#tree.audience(topicOf(topic))
    assert.deepEqual(audience, naiveAudience(this.#list, topic), topic)
    for (const { subscriber, match, ownMatch } of audience) {
      const hasNoLocal = this.#list.some(
        (one) => one.subscriber === subscriber && one.noLocal && naiveMatches(one.filter, topic),
      )
      if (!hasNoLocal) assert.equal(match, ownMatch)
    }
    this.#handedOut.push({ audience, snapshot: snapshotOf(audience) })
  }

  /** Every topic ever looked up is right still, and no audience ever handed out has changed. */
  finish(): void {
    for (const topic of this.#topics) this.look(topic)
    for (const { audience, snapshot } of this.#handedOut) {
      assert.deepEqual(snapshotOf(audience), snapshot)
    }
  }

  #indexOf({ subscriber, filter }: Pick<Subscription, 'subscriber' | 'filter'>): number {
    return this.#list.findIndex((one) => one.subscriber === subscriber && one.filter === filter)
  }
}

for (const audiencesMax of [0, 4, 1024]) {
  test(`a tree with room for ${audiencesMax} audiences finds what the naive matcher does`, () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80, size: 'max' }), (commands) => {
        const pair = new Pair(audiencesMax)
        for (const step of commands) {
          if (step.kind === 'look') pair.look(step.topic)
          if (step.kind === 'add') {
            pair.add(createSubscription(step.subscriber, step.filter, step.options))
          }
          if (step.kind === 'remove') {
            pair.remove({ subscriber: step.subscriber, filter: filterOf(step.filter) })
          }
          const one = 'index' in step ? pair.at(step.index) : undefined
          if (one === undefined) continue
          if (step.kind === 'removeOne') pair.remove(one)
          if (step.kind === 'changeOne') pair.add({ ...one, ...step.options })
        }
        pair.finish()
      }),
      { numRuns: 300 },
    )
  })
}

test('a changed filter rebuilds the audiences of the topics that it matches, and no other', () => {
  const property = fc.property(
    fc.array(topicText, { maxLength: 40, size: 'max' }),
    filterText,
    (texts, text) => {
      const tree = new TopicTree(1024)
      const [ann, bob] = SUBSCRIBERS
      // Everybody has an audience that is not empty, since those are all one object.
      for (const filter of ['#', '$a/#', '$/#']) tree.add(createSubscription(ann!, filter))
      const topics = [...new Set(texts)].map(topicOf)
      const before = topics.map((topic) => tree.audience(topic))
      tree.add(createSubscription(bob!, text))
      for (const [index, topic] of topics.entries()) {
        assert.equal(tree.audience(topic) !== before[index], naiveMatches(text, topic), topic)
      }
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test('matches() and the naive matcher agree', () => {
  const property = fc.property(filterText, topicText, (filter, topic) => {
    assert.equal(matches(filterOf(filter), topicOf(topic)), naiveMatches(filter, topic))
  })
  fc.assert(property, { numRuns: 5000 })
})

test('parsing agrees with the rules as regular expressions', () => {
  const text = fc.string({ unit: fc.constantFrom('/', '+', '#', 'a', '$', '\0', 'ä', '\ud800') })
  const property = fc.property(text, (candidate) => {
    const isText = /^[^\0\ud800]+$/.test(candidate)
    const isTopic = isText && !/[+#]/.test(candidate)
    const isFilter = isText && /^([^+#/]*\/|\+\/)*([^+#/]*|\+|#)$/.test(candidate)
    assert.equal(parseTopic(candidate, 128), isTopic ? candidate : undefined)
    assert.equal(parseTopicFilter(candidate, 128), isFilter ? candidate : undefined)
  })
  fc.assert(property, { numRuns: 5000 })
})

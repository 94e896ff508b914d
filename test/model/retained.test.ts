// The retained messages against a Map: random writes, expiries and look-ups, with several iterators
// under way at once that are pulled now and then between the writes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Message, NEVER } from '../../src/core/message.ts'
import { LEVEL_BYTES, RETAINED_OVERHEAD_BYTES, Retained } from '../../src/core/retained.ts'
import { naiveMatches } from '../support/naive-matcher.ts'
import { createMessage, filterOf, topicOf } from '../support/tree-fixtures.ts'

const LEVELS = ['', 'a', 'b', '$a']
/** Room for about a dozen messages, so that some are refused. */
const BYTES_MAX = 12 * (RETAINED_OVERHEAD_BYTES + 50)

const topicText = fc
  .array(fc.constantFrom(...LEVELS), { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')

const filterText = fc
  .tuple(
    fc.array(fc.constantFrom(...LEVELS, '+', '+'), { maxLength: 3 }),
    fc.constantFrom('#', '#', '+', ...LEVELS),
  )
  .map(([levels, last]) => [...levels, last].join('/'))
  .filter((text) => text !== '')

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('set'),
      topic: topicText,
      bytes: fc.nat(100),
      lifeMs: fc.constantFrom(NEVER, NEVER, 1, 5, 20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clear'), topic: topicText }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clearOne'), index: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin'), filter: filterText }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull'), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep'), max: fc.nat(5) }) },
)

/** An iterator under way, and what it owes: the topics that were there from its beginning on. */
interface Walk {
  readonly filter: string
  readonly startMs: number
  readonly states: Iterator<Message, undefined>
  readonly owed: Set<string>
  readonly seen: Set<string>
}

class Pair {
  readonly #retained = new Retained(BYTES_MAX)
  readonly #model = new Map<string, Message>()
  readonly #walks: Walk[] = []
  #nowMs = 100

  set(topic: string, bytes: number, lifeMs: number): void {
    const expiresAtMs = this.#nowMs + lifeMs
    const message = createMessage(topic, { payload: new Uint8Array(bytes), expiresAtMs })
    const former = this.#model.get(topic)
    const total = this.#bytes() + sizeOf(message) - (former === undefined ? 0 : sizeOf(former))
    assert.equal(this.#retained.set(message), total <= BYTES_MAX)
    if (total <= BYTES_MAX) this.#model.set(topic, message)
    // A newer state may have expired by the time at which an iterator began.
    for (const walk of this.#walks) if (expiresAtMs <= walk.startMs) walk.owed.delete(topic)
    this.#check()
  }

  clear(topic: string): void {
    assert.equal(this.#retained.clear(topicOf(topic)), this.#model.has(topic))
    this.#forget(topic)
    this.#check()
  }

  clearOne(index: number): void {
    const topic = [...this.#model.keys()][index % this.#model.size]
    if (topic !== undefined) this.clear(topic)
  }

  begin(filter: string): void {
    this.#walks.push({
      filter,
      startMs: this.#nowMs,
      states: this.#retained.matching(filterOf(filter), this.#nowMs),
      owed: new Set(this.#matching(filter)),
      seen: new Set(),
    })
  }

  pull(index: number): void {
    const walk = this.#walks[index % this.#walks.length]
    if (walk !== undefined) this.#pull(walk)
  }

  pass(ms: number): void {
    this.#nowMs += ms
    this.#check()
  }

  sweep(max: number): void {
    const expired = [...this.#model.values()].filter((one) => one.expiresAtMs <= this.#nowMs)
    const cleared: Message[] = []
    const count = this.#retained.sweep(this.#nowMs, max, (message) => cleared.push(message))
    assert.equal(count, Math.min(max, expired.length))
    assert.equal(cleared.length, count)
    for (const message of cleared) {
      assert.equal(this.#model.get(message.topic), message)
      this.#forget(message.topic)
    }
    const left = expired.filter((message) => !cleared.includes(message))
    const earliest = Math.min(...left.map(({ expiresAtMs }) => expiresAtMs))
    for (const { expiresAtMs } of cleared) assert.ok(expiresAtMs <= earliest)
    this.#check()
  }

  finish(): void {
    for (const walk of this.#walks) {
      while (this.#pull(walk));
      assert.deepEqual([...walk.owed], [], walk.filter)
    }
    for (const filter of ['#', '+/#', '+', 'a/#', '+/a', '$a/#', 'a/+/b', 'a', '/']) {
      const found = [...this.#retained.matching(filterOf(filter), this.#nowMs)]
      assert.deepEqual(found.map(({ topic }) => topic).sort(), this.#matching(filter).sort())
    }
  }

  #pull(walk: Walk): boolean {
    const { done, value } = walk.states.next()
    if (done === true) return false
    assert.equal(this.#model.get(value.topic), value)
    assert.ok(naiveMatches(walk.filter, value.topic))
    assert.ok(value.expiresAtMs > walk.startMs)
    assert.ok(!walk.seen.has(value.topic), `${value.topic} came twice`)
    walk.seen.add(value.topic)
    walk.owed.delete(value.topic)
    return true
  }

  #forget(topic: string): void {
    this.#model.delete(topic)
    for (const walk of this.#walks) walk.owed.delete(topic)
  }

  #matching(filter: string): string[] {
    return [...this.#model.values()]
      .filter(({ topic, expiresAtMs }) => naiveMatches(filter, topic) && expiresAtMs > this.#nowMs)
      .map(({ topic }) => topic)
  }

  #check(): void {
    assert.equal(this.#retained.count, this.#model.size)
    assert.equal(this.#retained.bytes, this.#bytes())
    assert.ok(this.#retained.bytes <= BYTES_MAX)
    for (const message of this.#model.values()) {
      const expected = message.expiresAtMs > this.#nowMs ? message : undefined
      assert.equal(this.#retained.get(message.topic, this.#nowMs), expected)
    }
  }

  #bytes(): number {
    return [...this.#model.values()].reduce((sum, message) => sum + sizeOf(message), 0)
  }
}

function sizeOf(message: Message): number {
  const levels = message.topic.split('/').length
  const overhead = RETAINED_OVERHEAD_BYTES + (levels - 1) * LEVEL_BYTES
  return overhead + message.topic.length + message.payload.length
}

test('the retained messages are those of a Map, also while iterators are under way', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
      const pair = new Pair()
      for (const step of commands) {
        if (step.kind === 'set') pair.set(step.topic, step.bytes, step.lifeMs)
        if (step.kind === 'clear') pair.clear(step.topic)
        if (step.kind === 'clearOne') pair.clearOne(step.index)
        if (step.kind === 'begin') pair.begin(step.filter)
        if (step.kind === 'pull') pair.pull(step.index)
        if (step.kind === 'pass') pair.pass(step.ms)
        if (step.kind === 'sweep') pair.sweep(step.max)
      }
      pair.finish()
    }),
    { numRuns: 500 },
  )
})

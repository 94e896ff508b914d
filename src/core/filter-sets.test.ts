// Filters as sets, against every topic of a small world.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { covers, intersection, witnesses } from './filter-sets.ts'
import { matches, type Topic, type TopicFilter } from './topic.ts'

const LEVELS = ['', 'a', 'b', '$x'] as const
const DEPTH_MAX = 4
/** One more name and level than any filter has: they tell wildcards from lists of names. */
const WORLD = topicsOf([...LEVELS, 'other'], DEPTH_MAX + 1)

function topicsOf(names: readonly string[], depth: number): Topic[] {
  let layer = names.map((name) => name)
  const all = [...layer]
  for (let level = 1; level < depth; level++) {
    layer = layer.flatMap((above) => names.map((name) => `${above}/${name}`))
    all.push(...layer)
  }
  return all.filter((topic) => topic !== '') as Topic[]
}

const filters = fc
  .tuple(
    fc.array(fc.constantFrom('+', ...LEVELS), { maxLength: DEPTH_MAX - 1 }),
    fc.constantFrom('#', '+', ...LEVELS),
  )
  .map(([front, last]) => [...front, last].join('/') as TopicFilter)
  .filter((filter) => filter !== '')

const RUNS = { numRuns: 1500 }

test('one covers another where it matches each of its topics', () => {
  fc.assert(
    fc.property(filters, filters, (wide, narrow) => {
      const isCovered = WORLD.every((topic) => !matches(narrow, topic) || matches(wide, topic))
      assert.equal(covers(wide, narrow), isCovered, `${wide} over ${narrow}`)
    }),
    RUNS,
  )
})

test('the intersection matches what both match', () => {
  fc.assert(
    fc.property(filters, filters, (one, other) => {
      const common = intersection(one, other)
      for (const topic of WORLD) {
        const isBoth = matches(one, topic) && matches(other, topic)
        const isCommon = common !== undefined && matches(common, topic)
        assert.equal(isCommon, isBoth, `${one} and ${other} on ${topic}: ${common}`)
      }
    }),
    RUNS,
  )
})

test('some topic of a filter is left by others where one of its witnesses is', () => {
  fc.assert(
    fc.property(filters, fc.array(filters, { maxLength: 4 }), (filter, others) => {
      const isLeft = (topic: Topic) => !others.some((other) => matches(other, topic))
      const expected = WORLD.some((topic) => matches(filter, topic) && isLeft(topic))
      const found = [...witnesses(filter, DEPTH_MAX)]
      for (const topic of found) assert.ok(matches(filter, topic), `${topic} of ${filter}`)
      assert.equal(found.some(isLeft), expected, `${filter} without ${others.join(' ')}`)
    }),
    RUNS,
  )
})

test('what the standard has of corners', () => {
  const cover = (wide: string, narrow: string) => covers(wide as TopicFilter, narrow as TopicFilter)
  assert.ok(cover('a/#', 'a'))
  assert.ok(cover('#', '+/+'))
  assert.ok(cover('+/#', '#'), 'there is no topic above the first level')
  assert.ok(!cover('a/+/#', 'a/#'), 'which matches a')
  assert.ok(cover('/+/#', '/#') && cover('+/+/#', '/#'), 'nor above /#')
  assert.ok(!cover('/+', '/#') && !cover('//#', '/#'))
  assert.equal(intersection('+' as TopicFilter, '/#' as TopicFilter), undefined)
  assert.ok(![...witnesses('/#' as TopicFilter, 3)].includes('' as Topic))
  assert.ok(!cover('#', '$SYS/#'))
  assert.ok(!cover('+/a', '$SYS/a'))
  assert.ok(cover('$SYS/#', '$SYS/+'))
  assert.ok(!cover('a', 'a/b') && !cover('a/b', 'a'))
})

// Targets and topics: each form that is taken, what is refused, and that every topic has a path.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseTopic } from '../../core/topic.ts'
import { Refusal } from './refusal.ts'
import { isTopics, parseTarget, topicPath } from './topic-path.ts'

const LEVELS_MAX = 128
/** A CI run takes a second for them; RAMEAU_FULL=1 tries ten times as many. */
const TOPICS = process.env['RAMEAU_FULL'] === '1' ? 100_000 : 10_000

/** The topic, `all` for the list, or the kind of the problem. */
function read(target: string): string | undefined {
  if (!isTopics(target)) return undefined
  const parsed = parseTarget(target, LEVELS_MAX)
  return parsed instanceof Refusal ? `! ${parsed.kind}` : (parsed.topic ?? 'all')
}

// [what, the target as it is sent, the topic]
const FORMS: readonly (readonly [string, string, string | undefined])[] = [
  ['the list', '/topics', 'all'],
  ['the list with a filter', '/topics?filter=a/%23', 'all'],
  ['one level', '/topics/a', 'a'],
  ['several', '/topics/a/b/c', 'a/b/c'],
  ['an empty first level', '/topics//sensor/1', '/sensor/1'],
  ['an empty last level', '/topics/a/', 'a/'],
  ['empty levels alone', '/topics//', '/'],
  ['an empty topic', '/topics/', '! topic-invalid'],
  ['the level .', '/topics/a/./b', 'a/./b'],
  ['the level ..', '/topics/a/../b', 'a/../b'],
  ['encoded characters', '/topics/a%20b/%C3%A4', 'a b/ä'],
  ['bytes that should be encoded', '/topics/\u00c3\u00a4', '! topic-invalid'],
  ['a byte order mark', '/topics/%EF%BB%BFa', '\ufeffa'],
  ['an encoded slash', '/topics/a%2Fb', '! topic-invalid'],
  ['an encoded slash, small', '/topics/a%2fb', '! topic-invalid'],
  ['half an escape', '/topics/a%2', '! topic-invalid'],
  ['no escape', '/topics/a%zz', '! topic-invalid'],
  ['bytes that are no UTF-8', '/topics/%ff', '! topic-invalid'],
  ['half a character', '/topics/%C3/%A4', '! topic-invalid'],
  ['NUL', '/topics/a%00', '! topic-invalid'],
  ['a plus', '/topics/a/+', '! topic-invalid'],
  ['an encoded plus', '/topics/a%2Bb', '! topic-invalid'],
  ['an encoded hash', '/topics/%23', '! topic-invalid'],
  ['a dollar', '/topics/$SYS/x', '$SYS/x'],
  ['too many levels', `/topics/${'a/'.repeat(LEVELS_MAX)}`, '! topic-invalid'],
  ['too many bytes', `/topics/${'a'.repeat(65_536)}`, '! topic-invalid'],
  ['?topic=', '/topics?topic=a%2Fb', 'a/b'],
  ['?topic= with raw slashes', '/topics?topic=/a/../b', '/a/../b'],
  ['?topic= after a slash', '/topics/?topic=a', 'a'],
  ['?topic= among others', '/topics?qos=0&topic=a%26b%3Dc&expiry=1', 'a&b=c'],
  ['?topic= and a path', '/topics/a?topic=b', '! request-invalid'],
  ['?topic= twice', '/topics?topic=a&topic=a', '! request-invalid'],
  ['?topic= that is empty', '/topics?topic=', '! topic-invalid'],
  ['?topic= with a plus', '/topics?topic=a+b', '! topic-invalid'],
  ['a query that is no UTF-8', '/topics/a?x=%ff', '! request-invalid'],
  ['a whole URL', 'http://example.org:8080/topics/a//b', 'a//b'],
  ['something else', '/topic/a', undefined],
  ['something longer', '/topicsx/a', undefined],
  ['something below', '/x/topics/a', undefined],
  ['a whole URL of something else', 'http://h/x', undefined],
]

for (const [what, target, topic] of FORMS) {
  test(`[R-1] [R-2] ${what}`, () => assert.equal(read(target), topic))
}

const level = fc.oneof(
  fc.constantFrom('', '.', '..', '...', '$', '%', '%2F', '%2e', '?', '&', '=', '\\', ';', ' '),
  fc.constantFrom('\ufeff', '\u0001', '\u007f', '|', '"', "'", '{}', '[]', '~', 'a:b', '@', '//'),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
)
const topics = fc
  .array(level, { minLength: 1, maxLength: 6 })
  .map((levels) => parseTopic(levels.join('/'), LEVELS_MAX))
  .filter((topic) => topic !== undefined)

test('[R-1] [R-2] every topic is found by its path, also after URL libraries had it', () => {
  fc.assert(
    fc.property(topics, (topic) => {
      const path = topicPath(topic)
      assert.match(path, /^[!-~]+$/)
      assert.equal(read(path), topic)
      const url = new URL(path, 'http://localhost:8080')
      assert.equal(read(`${url.pathname}${url.search}`), topic)
      assert.equal(read(`/topics?topic=${encodeURIComponent(topic)}`), topic)
    }),
    { numRuns: TOPICS },
  )
})

// Header fields on their own: structured values, what is accepted, what is preferred, conditions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createMessage } from '../../../test/support/tree-fixtures.ts'
import { qualityOf } from './accept.ts'
import { type Conditions, mayWrite, parseConditions, readOutcome } from './conditions.ts'
import { preferenceOf } from './prefer.ts'
import { contentTypeOf, propertyFields } from './properties.ts'
import { Refusal } from './refusal.ts'
import { parseBytes, parsePairs, writeBytes, writePairs } from './structured-fields.ts'

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '%', ''),
)

test('user properties come back as they went, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (pairs) => {
      const written = writePairs(pairs)
      assert.match(written, /^[\x20-\x7e]*$/)
      assert.deepEqual(parsePairs(written), pairs)
    }),
  )
})

test('bytes come back as they went', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(parseBytes(writeBytes(bytes)), bytes)
    }),
  )
})

test('[H-14] nothing that a device said reaches a field as it is', () => {
  const nasty = fc.constantFrom(
    'a\r\nSet-Cookie: x=1',
    '\ud800',
    '\n',
    'ä',
    '\u0001',
    'text/html\r\n',
    'a/b',
  )
  fc.assert(
    fc.property(nasty, nasty, nasty, (contentType, responseTopic, name) => {
      const properties = {
        ...{ payloadFormat: undefined, contentType, responseTopic },
        correlationData: new TextEncoder().encode(name),
        userProperties: [[name, responseTopic]] as const,
      }
      const message = createMessage('a', { properties })
      for (const value of [contentTypeOf(message), ...Object.values(propertyFields(message, 0))]) {
        assert.match(value, /^[\x20-\x7e]*$/)
      }
    }),
  )
})

// [Accept, the type that is there, how much it is wanted]
const ACCEPTS: readonly (readonly [string | undefined, string, number])[] = [
  [undefined, 'text/plain', 1],
  ['', 'text/plain', 1],
  ['*/*', 'text/plain', 1],
  ['text/plain', 'text/plain', 1],
  ['TEXT/Plain', 'text/plain; charset=utf-8', 1],
  ['text/html', 'text/plain', 0],
  ['text/*;q=0.5', 'text/plain', 0.5],
  ['*/*;q=0.1, text/plain;q=0.7', 'text/plain', 0.7],
  ['text/plain;q=0, */*', 'text/plain', 0],
  ['text/*, text/plain;q=0.2', 'text/plain', 0.2],
  ['text/plain;format=flowed;q=0.9, text/plain;q=0.1', 'text/plain; format="flowed"', 0.9],
  ['text/plain;format=flowed', 'text/plain', 0],
  ['text/plain;q=2', 'text/plain', 0],
  ['text/plain;q=0.1234', 'text/plain', 0],
  ['text/plain;q=1.000', 'text/plain', 1],
  ['text/plain;x="a,b;q=0"', 'text/plain;x="a,b;q=0"', 1],
  ['nonsense, */*;q=0.3', 'text/plain', 0.3],
  ['*/plain', 'text/plain', 0],
]

for (const [accept, type, quality] of ACCEPTS) {
  test(`[H-11] Accept: ${accept ?? 'nothing'} for ${type}`, () => {
    assert.equal(qualityOf(accept, type), quality)
  })
}

// [Prefer, the preference, its value]
const PREFERENCES: readonly (readonly [string | undefined, string, string | undefined])[] = [
  [undefined, 'wait', undefined],
  ['wait=10', 'wait', '10'],
  ['Wait = "10"; foo=bar, wait=20', 'wait', '10'],
  ['respond-async, wait=5', 'respond-async', ''],
  ['x="a, wait=3", return=minimal', 'wait', undefined],
  ['x="a, wait=3", return=minimal', 'return', 'minimal'],
]

for (const [prefer, name, value] of PREFERENCES) {
  test(`[H-60] ${name} of Prefer: ${prefer ?? 'nothing'}`, () => {
    assert.equal(preferenceOf(prefer, name), value)
  })
}

const state = createMessage('a', { offset: 7, arrivedAtMs: 1_000_000 })
const SINCE = ['Thu, 01 Jan 1970 00:16:39 GMT', 'Thu, 01 Jan 1970 00:16:40 GMT'] as const

/** All conditions at once, each absent, met (1) or not met (0), in the order of the standard. */
function conditionsOf(...met: readonly (boolean | undefined)[]): Conditions {
  const [match, unmodified, none, modified] = met
  const fields: Record<string, string | undefined> = {
    'if-match': match === undefined ? undefined : match ? '"7"' : '"6"',
    'if-unmodified-since': unmodified === undefined ? undefined : SINCE[unmodified ? 1 : 0],
    'if-none-match': none === undefined ? undefined : none ? '"6"' : '"7"',
    'if-modified-since': modified === undefined ? undefined : SINCE[modified ? 0 : 1],
  }
  const conditions = parseConditions({ field: (name) => fields[name] })
  return conditions instanceof Refusal ? assert.fail(conditions.detail) : conditions
}

test('[H-21] [H-22] [H-24] every combination of conditions, in their order', () => {
  const each = [undefined, true, false]
  for (const match of each) {
    for (const unmodified of each) {
      for (const none of each) {
        for (const modified of each) {
          const conditions = conditionsOf(match, unmodified, none, modified)
          const isHeld = (match ?? unmodified) !== false
          const read = !isHeld ? 412 : (none ?? modified) === false ? 304 : 200
          const where = `${match} ${unmodified} ${none} ${modified}`
          assert.equal(readOutcome(conditions, state, '"7"', 2_000_000), read, where)
          assert.equal(mayWrite(conditions, state), isHeld && none !== false, where)
        }
      }
    }
  }
})

test('without a state only the absence of one can be asked for', () => {
  assert.equal(mayWrite(conditionsOf(undefined, undefined, true), undefined), true)
  assert.equal(mayWrite(conditionsOf(true), undefined), false)
  assert.equal(mayWrite(conditionsOf(undefined, true), undefined), false)
})

test('a tag of a converted form names the version on writes, and itself on reads', () => {
  const field = (name: string) => (name === 'if-none-match' ? '"7.cbor"' : undefined)
  const conditions = parseConditions({ field })
  if (conditions instanceof Refusal) assert.fail(conditions.detail)
  assert.equal(mayWrite(conditions, state), false)
  assert.equal(readOutcome(conditions, state, '"7"', 2_000_000), 200)
  assert.equal(readOutcome(conditions, state, '"7.cbor"', 2_000_000), 304)
})

// Forms of a state: which one a client gets, and that a conversion loses nothing or is none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from 'cborg'
import * as fc from 'fast-check'
import { type Conversation, playConversations } from '../../../test/support/http-script.ts'
import { createMessage } from '../../../test/support/tree-fixtures.ts'
import { NO_MESSAGE_PROPERTIES } from '../../core/message.ts'
import { parseCbor, writeCbor } from './cbor.ts'
import { writeJson } from './json.ts'
import { Refusal } from './refusal.ts'
import { representationOf } from './representations.ts'

const encoder = new TextEncoder()

/** The type and the content, as text or in hexadecimal digits, or the kind of the problem. */
function get(contentType: string | undefined, payload: string, accept: string): string {
  const isHex = /^x[0-9a-f ]*$/.test(payload)
  const message = createMessage('a', {
    payload: isHex
      ? new Uint8Array(Buffer.from(payload.slice(1).replaceAll(' ', ''), 'hex'))
      : encoder.encode(payload),
    properties: { ...NO_MESSAGE_PROPERTIES, contentType },
  })
  const found = representationOf(message, accept)
  if (found instanceof Refusal) return `! ${found.kind}`
  const { form, content } = found
  const text = Buffer.from(content)
  return `${form ?? 'stored'} ${form === 'cbor' ? text.toString('hex') : text.toString()}`
}

const JSON_TYPE = 'application/json'
const CBOR_TYPE = 'application/cbor'
const NONE = '! not-acceptable'

// [stored type, payload, Accept, what is sent]
const CASES: readonly (readonly [string | undefined, string, string, string])[] = [
  [JSON_TYPE, '{"a":[1,2.5,"x",null,true]}', CBOR_TYPE, 'cbor a161618501f941006178f6f5'],
  [JSON_TYPE, '{ "a": 1 }', '*/*', 'stored { "a": 1 }'],
  [JSON_TYPE, '1', 'application/cbor, application/json', 'stored 1'],
  [JSON_TYPE, '1', 'application/cbor, application/json;q=0.9', 'cbor 01'],
  [JSON_TYPE, '1', 'application/cbor;q=0.5, text/plain;q=0.6', 'text 1'],
  [JSON_TYPE, '{', 'application/cbor', NONE],
  [JSON_TYPE, '{', 'application/cbor, */*;q=0.1', 'stored {'],
  [JSON_TYPE, '12345678901234567890', CBOR_TYPE, NONE],
  [JSON_TYPE, '{"a":1,"a":2}', CBOR_TYPE, NONE],
  [JSON_TYPE, '{"a:":":","b":{"a:":1}}', CBOR_TYPE, 'cbor a26162a162613a0162613a613a'],
  [JSON_TYPE, '1', 'text/html', NONE],
  [CBOR_TYPE, 'xa1 6161 01', JSON_TYPE, 'json {"a":1}'],
  [CBOR_TYPE, 'x83 01 20 fb 3fb999999999999a', JSON_TYPE, 'json [1,-1,0.1]'],
  [CBOR_TYPE, 'x9f 01 ff', JSON_TYPE, 'json [1]'],
  [CBOR_TYPE, 'x63 efbfbd', JSON_TYPE, 'json "\ufffd"'],
  [CBOR_TYPE, 'x62 c328', JSON_TYPE, NONE],
  [CBOR_TYPE, 'xc1 1a 514b67b0', JSON_TYPE, NONE],
  [CBOR_TYPE, 'x1b ffffffffffffffff', JSON_TYPE, NONE],
  [CBOR_TYPE, 'x40', JSON_TYPE, NONE],
  [CBOR_TYPE, 'xf7', JSON_TYPE, NONE],
  [CBOR_TYPE, 'xf9 7e00', JSON_TYPE, NONE],
  [CBOR_TYPE, 'xa1 01 02', JSON_TYPE, NONE],
  [CBOR_TYPE, 'xa2 6161 01 6161 02', JSON_TYPE, NONE],
  [CBOR_TYPE, 'x01 01', JSON_TYPE, NONE],
  [CBOR_TYPE, 'x', JSON_TYPE, NONE],
  [CBOR_TYPE, `x${'81'.repeat(100_000)}`, JSON_TYPE, NONE],
  [CBOR_TYPE, 'x01', 'text/plain', NONE],
  [undefined, '21.5', 'text/plain', 'text 21.5'],
  [undefined, '21.5', 'application/json', NONE],
  [undefined, 'xff', 'text/plain', NONE],
  [undefined, 'xff', 'text/plain, */*;q=0.5', 'stored \ufffd'],
  ['text/csv', 'a,b', 'text/plain', 'text a,b'],
  ['text/plain', 'a', 'text/plain', 'stored a'],
  ['text/csv; charset=iso-8859-1', 'a', 'text/plain', NONE],
  ['application/senml+json', '[]', CBOR_TYPE, NONE],
]

for (const [type, payload, accept, expected] of CASES) {
  test(`[H-11] [R-7] ${type} ${payload.slice(0, 30)} for ${accept}`, () => {
    assert.equal(get(type, payload, accept), expected)
  })
}

test('what is large is sent as it came only', () => {
  const large = `"${'x'.repeat(1024 * 1024)}"`
  assert.equal(get(JSON_TYPE, large, CBOR_TYPE), NONE)
})

test('JSON becomes CBOR and comes back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value)
      const cbor = writeCbor(JSON.parse(json) as never)
      assert.deepEqual(decode(cbor), JSON.parse(json))
      const back = parseCbor(cbor)
      assert.ok(back)
      assert.deepEqual(JSON.parse(Buffer.from(writeJson(back.value)).toString()), JSON.parse(json))
    }),
    { numRuns: 300 },
  )
})

test('random bytes never break the conversion', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const parsed = parseCbor(bytes)
      if (parsed === undefined) return
      assert.ok(writeJson(parsed.value).length > 0)
      assert.deepEqual(parseCbor(encode(parsed.value)), parsed)
    }),
    { numRuns: 1000 },
  )
})

const CONVERSATIONS: readonly Conversation[] = [
  [
    '[H-12] [H-20] a converted form has a tag of its own, and writes compare the version alone',
    [
      {
        ask: 'PUT /topics/a',
        with: { 'content-type': JSON_TYPE },
        body: '{"t":21}',
        status: 201,
      },
      {
        ask: 'GET /topics/a',
        with: { accept: CBOR_TYPE },
        status: 200,
        fields: { etag: /^"\d+\.cbor"$/, 'content-type': CBOR_TYPE, vary: 'Accept' },
      },
      { ask: 'GET /topics/a', with: { accept: CBOR_TYPE, 'if-none-match': '{2}' }, status: 304 },
      { ask: 'GET /topics/a', with: { 'if-none-match': '{2}' }, status: 200, text: '{"t":21}' },
      { ask: 'GET /topics/a', with: { 'if-match': '{2}' }, status: 200 },
      { ask: 'GET /topics/a', with: { accept: CBOR_TYPE, range: 'bytes=0-0' }, status: 206 },
      { ask: 'PUT /topics/a', with: { 'if-none-match': '{2}' }, body: 'x', status: 412 },
      { ask: 'PUT /topics/a', with: { 'if-match': '{2}' }, body: 'x', status: 204 },
      { ask: 'PUT /topics/a', with: { 'if-match': '{2}' }, body: 'x', status: 412 },
    ],
  ],
]
playConversations(CONVERSATIONS)

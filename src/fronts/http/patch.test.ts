// Both forms of patch on values alone: tables, and that nothing grows or changes unasked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { applyJsonPatch } from './json-patch.ts'
import { type Json, parseJson, writeJson } from './json.ts'
import { mergePatch } from './merge-patch.ts'
import { Refusal } from './refusal.ts'

const encoder = new TextEncoder()

function parse(text: string): Json {
  const parsed = parseJson(encoder.encode(text))
  return parsed instanceof Refusal ? assert.fail(parsed.detail) : parsed.value
}

function write(value: Json): string {
  return new TextDecoder().decode(writeJson(value))
}

// [target, patch, result]
const MERGES: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a"]', '["c"]', '["c"]'],
  ['{"a":"b"}', 'null', 'null'],
  ['{"a":"b"}', '"x"', '"x"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"b":{"c":null}}}', '{"a":{"b":{}}}'],
  ['{}', '{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1}}'],
]

for (const [target, patch, result] of MERGES) {
  test(`[H-8] [R-5] ${target} merged with ${patch}`, () => {
    assert.equal(write(mergePatch(parse(target), parse(patch))), result)
    assert.equal('polluted' in {}, false)
  })
}

// [document, operations, result, or the kind of the problem]
const PATCHES: readonly (readonly [string, string, string])[] = [
  ['{"a":1}', '[{"op":"add","path":"/b","value":2}]', '{"a":1,"b":2}'],
  ['{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}'],
  ['[1,3]', '[{"op":"add","path":"/1","value":2}]', '[1,2,3]'],
  ['[1]', '[{"op":"add","path":"/1","value":2}]', '[1,2]'],
  ['[1]', '[{"op":"add","path":"/-","value":null}]', '[1,null]'],
  ['[1]', '[{"op":"add","path":"/2","value":2}]', '! conflict'],
  ['[1]', '[{"op":"add","path":"/01","value":2}]', '! conflict'],
  ['{"a":1}', '[{"op":"add","path":"/b/c","value":2}]', '! conflict'],
  ['{"a":1}', '[{"op":"add","path":"","value":2}]', '2'],
  ['{"a":1}', '[{"op":"remove","path":"/a"}]', '{}'],
  ['[1,2]', '[{"op":"remove","path":"/0"}]', '[2]'],
  ['{"a":1}', '[{"op":"remove","path":"/b"}]', '! conflict'],
  ['{"a":1}', '[{"op":"remove","path":"/constructor"}]', '! conflict'],
  ['{"a":1}', '[{"op":"remove","path":""}]', '! conflict'],
  ['[1]', '[{"op":"remove","path":"/-"}]', '! conflict'],
  ['{"a":1}', '[{"op":"replace","path":"/a","value":[1]}]', '{"a":[1]}'],
  ['[1,2]', '[{"op":"replace","path":"/1","value":3}]', '[1,3]'],
  ['{"a":1}', '[{"op":"replace","path":"/b","value":1}]', '! conflict'],
  ['{"a":1}', '[{"op":"move","from":"/a","path":"/b"}]', '{"b":1}'],
  ['[1,2,3]', '[{"op":"move","from":"/0","path":"/2"}]', '[2,3,1]'],
  ['{"a":{"b":1}}', '[{"op":"move","from":"/a","path":"/a/b"}]', '! conflict'],
  ['{"a":1}', '[{"op":"move","from":"/a","path":"/a"}]', '{"a":1}'],
  [
    '{"a":{"b":1}}',
    '[{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/c/b","value":2}]',
    '{"a":{"b":1},"c":{"b":2}}',
  ],
  ['{"a":1}', '[{"op":"test","path":"/a","value":1}]', '{"a":1}'],
  ['{"a":1}', '[{"op":"test","path":"/a","value":"1"}]', '! conflict'],
  [
    '{"a":{"b":[1],"c":2}}',
    '[{"op":"test","path":"/a","value":{"c":2,"b":[1]}}]',
    '{"a":{"b":[1],"c":2}}',
  ],
  ['{"a":{"b":1}}', '[{"op":"test","path":"/a","value":{}}]', '! conflict'],
  [
    '{"a/b":1,"m~n":2}',
    '[{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/m~0n","value":2}]',
    '{"a/b":1,"m~n":2}',
  ],
  ['{"~1":1}', '[{"op":"remove","path":"/~01"}]', '{}'],
  ['{"__proto__":1}', '[{"op":"replace","path":"/__proto__","value":2}]', '{"__proto__":2}'],
  ['{}', '[{"op":"add","path":"/__proto__/x","value":2}]', '! conflict'],
  ['{}', '[]', '{}'],
  ['{}', '{}', '! request-invalid'],
  ['{}', '[1]', '! request-invalid'],
  ['{}', '[{"op":"add","path":"/a"}]', '! request-invalid'],
  ['{}', '[{"op":"add","path":"a","value":1}]', '! request-invalid'],
  ['{}', '[{"op":"add","path":"/~2","value":1}]', '! request-invalid'],
  ['{}', '[{"op":"spam","path":"/a","value":1}]', '! request-invalid'],
  ['{}', '[{"op":"move","path":"/a"}]', '! request-invalid'],
]

for (const [document, operations, result] of PATCHES) {
  test(`[H-8] ${document} patched by ${operations}`, () => {
    const patched = applyJsonPatch(parse(document), parse(operations), 1000)
    const outcome = patched instanceof Refusal ? `! ${patched.kind}` : write(patched.value)
    assert.equal(outcome, result)
  })
}

test('copies that double what is there have a bound', () => {
  const double = [
    { op: 'copy', from: '', path: '/b' },
    { op: 'copy', from: '', path: '/c' },
  ]
  const patch = parse(JSON.stringify(Array.from({ length: 100 }, () => double).flat()))
  const patched = applyJsonPatch(parse('{"a":1}'), patch, 1_000_000)
  assert.equal(patched instanceof Refusal && patched.kind, 'payload-too-large')
})

test('more operations than a thousand are refused', () => {
  const one = { op: 'test', path: '', value: 1 }
  const patch = parse(JSON.stringify(Array.from({ length: 1001 }, () => one)))
  const patched = applyJsonPatch(1, patch, 1000)
  assert.equal(patched instanceof Refusal && patched.kind, 'request-invalid')
})

// [JSON, whether it can be written back without a change]
const EXACT: readonly (readonly [string, boolean])[] = [
  ['[0,-0,0.0,1,10,1.50,100e-2,1E3,0.1,1e300,-1.5e-7,9007199254740991]', true],
  ['9007199254740993', false],
  ['0.1000000000000000055511151231257827', false],
  ['1e400', false],
  ['1e-400', false],
  ['{"12345678901234567890":"12345678901234567890\\"1e999"}', true],
  ['"\\\\",1', false],
  ['['.repeat(128) + ']'.repeat(128), true],
  ['['.repeat(129) + ']'.repeat(129), false],
  ['['.repeat(100_000) + ']'.repeat(100_000), false],
  ['{"a":{"b":{}}}', true],
  ['', false],
]

for (const [text, isExact] of EXACT) {
  test(`${text.slice(0, 40)} is ${isExact ? '' : 'not '}kept exactly`, () => {
    assert.equal(parseJson(encoder.encode(text)) instanceof Refusal, !isExact)
  })
}

test('what is not touched by a merge patch stays the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify({ kept: value, x: 1 })
      const patched = mergePatch(parse(text), parse('{"x":null}'))
      assert.deepEqual(JSON.parse(write(patched)), JSON.parse(JSON.stringify({ kept: value })))
    }),
    { numRuns: 300 },
  )
})

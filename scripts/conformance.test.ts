// The conformance report itself: each error that it must find is planted, and a sound table passes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Case, Version } from '../test/support/wire-script.ts'
import { conform } from './conformance.ts'
import { type Clause, parseClauses } from './conformance/clauses.ts'

const HEAD = 'id\tversions\trole\tlevel\tin 3.1.1\tlater\twording\n'
const SERVER = 'MQTT-9.1.0-1\t5 3.1.1\tS\tMUST\t9.9.9-1\t\tThe server answers.\n'
const CLIENT = 'MQTT-9.1.0-2\t5\tC\tMUST\t\t\tThe client asks.\n'
const CHOICE = 'U5-91\t5\tS\tMAY\t\t\tThe server may smile.\n'
const LATER = 'MQTT-9.1.0-3\t5\tB\tMUST\t\tneeds a moon\tBoth howl.\n'
const TABLE = HEAD + SERVER + CLIENT + CHOICE + LATER

const CLAUSES: readonly Clause[] = parseClauses(TABLE)
/** Ids that the real table does not have must not stand in this file as citations. */
const cite = (id: string): string => `[${id}]`
const SOUND = testCase(`${cite('MQTT-9.1.0-1')} the server answers`, [4, 5])

function testCase(title: string, versions: readonly Version[]): Case {
  return { title, versions, script: 'a joins' }
}

function findingsOf(cases: readonly Case[], files: Readonly<Record<string, string>> = {}): string {
  return conform(CLAUSES, cases, new Map(Object.entries(files))).findings.join('\n')
}

test('a table whose MUSTs are tested passes', () => {
  const report = conform(CLAUSES, [SOUND], new Map([['src/a.ts', `1 // ${cite('MQTT-9.1.0-2')}`]]))
  assert.deepEqual(report.findings, [])
  assert.equal(report.passed, 1)
})

test('a MUST that no case names is found', () => {
  assert.match(findingsOf([]), /MQTT-9\.1\.0-1 is a MUST that no case tests in 5, 3\.1\.1/)
})

test('a MUST is tested in every version that has it', () => {
  const other = testCase(SOUND.title, [3])
  assert.match(findingsOf([other]), /no case tests in 5, 3\.1\.1/)
  const half = testCase(SOUND.title, [5])
  assert.match(findingsOf([half]), /no case tests in 3\.1\.1$/)
})

test('an id that the table does not have is found in titles and in code', () => {
  const unknown = cite('MQTT-9.9.9-9')
  assert.match(findingsOf([SOUND, testCase(`${unknown} who knows`, [5])]), /a case names MQTT-9/)
  const files = { 'src/a.ts': `// nothing\n// ${cite('U5-99')}`, 'test/b.ts': unknown }
  const found = findingsOf([SOUND], files)
  assert.match(found, /src\/a\.ts:2: the table has no clause U5-99/)
  assert.match(found, /test\/b\.ts:1: the table has no clause MQTT-9\.9\.9-9/)
})

test('a case without a clause, and a title that comes twice, are found', () => {
  assert.match(findingsOf([SOUND, testCase('no clause here', [5])]), /names no clause/)
  assert.match(findingsOf([SOUND, SOUND]), /two cases have one title/)
})

test('a clause that waits but is tested is found', () => {
  const early = testCase(`${cite('MQTT-9.1.0-3')} howling`, [5])
  assert.match(findingsOf([SOUND, early]), /MQTT-9\.1\.0-3 is tested, and so not "later"/)
})

test('rows of a wrong form are refused with their line', () => {
  const wrong: readonly (readonly [row: string, error: RegExp])[] = [
    [SERVER.replace('MUST', 'SHOULD'), /:2: a numbered clause is a MUST/],
    [SERVER.replace('\tS\t', '\tX\t'), /:2: unknown role/],
    [SERVER.replace('5 3.1.1', '5 4'), /:2: unknown version/],
    [SERVER.replace('The server answers.', ''), /:2: no wording/],
    [SERVER.replace('MQTT-9.1.0-1', 'MQTT-9.1-1'), /:2: no id/],
    [SERVER.replace('\t\t', '\t'), /:2: 6 cells/],
    [SERVER + SERVER, /is there twice/],
  ]
  for (const [row, error] of wrong) assert.throws(() => parseClauses(HEAD + row), error)
  assert.throws(() => parseClauses(SERVER), /other columns/)
})

test('the page shows clauses beside their tests and code, and is the same each time', () => {
  const files = new Map([
    ['src/z.ts', cite('MQTT-9.1.0-1')],
    ['src/a.ts', cite('MQTT-9.1.0-1')],
    ['src/a.test.ts', cite('MQTT-9.1.0-1')],
  ])
  const { page } = conform(CLAUSES, [SOUND], files)
  assert.match(
    page,
    /\| MQTT-9\.1\.0-1 \(9\.9\.9-1\) \| S MUST, 5 · 3\.1\.1 \| The server answers\. \|/,
  )
  assert.match(page, /the server answers<br>`src\/a\.test\.ts` \| `src\/a\.ts`<br>`src\/z\.ts` \|/)
  assert.match(page, /later: needs a moon/)
  const backwards = new Map([...files].reverse())
  assert.equal(conform(CLAUSES, [SOUND], backwards).page, page)
})

// The list of mutants: each still fits the source, and what they are tried with exists. That they
// are killed is for `npm run mutants`.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CASES } from '../test/conformance/cases.ts'
import { checkPlants } from '../test/support/plants.ts'
import { AREAS, MUTANTS } from './mutants/all.ts'
import { CASES_FILE, verdictOf } from './mutants/try.ts'

const CORE_MUTANTS_MIN = 60

test('every mutant still fits the source', () => {
  checkPlants(MUTANTS)
})

test('no two mutants have the same name, or make the same change', () => {
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length)
  const changes = MUTANTS.map(({ file, find, replace }) => `${file}\n${find}\n${replace}`)
  assert.equal(new Set(changes).size, MUTANTS.length)
})

test('there are at least sixty of codec, tree and session', () => {
  const core = AREAS.filter(([area]) => area !== 'front').flatMap(([, mutants]) => mutants)
  assert.ok(core.length >= CORE_MUTANTS_MIN, `only ${core.length}`)
})

test('every mutant changes one statement in place', () => {
  for (const { name, find, replace } of MUTANTS) {
    assert.equal(replace.split('\n').length, find.split('\n').length, name)
  }
})

test('every mutant has tests that exist, and cases that are found', () => {
  const root = join(import.meta.dirname, '..')
  const titles = CASES.flatMap(({ title, versions }) =>
    versions.map((version) => `${title} (version ${version})`),
  )
  for (const { name, tests, cases } of MUTANTS) {
    assert.ok(tests.length > 0 && !tests.includes(CASES_FILE), name)
    for (const file of tests) assert.ok(existsSync(join(root, file)), `${name}: ${file}`)
    if (cases === undefined) continue
    const pattern = new RegExp(cases)
    assert.ok(
      titles.some((title) => pattern.test(title)),
      `${name}: ${cases}`,
    )
  }
})

test('only a failed test kills: a mutant that is no program is broken', () => {
  assert.equal(verdictOf(1, '# tests 3\n# fail 1\n# cancelled 0'), 'failed')
  assert.equal(verdictOf(1, '# tests 3\n# fail 0\n# cancelled 1'), 'failed')
  assert.equal(verdictOf(0, '# tests 3\n# fail 0\n# cancelled 0'), 'survived')
  assert.equal(verdictOf(0, '# tests 0\n# fail 0\n# cancelled 0'), 'broken')
  assert.equal(verdictOf(1, 'FATAL ERROR'), 'broken')
  assert.equal(verdictOf(1, 'SyntaxError: oh\n# tests 1\n# fail 1\n# cancelled 0'), 'broken')
  assert.equal(verdictOf(1, "code: 'ERR_PLANT'\n# tests 1\n# fail 1\n# cancelled 0"), 'broken')
})

// The page for those who come from Aedes: each program of Rameau's on it runs, ends by itself, and
// prints what its comments say. Those of Aedes are there to be recognised, and are only read.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runModule, snippetsOf } from '../support/snippets.ts'

const PAGE = 'docs/guide/from-aedes.md'
const BOUNDED = { timeout: 200_000 }

const programs = snippetsOf(PAGE).filter(({ language }) => language === 'js')
const ours = programs.filter(({ code }) => code.includes("from 'rameau'"))

describe(PAGE, () => {
  for (const { heading, line, code } of ours) {
    test(`${heading}, line ${line}`, BOUNDED, async () => {
      const said = Array.from(code.matchAll(/\/\/ prints (.*)$/gm), ([, text]) => `${text}\n`)
      assert.ok(said.length > 0, 'it says what it prints')
      const ran = await runModule(code)
      assert.deepEqual(ran, { code: 0, stdout: said.join(''), stderr: '' })
    })
  }

  test('every other program is one of Aedes', () => {
    const others = programs.filter((program) => !ours.includes(program))
    assert.deepEqual([ours.length, others.length], [6, 5])
    for (const { code } of others) assert.match(code, /^\/\/ Aedes\n[^]* from 'aedes'/)
  })
})

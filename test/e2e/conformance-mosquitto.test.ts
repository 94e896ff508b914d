// Plays the conformance cases against Debian's Mosquitto, so that the cases themselves are tested:
// a case that it fails must be explained in test/conformance/mosquitto.tsv, and no other.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compareWithList, playMosquitto } from '../conformance/mosquitto.ts'
import { requireProgram } from '../support/third-party.ts'

const mosquitto = requireProgram('mosquitto')

test('Mosquitto differs in the listed cases and in no others', {
  skip: mosquitto.skip,
}, async (context) => {
  const results = await playMosquitto(mosquitto.path ?? '')
  const passed = results.filter((result) => result.outcome === 'passed').length
  const skipped = results.filter((result) => result.outcome === 'skipped').length
  context.diagnostic(`${passed} as expected, ${results.length - passed - skipped} otherwise`)
  assert.deepEqual(compareWithList(results), [])
  assert.ok(skipped < results.length / 10, 'too many cases are skipped')
})

// Intervals in seconds, as packets write them and as the rest of the server counts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiryOf, intervalOf } from './dialect.ts'

test('[MQTT-3.1.2-23] only 0xFFFFFFFF never ends, and nothing is 0', () => {
  assert.equal(expiryOf(undefined), 0)
  assert.equal(expiryOf(0), 0)
  assert.equal(expiryOf(0xffff_fffe), 0xffff_fffe)
  assert.equal(expiryOf(0xffff_ffff), Number.POSITIVE_INFINITY)
})

test('an expiry is written as the interval that it came from', () => {
  for (const interval of [0, 1, 0xffff_fffe, 0xffff_ffff]) {
    assert.equal(intervalOf(expiryOf(interval)), interval)
  }
})

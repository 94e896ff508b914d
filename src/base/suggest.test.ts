// Slips of the fingers, and words that are no slip.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggest } from './suggest.ts'

const WORDS = ['packetBytesMax', 'connectionsMax', 'host', 'data']

test('finds a word with a letter missing, added, changed or swapped, in any case', () => {
  assert.equal(suggest('packetByteMax', WORDS), 'packetBytesMax')
  assert.equal(suggest('hosts', WORDS), 'host')
  assert.equal(suggest('dota', WORDS), 'data')
  assert.equal(suggest('hsot', WORDS), 'host')
  assert.equal(suggest('PACKETBYTESMAX', WORDS), 'packetBytesMax')
})

test('prefers the nearest, and offers nothing for another word', () => {
  assert.equal(suggest('cat', ['cart', 'cat', 'car']), 'cat')
  assert.equal(suggest('colour', WORDS), undefined)
  assert.equal(suggest('x', []), undefined)
})

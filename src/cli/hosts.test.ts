// What a name or an address of a server is, for `rameau cert dev`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAddress, isHost } from './hosts.ts'

test('addresses are told from names', () => {
  for (const text of ['127.0.0.1', '10.0.0.255', '::', '::1', 'fe80::1', '::ffff:10.0.0.1']) {
    assert.equal(isAddress(text), true, text)
  }
  for (const text of ['localhost', '1.2.3', '1.2.3.256', '01.2.3.4', '127.1', ':::', '']) {
    assert.equal(isAddress(text), false, text)
  }
})

test('a host is an address, or a name that a certificate can bear', () => {
  for (const text of ['localhost', 'a.example.org', '*.example.org', '10.0.0.1', 'my_pc', '::1']) {
    assert.equal(isHost(text), true, text)
  }
  // The text becomes a line of settings for openssl: nothing may end it or mean more.
  for (const text of ['', 'a b', 'a\nb', 'a,DNS:b', '$a', '-a', 'a.', '1.2.3.256', 'a/b', '*']) {
    assert.equal(isHost(text), false, text)
  }
  assert.equal(isHost('a'.repeat(254)), false)
})

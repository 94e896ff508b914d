// Addresses and ranges: what is one, and which addresses are in it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNetwork, isWithin, networkOf, parseRange } from './address.ts'

function within(address: string, ...ranges: string[]): boolean {
  return isWithin(
    address,
    ranges.map((range) => {
      const parsed = parseRange(range)
      assert.ok(parsed !== undefined, range)
      return parsed
    }),
  )
}

test('an address is in a range whose prefix it has', () => {
  assert.ok(within('10.1.2.3', '10.0.0.0/8'))
  assert.ok(!within('11.1.2.3', '10.0.0.0/8'))
  assert.ok(within('10.1.2.3', '192.0.2.1', '10.1.2.3'))
  assert.ok(!within('10.1.2.3', '10.1.2.2'))
  assert.ok(within('172.31.255.255', '172.16.0.0/12'))
  assert.ok(!within('172.32.0.0', '172.16.0.0/12'))
  assert.ok(within('1.2.3.4', '0.0.0.0/0'))
  assert.ok(within('2001:db8::1', '2001:db8::/32'))
  assert.ok(within('2001:DB8:0:0:0:0:0:1', '2001:db8::1'))
  assert.ok(!within('2001:db9::1', '2001:db8::/32'))
  assert.ok(within('fe80::1%eth0', 'fe80::/10'))
  assert.ok(within('::1', '::1'))
})

test('an IPv4 address in the form of IPv6 is an IPv4 address', () => {
  assert.ok(within('::ffff:10.1.2.3', '10.0.0.0/8'))
  assert.ok(within('::ffff:a01:203', '10.0.0.0/8'))
  assert.ok(within('10.1.2.3', '::ffff:10.0.0.0/104'))
  assert.ok(!within('10.1.2.3', '::/0'), 'which is all of IPv6')
  assert.ok(!within('::1', '0.0.0.0/0'))
})

test('local is a client without an address', () => {
  assert.ok(within('local', '10.0.0.0/8', 'local'))
  assert.ok(!within('local', '0.0.0.0/0', '::/0'))
  assert.ok(!within('127.0.0.1', 'local'))
  assert.ok(!within('nonsense', '0.0.0.0/0', '::/0', 'local'))
})

test('what is no range is told from what has bits beyond its prefix', () => {
  const wrong = ['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.0/33', '1::2::3', '1:2:3', ':::']
  const more = ['2001:db8::/129', '10.0.0.0/-1', '10.0.0.0/', 'host', '::ffff:10.0.0.0/8', '1:::2']
  for (const text of [...wrong, ...more]) assert.equal(parseRange(text), undefined, text)
  const right = ['10.0.0.0/8', '::/0', '2001:db8::/33', '1:2:3:4:5:6:7:8', '::1.2.3.4', 'local']
  for (const text of right) {
    const range = parseRange(text)
    assert.ok(range !== undefined && isNetwork(range), text)
  }
  const meant = (text: string) => {
    const range = parseRange(text)
    assert.ok(range !== undefined && !isNetwork(range), text)
    return networkOf(range)
  }
  assert.equal(meant('10.1.0.0/8'), '10.0.0.0/8')
  assert.equal(meant('192.168.1.7/26'), '192.168.1.0/26')
  assert.equal(meant('2001:db8::1/32'), '2001:db8::/32')
})

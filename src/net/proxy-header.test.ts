// Headers of the PROXY protocol: whole, in pieces, and wrong.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProxyHeader } from './proxy-header.ts'

const parseText = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'))

/** A header of version 2. */
function binary(command: number, family: number, block: string, length = block.length / 2): Buffer {
  const hex = [command, family].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const size = length.toString(16).padStart(4, '0')
  return Buffer.from(`0d0a0d0a000d0a515549540a${hex}${size}${block}`, 'hex')
}

const TCP4 = 'c0000201c6336402' + 'dc0407 5b'.replaceAll(' ', '')
const TCP6 = '20010db8000000000000000000000001'.repeat(2) + 'dc04075b'

test('a line of version 1 names the client', () => {
  const line = 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 1883\r\n'
  const header = { bytes: line.length, remote: { address: '192.0.2.1', port: 56_324 } }
  assert.deepEqual(parseText(line), header)
  assert.deepEqual(parseText(`${line}more bytes`), header)
  const six = 'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n'
  assert.deepEqual(parseText(six), {
    bytes: six.length,
    remote: { address: '2001:db8::1', port: 1 },
  })
})

test('UNKNOWN and LOCAL: the proxy speaks for itself', () => {
  assert.deepEqual(parseText('PROXY UNKNOWN\r\n'), { bytes: 15, remote: undefined })
  assert.deepEqual(parseText('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), {
    bytes: 35,
    remote: undefined,
  })
  assert.deepEqual(parseProxyHeader(binary(0x20, 0x00, '')), { bytes: 16, remote: undefined })
  assert.deepEqual(parseProxyHeader(binary(0x20, 0x11, TCP4)), { bytes: 28, remote: undefined })
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x00, '')), { bytes: 16, remote: undefined })
})

test('version 2 names the client, and what follows its address is passed over', () => {
  const four = { address: '192.0.2.1', port: 56_324 }
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x11, TCP4)), { bytes: 28, remote: four })
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x11, `${TCP4}0400010a`)), {
    bytes: 32,
    remote: four,
  })
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x21, TCP6)), {
    bytes: 52,
    remote: { address: '2001:db8::1', port: 56_324 },
  })
  const mapped = '00000000000000000000ffffc0000201'.repeat(2) + 'dc04075b'
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x21, mapped)), { bytes: 52, remote: four })
  const local = { address: 'local', port: 0 }
  assert.deepEqual(parseProxyHeader(binary(0x21, 0x31, '00'.repeat(216))), {
    bytes: 232,
    remote: local,
  })
})

test('every beginning of a header asks for more', () => {
  const line = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 1883\r\n')
  for (const whole of [line, binary(0x21, 0x11, TCP4), binary(0x21, 0x21, TCP6)]) {
    for (let length = 0; length < whole.length; length++) {
      assert.equal(parseProxyHeader(whole.subarray(0, length)), 'more', `${length}`)
    }
  }
})

test('everything else is malformed', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    '\x10\x0d\0\x04MQTT',
    'PROXY\r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 56324 65536\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 -1 1\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}`,
  ]) {
    assert.equal(parseText(text), 'malformed', text)
  }
  assert.equal(parseProxyHeader(binary(0x22, 0x11, TCP4)), 'malformed', 'command')
  assert.equal(parseProxyHeader(binary(0x11, 0x11, TCP4)), 'malformed', 'version')
  assert.equal(parseProxyHeader(binary(0x21, 0x12, TCP4)), 'malformed', 'datagrams')
  assert.equal(parseProxyHeader(binary(0x21, 0x11, TCP4.slice(2))), 'malformed', 'too short')
  assert.equal(parseProxyHeader(binary(0x21, 0x11, '', 0xffff)), 'malformed', 'too long')
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Reason } from '../../base/reason.ts'
import { byteAt } from './bytes.ts'
import { ProtocolError } from './protocol-error.ts'
import { decodeText, isUtf8 } from './utf8.ts'

function decodeAll(...bytes: readonly number[]): string {
  return decodeText(Uint8Array.of(...bytes), 0, bytes.length)
}

const ILL_FORMED: readonly (readonly [string, readonly number[]])[] = [
  ['a lone continuation byte', [0x80]],
  ['a sequence cut short', [0xe2, 0x82]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong U+0000, as Java writes it', [0xc0, 0x80]],
  ['the first surrogate', [0xed, 0xa0, 0x80]],
  ['the last surrogate', [0xed, 0xbf, 0xbf]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb2, 0xa9]],
  ['more than U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
]

suite('strings', () => {
  for (const [name, bytes] of ILL_FORMED) {
    test(`[MQTT-1.5.4-1] ${name} is refused`, () => {
      assert.throws(
        () => decodeAll(...bytes),
        (error) =>
          error instanceof ProtocolError &&
          error.reason === Reason.malformedPacket &&
          error.clause === 'MQTT-1.5.4-1',
      )
      assert.equal(isUtf8(Uint8Array.of(...bytes)), false)
    })
  }

  test('[MQTT-1.5.4-2] U+0000 is refused wherever it stands, but not in payloads', () => {
    for (const bytes of [[0], [0x61, 0], [0, 0x61], [0xc3, 0xa4, 0, 0x61]]) {
      assert.throws(
        () => decodeAll(...bytes),
        (error) => error instanceof ProtocolError && error.clause === 'MQTT-1.5.4-2',
      )
      assert.equal(isUtf8(Uint8Array.of(...bytes)), true)
    }
  })

  test('[MQTT-1.5.4-3] U+FEFF is kept wherever it stands', () => {
    assert.equal(decodeAll(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf), '\ufeffa\ufeff')
  })

  test('control characters and non-characters are accepted', () => {
    assert.equal(decodeAll(0x01, 0x1f, 0x7f, 0xc2, 0x80), '\u0001\u001f\u007f\u0080')
    assert.equal(decodeAll(0xef, 0xbf, 0xbf, 0xef, 0xb7, 0x90), '\uffff\ufdd0')
  })

  test('the empty string and the bounds of a part', () => {
    assert.equal(decodeText(Uint8Array.of(0xff, 0xff), 1, 1), '')
    assert.equal(decodeText(Uint8Array.of(0xff, 0x61, 0x62, 0xff), 1, 3), 'ab')
  })

  test('a byte beyond the buffer is 0', () => {
    assert.equal(byteAt(Uint8Array.of(7), 0), 7)
    assert.equal(byteAt(Uint8Array.of(7), 1), 0)
  })
})

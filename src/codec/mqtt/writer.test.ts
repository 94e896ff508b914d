import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssertionError } from '../../base/assert.ts'
import { Reader } from './reader.ts'
import { variableIntegerBytes, Writer } from './writer.ts'

const VARIABLE_INTEGERS: readonly (readonly [number, readonly number[]])[] = [
  [0, [0x00]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [16_383, [0xff, 0x7f]],
  [16_384, [0x80, 0x80, 0x01]],
  [2_097_151, [0xff, 0xff, 0x7f]],
  [2_097_152, [0x80, 0x80, 0x80, 0x01]],
  [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
]

test('[MQTT-1.5.5-1] a Variable Byte Integer takes the fewest bytes, and is read again', () => {
  for (const [value, bytes] of VARIABLE_INTEGERS) {
    const writer = new Writer(0)
    writer.variableInteger(value)
    assert.deepEqual([...writer.bytes.subarray(0, writer.at)], bytes)
    assert.equal(variableIntegerBytes(value), bytes.length)
    const reader = new Reader(Uint8Array.from(bytes), 0, bytes.length)
    assert.equal(reader.variableInteger(), value)
    assert.equal(reader.isAtEnd, true)
  }
})

test('more than a Variable Byte Integer holds is our bug', () => {
  assert.throws(() => new Writer(0).variableInteger(268_435_456), AssertionError)
})

test('a length is put before what it counts, however many bytes it takes', () => {
  for (const length of [0, 1, 127, 128, 16_383, 16_384]) {
    const writer = new Writer(0)
    writer.u8(0xaa)
    const start = writer.at
    writer.u8(0)
    writer.raw(new Uint8Array(length).fill(0xbb))
    writer.prefixLength(start)
    const reader = new Reader(writer.bytes, 1, writer.at)
    assert.equal(reader.variableInteger(), length)
    const written = writer.bytes.subarray(reader.at, writer.at)
    assert.deepEqual(written, new Uint8Array(length).fill(0xbb))
  }
})

test('integers are written with the highest byte first', () => {
  const writer = new Writer(1)
  writer.u16(0x1234)
  writer.u32(0xfedc_ba98)
  assert.deepEqual([...writer.bytes.subarray(0, writer.at)], [0x12, 0x34, 0xfe, 0xdc, 0xba, 0x98])
  const reader = new Reader(writer.bytes, 0, writer.at)
  assert.deepEqual([reader.u16(), reader.u32()], [0x1234, 0xfedc_ba98])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAME_HEAD_BYTES, isSealed, parseHead, sealFrame } from './frame.ts'

const HEAD = {
  position: 2 ** 40 + 1,
  wallMs: Date.UTC(2030, 0, 1),
  era: 7,
  previousEra: 6,
  behind: 3,
}

function sealed(id: number, at: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + 100).fill(9)
  sealFrame([bytes.subarray(0, 60), bytes.subarray(60)], HEAD, id, at)
  return bytes
}

test('a frame says what it was sealed with', () => {
  const bytes = sealed(12, 4096)
  const head = parseHead(bytes, 12, 4096)
  assert.ok(head !== undefined)
  const { payloadBytes, payloadCrc: _, ...said } = head
  assert.deepEqual(said, HEAD)
  assert.equal(payloadBytes, 100)
  assert.ok(isSealed(head, bytes.subarray(FRAME_HEAD_BYTES), 12, 4096))
})

test('a frame counts only where it was written', () => {
  const bytes = sealed(12, 4096)
  assert.equal(parseHead(bytes, 13, 4096), undefined)
  assert.equal(parseHead(bytes, 12, 4097), undefined)
})

test('a changed bit is seen, wherever it is', () => {
  const bytes = sealed(12, 4096)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const index = bit >> 3
    const mask = 1 << (bit & 7)
    bytes[index] = (bytes[index] ?? 0) ^ mask
    const head = parseHead(bytes, 12, 4096)
    const isWhole = head !== undefined && isSealed(head, bytes.subarray(FRAME_HEAD_BYTES), 12, 4096)
    assert.ok(!isWhole, `bit ${bit}`)
    bytes[index] = (bytes[index] ?? 0) ^ mask
  }
})

// Slabs and lanes: order, sizes, and whose memory is whose.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lane, SLAB_BYTES_LARGE, SLAB_BYTES_SMALL, SLABS_KEPT_MAX, SlabPool } from './slabs.ts'

function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed) & 0xff)
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
}

test('a pool gives out what came back, by size, up to a bound', () => {
  const pool = new SlabPool()
  const small = pool.take(true)
  const large = pool.take(false)
  assert.equal(small.length, SLAB_BYTES_SMALL)
  assert.equal(large.length, SLAB_BYTES_LARGE)
  pool.give(small)
  pool.give(large)
  assert.equal(pool.take(false), large)
  assert.equal(pool.take(true), small)

  const slabs = Array.from({ length: SLABS_KEPT_MAX + 5 }, () => new Uint8Array(SLAB_BYTES_SMALL))
  for (const slab of slabs) pool.give(slab)
  const kept = new Set(slabs.map(() => pool.take(true)))
  assert.equal(slabs.filter((slab) => kept.has(slab)).length, SLABS_KEPT_MAX)
})

test('small pieces lie in one chunk, in order', () => {
  const lane = new Lane(new SlabPool())
  const pieces = [pattern(3), pattern(47, 1), pattern(48, 2), pattern(49, 3), pattern(200, 4)]
  for (const piece of pieces) lane.add(piece)
  assert.equal(lane.bytes, 347)
  const { chunks, slabs } = lane.take()
  assert.equal(chunks.length, 1)
  assert.equal(slabs.length, 1)
  assert.deepEqual(join(chunks), join(pieces))
  assert.equal(lane.bytes, 0)
  assert.deepEqual(lane.take(), { chunks: [], slabs: [] })
})

test('what is added is copied', () => {
  const lane = new Lane(new SlabPool())
  const piece = pattern(10)
  lane.add(piece)
  piece.fill(0xdd)
  assert.deepEqual(join(lane.take().chunks), pattern(10))
})

test('a lane goes on in large slabs, and pieces may be cut at their borders', () => {
  const lane = new Lane(new SlabPool())
  const pieces = Array.from({ length: 30 }, (_, index) => pattern(3001, index))
  for (const piece of pieces) lane.add(piece)
  const { chunks, slabs } = lane.take()
  assert.deepEqual(
    slabs.map((slab) => slab.length),
    [SLAB_BYTES_SMALL, SLAB_BYTES_LARGE, SLAB_BYTES_LARGE],
  )
  assert.deepEqual(join(chunks), join(pieces))
})

test('a slab that is exactly full is followed by another', () => {
  const lane = new Lane(new SlabPool())
  lane.add(pattern(SLAB_BYTES_SMALL))
  lane.add(pattern(1, 9))
  const { chunks } = lane.take()
  assert.deepEqual(
    chunks.map((chunk) => chunk.length),
    [SLAB_BYTES_SMALL, 1],
  )
})

test('what is added by reference is not copied and keeps its place', () => {
  const lane = new Lane(new SlabPool())
  const kept = pattern(100_000)
  lane.add(pattern(5, 1))
  lane.addByReference(kept)
  lane.add(pattern(5, 2))
  lane.addByReference(kept)
  const { chunks, slabs } = lane.take()
  assert.equal(chunks[1], kept)
  assert.equal(chunks[3], kept)
  assert.deepEqual([chunks[0], chunks[2]], [pattern(5, 1), pattern(5, 2)])
  assert.equal(chunks.length, 4)
  assert.equal(slabs.length, 1)
})

test('a lane that begins with a reference goes on in a large slab', () => {
  const lane = new Lane(new SlabPool())
  lane.addByReference(pattern(20_000))
  lane.add(pattern(5))
  assert.deepEqual(
    lane.take().slabs.map((slab) => slab.length),
    [SLAB_BYTES_LARGE],
  )
})

test('one lane takes over all of another, slabs included', () => {
  const pool = new SlabPool()
  const [one, other] = [new Lane(pool), new Lane(pool)]
  one.add(pattern(10, 1))
  other.add(pattern(SLAB_BYTES_SMALL + 10, 2))
  const kept = pattern(30_000, 3)
  other.addByReference(kept)
  one.addLane(other)
  one.add(pattern(10, 4))
  assert.equal(other.bytes, 0)
  assert.deepEqual(other.take(), { chunks: [], slabs: [] })
  const bytes = one.bytes
  const { chunks, slabs } = one.take()
  const expected = [pattern(10, 1), pattern(SLAB_BYTES_SMALL + 10, 2), kept, pattern(10, 4)]
  assert.deepEqual(join(chunks), join(expected))
  assert.equal(bytes, join(expected).length)
  assert.equal(new Set(slabs).size, 3)

  const empty = new Lane(pool)
  one.addLane(empty)
  assert.equal(one.bytes, 0)
})

test('clearing gives the slabs back', () => {
  const pool = new SlabPool()
  const lane = new Lane(pool)
  lane.add(pattern(10))
  lane.clear()
  assert.equal(lane.bytes, 0)
  lane.add(pattern(3, 7))
  const slab = pool.take(true)
  const { chunks, slabs } = lane.take()
  assert.notEqual(slabs[0], slab)
  assert.deepEqual(join(chunks), pattern(3, 7))
})

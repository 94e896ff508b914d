import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyDisk } from '../../test/support/faulty-disk.ts'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { seededRandom } from '../base/random.ts'
import type { Disk, DiskFile, FileMode } from './disk.ts'
import { Reserve } from './reserve.ts'

const SEGMENT_BYTES = 4 * 1024 * 1024

/** Every operation that waits for the platter, in order. */
function watched(disk: Disk, waits: string[]): Disk {
  const watchedFile = (file: DiskFile, mode: FileMode): DiskFile => ({
    write(chunks, at, done) {
      if (mode === 'synced') waits.push('write')
      file.write(chunks, at, done)
    },
    sync(done) {
      waits.push('sync')
      file.sync(done)
    },
    read: (into, at, done) => file.read(into, at, done),
    close: (done) => file.close(done),
  })
  return {
    ...disk,
    open: (path, mode, done) =>
      disk.open(path, mode, (error, file) => done(error, file && watchedFile(file, mode))),
  }
}

function setUp(mode: FileMode) {
  const clock = new VirtualClock()
  const disk = new FaultyDisk({ clock, random: seededRandom(3) })
  const waits: string[] = []
  const options = { clock, folder: 'journal', segmentBytes: SEGMENT_BYTES, mode, nextId: 1 }
  const reserve = new Reserve({ ...options, disk: watched(disk.mount(), waits) }, () => {})
  return { clock, disk, waits, reserve }
}

for (const mode of ['synced', 'cached'] as const) {
  test(`a new segment, ${mode}, is filled with one sync and not lost after`, async () => {
    const { clock, disk, waits, reserve } = setUp(mode)
    reserve.prepare(false)
    clock.advance(1000)
    assert.equal(reserve.isReady, true)
    assert.deepEqual(waits, ['sync'])
    const segment = reserve.take()
    assert.ok(segment !== undefined)
    disk.crash()
    const found = disk.contents(segment.path)
    assert.equal(found?.length, SEGMENT_BYTES)
    assert.ok(found.every((byte) => byte === 0))
  })

  test(`where the sync of a new segment fails, ${mode}, it is made anew`, () => {
    const { clock, disk, waits, reserve } = setUp(mode)
    disk.failNext('sync')
    reserve.prepare(true)
    clock.advance(500)
    assert.deepEqual([reserve.isReady, reserve.trouble?.code], [false, 'EIO'])
    assert.equal(disk.files().size, 0, 'it takes no room')
    clock.advance(3000)
    assert.deepEqual([reserve.isReady, reserve.trouble], [true, undefined])
    assert.deepEqual(waits, ['sync', 'sync'])
  })
}

test('what is written to a segment that was filled is durable when it is done', () => {
  const { clock, disk, waits, reserve } = setUp('synced')
  reserve.prepare(false)
  clock.advance(1000)
  const segment = reserve.take()
  assert.ok(segment !== undefined)
  let isDone = false
  segment.file.write([Uint8Array.of(7)], 0, () => (isDone = true))
  clock.advance(10)
  assert.equal(isDone, true)
  disk.crash()
  assert.equal(disk.contents(segment.path)?.[0], 7)
  assert.deepEqual(waits, ['sync', 'write'])
})

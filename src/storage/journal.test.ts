import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../base/random.ts'
import { FaultyDisk, type FaultyDiskOptions } from '../../test/support/faulty-disk.ts'
import {
  frameOf,
  type JournalLife,
  openLife,
  SEGMENT_BYTES,
  settled,
  write,
} from '../../test/support/journal-life.ts'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import type { JournalOptions } from './journal.ts'

class Bench {
  readonly clock = new VirtualClock()
  readonly disk: FaultyDisk

  constructor(options: Partial<FaultyDiskOptions> = {}) {
    this.disk = new FaultyDisk({ clock: this.clock, random: seededRandom(1), ...options })
  }

  async open(options: Partial<JournalOptions> = {}): Promise<JournalLife> {
    const life = await openLife(this.clock, this.disk.mount(), options)
    assert.ok(life !== undefined)
    return life
  }

  async write(life: JournalLife, payload: string): Promise<string | undefined> {
    return (await settled(this.clock, write(life.journal, payload)))?.kind
  }

  /** Frames of a quarter of a segment, each with its own letter. */
  async fill(life: JournalLife, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      assert.equal(await this.write(life, letter(index).repeat(SEGMENT_BYTES / 4 - 100)), undefined)
    }
  }

  /** Lets what is done in the background come to its end. */
  rest(): void {
    this.clock.advance(5000)
  }

  close(life: JournalLife): Promise<void> {
    return settled(this.clock, life.journal.close())
  }

  segments(): readonly string[] {
    return [...this.disk.files().keys()].filter((path) => path.startsWith('journal/')).sort()
  }
}

function letter(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + (index % 26))
}

function letters(life: JournalLife): string {
  return life.replayed.map(({ payload }) => payload.charAt(0)).join('')
}

test('frames come back in order, beyond the position that was asked for', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 10)
  assert.equal(life.journal.position, 10)
  await bench.close(life)
  const next = await bench.open({ after: 4 })
  assert.equal(letters(next), 'efghij')
  assert.equal(next.journal.position, 10)
  assert.deepEqual(next.report.damages, [])
  const last = await bench.open({ after: 100 })
  assert.equal(last.journal.position, 100)
  assert.equal(letters(last), '')
})

test('positions go on where the journal is gone but the state is not', async () => {
  const bench = new Bench()
  const life = await bench.open({ after: 41 })
  assert.deepEqual(life.report.damages, [])
  await bench.write(life, 'x')
  assert.equal(life.journal.position, 42)
})

test('what the replay throws makes the opening fail', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.write(life, 'x')
  const replay = (): never => {
    throw new Error('unknown record')
  }
  await assert.rejects(bench.open({ replay }), /unknown record/)
})

test('a commit is one write of the disk', async () => {
  const bench = new Bench({ delayMs: [1, 1] })
  const life = await bench.open()
  const before = bench.disk.acts
  assert.equal(await bench.write(life, 'x'.repeat(100)), undefined)
  assert.equal(bench.disk.acts, before + 1)
})

test('released segments are used again, so that nothing is filled any more', async () => {
  const bench = new Bench()
  const life = await bench.open()
  for (let round = 0; round < 30; round++) {
    await bench.fill(life, 3)
    life.journal.release(life.journal.position)
    bench.rest()
  }
  assert.ok(bench.segments().length <= 4, bench.segments().join())
  assert.ok(life.journal.wear.zeroBytes <= 4 * SEGMENT_BYTES, `${life.journal.wear.zeroBytes}`)
  const after = life.journal.position - 1
  bench.disk.crash()
  const next = await bench.open({ after })
  assert.equal(letters(next), 'c')
  assert.deepEqual(next.report.damages, [])
})

test('of stale frames in a segment that is used again none comes back', async () => {
  const bench = new Bench()
  const life = await bench.open()
  for (let round = 0; round < 6; round++) {
    await bench.fill(life, 4)
    life.journal.release(life.journal.position)
    bench.rest()
  }
  // Without the table's word for what was applied. The last one released is not yet used again.
  const { position } = life.journal
  bench.disk.crash()
  const next = await bench.open({ after: 0 })
  const positions = next.replayed.map((frame) => frame.position)
  assert.deepEqual(
    positions,
    positions.toSorted((one, other) => one - other),
  )
  assert.ok((positions[0] ?? 0) > position - 9, positions.join())
})

test('a frame larger than a segment gets a segment of its own', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.write(life, 'a')
  await bench.write(life, 'b'.repeat(5 * SEGMENT_BYTES))
  await bench.write(life, 'c')
  bench.disk.crash()
  const next = await bench.open()
  assert.equal(letters(next), 'abc')
  next.journal.release(3)
  bench.rest()
  assert.ok([...bench.disk.files().values()].every((bytes) => bytes === SEGMENT_BYTES))
})

test('a rotten frame is damage: reported, kept in the quarantine, the rest replayed', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 9)
  await bench.close(life)
  const [path = ''] = bench.segments()
  bench.disk.rot(path, SEGMENT_BYTES / 4 + 200, 3)
  const next = await bench.open()
  assert.equal(letters(next), 'acdefghi')
  const [damage] = next.report.damages
  assert.equal(next.report.damages.length, 1)
  assert.equal(damage?.path, path)
  assert.deepEqual([damage?.firstLost, damage?.lastLost], [2, 2])
  assert.ok((damage?.fromByte ?? 0) < (damage?.toByte ?? 0))
  next.journal.release(next.journal.position)
  bench.rest()
  assert.ok(!bench.segments().includes(path))
  assert.ok(bench.disk.contents(path.replace('journal', 'quarantine')) !== undefined)
  await bench.close(next)
  assert.deepEqual((await bench.open({ after: 9 })).report.damages, [])
})

test('a rotten head loses only its own frame', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 4)
  await bench.close(life)
  const [path = ''] = bench.segments()
  bench.disk.rot(path, 0, 20)
  const next = await bench.open()
  assert.equal(letters(next), 'bcd')
  assert.deepEqual(
    next.report.damages.map(({ firstLost, lastLost }) => [firstLost, lastLost]),
    [[1, 1]],
  )
})

test('the last frame, cut off, is a torn end and no damage', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 2)
  await bench.close(life)
  const [path = ''] = bench.segments()
  bench.disk.rot(path, SEGMENT_BYTES / 4 + 200, 3)
  const next = await bench.open()
  assert.equal(letters(next), 'a')
  assert.deepEqual(next.report.damages, [])
  assert.ok(next.report.isTorn)
  // Its position is given again, and what is torn stays without meaning.
  await bench.write(next, 'z')
  assert.equal(next.journal.position, 2)
  bench.disk.crash()
  const last = await bench.open()
  assert.equal(letters(last), 'az')
  assert.deepEqual(last.report.damages, [])
})

test('a segment that is missing is damage', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 11)
  await bench.close(life)
  const [, second = ''] = bench.segments()
  const disk = bench.disk.mount()
  disk.remove(second, () => {})
  bench.rest()
  const next = await bench.open()
  assert.equal(letters(next), 'abcdijk')
  assert.deepEqual(
    next.report.damages.map(({ firstLost, lastLost }) => [firstLost, lastLost]),
    [[5, 8]],
  )
})

test('a spot that cannot be read loses the frames on it', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 9)
  await bench.close(life)
  const [path = ''] = bench.segments()
  bench.disk.spoil(path, 4096, 10)
  const next = await bench.open()
  assert.equal(letters(next), 'abefghi')
  assert.equal(next.report.damages.length, 1)
})

test('an end that cannot be read is reported, since nobody knows what stood there', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 1)
  await bench.close(life)
  const [path = ''] = bench.segments()
  bench.disk.spoil(path, 4096, 10)
  const next = await bench.open()
  assert.equal(letters(next), 'a')
  const [damage] = next.report.damages
  assert.deepEqual([damage?.firstLost, damage?.lastLost], [2, undefined])
})

test('a disk that gives nothing back makes the opening fail', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.write(life, 'a')
  bench.disk.failNext('read', 1000)
  await assert.rejects(bench.open(), { code: 'EIO' })
})

test('after a failed write the same frame goes to another segment', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.write(life, 'a')
  bench.disk.failNext('write')
  assert.equal(await bench.write(life, 'b'), 'failed')
  assert.equal(life.journal.trouble?.code, 'EIO')
  assert.equal(life.journal.position, 1)
  assert.equal(await bench.write(life, 'bc'), undefined)
  assert.equal(life.journal.position, 2)
  bench.rest()
  assert.equal(life.journal.trouble, undefined)
  bench.disk.crash()
  const next = await bench.open()
  assert.deepEqual(
    next.replayed.map(({ payload }) => payload),
    ['a', 'bc'],
  )
})

test('a full disk is told before the journal is full, and forgotten with room', async () => {
  const bench = new Bench({ capacityBytes: SEGMENT_BYTES * 1.5 })
  const life = await bench.open()
  await bench.fill(life, 2)
  bench.rest()
  assert.equal(life.journal.trouble, undefined)
  await bench.fill(life, 1)
  bench.rest()
  const kindOf = (): string | undefined => life.journal.trouble?.kind
  assert.equal(kindOf(), 'full')
  // What was admitted still has room.
  await bench.fill(life, 1)
  const large = 'x'.repeat(SEGMENT_BYTES / 4)
  assert.equal(await bench.write(life, large), 'full')
  assert.equal(await bench.write(life, large), 'full')
  bench.disk.capacityBytes = SEGMENT_BYTES * 4
  bench.rest()
  assert.equal(await bench.write(life, large), undefined)
  bench.rest()
  assert.equal(kindOf(), undefined)
  await bench.close(life)
  assert.equal(letters(await bench.open()), 'abaax')
})

test('on a full disk the journal opens, replays, and is in trouble', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 3)
  bench.disk.crash()
  bench.disk.capacityBytes = 0
  const next = await bench.open()
  assert.equal(letters(next), 'abc')
  bench.disk.capacityBytes = SEGMENT_BYTES * 9
  bench.rest()
  assert.equal(next.journal.trouble, undefined)
})

test('a disk that cannot be written at all leaves a journal that can be read', async () => {
  const bench = new Bench()
  const life = await bench.open()
  await bench.fill(life, 3)
  bench.disk.crash()
  for (const act of ['write', 'rename', 'remove'] as const) bench.disk.failNext(act, 1e6, 'EROFS')
  const next = await bench.open({ segmentBytes: SEGMENT_BYTES * 2 })
  assert.equal(letters(next), 'abc')
  assert.equal(next.journal.trouble?.code, 'EROFS')
  assert.equal(await bench.write(next, 'd'), 'failed')
})

test('relaxed: a frame is done before it is durable, and durable a little later', async () => {
  const bench = new Bench()
  const life = await bench.open({ durability: 'relaxed', syncMs: 500 })
  await bench.write(life, 'a')
  assert.equal(life.journal.position, 1)
  assert.equal(life.journal.durablePosition, 0)
  bench.clock.advance(600)
  assert.equal(life.journal.durablePosition, 1)
  await bench.write(life, 'b')
  await bench.close(life)
  bench.disk.crash()
  assert.equal(letters(await bench.open({ durability: 'relaxed' })), 'ab')
})

test('relaxed: a failed sync is told, and nothing more goes to that segment', async () => {
  const bench = new Bench()
  const life = await bench.open({ durability: 'relaxed', syncMs: 500 })
  await bench.write(life, 'a')
  bench.disk.failNext('sync')
  bench.clock.advance(600)
  assert.equal(life.journal.trouble?.code, 'EIO')
  await bench.write(life, 'b')
  bench.rest()
  assert.equal(life.journal.trouble, undefined)
  assert.equal(life.journal.durablePosition, 2)
  const used = bench.segments().filter((path) => bench.disk.contents(path)?.[0] !== 0)
  assert.equal(used.length, 2)
})

test('closing waits for the write that is under way', async () => {
  const bench = new Bench()
  const life = await bench.open()
  let isDone = false
  life.journal.write(frameOf('a'), () => {
    isDone = true
  })
  await bench.close(life)
  assert.ok(isDone)
  assert.equal(letters(await bench.open()), 'a')
})

test('one write at a time, and none after the end', async () => {
  const bench = new Bench()
  const life = await bench.open()
  life.journal.write(frameOf('a'), () => {})
  assert.throws(() => life.journal.write(frameOf('b'), () => {}), { code: 'ERR_ASSERTION' })
  await bench.close(life)
  assert.throws(() => life.journal.write(frameOf('b'), () => {}), { code: 'ERR_ASSERTION' })
})

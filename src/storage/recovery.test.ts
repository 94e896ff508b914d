// Segments are laid out by hand here: what no short run of a journal would leave behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyDisk } from '../../test/support/faulty-disk.ts'
import { frameOf, settled } from '../../test/support/journal-life.ts'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { seededRandom } from '../base/random.ts'
import { asked, type DiskFile } from './disk.ts'
import { sealFrame } from './frame.ts'
import { type Recovered, recoverFrames } from './recovery.ts'
import { segmentName } from './segment.ts'

interface Laid {
  readonly position: number
  readonly text: string
  /** Default: its own segment's, or the one's before where it is the first. */
  readonly previousEra?: number
  /** With `commit` 1, as by default. */
  readonly behind?: number
  /** The place is taken, and nothing can be read there. */
  readonly isLost?: boolean
}

const WALL_MS = Date.UTC(2030, 0, 1)

/** Segment number n of `segments` has the id n and the era n; returns what is replayed. */
async function recovered(
  segments: readonly (readonly Laid[])[],
  after = 0,
): Promise<Recovered & { readonly texts: readonly string[] }> {
  const clock = new VirtualClock()
  const disk = new FaultyDisk({ clock, random: seededRandom(1) }).mount()
  const texts: string[] = []
  const run = async (): Promise<Recovered> => {
    for (const [index, frames] of segments.entries()) {
      const era = index + 1
      const path = `journal/${segmentName(era)}`
      const file = await asked<DiskFile>((done) => disk.open(path, 'synced', done))
      let at = 0
      for (const [order, frame] of frames.entries()) {
        const { position, text, behind = 1, isLost = false } = frame
        const previousEra = frame.previousEra ?? (order === 0 ? era - 1 : era)
        const chunks = frameOf(text)
        sealFrame(chunks, { position, wallMs: WALL_MS, era, previousEra, behind }, era, at)
        for (const chunk of isLost ? chunks : []) chunk.fill(0)
        const writeAt = at
        await asked<void>((done) => file.write(chunks, writeAt, (error) => done(error, undefined)))
        at += chunks.reduce((sum, { length }) => sum + length, 0)
      }
    }
    return recoverFrames(disk, 'journal', after, ({ payload }) => {
      texts.push(Buffer.from(payload).toString('latin1'))
    })
  }
  const found = await settled(clock, run())
  assert.ok(found !== undefined)
  return { ...found, texts }
}

test('the later of two attempts at a frame counts', async () => {
  const { texts, damages, position } = await recovered([
    [
      { position: 1, text: 'a' },
      { position: 2, text: 'b' },
    ],
    [
      { position: 2, text: 'bc' },
      { position: 3, text: 'd' },
    ],
  ])
  assert.deepEqual(texts, ['a', 'bc', 'd'])
  assert.deepEqual(damages, [])
  assert.equal(position, 3)
})

test('an earlier attempt does not stand in for a durable one that is lost', async () => {
  const { texts, damages } = await recovered([
    [
      { position: 1, text: 'a' },
      { position: 2, text: 'b' },
    ],
    [
      { position: 2, text: 'bc', isLost: true },
      { position: 3, text: 'd' },
    ],
  ])
  assert.deepEqual(texts, ['a', 'd'])
  assert.deepEqual(
    damages.map(({ firstLost, lastLost }) => [firstLost, lastLost]),
    [[2, 2]],
  )
})

test('where nothing was durable an earlier attempt ends the journal', async () => {
  for (const isInPlace of [false, true]) {
    const first = [
      { position: 1, text: 'a' },
      { position: 2, text: 'b' },
    ]
    const rest = [
      { position: 2, text: 'bc', isLost: true },
      { position: 3, text: 'd', behind: 2 },
    ]
    const { texts, damages, unsynced, unsyncedFrames } = await recovered(
      isInPlace ? [[...first, ...rest]] : [first, rest],
    )
    assert.deepEqual(texts, ['a', 'b'])
    assert.deepEqual(damages, [])
    assert.equal(unsyncedFrames, 1)
    assert.equal(unsynced.length, 1)
  }
})

test('frames beyond one that was never durable are left out, over segments as well', async () => {
  const { texts, unsyncedFrames, position } = await recovered([
    [
      { position: 1, text: 'a' },
      { position: 2, text: 'b', behind: 1, isLost: true },
      { position: 3, text: 'c', behind: 2 },
    ],
    [{ position: 4, text: 'd', behind: 3 }],
  ])
  assert.deepEqual(texts, ['a'])
  assert.equal(unsyncedFrames, 2)
  assert.equal(position, 1)
})

test('one later frame that knows of the lost one makes it damage', async () => {
  const { texts, damages, unsyncedFrames } = await recovered([
    [
      { position: 1, text: 'a' },
      { position: 2, text: 'b', isLost: true },
      { position: 3, text: 'c', behind: 2 },
      { position: 4, text: 'd', behind: 1 },
    ],
  ])
  assert.deepEqual(texts, ['a', 'c', 'd'])
  assert.equal(damages.length, 1)
  assert.equal(unsyncedFrames, 0)
})

test('a gap within what is not asked for is no damage', async () => {
  const frames = [
    { position: 1, text: 'a' },
    { position: 2, text: 'b', isLost: true },
    { position: 3, text: 'c' },
    { position: 4, text: 'd' },
  ]
  const { texts, damages } = await recovered([frames], 3)
  assert.deepEqual(texts, ['d'])
  assert.deepEqual(damages, [])
})

test('a message that looks like a frame is none', async () => {
  // Somebody publishes bytes that are a frame, for the very place at which they come to stand.
  const forged = frameOf('forged')
  const at = frameOf('').reduce((sum, { length }) => sum + length, 0)
  sealFrame(forged, { position: 2, wallMs: WALL_MS, era: 1, previousEra: 1, behind: 1 }, 1, at)
  const text = Buffer.concat(forged).toString('latin1')
  const { texts } = await recovered([[{ position: 1, text }]])
  assert.deepEqual(texts, [text])
})

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import { frameOf, write } from '../../test/support/journal-life.ts'
import { asked, type Disk, DiskError, type DiskFile, type Done, type FileEntry } from './disk.ts'
import { openJournal } from './journal.ts'
import { createNodeDisk } from './node-disk.ts'

async function folderFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-disk-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function did(start: (done: Done) => void): Promise<void> {
  return asked<void>((done) => start((error) => done(error, undefined)))
}

function opened(disk: Disk, path: string, mode: 'synced' | 'cached' | 'read'): Promise<DiskFile> {
  return asked((done) => disk.open(path, mode, done))
}

for (const writesThrough of [true, false]) {
  test(`files are written, read, renamed and removed (O_DSYNC ${writesThrough})`, async (t) => {
    const disk = createNodeDisk(join(await folderFor(t), 'data'), { writesThrough })
    const names = async (folder: string): Promise<readonly FileEntry[]> =>
      asked((done) => disk.list(folder, done))
    assert.deepEqual(await names('a'), [])
    const file = await opened(disk, 'a/one', 'synced')
    await did((done) => file.write([Buffer.from('abc'), Buffer.from('def')], 2, done))
    await did((done) => file.write([Buffer.from('X')], 0, done))
    const into = new Uint8Array(20)
    assert.equal(await asked((done) => file.read(into, 0, done)), 8)
    assert.equal(Buffer.from(into.subarray(0, 8)).toString('latin1'), 'X\0abcdef')
    await did((done) => file.sync(done))
    await did((done) => file.close(done))
    await did((done) => disk.rename('a/one', 'b/two', done))
    await did((done) => disk.syncFolder('b', done))
    assert.deepEqual(await names('a'), [])
    assert.deepEqual(await names('b'), [{ name: 'two', bytes: 8 }])
    await did((done) => disk.remove('b/two', done))
    await did((done) => disk.remove('b/two', done))
    assert.deepEqual(await names('b'), [])
    assert.ok((await asked<number>((done) => disk.room(done))) > 0)
  })
}

test('a file that does not exist is an error of its own kind', async (t) => {
  const disk = createNodeDisk(await folderFor(t))
  const isMissing = (error: unknown): boolean =>
    error instanceof DiskError && error.kind === 'missing'
  await assert.rejects(opened(disk, 'none', 'read'), isMissing)
  await assert.rejects(
    did((done) => disk.rename('none', 'other', done)),
    isMissing,
  )
})

test('a device without room is told from one that fails', async () => {
  // Where the system has it, every write to it fails with ENOSPC.
  const disk = createNodeDisk('/dev')
  let file: DiskFile
  try {
    file = await opened(disk, 'full', 'cached')
  } catch {
    return
  }
  await assert.rejects(
    did((done) => file.write([Buffer.from('x')], 0, done)),
    (error) => error instanceof DiskError && error.kind === 'full' && error.code === 'ENOSPC',
  )
  await did((done) => file.close(done))
})

for (const durability of ['commit', 'relaxed'] as const) {
  test(`a journal on the real disk comes back (${durability})`, async (t) => {
    const disk = createNodeDisk(await folderFor(t))
    const replayed: string[] = []
    const options = {
      ...{ disk, clock: systemClock, folder: 'journal', quarantine: 'quarantine', after: 0 },
      ...{ segmentBytes: 64 * 1024, durability },
      replay: ({ payload }: { readonly payload: Uint8Array }) => {
        replayed.push(Buffer.from(payload).toString('latin1'))
      },
    }
    const { journal } = await openJournal(options)
    const payloads = Array.from({ length: 200 }, (_, index) => `${index}`.padEnd(1000, '.'))
    for (const payload of payloads) assert.equal(await write(journal, payload), undefined)
    const [first = frameOf('')[0] ?? new Uint8Array(0)] = frameOf('many ')
    const parts = [first, Buffer.from('chunks')]
    await did((done) => journal.write(parts, (error) => done(error)))
    await journal.close()
    const next = await openJournal(options)
    assert.deepEqual(replayed, [...payloads, 'many chunks'])
    assert.deepEqual(next.report.damages, [])
    assert.equal(next.journal.position, 201)
    await next.journal.close()
  })
}

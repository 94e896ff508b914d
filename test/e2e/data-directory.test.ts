// A data directory that cannot be used: one line that says why, exit code 1, nothing is changed.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startServerWith } from '../support/live-server.ts'
import { Rameau } from '../support/rameau.ts'
import { runInNamespace, SmallDisk, wayToSmallDisks } from '../support/small-disk.ts'

const BOUNDED = { timeout: 200_000 }
const LISTENERS = ['--mqtt', '0', '--ws', 'off', '--http', 'off']
const DISK_BYTES = 96 * 1024 * 1024

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes it by running a server on it. */
async function makeStore(t: TestContext, data: string): Promise<void> {
  const server = await startServerWith(t, { data })
  assert.equal((await server.stop()).code, 0)
}

async function assertRefused(data: string, expected: RegExp): Promise<void> {
  await using rameau = new Rameau(['start', '--data', data, ...LISTENERS])
  const { code, stdout, stderr } = await rameau.ended()
  assert.match(stderr, expected)
  assert.match(stderr, /^rameau: [^\n]*\n$/, 'one line')
  assert.ok(stderr.includes(data), 'which directory')
  assert.deepEqual([code, stdout], [1, ''])
}

test('a file in its place', BOUNDED, async (t) => {
  const data = join(makeFolder(t), 'data')
  writeFileSync(data, 'mine')
  await assertRefused(data, /cannot be used: ENOTDIR/)
  assert.equal(readFileSync(data, 'utf8'), 'mine')
})

test('a parent that is not there', BOUNDED, async (t) => {
  await assertRefused(join(makeFolder(t), 'a', 'data'), /cannot be used: ENOENT/)
})

test('no permission', { ...BOUNDED, skip: isRoot() && 'root may everything' }, async (t) => {
  const data = join(makeFolder(t), 'data')
  mkdirSync(data)
  chmodSync(data, 0)
  await assertRefused(data, /cannot be used: EACCES/)
  chmodSync(data, 0o700)
})

test('a second process', BOUNDED, async (t) => {
  const data = join(makeFolder(t), 'data')
  const first = await startServerWith(t, { data })
  await assertRefused(data, /in use by another process/)
  assert.ok(first.isRunning)
  // The lock goes with the process, however that ends.
  await first.stop('SIGKILL')
  await makeStore(t, data)
})

test('a newer format', BOUNDED, async (t) => {
  const data = join(makeFolder(t), 'data')
  await makeStore(t, data)
  const path = join(data, 'format.json')
  const newer = readFileSync(path, 'utf8').replace(/\d+/, '999')
  writeFileSync(path, newer)
  await assertRefused(data, /has format 999, and this version of rameau reads format \d+/)
  assert.equal(readFileSync(path, 'utf8'), newer)
})

test('a table that is damaged as a whole', BOUNDED, async (t) => {
  const data = join(makeFolder(t), 'data')
  await makeStore(t, data)
  writeFileSync(join(data, 'table', 'CURRENT'), 'MANIFEST-999999\n')
  await assertRefused(data, /the table in the data directory .* cannot be opened/)
})

const way = wayToSmallDisks()
if (way === 'in a namespace') {
  test('the same with small disks', BOUNDED, () =>
    runInNamespace(import.meta.filename, /a disk that is/),
  )
}
const skip = way === 'here' ? false : way === 'in a namespace' ? 'runs in a namespace' : way.skip

test('a disk that is read-only', { ...BOUNDED, skip }, async (t) => {
  const disk = new SmallDisk(t, DISK_BYTES)
  const data = join(disk.folder, 'data')
  await makeStore(t, data)
  disk.protect()
  await assertRefused(data, /read-only|EROFS/i)
})

test('a new directory on a disk that is read-only', { ...BOUNDED, skip }, async (t) => {
  const disk = new SmallDisk(t, DISK_BYTES)
  disk.protect()
  await assertRefused(join(disk.folder, 'data'), /read-only|EROFS/i)
})

test('a new directory on a disk that is full', { ...BOUNDED, skip }, async (t) => {
  const disk = new SmallDisk(t, DISK_BYTES)
  disk.fill()
  await assertRefused(join(disk.folder, 'data'), /no space left|ENOSPC/i)
})

function isRoot(): boolean {
  return process.getuid?.() === 0
}

// Data directories for tests: stores in them, what they hold, exports and imports of them.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { Log } from '../../src/core/ports.ts'
import type { QueueName, Store, StoredDelivery } from '../../src/core/store.ts'
import { setImmediateScheduler as scheduler } from '../../src/net/scheduler.ts'
import type { DurableStore } from '../../src/storage/durable.ts'
import { checkDirectory, exportDirectory, importDirectory } from '../../src/storage/offline.ts'
import { openDurableStore } from '../../src/storage/open-durable.ts'
import type { ReadingOptions } from '../../src/storage/reading.ts'
import { RecoveredState } from './store-model.ts'

const PIECE_BYTES = 1000
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function placeOf(directory: string): ReadingOptions {
  return { directory, clock: systemClock, scheduler }
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-data-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function openedStore(
  directory: string,
): Promise<{ store: DurableStore; recovered: RecoveredState }> {
  const store = await openDurableStore({
    ...{ directory, clock: systemClock, scheduler, log, segmentBytes: 64 * 1024 },
    bounds: { epochBytes: 4000 },
  })
  const recovered = new RecoveredState()
  await asPromise((done) => store.recover(recovered, done))
  return { store, recovered }
}

export function commitOf(store: Store): Promise<void> {
  return asPromise((done) => store.commit(done))
}

export function standingIn(store: Store, queue: QueueName): Promise<readonly StoredDelivery[]> {
  return new Promise((resolve, reject) => {
    store.read(queue, -1, 1e6, Number.POSITIVE_INFINITY, (error, found, isEnd) => {
      assert.ok(isEnd)
      if (error === undefined) resolve(found)
      else reject(error)
    })
  })
}

/** What a check finds wrong. */
export async function damagesOf(directory: string): Promise<string[]> {
  const damages: string[] = []
  await checkDirectory(placeOf(directory), (text) => damages.push(text))
  return damages
}

/** The export of a store without damage. */
export async function exportOf(directory: string): Promise<string> {
  const damages: string[] = []
  let all = ''
  await exportDirectory(
    placeOf(directory),
    (text) => damages.push(text),
    async (text) => void (all += text),
  )
  assert.deepEqual(damages, [])
  return all
}

/** Fills the directory, unless a line is wrong; returns what is said of such lines. */
export async function importInto(directory: string, text: string): Promise<string[]> {
  const wrong: string[] = []
  // In small pieces, as from a pipe.
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push(bytes.subarray(at, at + PIECE_BYTES))
  }
  const lines = await importDirectory(placeOf(directory), Readable.from(pieces), (line, what) => {
    return wrong.push(`${line}: ${what}`) < 20
  })
  assert.equal(lines === undefined, wrong.length > 0)
  return wrong
}

function asPromise(start: (done: (error: Error | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === undefined ? resolve() : reject(error)))
  })
}

// The store of a real data directory: its lock, its format, and what it brings back.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { Scheduler } from '../base/scheduler.ts'
import type { Log } from '../core/ports.ts'
import type { StoreRecord } from '../core/store.ts'
import { RecoveredState, StoreModel } from '../../test/support/store-model.ts'
import { StoreScript } from '../../test/support/store-script.ts'
import type { DurableStore } from './durable.ts'
import { openDurableStore } from './open-durable.ts'
import { StoreOpenError } from '../base/errors.ts'

const scheduler: Scheduler = { defer: (run) => void setImmediate(run) }
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rameau-store-'))
  after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function open(directory: string, epochBytes = 4000): Promise<DurableStore> {
  return openDurableStore({
    ...{ directory, clock: systemClock, scheduler, log, segmentBytes: 64 * 1024 },
    bounds: { epochBytes },
  })
}

function recovered(store: DurableStore): Promise<RecoveredState> {
  const state = new RecoveredState()
  return new Promise((resolve, reject) => {
    store.recover(state, (error) => (error === undefined ? resolve(state) : reject(error)))
  })
}

function committed(store: DurableStore): Promise<void> {
  return new Promise((resolve, reject) => {
    store.commit((error) => (error === undefined ? resolve() : reject(error)))
  })
}

async function standing(store: DurableStore, model: StoreModel) {
  const queues = []
  for (const { name } of model.state().queues) {
    const deliveries = await new Promise((resolve, reject) => {
      store.read(name, -1, 1e6, Number.POSITIVE_INFINITY, (error, found, isEnd) => {
        assert.ok(isEnd)
        if (error === undefined) resolve(found)
        else reject(error)
      })
    })
    queues.push({ name, deliveries })
  }
  return queues
}

test('what was committed stands in the directory, epoch after epoch', async () => {
  const directory = await folder()
  const records: StoreRecord[] = []
  const random = seededRandom(7)
  for (let run = 0; run < 4; run++) {
    const store = await open(directory)
    const state = await recovered(store)
    const model = new StoreModel()
    for (const record of records) model.apply(record)
    const queues = await standing(store, model)
    const expected = model.state()
    assert.deepEqual(queues, expected.queues)
    assert.deepEqual(state.state(expected.queues), expected)
    const script = new StoreScript(random, state.firstOffset, (record) => {
      records.push(record)
      store.append(record)
    })
    for (const record of records) script.model.apply(record)
    for (let turn = 0; turn < 50; turn++) {
      for (let step = 0; step < 5; step++) script.step()
      await committed(store)
    }
    assert.ok(store.stat.tableBatches > 1)
    await store.close()
  }
  const files = await readdir(directory)
  assert.deepEqual(files.sort(), ['format.json', 'journal', 'table'])
})

test('a clean end leaves nothing to be replayed', async () => {
  const directory = await folder()
  const store = await open(directory)
  const { firstOffset } = await recovered(store)
  store.append({ kind: 'reserved', bound: firstOffset + 1e9 })
  await store.close()
  const again = await open(directory)
  const replayed: unknown[] = []
  const noting = { ...log, info: (event: string) => void replayed.push(event) }
  await again.close()
  const third = await openDurableStore({
    ...{ directory, clock: systemClock, scheduler, log: noting },
  })
  assert.equal((await recovered(third)).firstOffset, firstOffset + 1e9)
  assert.deepEqual(replayed, [])
  await third.close()
})

test('a directory in use is refused, with its name', async () => {
  const directory = await folder()
  const store = await open(directory)
  await assert.rejects(open(directory), (error) => {
    assert.ok(error instanceof StoreOpenError)
    assert.equal(error.code, 'ERR_STORE_IN_USE')
    assert.ok(error.message.includes(directory))
    return true
  })
  await recovered(store)
  await store.close()
  const again = await open(directory)
  await again.close()
})

test('a format of another version is refused, and nothing is changed', async () => {
  const directory = await folder()
  const store = await open(directory)
  await store.close()
  const path = join(directory, 'format.json')
  await writeFile(path, '{ "format": 99, "later": true }')
  await assert.rejects(open(directory), (error) => {
    assert.ok(error instanceof StoreOpenError)
    assert.equal(error.code, 'ERR_STORE_FORMAT')
    assert.match(error.message, /format 99.*reads format 1.*export.*import/)
    assert.ok(error.message.includes(directory))
    return true
  })
  assert.equal(await readFile(path, 'utf8'), '{ "format": 99, "later": true }')
})

test('a directory that cannot be made is refused, with its name', async () => {
  const directory = join(await folder(), 'no', 'where')
  await assert.rejects(open(directory), (error) => {
    assert.ok(error instanceof StoreOpenError)
    assert.ok(error.message.includes(directory))
    return true
  })
})

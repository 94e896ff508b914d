// The durable store where one call of the disk or of the table fails, tears or is the last one
// before the power goes: each call of one life in turn. What was committed stands afterwards.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { groupQueue, type QueueName, sessionQueue, type StoreRecord } from '../../src/core/store.ts'
import { type Disk, DiskError, type DiskFile, type Done } from '../../src/storage/disk.ts'
import type { DurableStore } from '../../src/storage/durable.ts'
import type { RecoveredState } from '../support/store-model.ts'
import { StoreModel } from '../support/store-model.ts'
import { StoreScript } from '../support/store-script.ts'
import { StoppedError, StoreWorld } from '../support/store-world.ts'

/** In CI one call of so many, beginning elsewhere for each kind of fault. */
const STRIDE = process.env['RAMEAU_FULL'] === '1' ? 1 : 9
const NAMES: readonly QueueName[] = [
  ...['ann', 'bob', 'c/d', 'ß'].map(sessionQueue),
  ...['$share/g/a/#', '$share/größe/b'].map(groupQueue),
]
const ROUNDS = 40
const BOUNDS = { epochBytes: 2000, unappliedBytesMax: 12_000, congestedBytes: 20_000 }
const OPTIONS = { bounds: BOUNDS, segmentBytes: 4096 }

/** One life of a store: commits, a restart in the middle, and what became of it. */
class Life {
  readonly world: StoreWorld
  readonly records: StoreRecord[] = []
  readonly ends: number[] = [0]
  committed = 0
  /** How often opening failed. */
  openings = 0
  #store: DurableStore | undefined

  constructor(world: StoreWorld) {
    this.world = world
  }

  async run(): Promise<void> {
    await this.#open()
    const script = new StoreScript(this.world.random, 2e15, (record) => {
      this.records.push(record)
      this.#store?.append(record)
    })
    for (let round = 0; round < ROUNDS; round++) {
      for (let steps = 0; steps < 8; steps++) {
        script.step()
        this.ends.push(this.records.length)
      }
      await this.#commit()
      const name = NAMES[round % NAMES.length] ?? sessionQueue('')
      const found = await this.#read(name)
      if (found !== undefined) assert.deepEqual(found, script.model.standing(name))
      if (round === ROUNDS / 2) await this.#restart()
    }
    // Whatever failed is over, and so is the trouble with it.
    await this.world.passes(20_000)
    assert.equal(this.#opened().refusal(), undefined)
  }

  async #read(name: QueueName) {
    try {
      return await this.world.standing(this.#opened(), name, 4)
    } catch (error) {
      if (error instanceof StoppedError || error instanceof assert.AssertionError) throw error
      return undefined // The table failed, as it was told to.
    }
  }

  /** As a turn does: until it succeeds. */
  async #commit(): Promise<void> {
    const upTo = this.records.length
    for (let attempts = 0; attempts < 100; attempts++) {
      if ((await this.world.commit(this.#opened())) === undefined) {
        this.committed = upTo
        return
      }
      assert.notEqual(this.#opened().refusal(), undefined)
      await this.world.passes(50)
    }
    assert.fail('it never commits')
  }

  async #restart(): Promise<void> {
    const store = this.#opened()
    await this.world.settled(store.close()).catch(() => {})
    this.world.crash()
    await this.#open()
  }

  async #open(): Promise<void> {
    for (let attempts = 0; attempts < 5; attempts++) {
      try {
        const { store, recovered } = await this.world.open()
        this.#store = store
        if (this.records.length > 0) await this.compare(store, recovered)
        return
      } catch (error) {
        if (error instanceof assert.AssertionError || error instanceof StoppedError) throw error
        this.openings += 1
        this.world.crash()
      }
    }
    assert.fail('it never opens')
  }

  /** What came back is all that was committed, and perhaps whole steps beyond. */
  async compare(store: DurableStore, recovered: RecoveredState): Promise<void> {
    const state = await this.world.state(store, recovered, NAMES)
    for (const end of this.ends) {
      if (end < this.committed) continue
      if (isDeepStrictEqual(state, modelOf(this.records.slice(0, end)).state())) return
    }
    assert.deepEqual(state, modelOf(this.records.slice(0, this.committed)).state())
  }

  #opened(): DurableStore {
    assert.ok(this.#store)
    return this.#store
  }
}

function modelOf(records: readonly StoreRecord[]): StoreModel {
  const model = new StoreModel()
  for (const record of records) model.apply(record)
  return model
}

/** Opens what is left with nothing failing any more, and compares. */
async function verify(life: Life): Promise<void> {
  const { world } = life
  world.crash()
  world.wrapDisk = (disk) => disk
  world.table.fault = () => 'none'
  const { store, recovered } = await world.open()
  await life.compare(store, recovered)
  await world.settled(store.close())
}

type DiskFault = 'fails' | 'tears' | 'is full'

/** The disk, whose call number `at` fails. */
function failing(disk: Disk, world: StoreWorld, fault: DiskFault, isNow: () => boolean): Disk {
  const code = fault === 'is full' ? 'ENOSPC' : 'EIO'
  const fail = (done: (error: DiskError, answer: undefined) => void): void => {
    world.clock.after(1, () => done(new DiskError('it fails', code), undefined))
  }
  const file = (inner: DiskFile): DiskFile => ({
    write(chunks, at, done: Done) {
      if (!isNow()) return inner.write(chunks, at, done)
      if (fault !== 'tears') return fail(done)
      const [first = new Uint8Array(0)] = chunks
      inner.write([first.subarray(0, first.length >> 1)], at, () => fail(done))
    },
    read: (into, at, done) => (isNow() ? fail(done) : inner.read(into, at, done)),
    sync: (done) => (isNow() ? fail(done) : inner.sync(done)),
    close: (done) => inner.close(done),
  })
  return {
    list: (folder, done) => (isNow() ? fail(done) : disk.list(folder, done)),
    open(path, mode, done) {
      if (isNow()) return fail(done)
      disk.open(path, mode, (error, inner) => {
        if (inner === undefined) done(error, undefined)
        else done(undefined, file(inner))
      })
    },
    rename: (path, newPath, done) => (isNow() ? fail(done) : disk.rename(path, newPath, done)),
    remove: (path, done) => (isNow() ? fail(done) : disk.remove(path, done)),
    syncFolder: (folder, done) => (isNow() ? fail(done) : disk.syncFolder(folder, done)),
    room: (done) => disk.room(done),
  }
}

for (const [index, fault] of (['fails', 'tears', 'is full'] as const).entries()) {
  test(`nothing committed is lost where one call of the disk ${fault}`, async () => {
    let calls = Number.POSITIVE_INFINITY
    for (let at = 1 + index; at <= calls; at += STRIDE) {
      const world = new StoreWorld(5, OPTIONS)
      let count = 0
      world.wrapDisk = (disk) => failing(disk, world, fault, () => ++count === at)
      const life = new Life(world)
      await life.run()
      calls = Math.min(calls, count)
      await verify(life)
    }
    assert.ok(calls > 40 && calls < 10_000, `${calls} calls`)
  })
}

test('nothing committed is lost where the power goes in any call of the disk', async () => {
  const measured = new StoreWorld(5, OPTIONS)
  await new Life(measured).run()
  const { acts } = measured.disk
  for (let at = 1; at <= acts; at += STRIDE) {
    const world = new StoreWorld(5, OPTIONS)
    let isDown = false
    world.disk.crashAt(at, () => (isDown = true))
    const life = new Life(world)
    await world.unless(
      () => life.run(),
      () => isDown,
    )
    await verify(life)
  }
})

const TABLE_FAULTS = [
  { fault: 'error', isOfWrites: false, stride: STRIDE },
  { fault: 'error', isOfWrites: true, stride: 1 },
  { fault: 'error but written', isOfWrites: true, stride: 1 },
] as const

for (const { fault, isOfWrites, stride } of TABLE_FAULTS) {
  const what = isOfWrites ? 'batch' : 'call of the table'
  test(`nothing committed is lost where one ${what} ends in: ${fault}`, async () => {
    let calls = Number.POSITIVE_INFINITY
    for (let at = 1; at <= calls; at += stride) {
      const world = new StoreWorld(6, OPTIONS)
      let count = 0
      world.table.fault = (operation) => {
        if (isOfWrites && operation !== 'write') return 'none'
        return ++count === at ? fault : 'none'
      }
      const life = new Life(world)
      await life.run()
      calls = Math.min(calls, count)
      await verify(life)
    }
    assert.ok(calls > 10, `${calls} calls`)
  })
}

for (const isLate of [false, true]) {
  const when = isLate ? 'before' : 'after'
  test(`nothing committed is lost where the power goes ${when} any batch is written`, async () => {
    let batches = Number.POSITIVE_INFINITY
    for (let at = 1; at <= batches; at++) {
      const world = new StoreWorld(7, OPTIONS)
      let count = 0
      let isDown = false
      world.table.isLate = () => isLate
      world.table.fault = (operation) => {
        if (operation === 'write' && ++count === at) isDown = true
        return 'none'
      }
      const life = new Life(world)
      await world.unless(
        () => life.run(),
        () => isDown,
      )
      if (!isDown) batches = at
      await verify(life)
    }
    assert.ok(batches > 5, `${batches} batches`)
  })
}

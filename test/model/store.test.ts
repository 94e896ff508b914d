// The durable store against a plain model: random records, commits, reads, crashes and reopenings.
// What was committed comes back; what was not may, up to the end of some step, and never in part.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { QueueName, StoreRecord } from '../../src/core/store.ts'
import { groupQueue, sessionQueue } from '../../src/core/store.ts'
import { StoreModel } from '../support/store-model.ts'
import { StoreScript } from '../support/store-script.ts'
import { StoreWorld } from '../support/store-world.ts'

const SEEDS = process.env['RAMEAU_FULL'] === '1' ? 1000 : 30
const NAMES: readonly QueueName[] = [
  ...['ann', 'bob', 'c/d', 'ß'].map(sessionQueue),
  ...['$share/g/a/#', '$share/größe/b'].map(groupQueue),
]

async function play(seed: number): Promise<void> {
  const world = new StoreWorld(seed, {
    bounds: { epochBytes: 500 + (seed % 20) * 300, unappliedBytesMax: 20_000 },
  })
  world.table.isLate = () => world.random.below(2) === 0
  let { store, recovered } = await world.open()
  /** The records that were appended, and how many there were at the end of each step. */
  let records: StoreRecord[] = []
  let ends = [0]
  let committed = 0
  let script = new StoreScript(world.random, recovered.firstOffset, (record) => {
    records.push(record)
    store.append(record)
  })
  for (let round = 0; round < 120; round++) {
    for (let steps = world.random.below(6); steps >= 0; steps--) {
      script.step()
      ends.push(records.length)
    }
    const chance = world.random.below(20)
    if (chance < 12) {
      const upTo = records.length
      assert.equal(await world.commit(store), undefined)
      committed = upTo
    } else if (chance < 15) {
      const name = NAMES[world.random.below(NAMES.length)]!
      const found = await world.standing(store, name, 1 + world.random.below(9), 400)
      assert.deepEqual(found, script.model.standing(name))
    } else if (chance < 17) {
      for (let steps = world.random.below(12); steps > 0; steps--) await world.step()
    } else {
      const isClean = chance === 17
      if (isClean) {
        await world.settled(store.close())
        committed = records.length
      } else {
        store.commit(() => {})
        for (let steps = world.random.below(8); steps > 0; steps--) await world.step()
      }
      world.crash()
      ;({ store, recovered } = await world.open())
      const state = await world.state(store, recovered, NAMES)
      const kept = prefixThat(records, ends, committed, state)
      const model = modelOf(records.slice(0, kept))
      assert.deepEqual(state, model.state())
      assert.ok(recovered.firstOffset >= model.reservedBound)
      records = records.slice(0, kept)
      ends = ends.filter((end) => end <= kept)
      committed = kept
      const next = new StoreScript(world.random, 2e15 + round * 1e6, (record) => {
        records.push(record)
        store.append(record)
      })
      for (const record of records) next.model.apply(record)
      script = next
    }
  }
  await world.settled(store.close())
  await leaveNothing(world, script.model)
}

/** Where everything ends, nothing is left in the table but what it says of itself. */
async function leaveNothing(world: StoreWorld, model: StoreModel): Promise<void> {
  const { store } = await world.open()
  for (const clientId of model.sessions.keys()) store.append({ kind: 'ended', clientId })
  for (const queue of NAMES) store.append({ kind: 'emptied', queue })
  for (const { topic } of model.retained.values()) store.append({ kind: 'cleared', topic })
  await world.settled(store.close())
  const { store: last } = await world.open()
  await world.until(() => last.stat.dead === 0)
  assert.deepEqual(
    world.table.entries.map(([key]) => String.fromCharCode(...key)),
    ['M'],
  )
  await world.settled(last.close())
}

function modelOf(records: readonly StoreRecord[]): StoreModel {
  const model = new StoreModel()
  for (const record of records) model.apply(record)
  return model
}

/** How many records came back: all committed ones, and those of whole steps beyond. */
function prefixThat(
  records: readonly StoreRecord[],
  ends: readonly number[],
  committed: number,
  state: unknown,
): number {
  for (const end of ends) {
    if (end < committed) continue
    if (isDeepStrictEqual(state, modelOf(records.slice(0, end)).state())) return end
  }
  return committed
}

test('what a durable store brings back is what the model holds, whatever happens', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await play(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

// Export and import against the plain model: what a store holds comes back from its export, whole
// and with nothing more, and the export of that is the same again.

import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/random.ts'
import type { QueueName } from '../../src/core/store.ts'
import {
  commitOf,
  damagesOf,
  exportOf,
  importInto,
  openedStore,
  standingIn,
} from '../support/data-directory.ts'
import type { StoreState } from '../support/store-model.ts'
import { StoreScript } from '../support/store-script.ts'

const SEEDS = process.env['RAMEAU_FULL'] === '1' ? 200 : 6

/** A message with one queue is its own after an import, whoever shared it before. */
function withoutOwners({ retained, sessions, groups, queues }: StoreState): unknown {
  const isOwn = false
  return {
    ...{ retained, groups },
    sessions: sessions.map(({ flights, ...session }) => ({
      ...session,
      flights: flights.map((flight) => ({ ...flight, isOwn })),
    })),
    queues: queues.map(({ name, deliveries }) => ({
      name,
      deliveries: deliveries.map((delivery) => ({ ...delivery, isOwn })),
    })),
  }
}

async function play(seed: number, folder: string): Promise<void> {
  const [live, stopped, taken] = ['live', 'stopped', 'taken'].map((name) => join(folder, name))
  assert.ok(live !== undefined && stopped !== undefined && taken !== undefined)
  const { store, recovered } = await openedStore(live)
  const random = seededRandom(seed)
  const script = new StoreScript(random, recovered.firstOffset, (record) => store.append(record))
  for (let turn = 0; turn < 40; turn++) {
    for (let step = 0; step < 5; step++) script.step()
    await commitOf(store)
  }
  if (seed % 2 === 0) await store.close()
  // Between commits a copy is what a crash leaves.
  await cp(live, stopped, { recursive: true })
  if (seed % 2 === 1) await store.close()

  assert.deepEqual(await damagesOf(stopped), [])
  const text = await exportOf(stopped)
  assert.equal(await exportOf(stopped), text, 'it changes nothing')
  assert.deepEqual(await importInto(taken, text), [])
  assert.equal(await exportOf(taken), text)
  assert.deepEqual(await damagesOf(taken), [])
  await checkTaken(taken, script.model.state(), script.model.reservedBound)
}

async function checkTaken(directory: string, expected: StoreState, bound: number): Promise<void> {
  const { store, recovered } = await openedStore(directory)
  const queues: { name: QueueName; deliveries: Awaited<ReturnType<typeof standingIn>> }[] = []
  for (const { name } of expected.queues) {
    queues.push({ name, deliveries: await standingIn(store, name) })
  }
  const state = recovered.state(queues)
  assert.deepEqual(withoutOwners(state), withoutOwners(expected))
  assert.ok(recovered.firstOffset >= bound)
  // All that came from the import can be settled, and leaves nothing behind.
  for (const { clientId, flights } of state.sessions) {
    for (const { packetId, queue, isOwn, message } of flights) {
      const { offset } = message
      store.append({ kind: 'settled', clientId, packetId, offset, queue, isOwn })
    }
  }
  for (const { name, deliveries } of queues) {
    for (const { message, isOwn } of deliveries) {
      store.append({ kind: 'unqueued', queue: name, offset: message.offset, isOwn })
    }
    await commitOf(store)
  }
  await store.close()
  assert.deepEqual(await damagesOf(directory), [])
  assert.doesNotMatch(await exportOf(directory), /"kind":"(message|queued|flight)"/)
}

test('what a store holds comes back from its export', { timeout: 300_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-export-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (let seed = 1; seed <= SEEDS; seed++) {
    const inner = join(folder, String(seed))
    await mkdir(inner)
    await play(seed, inner).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
    await rm(inner, { recursive: true })
  }
})

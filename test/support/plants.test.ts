// The loader of plants: it changes what is loaded, and fails where the statement is not there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { CRASH_PLANTS } from '../crash/plants.ts'
import { PLANTS } from '../sim/plants.ts'
import { STORAGE_PLANTS } from '../sim/storage-plants.ts'
import { checkPlants, type Plant, planted } from './plants.ts'

const FAULT: Plant = {
  name: 'a generator that always says 0',
  file: 'src/base/random.ts',
  find: 'return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound)',
  replace: 'return 0 * bound',
}

test('a plant changes the module that is loaded', async () => {
  const script = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(workerData.plants).then(async ({ plant }) => {
      plant(workerData.fault)
      const { seededRandom } = await import(workerData.random)
      const random = seededRandom(1)
      parentPort.postMessage([random.below(1000), random.below(1000)])
    })
  `
  const worker = new Worker(script, {
    eval: true,
    workerData: {
      fault: FAULT,
      plants: new URL('./plants.ts', import.meta.url).href,
      random: new URL('../../src/base/random.ts', import.meta.url).href,
    },
  })
  const drawn = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  assert.deepEqual(drawn, [0, 0])
})

test('a statement that is not there, or there twice, is an error', () => {
  assert.throws(() => planted(FAULT, 'return 1'), /0 times/)
  assert.throws(() => planted(FAULT, `${FAULT.find}\n${FAULT.find}`), /2 times/)
  assert.throws(() => planted({ ...FAULT, replace: FAULT.find }, FAULT.find), /by itself/)
})

test('every plant of the simulation still fits the source', () => {
  checkPlants([...PLANTS, ...STORAGE_PLANTS])
})

test('every plant of the crash harness still fits the source', () => {
  checkPlants(CRASH_PLANTS)
})

// The queue of hashes: one at a time, in order, and bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HASHES_WAITING_MAX, HashQueue } from './hash-queue.ts'

test('one runs at a time, in the order of asking', async () => {
  const queue = new HashQueue()
  const order: string[] = []
  let running = 0
  const hash = async (name: string) => {
    await queue.run(async () => {
      running += 1
      assert.equal(running, 1)
      await Promise.resolve()
      order.push(name)
      running -= 1
    })
    return name
  }
  assert.deepEqual(await Promise.all([hash('a'), hash('b'), hash('c')]), ['a', 'b', 'c'])
  assert.deepEqual(order, ['a', 'b', 'c'])
})

test('at the bound the next is refused, and has room again when one is done', async () => {
  const queue = new HashQueue()
  let finish: () => void = () => undefined
  const first = queue.run(() => new Promise<void>((resolve) => (finish = resolve)))
  const waiting = Array.from({ length: HASHES_WAITING_MAX }, () => queue.run(async () => 1))
  assert.ok(waiting.every((one) => one !== undefined))
  assert.equal(
    queue.run(async () => 1),
    undefined,
  )
  finish()
  await first
  await Promise.all(waiting)
  assert.equal(await queue.run(async () => 2), 2)
})

test('one that fails holds up nobody', async () => {
  const queue = new HashQueue()
  const failing = queue.run(() => Promise.reject(new Error('no memory')))
  const next = queue.run(async () => 'fine')
  await assert.rejects(async () => failing, /no memory/)
  assert.equal(await next, 'fine')
})

// What an answer waits for: its own commit, and that of the version which it tells of.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelayingStore } from '../../../test/support/delaying-store.ts'
import { type Answer, HttpWorld } from '../../../test/support/http-world.ts'
import { storeWith } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'

const COMMIT_MS = 50

class SlowWorld {
  /** Offsets are reserved already. */
  static async open(): Promise<SlowWorld> {
    const slow = new SlowWorld()
    await slow.pass()
    return slow
  }

  readonly world = new HttpWorld({
    createStore: (clock) => new DelayingStore(storeWith({}), clock, { delayMs: () => COMMIT_MS }),
  })

  /** The answer, once it is there. */
  begin(line: string, headers: Record<string, string> = {}, body?: string): { answer?: Answer } {
    const pending: { answer?: Answer } = {}
    void this.world.begin(line, headers, body).then((answer) => {
      pending.answer = answer
    })
    return pending
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      this.world.inner.settle()
    }
  }

  async pass(): Promise<void> {
    this.world.inner.clock.advance(COMMIT_MS)
    await this.settle()
  }
}

test('a write answers when it is on disk, at QoS 0 at once', async () => {
  const slow = await SlowWorld.open()
  const put = slow.begin('PUT /topics/a', {}, '1')
  const event = slow.begin('POST /topics/a?qos=0', {}, '1')
  await slow.settle()
  assert.deepEqual([put.answer, event.answer?.status], [undefined, 202])
  await slow.pass()
  assert.equal(put.answer?.status, 201)
})

test('a version that is not on disk yet is told of when it is', async () => {
  const slow = await SlowWorld.open()
  slow.begin('PUT /topics/a', {}, '1')
  await slow.settle()
  const tells = [
    slow.begin('GET /topics/a'),
    slow.begin('PUT /topics/a', { 'if-none-match': '*' }, '2'),
    slow.begin('PUT /topics/a', { 'if-match': '"1"' }, '2'),
  ]
  await slow.settle()
  assert.deepEqual(
    tells.map(({ answer }) => answer),
    [undefined, undefined, undefined],
  )
  await slow.pass()
  assert.deepEqual(
    tells.map(({ answer }) => answer?.status),
    [200, 412, 412],
  )

  const again = slow.begin('GET /topics/a')
  await slow.settle()
  assert.equal(again.answer?.status, 200, 'now it waits for nothing')
})

test('a version that was on disk before the present commit began waits for nothing', async () => {
  const slow = await SlowWorld.open()
  slow.begin('PUT /topics/a', {}, '1')
  await slow.settle()
  await slow.pass()
  slow.begin('GET /topics/a')
  await slow.settle()
  slow.begin('PUT /topics/b', {}, '1')
  await slow.settle()
  const get = slow.begin('GET /topics/a')
  await slow.settle()
  assert.equal(get.answer?.status, 200)
})

test('writes at the same time follow each other, and one of them creates', async () => {
  const slow = await SlowWorld.open()
  const puts = [1, 2, 3].map((body) => slow.begin('PUT /topics/a', {}, `${body}`))
  const creations = [1, 2].map(() => slow.begin('PUT /topics/b', { 'if-none-match': '*' }, 'x'))
  await slow.settle()
  await slow.pass()
  await slow.pass()
  const statuses = puts.map(({ answer }) => answer?.status)
  assert.deepEqual(statuses, [201, 204, 204])
  assert.deepEqual(
    creations.map(({ answer }) => answer?.status),
    [201, 412],
  )
})

test('a repeated key while the first request is running is 409', async () => {
  const slow = await SlowWorld.open()
  const ask = () => slow.begin('POST /topics/a', { 'idempotency-key': 'k' }, 'x')
  slow.begin('PUT /topics/z', {}, '1')
  const first = slow.begin('PUT /topics/a', { 'idempotency-key': 'k' }, 'x')
  await slow.settle()
  const second = slow.begin('PUT /topics/a', { 'idempotency-key': 'k' }, 'x')
  await slow.settle()
  assert.deepEqual([first.answer, second.answer?.status], [undefined, 409])
  await slow.pass()
  assert.equal(first.answer?.status, 201)
  const other = ask()
  await slow.settle()
  assert.equal(other.answer?.status, 422, 'another method is another request')
})

// [why the store takes nothing, status, type]
for (const [reason, status, type] of [
  [Reason.quotaExceeded, 507, 'disk-full'],
  [Reason.implementationSpecificError, 500, 'failure'],
] as const) {
  test(`a store that takes nothing: ${status}`, async () => {
    const world = new HttpWorld({ createStore: () => storeWith({ refusal: () => reason }) })
    const answer = await world.ask('PUT /topics/a', {}, 'x')
    assert.equal(answer.status, status)
    const problem = JSON.parse(answer.text) as Record<string, unknown>
    assert.deepEqual([problem['type'], problem['reason']], [`urn:rameau:problem:${type}`, reason])
    assert.equal((await world.ask('GET /topics/a')).status, 404)
  })
}

// What every Store must do for a turn. What survives a restart is tested where something does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURE } from '../../src/base/reason.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { QueueName, Store, StoredDelivery, StoreRecord } from '../../src/core/store.ts'
import { RecoveredState } from '../support/store-model.ts'
import { StoreScript } from '../support/store-script.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Lets what is under way come to its end, where that does not happen by itself. */
  readonly settle: () => void | Promise<void>
  /** True when the first commits fail. */
  readonly failures: number
  /** What is durable, if the store can tell. */
  readonly durable?: () => readonly StoreRecord[]
  /** Another store on what this one, which is closed, left. */
  readonly reopen?: () => StoreUnderTest | Promise<StoreUnderTest>
}

type Create = () => StoreUnderTest | Promise<StoreUnderTest>

const record = (bound: number): StoreRecord => ({ kind: 'reserved', bound })

export function storeContract(name: string, create: Create): void {
  test(`${name}: offsets begin at a positive safe integer`, async () => {
    const under = await create()
    const { firstOffset, wallMs } = await begin(under)
    assert.ok(Number.isSafeInteger(firstOffset) && wallMs > 0)
    assert.ok(firstOffset > 0 && firstOffset < Number.MAX_SAFE_INTEGER / 2)
    await close(under)
  })

  test(`${name}: what was appended is durable once commit says so, in order`, async () => {
    const under = await create()
    await begin(under)
    const records = [1, 2, 3, 4, 5].map(record)
    for (const one of records.slice(0, 3)) under.store.append(one)
    assert.equal(await commit(under), under.failures)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), records.slice(0, 3))
    for (const one of records.slice(3)) under.store.append(one)
    assert.equal(await commit(under), 0)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), records)
    await close(under)
  })

  test(`${name}: an empty commit ends as well`, async () => {
    const under = await create()
    await begin(under)
    await commit(under)
    await commit(under)
    await close(under)
  })

  test(`${name}: what comes during a commit is the next one's`, async () => {
    const under = await create()
    await begin(under)
    await commit(under)
    under.store.append(record(1))
    let ends = 0
    let wasSynchronous = false
    await ended(under, (done) => {
      under.store.commit(() => {
        ends += 1
        done()
      })
      wasSynchronous = ends === 1
      under.store.append(record(2))
    })
    assert.equal(ends, 1)
    if (under.durable !== undefined && !wasSynchronous) {
      assert.deepEqual(under.durable(), [record(1)])
    }
    await commit(under)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), [record(1), record(2)])
    await close(under)
  })

  test(`${name}: a refusal is undefined or a failure, and ends nothing`, async () => {
    const under = await create()
    await begin(under)
    const refusal = under.store.refusal()
    assert.ok(refusal === undefined || refusal >= FAILURE)
    under.store.append(record(1))
    await commit(under)
    await close(under)
  })

  readsBack(name, create)
  comesBack(name, create)
}

function readsBack(name: string, create: Create): void {
  test(`${name}: a queue is read back by pages, in order, within both bounds`, async () => {
    const under = await create()
    const { firstOffset } = await begin(under)
    if (!under.store.holdsQueues) return close(under)
    const script = new StoreScript(seededRandom(1), firstOffset, (one) => under.store.append(one))
    for (let turn = 0; turn < 40; turn++) {
      for (let step = 0; step < 10; step++) script.step()
      if (turn % 2 === 0) await commit(under)
    }
    for (const { name: queue, deliveries } of script.model.state().queues) {
      const offsets = deliveries.map(({ message }) => message.offset)
      const all = await read(under, queue, -1, deliveries.length, Number.POSITIVE_INFINITY)
      assert.deepEqual(all, { found: deliveries, isEnd: true })
      const first = await read(under, queue, offsets[0] ?? 0, 2, Number.POSITIVE_INFINITY)
      const isEnd = deliveries.length <= 3
      assert.deepEqual(first, { found: deliveries.slice(1, 3), isEnd })
      const one = await read(under, queue, -1, deliveries.length, 0)
      assert.deepEqual(one, { found: deliveries.slice(0, 1), isEnd: deliveries.length === 1 })
      const none = await read(under, queue, offsets.at(-1) ?? 0, 5, 5)
      assert.deepEqual(none, { found: [], isEnd: true })
    }
    assert.ok(script.model.state().queues.some(({ deliveries }) => deliveries.length > 3))
    await close(under)
  })
}

function comesBack(name: string, create: Create): void {
  test(`${name}: what it kept is brought back, and nothing else`, async () => {
    const under = await create()
    const { firstOffset } = await begin(under)
    if (under.reopen === undefined) return close(under)
    const script = new StoreScript(seededRandom(2), firstOffset, (one) => under.store.append(one))
    for (let step = 0; step < 400; step++) script.step()
    await close(under)
    const again = await under.reopen()
    const recovered = new RecoveredState()
    await recover(again, recovered)
    assert.ok(recovered.firstOffset >= script.model.reservedBound)
    const expected = script.model.state()
    assert.deepEqual(recovered.state(expected.queues), expected)
    for (const { name: queue, deliveries } of expected.queues) {
      const page = await read(again, queue, -1, deliveries.length + 1, Number.POSITIVE_INFINITY)
      assert.deepEqual(page, { found: deliveries, isEnd: true })
    }
    await close(again)
  })
}

/** Commits until it succeeds, as a turn does. Returns how often it failed. */
async function commit(under: StoreUnderTest): Promise<number> {
  for (let failed = 0; failed < 100; failed++) {
    const ends: (Error | undefined)[] = []
    await ended(under, (done) => {
      under.store.commit((error) => {
        ends.push(error)
        done()
      })
    })
    assert.equal(ends.length, 1)
    if (ends[0] === undefined) return failed
    assert.ok(ends[0] instanceof Error)
  }
  throw new Error('the store never commits')
}

/** Waits for something, and sees to it that it comes. */
async function ended(under: StoreUnderTest, start: (done: () => void) => void): Promise<void> {
  const end = new Promise<void>((resolve) => start(resolve))
  await under.settle()
  await end
}

async function close(under: StoreUnderTest): Promise<void> {
  const closed = under.store.close()
  await under.settle()
  await closed
}

/** What a store that is new says when it is opened. */
async function begin(under: StoreUnderTest): Promise<{ firstOffset: number; wallMs: number }> {
  const recovered = new RecoveredState()
  await recover(under, recovered)
  const { retained, sessions, groups } = recovered.state([])
  assert.deepEqual([retained, sessions, groups], [[], [], []])
  return recovered
}

async function recover(under: StoreUnderTest, into: RecoveredState): Promise<void> {
  const errors: (Error | undefined)[] = []
  await ended(under, (done) => {
    under.store.recover(into, (error) => {
      errors.push(error)
      done()
    })
  })
  assert.deepEqual(errors, [undefined])
}

interface ReadPage {
  readonly found: readonly StoredDelivery[]
  readonly isEnd: boolean
}

async function read(
  under: StoreUnderTest,
  queue: QueueName,
  after: number,
  countMax: number,
  bytesMax: number,
): Promise<ReadPage> {
  const pages: ReadPage[] = []
  await ended(under, (done) => {
    under.store.read(queue, after, countMax, bytesMax, (error, found, isEnd) => {
      assert.equal(error, undefined)
      pages.push({ found: found.map(plain), isEnd })
      done()
    })
  })
  assert.equal(pages.length, 1)
  return pages[0]!
}

/** Without whatever else a store hands out. */
function plain({ message, qos, retain, ids, isOwn }: StoredDelivery): StoredDelivery {
  return { message, qos, retain, ids, isOwn }
}

// What every Store must do for a turn. What survives a restart is tested where something does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURE } from '../../src/base/reason.ts'
import type { Store, StoreRecord } from '../../src/core/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Lets a commit that is under way come to its end. */
  readonly settle: () => void | Promise<void>
  /** True when the first commits fail. */
  readonly failures: number
  /** What is durable, if the store can tell. */
  readonly durable?: () => readonly StoreRecord[]
}

const record = (bound: number): StoreRecord => ({ kind: 'reserved', bound })

export function storeContract(name: string, create: () => StoreUnderTest): void {
  /** Commits until it succeeds, as a turn does. Returns how often it failed. */
  async function commit({ store, settle }: StoreUnderTest): Promise<number> {
    for (let failed = 0; failed < 100; failed++) {
      const ends: (Error | undefined)[] = []
      store.commit((error) => ends.push(error))
      await settle()
      assert.equal(ends.length, 1)
      if (ends[0] === undefined) return failed
      assert.ok(ends[0] instanceof Error)
    }
    throw new Error('the store never commits')
  }

  test(`${name}: offsets begin at a positive safe integer`, async () => {
    const { store } = create()
    const { firstOffset, wallMs } = await begin(store)
    assert.ok(Number.isSafeInteger(firstOffset) && wallMs > 0)
    assert.ok(firstOffset > 0 && firstOffset < Number.MAX_SAFE_INTEGER / 2)
    await store.close()
  })

  test(`${name}: what was appended is durable once commit says so, in order`, async () => {
    const under = create()
    const records = [1, 2, 3, 4, 5].map(record)
    for (const one of records.slice(0, 3)) under.store.append(one)
    assert.equal(await commit(under), under.failures)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), records.slice(0, 3))
    for (const one of records.slice(3)) under.store.append(one)
    assert.equal(await commit(under), 0)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), records)
    await under.store.close()
  })

  test(`${name}: an empty commit ends as well`, async () => {
    const under = create()
    await commit(under)
    await commit(under)
    await under.store.close()
  })

  test(`${name}: what comes during a commit is the next one's`, async () => {
    const under = create()
    await commit(under)
    under.store.append(record(1))
    let ended = 0
    under.store.commit(() => {
      ended += 1
    })
    const wasSynchronous = ended === 1
    under.store.append(record(2))
    await under.settle()
    assert.equal(ended, 1)
    if (under.durable !== undefined && !wasSynchronous) {
      assert.deepEqual(under.durable(), [record(1)])
    }
    await commit(under)
    if (under.durable !== undefined) assert.deepEqual(under.durable(), [record(1), record(2)])
    await under.store.close()
  })

  test(`${name}: a refusal is undefined or a failure, and ends nothing`, async () => {
    const under = create()
    const refusal = under.store.refusal()
    assert.ok(refusal === undefined || refusal >= FAILURE)
    under.store.append(record(1))
    await commit(under)
    await under.store.close()
  })
}

/** What a store that is new says when it is opened. */
async function begin(store: Store): Promise<{ firstOffset: number; wallMs: number }> {
  const begun: { firstOffset: number; wallMs: number }[] = []
  const unexpected = (): void => assert.fail('nothing was kept')
  await new Promise<void>((resolve, reject) => {
    store.recover(
      {
        begin: (firstOffset, wallMs) => begun.push({ firstOffset, wallMs }),
        retained: unexpected,
        session: unexpected,
        group: unexpected,
      },
      (error) => (error === undefined ? resolve() : reject(error)),
    )
  })
  assert.equal(begun.length, 1)
  return begun[0]!
}

// The table's engine while it is not there: whoever reads meanwhile is told, and nothing is thrown.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Scheduler } from '../base/scheduler.ts'
import type { Kv, KvSnapshot } from './kv.ts'
import { openLevel } from './kv-level.ts'

const scheduler: Scheduler = { defer: (task) => void setImmediate(task) }
const [FROM, TO] = [Uint8Array.of(1), Uint8Array.of(2)]

async function withLevel(check: (kv: Kv, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-level-'))
  const kv = await openLevel(join(folder, 'table'), folder, scheduler)
  try {
    await check(kv, folder)
  } finally {
    await kv.close()
    await rm(folder, { recursive: true })
  }
}

/** The errors of one `get` and one `next`. */
function asks(snapshot: KvSnapshot): Promise<readonly (Error | undefined)[]> {
  const range = snapshot.range(FROM, TO)
  const get = new Promise<Error | undefined>((resolve) => snapshot.get([FROM], resolve))
  const next = new Promise<Error | undefined>((resolve) => range.next(1, resolve))
  return Promise.all([get, next]).finally(() => {
    range.close()
    snapshot.close()
  })
}

test('who reads while the table is reopened is told so, and may try again', async () => {
  await withLevel(async (kv) => {
    const earlier = kv.snapshot()
    const reopened = new Promise<Error | undefined>((resolve) => kv.reopen(resolve))
    for (const snapshot of [earlier, kv.snapshot()]) {
      for (const error of await asks(snapshot)) assert.ok(error instanceof Error)
    }
    assert.equal(await reopened, undefined)
    assert.deepEqual(await asks(kv.snapshot()), [undefined, undefined])
  })
})

test('who reads where the table could not be reopened is told so', async () => {
  await withLevel(async (kv, folder) => {
    await rm(join(folder, 'table'), { recursive: true })
    await writeFile(join(folder, 'table'), 'no folder')
    const error = await new Promise<Error | undefined>((resolve) => kv.reopen(resolve))
    assert.ok(error instanceof Error)
    for (const one of await asks(kv.snapshot())) assert.ok(one instanceof Error)
  })
})

// The end of the one who writes the table.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryKvDisk } from '../../test/support/kv-memory.ts'
import type { Kv } from './kv.ts'
import { Slices } from './slices.ts'
import { createMeta } from './table-state.ts'
import { type TableJob, TableWriter } from './table-writer.ts'

interface Bench {
  readonly writer: TableWriter
  readonly job: TableJob
  readonly tasks: (() => void)[]
  readonly timers: (() => void)[]
  /** What was asked of the engine after the writer had ended. */
  readonly late: string[]
  hasEnded: boolean
}

function createBench(fails = false): Bench {
  const tasks: (() => void)[] = []
  const timers: (() => void)[] = []
  const late: string[] = []
  const scheduler = { defer: (run: () => void) => void tasks.push(run) }
  const clock = {
    now: () => 0,
    wall: () => 0,
    after: (_: number, run: () => void) => {
      timers.push(run)
      return { cancel: () => void timers.splice(timers.indexOf(run), 1) }
    },
  }
  const inner = new MemoryKvDisk().open(scheduler)
  const asked = (what: string): void => {
    if (bench.hasEnded) late.push(what)
  }
  const kv: Kv = {
    snapshot() {
      asked('snapshot')
      return inner.snapshot()
    },
    batch() {
      asked('batch')
      return inner.batch()
    },
    reopen(done) {
      asked('reopen')
      inner.reopen(done)
    },
    close: () => inner.close(),
  }
  const writer = new TableWriter(kv, clock, new Slices(scheduler, clock), createMeta(0), () => job)
  const job: TableJob = {
    prepare: (_, done) => scheduler.defer(() => done(fails ? new Error('no') : undefined)),
    build: () => [][Symbol.iterator](),
    applied: () => [][Symbol.iterator](),
    done: () => undefined,
  }
  const bench: Bench = { writer, job, tasks, timers, late, hasEnded: false }
  return bench
}

async function end(bench: Bench): Promise<void> {
  void bench.writer.end().then(() => (bench.hasEnded = true))
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve()
    bench.tasks.shift()?.()
  }
  for (const timer of bench.timers) timer()
  while (bench.tasks.length > 0) bench.tasks.shift()?.()
  assert.ok(bench.hasEnded)
  assert.deepEqual(bench.late, [])
}

test('a job that is under way is done before the end, and none is begun', async () => {
  const bench = createBench()
  bench.writer.wake()
  await end(bench)
  assert.equal(bench.writer.batches, 1)
})

test('a job that fails is not tried again after the end', async () => {
  const bench = createBench(true)
  bench.writer.wake()
  await end(bench)
  assert.equal(bench.writer.failures, 1)
})

test('a job that waits for its next attempt holds up no end', async () => {
  const bench = createBench(true)
  bench.writer.wake()
  bench.tasks.shift()?.()
  assert.equal(bench.writer.failures, 1)
  await end(bench)
  assert.equal(bench.writer.failures, 1)
})

test('where nothing is under way the end comes at once', async () => {
  const bench = createBench()
  await end(bench)
  assert.equal(bench.writer.batches, 0)
})

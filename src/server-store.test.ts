// The bounds of the data directory, from the options of a server to the files.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storeWith } from '../test/support/session-world.ts'
import { createServer } from './index.ts'

const KIB = 1024
const STATES = 60

test('the journal has files of the size asked for, and is given back by epochs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const sizes = async (storeEpochBytes: number): Promise<number[]> => {
    const data = join(folder, String(storeEpochBytes))
    const limits = { storeEpochBytes, storeSegmentBytes: 64 * KIB }
    const server = createServer({ data, limits })
    try {
      await server.ready
      for (let index = 0; index < STATES; index++) {
        const payload = new Uint8Array(10 * KIB)
        await server.publish({ topic: `t/${index}`, payload, qos: 1, retain: true })
      }
      const journal = join(data, 'journal')
      return readdirSync(journal).map((name) => statSync(join(journal, name)).size)
    } finally {
      await server.close()
    }
  }
  const small = await sizes(64 * KIB)
  const large = await sizes(4096 * KIB)
  assert.deepEqual(new Set([...small, ...large]), new Set([64 * KIB]))
  // All of it is still to be brought to the table, or but the last epochs.
  assert.ok(large.length >= 10, `${large.length} files`)
  assert.ok(small.length <= 8, `${small.length} files`)
})

test('the log says once that commits fail, and once that they succeed again', async () => {
  let failures = 3
  const commit = (done: (error: Error | undefined) => void): void => {
    failures -= 1
    setImmediate(() => done(failures < 0 ? undefined : new Error('no room')))
  }
  const said: unknown[][] = []
  const ignore = (): void => {}
  const log = {
    ...{ debug: ignore, info: ignore },
    warn: (event: string, fields?: object) => said.push([event, Object.keys(fields ?? {})]),
    error: (event: string, fields?: object) => said.push([event, fields]),
  }
  const server = createServer({ store: storeWith({ commit }), log, sysIntervalS: 0 })
  try {
    await server.ready
    await server.publish({ topic: 'a', payload: new Uint8Array(1), qos: 1, retain: true })
  } finally {
    await server.close()
  }
  assert.deepEqual(said, [
    ['commit failed, trying again', { error: 'no room' }],
    ['commits again', ['attempts', 'seconds']],
  ])
})

test('$SYS has what a store on disk did', { timeout: 20_000 }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'rameau-'))
  t.after(() => rmSync(data, { recursive: true }))
  const server = createServer({ data, sysIntervalS: 1 })
  const said = new Map<string, string>()
  try {
    await server.ready
    await server.publish({ topic: 'a', payload: new Uint8Array(1), qos: 1, retain: true })
    for await (const { topic, payload } of server.subscribe('$SYS/broker/store/#')) {
      said.set(topic.slice('$SYS/broker/store/'.length), new TextDecoder().decode(payload))
      if (Number(said.get('journal/bytes')) > 0) break
    }
  } finally {
    await server.close()
  }
  assert.equal(said.get('state'), 'ok')
  assert.equal(said.get('commits/failed'), '0')
  assert.ok(Number(said.get('commits')) > 0)
})

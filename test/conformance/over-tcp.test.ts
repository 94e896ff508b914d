// Plays the conformance cases over TCP, several at a time; those that need much time are left to
// the clock of in-process.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Case, Version } from '../support/wire-script.ts'
import { CASES } from './cases.ts'
import { play, type Result } from './play.ts'
import { startOverTcp } from './rameau.ts'

/** Cases under way at once: most of a case is waiting for a round trip, or for time. */
const AT_ONCE = 8

test('the conformance cases over TCP', async (context) => {
  const queue = CASES.flatMap((one) => one.versions.map((version) => ({ one, version })))
  const results: Result[] = []
  const player = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results.push(await playOne(next.one, next.version))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, player))

  const failed = results.filter((result) => result.outcome === 'failed')
  const skipped = results.filter((result) => result.outcome === 'skipped')
  context.diagnostic(`${results.length - skipped.length} played, ${skipped.length} need a clock`)
  const report = failed.map((result) => `${result.title} (${result.version}): ${result.detail}`)
  assert.deepEqual(report, [])
  assert.ok(skipped.length < results.length / 10, 'too many cases are skipped')
})

async function playOne(one: Case, version: Version): Promise<Result> {
  const transport = await startOverTcp(one.settings)
  try {
    return await play(one, version, transport, { isOurs: true })
  } finally {
    await transport.close()
  }
}

// Plays the conformance cases over a Unix socket, TLS, WebSocket and secure WebSocket, several at a
// time; those that need much time are left to the clock of test/conformance/in-process.test.ts.
// Each case has a server of its own, which takes too long for `npm test`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificatesSkip } from '../support/certificates.ts'
import type { Case, Version } from '../support/wire-script.ts'
import { CASES } from '../conformance/cases.ts'
import { play, type Result } from '../conformance/play.ts'
import { type Carrier, CARRIERS, startOver } from '../conformance/transports.ts'

/** What works without a certificate. */
const NEED_NONE = new Set(['WebSocket', 'a Unix socket'])

/** Cases under way at once: most of a case is waiting for a round trip, or for time. */
const AT_ONCE = 8

for (const carrier of CARRIERS) {
  const skip = NEED_NONE.has(carrier.name) ? false : certificatesSkip
  test(`the conformance cases over ${carrier.name}`, { skip }, async (context) => {
    const queue = CASES.flatMap((one) => one.versions.map((version) => ({ one, version })))
    const results: Result[] = []
    const player = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        results.push(await playOne(carrier, next.one, next.version))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, player))

    const skipped = results.filter(({ outcome }) => outcome === 'skipped')
    context.diagnostic(`${results.length - skipped.length} played, ${skipped.length} need a clock`)
    const failed = results.filter(({ outcome }) => outcome === 'failed')
    const report = failed.map(({ title, version, detail }) => `${title} (${version}): ${detail}`)
    assert.deepEqual(report, [])
    assert.ok(skipped.length < results.length / 10, 'too many cases are skipped')
  })
}

async function playOne(carrier: Carrier, one: Case, version: Version): Promise<Result> {
  const transport = await startOver(carrier, one.settings)
  try {
    return await play(one, version, transport, { isOurs: true })
  } finally {
    await transport.close()
  }
}

// Plays every conformance case against a server in this process, with a clock of its own: whole
// packets at once, and byte by byte.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CASES } from './cases.ts'
import { play } from './play.ts'
import { startInProcess } from './rameau.ts'

for (const one of CASES) {
  for (const version of one.versions) {
    test(`${one.title} (version ${version})`, async () => {
      // Byte by byte takes too long where a packet is large.
      const sizes = /\*\d{5}/.test(one.script) ? [65536, 1000] : [65536, 1]
      for (const chunkBytesMax of sizes) {
        const transport = startInProcess(one.settings, chunkBytesMax)
        const result = await play(one, version, transport, { isOurs: true })
        await transport.close()
        assert.equal(
          `${result.outcome} ${result.detail}`,
          'passed ',
          `${chunkBytesMax} bytes a chunk`,
        )
      }
    })
  }
}

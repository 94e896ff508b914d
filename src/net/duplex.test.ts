import assert from 'node:assert/strict'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { createServer } from '../index.ts'

test('a client speaks MQTT over a stream that the program hands in', async () => {
  const server = createServer({ sysIntervalS: 0 })
  const [near, far] = duplexPair()
  server.handle(far)
  near.write(Uint8Array.from([0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 97]))
  const [connack] = (await once(near, 'data')) as [Uint8Array]
  assert.deepEqual([...connack], [0x20, 2, 0, 0])
  assert.ok(server.state('$presence/a'))
  const ended = once(near, 'end')
  near.end()
  await ended
  await server.close()
  assert.equal(server.holdings().connections, 0)
})

// A disk whose sync is slow, and one that does not answer: latency grows and groups grow with it,
// and what waits for the disk has a bound, beyond which publishers are not read from.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { PacketType } from '../../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { connectClient, type LiveClient } from '../support/live-client.ts'
import { type LiveServer, startServerWith } from '../support/live-server.ts'

const isFull = process.env['RAMEAU_FULL'] === '1'
const MEBIBYTE = 1024 * 1024
const SYNC_MS = 50
const PUBLISHERS = 20
/** Of one publisher, on their way. */
const WINDOW = 25
const MESSAGES = isFull ? 200_000 : 10_000
/** Of all that is on the way, what one commit carries at least on average. */
const GROUP_MIN = (PUBLISHERS * WINDOW) / 10

/** The bound at which the store wants no more, and what a server may take beyond it. */
const CONGESTED_BYTES = 128 * MEBIBYTE
const TAKEN_BYTES_MAX = CONGESTED_BYTES + 64 * MEBIBYTE
const GROWTH_BYTES_MAX = 3 * CONGESTED_BYTES
const FLOOD_BYTES = 512 * MEBIBYTE
const STUCK_MS = 600_000
const STILL_MS = 2000
const SETTINGS = {
  'limits.sessionQueueMax': 1_000_000,
  'limits.sessionQueueBytesMax': 10_000_000_000,
}
const BOUNDED = { timeout: 200_000 }

async function start(t: TestContext): Promise<LiveServer> {
  const data = mkdtempSync(join(tmpdir(), 'rameau-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  return startServerWith(t, { data, isOnBadDisk: true, settings: SETTINGS })
}

test('with a slow sync a commit carries more', BOUNDED, async (t) => {
  const server = await start(t)
  const { port } = server
  let received = 0
  const subscriber = await connectClient({
    ...{ port, clientId: 'keeper', version: 4, cleanStart: false },
    onPublish: () => {
      received += 1
    },
  })
  await subscriber.subscribe('slow/+', 1)
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, () => connectClient({ port })),
  )
  await server.tellDisk({ delayMs: SYNC_MS })
  const before = await server.journal()
  let left = MESSAGES
  const publish = async (publisher: LiveClient): Promise<void> => {
    while (left-- > 0) assert.equal(await publisher.publish('slow/a', 'x'.repeat(128), 1), 0)
  }
  const workers = publishers.flatMap((publisher) =>
    Array.from({ length: WINDOW }, () => publish(publisher)),
  )
  await Promise.all(workers)
  const after = await server.journal()
  await subscriber.until('all messages', () => received === MESSAGES)
  const commits = after.commits - before.commits
  const group = MESSAGES / commits
  t.diagnostic(`${MESSAGES} messages in ${commits} commits of ${group.toFixed(0)} on average`)
  assert.ok(group >= GROUP_MIN, `${group} messages in a commit`)
})

/** A megabyte of PUBLISH. */
function bulk(): Uint8Array {
  const payload = new Uint8Array(16 * 1024)
  const messages = MEBIBYTE / payload.length
  const each = Array.from({ length: messages }, (_, index) =>
    encode(
      {
        ...{ type: PacketType.publish, qos: 1, dup: false, retain: false, topic: 'stuck/a' },
        ...{ packetId: 1000 + index, properties: NO_PROPERTIES, payload },
      },
      4,
    ),
  )
  return Buffer.concat(each)
}

/** Sends until the server has stopped reading; resolves with the bytes that it took. */
async function flood(client: LiveClient): Promise<number> {
  const frames = bulk()
  let sent = 0
  let taken = 0
  let stillMs = performance.now()
  while (sent < FLOOD_BYTES && performance.now() - stillMs < STILL_MS) {
    while (client.unsentBytes < frames.length * 4) {
      client.send(frames)
      sent += frames.length
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
    const now = sent - client.unsentBytes
    if (now > taken) stillMs = performance.now()
    taken = now
  }
  return taken
}

test('a disk that does not answer stops publishers, and is forgiven', BOUNDED, async (t) => {
  const server = await start(t)
  const { port } = server
  const away = await connectClient({ port, clientId: 'away', version: 4, cleanStart: false })
  await away.subscribe('stuck/a', 1)
  await away.disconnect()
  const publisher = await connectClient({ port, version: 4 })
  const other = await connectClient({ port })
  await publisher.publish('stuck/a', 'first', 1)
  const before = server.rssBytes

  await server.tellDisk({ delayMs: STUCK_MS })
  const taken = await flood(publisher)
  const growth = server.rssBytes - before
  t.diagnostic(`took ${mebibytes(taken)} MiB, grew by ${mebibytes(growth)} MiB`)
  assert.ok(taken < TAKEN_BYTES_MAX, `took ${taken} bytes`)
  assert.ok(growth < GROWTH_BYTES_MAX, `grew by ${growth} bytes`)
  await other.ping()

  await server.tellDisk({})
  // Acknowledged in order: after this one there is none that was not.
  assert.equal(await publisher.publish('stuck/a', 'last', 1), 0)
})

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0)
}

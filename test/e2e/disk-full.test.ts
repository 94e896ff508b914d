// A disk that is full, read-only or failing under a running server: who publishes is told, what was
// acknowledged stays, the log says it once, and it goes on when the disk does.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KeptStream, assertKept, leaveSession } from '../support/kept-stream.ts'
import { connectClient } from '../support/live-client.ts'
import { type LiveServer, startServerWith, until } from '../support/live-server.ts'
import { runInNamespace, SmallDisk, wayToSmallDisks } from '../support/small-disk.ts'

const MEBIBYTE = 1024 * 1024
const DISK_BYTES = 320 * MEBIBYTE
const PAYLOAD_BYTES = 64 * 1024
const TOPIC = 'full/a'
const AWAY = 'away'
const QUOTA_EXCEEDED = 0x97
const IMPLEMENTATION_SPECIFIC = 0x83
/** Acknowledged in good times before the disk fails, and after it has recovered. */
const GOOD = 20
const WAIT_MS_MAX = 30_000
const LINES_MAX = 5
const SETTINGS = {
  'limits.sessionQueueMax': 1_000_000,
  'limits.sessionQueueBytesMax': 10_000_000_000,
  'sys.intervalS': 1,
}
const BOUNDED = { timeout: 200_000 }

interface Trouble {
  readonly data: string
  readonly isOnBadDisk?: boolean
  readonly reason: number
  /** Once it is up, before anything is published. */
  readonly prepare?: () => void
  /** Resolves when it is time for the disk to fail. */
  readonly due?: () => Promise<void>
  readonly begin?: (server: LiveServer, streams: readonly KeptStream[]) => void | Promise<void>
  readonly end: (server: LiveServer, streams: readonly KeptStream[]) => void | Promise<void>
}

async function endure(t: TestContext, trouble: Trouble): Promise<void> {
  const { data, isOnBadDisk = false, reason, prepare, due, begin, end } = trouble
  const launch = { data, isOnBadDisk, settings: SETTINGS, hasHttp: true }
  const server = await startServerWith(t, launch)
  const { port } = server
  await leaveSession(port, AWAY, TOPIC)
  assert.equal(await readiness(server), 200)
  prepare?.()
  const mark = server.log.length
  const streams = [await open(port, 1), await open(port, 2)]
  const acknowledged = () => streams.map((stream) => stream.acknowledged.length)
  const reach = (what: string, counts: readonly number[]) => {
    const isThere = () => acknowledged().every((count, at) => count >= (counts[at] ?? 0))
    return until(what, isThere, WAIT_MS_MAX)
  }
  for (const stream of streams) stream.start()
  await reach('acknowledgements', [GOOD, GOOD])
  await due?.()

  await begin?.(server, streams)
  await until('a line of the log', () => problemsOf(server, mark).length > 0, WAIT_MS_MAX)
  await assertRefused(port, reason)
  const during = problemsOf(server, mark)

  await end(server, streams)
  const again = acknowledged().map((count) => count + GOOD)
  await reach('acknowledgements again', again)
  await Promise.all(streams.map((stream) => stream.stop()))
  assert.equal(await readiness(server), 200)
  const told = streams.flatMap(({ refusals }) => refusals)
  assert.ok(
    told.every((one) => one === reason),
    [...new Set(told)].join(),
  )
  t.diagnostic(`${told.length} refused; ${during.join('; ')}`)
  // One for each attempt, of which there are fewer and fewer, and not for each message.
  assert.ok(during.length <= LINES_MAX, `${during.length} lines for ${told.length} refusals`)

  await server.stop('SIGKILL')
  const next = await startServerWith(t, launch)
  await assertKept(next.port, AWAY, streams)
}

async function open(port: number, qos: 1 | 2): Promise<KeptStream> {
  return new KeptStream(await connectClient({ port }), TOPIC, qos, PAYLOAD_BYTES)
}

/** What somebody new is told, who waits behind no acknowledgement that is withheld. */
async function assertRefused(port: number, reason: number): Promise<void> {
  const client = await connectClient({ port })
  assert.equal(await client.publish(TOPIC, 'refused', 1), reason)
  assert.equal(await client.publish(TOPIC, 'refused', 2), reason)
  // What nobody has to keep goes on.
  await client.subscribe('other')
  await client.publish('other', 'at most once')
  await client.until('a message of QoS 0', () => client.messages.length === 1)
  await client.disconnect()
  // Who cannot be told is not acknowledged, and cut off.
  const old = await connectClient({ port, version: 4 })
  await assert.rejects(old.publish(TOPIC, 'refused', 1), /closed before the answer/)
}

/** What the log says above `info` from a line on. */
function problemsOf({ log }: LiveServer, from: number): string[] {
  const lines = log.slice(from).filter(({ level }) => level !== 'info')
  return lines.map((line) => JSON.stringify(line))
}

async function readiness({ httpPort }: LiveServer): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`)
  await response.body?.cancel()
  return response.status
}

/** What the files of the journal come to. */
function journalBytes(data: string): number {
  const folder = join(data, 'journal')
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
  return sizes.reduce((sum, size) => sum + size, 0)
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

for (const failure of ['EROFS', 'EIO']) {
  test(`a journal that fails with ${failure} refuses, keeps, and goes on`, BOUNDED, (t) =>
    endure(t, {
      ...{ data: makeFolder(t), isOnBadDisk: true, reason: IMPLEMENTATION_SPECIFIC },
      begin: async (server, streams) => {
        await Promise.all(streams.map((stream) => stream.stop()))
        await server.tellDisk({ failure })
        // Their acknowledgements are withheld until the end.
        for (const stream of streams) stream.publishOne()
      },
      end: async (server, streams) => {
        await server.tellDisk({})
        for (const stream of streams) stream.start()
      },
    }),
  )
}

const way = wayToSmallDisks()
if (way === 'in a namespace') {
  test('the same with small disks', BOUNDED, () => runInNamespace(import.meta.filename, /no room/))
}
const skip = way === 'here' ? false : way === 'in a namespace' ? 'runs in a namespace' : way.skip
const onSmallDisk = { ...BOUNDED, skip }

test('no room for another segment refuses, keeps, and goes on', onSmallDisk, (t) => {
  const disk = new SmallDisk(t, DISK_BYTES)
  return endure(t, {
    ...{ data: join(disk.folder, 'data'), reason: QUOTA_EXCEEDED },
    // Less than a segment, and more than the table needs until that is noticed.
    prepare: () => disk.fill(24 * MEBIBYTE),
    end: () => disk.empty(),
  })
})

test('no room for the table refuses, keeps, and goes on', onSmallDisk, (t) => {
  const disk = new SmallDisk(t, DISK_BYTES)
  const data = join(disk.folder, 'data')
  return endure(t, {
    ...{ data, reason: QUOTA_EXCEEDED },
    // The journal has its next segment, so that the table is what lacks room first.
    due: () => until('a second segment', () => journalBytes(data) >= 64 * MEBIBYTE, WAIT_MS_MAX),
    begin: () => disk.fill(),
    end: () => disk.empty(),
  })
})

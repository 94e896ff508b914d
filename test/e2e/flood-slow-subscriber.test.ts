// A publisher floods a subscriber that reads far too slowly: memory stays flat, somebody who asks
// little is served meanwhile, and what was dropped is counted and logged with its reason.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { PacketType } from '../../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { startHealthy } from '../support/healthy.ts'
import { connectClient, type LiveClient } from '../support/live-client.ts'
import { SMALL_HEAP, startServer, until } from '../support/live-server.ts'

const SECONDS = process.env['RAMEAU_FULL'] === '1' ? 60 : 10
const WARM_UP_SECONDS = 3
const SAMPLE_MS = 250
const PAYLOAD_BYTES = 512
const BATCH = 200
const MEBIBYTE = 1024 * 1024
/** How far memory may stray after the warm-up; the flood itself is hundreds of megabytes. */
const STRAY_BYTES_MAX = 24 * MEBIBYTE
const BOUNDS = {
  'limits.outboxBytesMax': MEBIBYTE,
  'limits.sessionQueueMax': 1000,
  'sys.intervalS': 1,
  // Every line: their sums are compared.
  'log.repeatsMax': 0,
}

/** Reads for a moment now and then. */
async function readSlowly(client: LiveClient, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    client.freeze()
    await new Promise((resolve) => setTimeout(resolve, 400))
    client.thaw()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Publishes as fast as the server takes it; resolves with how many it was. */
async function publishAll(
  publisher: LiveClient,
  qos: 0 | 1,
  isOver: () => boolean,
): Promise<number> {
  const payload = new Uint8Array(PAYLOAD_BYTES)
  const frame = encode(
    {
      ...{ type: PacketType.publish, qos: 0, dup: false, retain: false, topic: 'flood' },
      ...{ packetId: 0, properties: NO_PROPERTIES, payload },
    },
    5,
  )
  const frames = Buffer.concat(Array.from({ length: BATCH }, () => frame))
  let count = 0
  while (!isOver()) {
    if (qos === 0) {
      publisher.send(frames)
      await publisher.ping()
    } else {
      await Promise.all(Array.from({ length: BATCH }, () => publisher.publish('flood', payload, 1)))
    }
    count += BATCH
  }
  return count
}

async function flood(t: TestContext, qos: 0 | 1): Promise<void> {
  const server = await startServer(t, BOUNDS, SMALL_HEAP)
  const { port } = server
  const healthy = await startHealthy(port)
  const watcher = await connectClient({ port })
  await watcher.subscribe('$SYS/broker/publish/messages/dropped')
  const dropped = () => Number(Buffer.from(watcher.messages.at(-1)?.payload ?? []).toString())
  let received = 0
  const onPublish = () => {
    received += 1
  }
  const slow = await connectClient({ port, clientId: 'slow', onPublish })
  await slow.subscribe('flood', qos)
  const publisher = await connectClient({ port })

  const startMs = performance.now()
  const isOver = () => performance.now() - startMs > SECONDS * 1000
  const samples: number[] = []
  const sampler = setInterval(() => {
    if (performance.now() - startMs > WARM_UP_SECONDS * 1000) samples.push(server.rssBytes)
  }, SAMPLE_MS)
  t.after(() => clearInterval(sampler))
  const [sent] = await Promise.all([publishAll(publisher, qos, isOver), readSlowly(slow, isOver)])
  clearInterval(sampler)
  await healthy.stop()

  await until('each message arrived or counted', () => received + dropped() === sent, 20_000)
  const strayBytes = Math.max(...samples) - Math.min(...samples)
  t.diagnostic(
    `${sent} sent, ${received} received, ${dropped()} dropped, ` +
      `memory strayed ${strayBytes} bytes, ` +
      `slowest healthy message ${Math.round(healthy.slowestMs)} ms`,
  )
  assert.ok(dropped() > 0, 'the subscriber was too slow')
  assert.ok(strayBytes < STRAY_BYTES_MAX, `memory strayed by ${strayBytes} bytes`)
  assert.ok(healthy.slowestMs < 8000, `a healthy message took ${healthy.slowestMs} ms`)
  // What the log says of all episodes together is all that was dropped.
  const [begin, end, name] =
    qos === 0
      ? (['client reads too slowly, dropping QoS 0', 'end of dropping QoS 0', 'client'] as const)
      : (['queue full, dropping the newest messages', 'queue empty again', 'queue'] as const)
  const isOverInLog = () => server.logged(begin).length === server.logged(end).length
  await until('the end of the last episode', isOverInLog)
  const episodes = server.logged(end)
  assert.ok(episodes.every((line) => line[name] === 'slow'))
  const logged = episodes.reduce((sum, line) => sum + Number(line['dropped']), 0)
  assert.equal(logged, dropped())
}

for (const qos of [0, 1] as const) {
  test(`a flood at QoS ${qos} leaves memory flat`, { timeout: 200_000 }, (t) => flood(t, qos))
}

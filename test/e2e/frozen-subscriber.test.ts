// One subscriber of a hundred stops reading: the others must not notice, the server must not pay
// for it beyond its bounds, and when it reads again it gets what the bounds kept.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Publish } from '../../src/codec/mqtt/packets.ts'
import { connectClient, type LiveClient } from '../support/live-client.ts'
import { type LiveServer, SMALL_HEAP, startServer, until } from '../support/live-server.ts'
import { Mosquitto, mosquittoSkip } from '../support/mosquitto.ts'

const SUBSCRIBERS = 100
const MESSAGES = 1000
/** What fills the kernel's buffers and the server's bounds before the others get anything. */
const BULK_MESSAGES = 3000
const BULK_BYTES = 16 * 1024
const MEBIBYTE = 1024 * 1024
const BOUNDS = {
  'limits.outboxBytesMax': MEBIBYTE,
  'limits.sessionQueueMax': 500,
  'limits.sessionQueueBytesMax': 8 * MEBIBYTE,
  'limits.inflightMax': 100,
  'sys.intervalS': 1,
}
/** What a frozen client may hold by the bounds above, and as much again of garbage. */
const GROWTH_BYTES_MAX = 40 * MEBIBYTE
const timeout = 200_000

/** Watches a figure of the server's own. */
async function watchDropped(port: number): Promise<() => number> {
  const client = await connectClient({ port })
  await client.subscribe('$SYS/broker/publish/messages/dropped')
  return () => Number(Buffer.from(client.messages.at(-1)?.payload ?? []).toString())
}

class Crowd {
  readonly clients: LiveClient[] = []
  counts: number[] = []
  #expected = 0

  async join(port: number, qos: 0 | 1): Promise<void> {
    for (let index = 0; index < SUBSCRIBERS - 1; index++) {
      this.counts.push(0)
      const onPublish = ({ payload }: Publish) => {
        // In order and complete: the next number is the only right one.
        const number = Number(Buffer.from(payload).toString())
        assert.equal(number, this.counts[index])
        this.counts[index] = number + 1
      }
      const client = await connectClient({ port, onPublish, version: index % 2 === 0 ? 5 : 4 })
      await client.subscribe('fan/out', qos)
      this.clients.push(client)
    }
  }

  /** Publishes `MESSAGES` more to all; resolves with the milliseconds until all have them. */
  async serve(publisher: LiveClient, qos: 0 | 1): Promise<number> {
    const startMs = performance.now()
    const from = this.#expected
    this.#expected += MESSAGES
    for (let index = from; index < this.#expected; index++) {
      const published = publisher.publish('fan/out', `${index}`, qos)
      if (index % 50 === 49) await published
    }
    const hasAll = () => this.counts.every((count) => count === this.#expected)
    await until('all messages at all others', hasAll, 30_000)
    return performance.now() - startMs
  }
}

/** Publishes more than all buffers on the way to one subscriber hold. */
async function fill(publisher: LiveClient, qos: 0 | 1): Promise<void> {
  for (let from = 0; from < BULK_MESSAGES; from += 20) {
    const texts = Array.from({ length: 20 }, (_, index) => `${from + index}`.padEnd(BULK_BYTES))
    await Promise.all(texts.map((text) => publisher.publish('bulk', text, qos)))
    await publisher.ping()
  }
}

for (const qos of [0, 1] as const) {
  test(`one frozen of a hundred at QoS ${qos} delays nobody`, { timeout }, async (t) => {
    const server = await startServer(t, BOUNDS, SMALL_HEAP)
    const { port } = server
    const dropped = await watchDropped(port)
    const publisher = await connectClient({ port })
    const crowd = new Crowd()
    await crowd.join(port, qos)
    const frozen = await connectClient({ port, clientId: 'frozen' })
    await frozen.subscribe(['fan/out', 'bulk'], qos)
    await crowd.serve(publisher, qos)
    const aloneMs = await crowd.serve(publisher, qos)
    await frozen.until('its share', () => frozen.messages.length === 2 * MESSAGES)
    frozen.messages.length = 0

    const before = server.rssBytes
    frozen.freeze()
    await fill(publisher, qos)
    const besideMs = await crowd.serve(publisher, qos)
    const grownBytes = server.rssBytes - before
    t.diagnostic(
      `alone ${Math.round(aloneMs)} ms, beside a frozen one ${Math.round(besideMs)} ms, ` +
        `memory grew ${grownBytes} bytes`,
    )
    assert.ok(besideMs < 10 * aloneMs + 5000, `${besideMs} ms, before ${aloneMs} ms`)
    assert.ok(grownBytes < GROWTH_BYTES_MAX, `memory grew by ${grownBytes} bytes`)
    await thaw(t, server, frozen, dropped, qos)
  })
}

/** Each message to the frozen one has come to it or was counted as dropped, and new ones come. */
async function thaw(
  t: TestContext,
  server: LiveServer,
  frozen: LiveClient,
  dropped: () => number,
  qos: 0 | 1,
): Promise<void> {
  const sent = BULK_MESSAGES + MESSAGES
  frozen.thaw()
  const isComplete = () => frozen.messages.length + dropped() === sent
  await until('each message arrived or counted as dropped', isComplete, 20_000)
  t.diagnostic(`${frozen.messages.length} came after all, ${dropped()} were dropped`)
  assert.ok(dropped() > 0, 'the bounds were reached')
  const numbers = frozen.messages
    .filter(({ topic }) => topic === 'bulk')
    .map(({ payload }) => Number(Buffer.from(payload).toString()))
  const inOrder = numbers.toSorted((one, other) => one - other)
  assert.deepEqual(numbers, inOrder)
  // What waits at QoS 1 is the oldest without a gap; at QoS 0 a little room comes and goes.
  if (qos === 1) assert.equal(numbers.at(-1), numbers.length - 1)
  await frozen.publish('bulk', 'awake', qos)
  await frozen.until('a new message', () => frozen.messages.length === sent - dropped() + 1)
  const [begin, end, name] =
    qos === 0
      ? (['client reads too slowly, dropping QoS 0', 'end of dropping QoS 0', 'client'] as const)
      : (['queue full, dropping the newest messages', 'queue empty again', 'queue'] as const)
  const [full, ...others] = server.logged(begin)
  assert.equal(full?.[name], 'frozen')
  assert.deepEqual(others, [], 'the log says it once')
  const [over] = server.logged(end)
  assert.deepEqual([over?.[name], over?.['dropped']], ['frozen', dropped()])
}

test('a process that is stopped gets the rest when it goes on', {
  timeout,
  skip: mosquittoSkip,
}, async (t) => {
  const server = await startServer(t, { ...BOUNDS, 'limits.sessionQueueMax': 5000 }, SMALL_HEAP)
  const mosquitto = new Mosquitto(t, server.port)
  const sub = mosquitto.start('mosquitto_sub', [
    ...['-i', 'stopped', '-t', 'fan/out', '-q', '1', '-k', '3600', '-d'],
  ])
  await sub.untilLine('Subscribed (mid')
  sub.child.kill('SIGSTOP')
  const publisher = await connectClient({ port: server.port })
  for (let index = 0; index < 3000; index += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, at) => publisher.publish('fan/out', `=${index + at}`, 1)),
    )
  }
  sub.child.kill('SIGCONT')
  const numbers = () => sub.lines.filter((line) => line.startsWith('='))
  await sub.until('all 3,000', () => numbers().length === 3000)
  assert.deepEqual(
    numbers(),
    Array.from({ length: 3000 }, (_, index) => `=${index}`),
  )
})

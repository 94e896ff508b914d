// Connections come in crowds and go in every way there is: nothing of them may stay behind. And the
// two ways in which the server ends one by itself: takeover, and its own end.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { churn } from '../../bench/churn.ts'
import { Reason } from '../../src/base/reason.ts'
import { startHealthy } from '../support/healthy.ts'
import { connectClient, type LiveClient, openClient } from '../support/live-client.ts'
import { SMALL_HEAP, startServer, until } from '../support/live-server.ts'

const CONNECTIONS = 2000
const AT_ONCE = 100
/** Between the second and the last crowd; a kilobyte kept of each connection would be 4 MB. */
const GROWTH_BYTES_MAX = 8 * 1024 * 1024
const timeout = 200_000

/** One client's whole life, ended in the way that its number tells. */
async function live(port: number, index: number): Promise<void> {
  // Some never say CONNECT.
  if (index % 5 === 0) return (await openClient({ port })).cut()
  const client = await connectClient({
    ...{ port, version: index % 2 === 0 ? 5 : 4, clientId: `visitor-${index}` },
    ...(index % 3 === 0 ? { will: { topic: 'will/visitor' } } : {}),
  })
  await client.subscribe([`visit/${index}`, 'visit/+/x'], 1)
  await client.publish(`visit/${index}`, 'hello', 1)
  await client.until('its own message', () => client.messages.length === 1)
  if (index % 2 === 0) await client.disconnect()
  else client.cut()
}

async function crowd(port: number): Promise<void> {
  for (let from = 0; from < CONNECTIONS; from += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => live(port, from + index)))
  }
}

test(`${CONNECTIONS} connections leave nothing behind`, { timeout }, async (t) => {
  const server = await startServer(t, { 'sys.intervalS': 0 }, SMALL_HEAP)
  const descriptors = server.descriptors
  const isEmpty = () => server.descriptors === descriptors
  await crowd(server.port)
  await crowd(server.port)
  await until('all descriptors back', isEmpty)
  const before = server.rssBytes
  await crowd(server.port)
  await crowd(server.port)
  await until('all descriptors back', isEmpty)
  const grownBytes = server.rssBytes - before
  t.diagnostic(`memory grew ${grownBytes} bytes over ${2 * CONNECTIONS} connections`)
  assert.ok(grownBytes < GROWTH_BYTES_MAX, `memory grew by ${grownBytes} bytes`)
})

test('takeover under load loses and doubles nothing', { timeout }, async (t) => {
  const server = await startServer(t, { 'limits.sessionQueueMax': 10_000 })
  const { port } = server
  const healthy = await startHealthy(port)
  const options = {
    ...{ port, clientId: 'wanderer', cleanStart: false },
    properties: { sessionExpiry: 60 },
  }
  const lives: LiveClient[] = [await connectClient(options)]
  await lives[0]!.subscribe('load', 2)
  const publisher = await connectClient({ port })
  let sent = 0
  let isOver = false
  const load = (async () => {
    while (!isOver) {
      const batch = Array.from({ length: 20 }, (_, at) => `${sent + at}`)
      sent += batch.length
      await Promise.all(batch.map((text) => publisher.publish('load', text, 2)))
    }
  })()
  for (let life = 1; life <= 20; life++) {
    const came = lives.at(-1)!
    await came.until('something', () => came.messages.length > 10)
    const next = await connectClient(options)
    lives.push(next)
    assert.equal(next.connack?.sessionPresent, true)
    await came.closed
    assert.equal(came.disconnectReason, Reason.sessionTakenOver)
  }
  isOver = true
  await load
  // A QoS 2 message may be sent again after a takeover: its first receiver was cut before PUBREC.
  const seen = () => lives.flatMap(({ messages }) => messages)
  const texts = () => new Set(seen().map(({ payload }) => Buffer.from(payload).toString()))
  await until('every message', () => texts().size === sent)
  for (const { messages } of lives) {
    const numbers = messages.map(({ payload }) => Number(Buffer.from(payload).toString()))
    assert.deepEqual(numbers, [...new Set(numbers)], 'nothing twice on one connection')
    const inOrder = numbers.toSorted((one, other) => one - other)
    assert.deepEqual(numbers, inOrder)
  }
  const again = seen().filter(({ dup }) => dup).length
  assert.ok(seen().length - texts().size <= again, 'what came twice says so')
  await healthy.stop()
})

/** Clients of all versions, one of them frozen, with something going on. */
async function populate(t: TestContext, port: number): Promise<LiveClient[]> {
  const clients = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const version = ([3, 4, 5] as const)[index % 3] ?? 5
      const client = await connectClient({ port, version, clientId: `guest-${index}` })
      await client.subscribe('news', 1)
      return client
    }),
  )
  const frozen = await connectClient({ port, clientId: 'frozen' })
  await frozen.subscribe('bulk')
  frozen.freeze()
  t.after(() => frozen.cut())
  const bulk = new Uint8Array(64 * 1024)
  for (let index = 0; index < 300; index++) await clients[0]!.publish('bulk', bulk, 1)
  await clients[0]!.publish('news', 'last', 1)
  return clients
}

test('SIGTERM tells those who can be told, and ends with 0', { timeout }, async (t) => {
  const server = await startServer(t)
  const clients = await populate(t, server.port)
  const ending = await server.stop()
  t.diagnostic(`ended after ${ending.seconds.toFixed(2)} s`)
  assert.deepEqual([ending.code, ending.signal], [0, null])
  assert.ok(ending.seconds < 8, `it took ${ending.seconds} s`)
  await Promise.all(clients.map(({ closed }) => closed))
  for (const { version, messages, disconnectReason } of clients) {
    assert.equal(Buffer.from(messages.at(-1)?.payload ?? []).toString(), 'last')
    assert.equal(disconnectReason, version === 5 ? Reason.serverShuttingDown : undefined)
  }
})

test('a second SIGTERM ends at once', { timeout }, async (t) => {
  const server = await startServer(t)
  await populate(t, server.port)
  const ending = server.stop()
  await until('the first one in the log', () => server.logged('stopping').length === 1)
  process.kill(server.pid, 'SIGTERM')
  const { seconds, code } = await ending
  t.diagnostic(`ended with ${code} after ${seconds.toFixed(2)} s`)
  assert.ok(seconds < 3, `it took ${seconds} s`)
})

/** What the engine still learns is about 200; a connection or session that stays is 3000. */
const BYTES_PER_LIFE_MAX = 600
const RATE = 100

// Ten minutes of it are a bench, `npm run bench -- churn --full`, on the same code.
test(`${RATE} clients a second come and go in every way`, { timeout }, async (t) => {
  // What the log remembers of its lines grows for ten seconds, which are half of the time here.
  const settings = { 'log.repeatsMax': 0 }
  const { lives, failures, warnings, bytesPerLife } = await churn({
    rate: RATE,
    seconds: 20,
    settings,
  })
  t.diagnostic(`${lives} lives left ${bytesPerLife.toFixed(1)} bytes each`)
  assert.deepEqual(failures, [])
  assert.deepEqual(warnings, [])
  assert.ok(bytesPerLife < BYTES_PER_LIFE_MAX, `each life left ${bytesPerLife} bytes`)
})

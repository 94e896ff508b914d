// Bytes that must be refused, sent to a live server, while a healthy pair on the same server goes
// on as if nothing were: every refusal of the codec's table, forbidden filters, and mutations.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Reason } from '../../src/base/reason.ts'
import { seededRandom } from '../../src/base/random.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { PacketType, type Version } from '../../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { Mutator } from '../fuzz/mutator.ts'
import { REFUSALS } from '../model/codec-refusals.ts'
import { fromHex } from '../model/codec-vectors.ts'
import { startHealthy } from '../support/healthy.ts'
import { connectClient } from '../support/live-client.ts'
import { type LiveServer, SMALL_HEAP, startServer, until } from '../support/live-server.ts'

const FRAMES = process.env['RAMEAU_FULL'] === '1' ? 200_000 : 20_000
/** Frames before memory is measured first. */
const WARM_UP_FRAMES = 10_000
const FRAMES_PER_CONNECTION_MAX = 3
const CONNECTIONS = 8
const SEED = 20_260_101
/** What the process may grow by after the warm-up; what the collector lets lie is less. */
const GROWTH_BYTES_MAX = 16 * 1024 * 1024
const timeout = 200_000

/** A filter that no version allows; the first seven are wrong everywhere, the others are shared. */
const FILTERS = [
  ...['a#', 'a/#/b', '#/a', 'a+', 'a/+b', ''],
  ...['$share/g', '$share/g/', '$share//a', '$share/+/a', '$share/g#/a'],
]

/** Sends bytes on a fresh connection; resolves with all that came once the server has closed. */
async function converse(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const late = setTimeout(() => socket.destroy(new Error('the server did not close')), 8000)
  const chunks: Buffer[] = []
  try {
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write(bytes)
    await once(socket, 'end')
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
  return Buffer.concat(chunks)
}

/** Whether CONNECT names MQTT or MQIsdp, whatever its level. */
function isMqtt(bytes: Uint8Array): boolean {
  return /MQTT|MQIsdp/.test(Buffer.from(bytes).toString('latin1'))
}

/** What stands in the answer to a CONNECT that is refused. */
function connackFor(bytes: Uint8Array, reason: Reason): string {
  if (reason === Reason.unsupportedProtocolVersion) {
    // Who is newer than 5.0 reads its CONNACK, who is older or unknown that of 3.1.1; of another
    // protocol nobody knows what it would understand, so it is closed without a word.
    if (!isMqtt(bytes)) return ''
    return bytes[8] === 6 ? '2003008400' : '20020001'
  }
  const level = bytes[6] === 0x54 ? bytes[8] : undefined
  return level === 5 ? `200300${reason.toString(16)}00` : ''
}

/** Plays one refusal; the answer must be the one that the version has for it. */
async function assertRefused(
  port: number,
  version: Version,
  bytes: Uint8Array,
  reason: Reason,
): Promise<void> {
  const client = await connectClient({ port, version })
  client.send(bytes)
  await client.closed
  assert.equal(client.disconnectReason, version === 5 ? reason : undefined)
  assert.deepEqual(client.messages, [])
}

test('every malformed packet is answered as the standard says', { timeout }, async (t) => {
  const server = await startServer(t)
  const healthy = await startHealthy(server.port)
  for (const { name, versions, hex, reason } of REFUSALS) {
    const bytes = fromHex(hex)
    if (bytes[0] === 0x10) {
      await t.test(`[${reason.toString(16)}] ${name}`, async () => {
        const answer = await converse(server.port, bytes)
        assert.equal(answer.toString('hex'), connackFor(bytes, reason))
      })
      continue
    }
    for (const version of versions) {
      await t.test(`[${reason.toString(16)}] ${name}, level ${version}`, () =>
        assertRefused(server.port, version, bytes, reason),
      )
    }
    await t.test(`before CONNECT nothing answers: ${name}`, async () => {
      assert.equal((await converse(server.port, bytes)).length, 0)
    })
  }
  await healthy.stop()
  assert.ok(healthy.slowestMs < 8000, `a message took ${healthy.slowestMs} ms`)
})

test('a forbidden filter ends the connection, and the healthy go on', { timeout }, async (t) => {
  const { port } = await startServer(t)
  const healthy = await startHealthy(port)
  for (const filter of FILTERS) {
    for (const version of [4, 5] as const) {
      const filters = [
        { filter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const,
      ]
      const packet = { type: PacketType.subscribe, packetId: 1, filters, properties: NO_PROPERTIES }
      // Empty: malformed like every empty string that may not be; the others: no valid filter.
      const reason = filter === '' ? Reason.malformedPacket : Reason.topicFilterInvalid
      await t.test(`SUBSCRIBE "${filter}", level ${version}`, () =>
        assertRefused(port, version, encode(packet, version), reason),
      )
      const unsubscribe = {
        ...{ type: PacketType.unsubscribe, packetId: 1, filters: [filter] },
        properties: NO_PROPERTIES,
      }
      await t.test(`UNSUBSCRIBE "${filter}", level ${version}`, () =>
        assertRefused(port, version, encode(unsubscribe, version), reason),
      )
    }
  }
  await healthy.stop()
})

test(`${FRAMES} mutated frames leave server and others alone`, { timeout }, async (t) => {
  const server = await startServer(t, { 'log.repeatsMax': 0 }, SMALL_HEAP)
  const descriptors = server.descriptors
  const healthy = await startHealthy(server.port)
  const mutator = new Mutator(seededRandom(SEED))
  await flood(server, mutator, WARM_UP_FRAMES)
  const before = server.rssBytes
  await flood(server, mutator, FRAMES)
  const grownBytes = server.rssBytes - before
  await healthy.stop()
  t.diagnostic(
    `${server.logged('client made a mistake').length} refused, memory grew ${grownBytes} bytes, ` +
      `${healthy.exchanged} healthy messages, slowest ${Math.round(healthy.slowestMs)} ms`,
  )
  assert.ok(grownBytes < GROWTH_BYTES_MAX, `memory grew by ${grownBytes} bytes`)
  await until('all descriptors back', () => server.descriptors === descriptors)
  assert.ok(server.isRunning)
  assert.ok(server.logged('client made a mistake').length > FRAMES / 10, 'many were refused')
})

/** Sends so many mutants, a few on each connection, some before any CONNECT. */
async function flood(server: LiveServer, mutator: Mutator, frames: number): Promise<void> {
  const random = seededRandom(frames)
  let left = frames
  const drive = async () => {
    while (left > 0) {
      const count = Math.min(left, 1 + random.below(FRAMES_PER_CONNECTION_MAX))
      left -= count
      const mutants = Array.from({ length: count }, () => mutator.next())
      const level = mutants[0]?.version ?? 4
      const opening =
        random.below(8) === 0 ? [] : [connectBytes(level, `mutant-${random.below(100)}`)]
      await pour(server.port, [...opening, ...mutants.map(({ bytes }) => bytes)])
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, drive))
}

/** Writes all, ends, and waits for the server's end; fails if that does not come. */
async function pour(port: number, parts: readonly Uint8Array[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  const late = setTimeout(() => socket.destroy(new Error('the server did not close')), 10_000)
  let failure: Error | undefined
  // The server may be done with us before we are: only its silence is wrong.
  socket.on('error', (error) => {
    if (!('code' in error)) failure = error
  })
  socket.resume()
  for (const part of parts) socket.write(part)
  socket.end()
  await once(socket, 'close')
  clearTimeout(late)
  if (failure !== undefined) throw failure
}

function connectBytes(version: Version, clientId: string): Uint8Array {
  return encode(
    {
      ...{ type: PacketType.connect, version, cleanStart: true, keepAlive: 60, clientId },
      ...{ will: undefined, userName: undefined, password: undefined, properties: NO_PROPERTIES },
    },
    version,
  )
}

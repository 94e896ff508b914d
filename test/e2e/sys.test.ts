// What an exporter sees under `$SYS/broker/`: each topic of Debian's Mosquitto, in its form, with
// the figures of the traffic that was made; those that both count alike are compared with its own.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import { PacketType, type Publish } from '../../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { connectClient, type LiveClient } from '../support/live-client.ts'
import { MosquittoBroker } from '../support/mosquitto-broker.ts'
import { Rameau } from '../support/rameau.ts'
import { requireProgram } from '../support/third-party.ts'

const mosquitto = requireProgram('mosquitto')
const BOUNDED = { timeout: 200_000 }
const ROOT = '$SYS/broker/'
/** Of the man page alone, which 2.0 does not publish; older exporters read it. */
const INFLIGHT = 'messages/inflight'
const QUEUE_MAX = 3

/** Bytes and packets in each direction. */
interface Count {
  bytesReceived: number
  bytesSent: number
  packetsReceived: number
  packetsSent: number
}

/** Passes streams on to a server, and counts what it receives and sends. */
class Relay {
  readonly count: Count = { bytesReceived: 0, bytesSent: 0, packetsReceived: 0, packetsSent: 0 }
  readonly #server = createServer()

  static async open(to: number): Promise<Relay> {
    const relay = new Relay()
    relay.#server.on('connection', (client) => {
      const server = connect({ port: to, host: '127.0.0.1' })
      for (const socket of [client, server]) socket.on('error', () => socket.destroy())
      const { count } = relay
      pass(client, server, (bytes, packets) => {
        count.bytesReceived += bytes
        count.packetsReceived += packets
      })
      pass(server, client, (bytes, packets) => {
        count.bytesSent += bytes
        count.packetsSent += packets
      })
    })
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  /** Streams that are open go on. */
  close(): void {
    this.#server.close()
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
}

function pass(from: Socket, to: Socket, count: (bytes: number, packets: number) => void): void {
  const framer = new Framer(1_000_000, {
    frame: () => {
      count(0, 1)
      return true
    },
  })
  from.on('data', (chunk) => {
    count(chunk.length, 0)
    framer.push(chunk)
  })
  from.pipe(to)
}

/** What an exporter read at one tick. */
interface Reading {
  readonly values: ReadonlyMap<string, string>
  /** What the reader itself had got before the tick, and so what the server had sent it. */
  readonly before: readonly Publish[]
  /** Topics that came with the retain flag. */
  readonly retained: ReadonlySet<string>
  readonly traffic: Count
}

const clientOf = (port: number, clientId: string): Promise<LiveClient> =>
  connectClient({ port, clientId, version: 4 })

/** The traffic that all figures below are about. Some of the clients stay. */
async function play(port: number): Promise<void> {
  const publisher = await clientOf(port, 'publisher')
  const subscriber = await clientOf(port, 'subscriber')
  await subscriber.subscribe('s/#', 1)
  for (const client of [subscriber, await clientOf(port, 'other')]) {
    await client.subscribe('$share/group/x/+')
  }
  const away = await connectClient({ port, clientId: 'away', version: 4, cleanStart: false })
  await away.subscribe('q/#', 1)
  await away.disconnect()
  const gone = await connectClient({ port, clientId: 'gone', properties: { sessionExpiry: 1 } })
  await gone.disconnect()

  for (let at = 0; at < 5; at++) await publisher.publish('s/1', 'ten letters'.slice(1), 1)
  for (let at = 0; at < 3; at++) await publisher.publish('s/1', 'ten letters'.slice(1), 0)
  for (const topic of ['r/1', 'r/2']) {
    publisher.sendPacket({
      ...{ type: PacketType.publish, qos: 0, dup: false, retain: true, topic, packetId: 0 },
      properties: NO_PROPERTIES,
      payload: new TextEncoder().encode('retains'),
    })
  }
  for (let at = 0; at < 5; at++) await publisher.publish('q/1', 'four', 1)
  await subscriber.until('8 messages', () => subscriber.messages.length === 8)
  await publisher.ping()
  await subscriber.ping()
}

const isTick = ({ topic, retain }: Publish): boolean => topic === `${ROOT}uptime` && !retain
const textOf = ({ payload }: Publish): string => new TextDecoder().decode(payload)

async function read(port: number): Promise<Reading> {
  const relay = await Relay.open(port)
  await play(relay.port)
  relay.close()
  const reader = await clientOf(port, 'reader')
  await reader.subscribe('$SYS/#')
  const { messages } = reader
  const isExpired = (one: Publish): boolean =>
    one.topic === `${ROOT}clients/expired` && textOf(one) === '1'
  await reader.until('a session expires', () => messages.some(isExpired))
  const seen = messages.length
  const ticks = (): number[] => [...messages.keys()].filter((at) => isTick(messages[at]!))
  const later = (): number[] => ticks().filter((at) => at >= seen)
  await reader.until('two more ticks', () => later().length >= 2)
  const [from = 0, to = 0] = later()
  const values = messages.slice(0, to).map((one) => [nameOf(one), textOf(one)] as const)
  return {
    values: new Map(values),
    before: messages.slice(0, from),
    retained: new Set(messages.filter(({ retain }) => retain).map(nameOf)),
    traffic: { ...relay.count },
  }
}

function nameOf({ topic }: Publish): string {
  assert.ok(topic.startsWith(ROOT), topic)
  return topic.slice(ROOT.length)
}

/** What a value looks like to whoever parses it. */
function formOf(value: string): string {
  return value
    .replace(/^(mosquitto|rameau)/, 'NAME')
    .replace(/\d+\.\d+\.\d+/, 'VERSION')
    .replace(/\d+\.\d\d$/, 'DECIMAL')
    .replace(/\d+/, 'WHOLE')
}

describe('$SYS as an exporter sees it', BOUNDED, () => {
  let ours: Reading
  const settings = ['sys.intervalS=1', `limits.sessionQueueMax=${QUEUE_MAX}`]
  const sets = [...settings, 'presence.enabled=false'].flatMap((one) => ['--set', one])
  let theirs: Reading | undefined
  let rameau: Rameau | undefined
  let broker: MosquittoBroker | undefined
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))

  before(async () => {
    const listeners = ['--mqtt', '0', '--ws', 'off', '--http', 'off']
    rameau = new Rameau(['start', '--memory', ...listeners, ...sets])
    const lines = ['allow_anonymous true', 'sys_interval 1', `max_queued_messages ${QUEUE_MAX}`]
    if (mosquitto.path !== undefined) {
      broker = await MosquittoBroker.start(mosquitto.path, folder, lines)
    }
    const port = await rameau.port()
    ;[ours, theirs] = await Promise.all([read(port), broker && read(broker.port)])
  }, BOUNDED)
  after(async () => {
    await rameau?.[Symbol.asyncDispose]()
    await broker?.stop()
    rmSync(folder, { recursive: true })
  })

  const number = (name: string): number => Number(ours.values.get(name))

  test('clients and sessions', () => {
    assert.equal(number('clients/connected'), 4) // publisher, subscriber, other, reader
    assert.equal(number('clients/active'), 4)
    assert.equal(number('clients/disconnected'), 1) // away
    assert.equal(number('clients/inactive'), 1)
    assert.equal(number('clients/total'), 5)
    assert.ok(number('clients/maximum') >= 5 && number('clients/maximum') <= 6)
    assert.equal(number('clients/expired'), 1) // gone
  })

  test('publishes and what was dropped', () => {
    assert.equal(number('publish/messages/received'), 15)
    assert.equal(number('publish/bytes/received'), 8 * 10 + 2 * 7 + 5 * 4)
    assert.equal(number('publish/messages/dropped'), 5 - QUEUE_MAX)
    assert.equal(number('publish/messages/sent'), 8 + ours.before.length)
    const bytes = ours.before.reduce((sum, { payload }) => sum + payload.length, 0)
    assert.equal(number('publish/bytes/sent'), 8 * 10 + bytes)
  })

  test('packets and bytes of the wire', () => {
    const { traffic, before: got } = ours
    const asked = encode(
      {
        ...{ type: PacketType.connect, version: 4, cleanStart: true, keepAlive: 0 },
        ...{ clientId: 'reader', will: undefined, userName: undefined, password: undefined },
        properties: NO_PROPERTIES,
      },
      4,
    )
    const subscribe = 2 + 2 + 2 + '$SYS/#'.length + 1
    const [connack, suback] = [4, 5]
    assert.equal(number('messages/received'), traffic.packetsReceived + 2)
    assert.equal(number('bytes/received'), traffic.bytesReceived + asked.length + subscribe)
    assert.equal(number('messages/sent'), traffic.packetsSent + 2 + got.length)
    const frames = got.reduce((sum, publish) => sum + encode(publish, 4).length, 0)
    assert.equal(number('bytes/sent'), traffic.bytesSent + connack + suback + frames)
  })

  test('what is held', () => {
    assert.equal(number('subscriptions/count'), 3) // s/#, q/#, $SYS/#
    assert.equal(number('shared_subscriptions/count'), 2)
    const own = ours.values.size
    assert.equal(number('retained messages/count'), own + 2)
    assert.equal(number('messages/stored'), own + 2 + QUEUE_MAX)
    assert.equal(number('store/messages/count'), own + 2 + QUEUE_MAX)
    const held = new Map(ours.before.map((one) => [one.topic, one.payload.length]))
    const bytes = [...held.values()].reduce((sum, length) => sum + length, 0)
    assert.equal(number('store/messages/bytes'), bytes + 2 * 7 + QUEUE_MAX * 4)
    assert.equal(number(INFLIGHT), 0)
  })

  test('heap, uptime and version', () => {
    assert.ok(number('heap/current') > 1_000_000 && number('heap/current') < 1_000_000_000)
    assert.ok(number('heap/maximum') >= number('heap/current'))
    assert.match(ours.values.get('uptime') ?? '', /^\d+ seconds$/)
    assert.match(ours.values.get('version') ?? '', /^rameau version \d+\.\d+\.\d+$/)
  })

  test('averages of what came within the last minute', () => {
    const of = (name: string) =>
      ['1min', '5min', '15min'].map((span) => number(`load/${name}/${span}`))
    for (const [name, count] of [
      ['messages/received', number('messages/received')],
      ['messages/sent', number('messages/sent')],
      ['bytes/received', number('bytes/received')],
      ['bytes/sent', number('bytes/sent')],
      ['publish/received', 15],
      ['publish/sent', number('publish/messages/sent')],
      ['publish/dropped', 5 - QUEUE_MAX],
      ['connections', 6],
      ['sockets', 6],
    ] as const) {
      const [one = 0, five = 0, fifteen = 0] = of(name)
      // All of it per minute, a little faded: by half would take 40 seconds.
      assert.ok(one <= count && one > count / 2, `${name}: ${one} of ${count}`)
      assert.ok(five < one && five > one / 6, `${name}: ${one} ${five}`)
      assert.ok(fifteen < five && fifteen > five / 4, `${name}: ${five} ${fifteen}`)
    }
  })

  test('the names, forms and figures of Mosquitto', { skip: mosquitto.skip }, () => {
    assert.ok(theirs !== undefined)
    assert.ok(theirs.values.size >= 50, `${theirs.values.size} topics`)
    for (const [name, value] of [...theirs.values, [INFLIGHT, '0'] as const]) {
      const own = ours.values.get(name)
      assert.ok(own !== undefined, `${name} is missing`)
      assert.equal(formOf(own), formOf(value), name)
      assert.ok(ours.retained.has(name), `${name} is not retained`)
    }
    // What depends on how many topics there are, or on time, was checked above.
    const alike = [
      ...['connected', 'active', 'disconnected', 'inactive', 'total', 'expired'].map(
        (name) => `clients/${name}`,
      ),
      ...['messages/received', 'bytes/received', 'publish/bytes/received'],
      ...['publish/messages/dropped', 'subscriptions/count', 'shared_subscriptions/count'],
    ]
    for (const name of alike) assert.equal(ours.values.get(name), theirs.values.get(name), name)
  })
})

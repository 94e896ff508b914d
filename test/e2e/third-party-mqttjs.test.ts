// MQTT.js 5 against a live server, in 3.1.1 and 5: the client that most programs for Node use.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import mqtt from 'mqtt'
import { startServer, until } from '../support/live-server.ts'

type Client = mqtt.MqttClient
type Received = { topic: string; payload: Buffer; packet: mqtt.IPublishPacket }

const VERSIONS = [4, 5] as const
const QOS = [0, 1, 2] as const

async function connect(
  t: TestContext,
  port: number,
  options: mqtt.IClientOptions = {},
): Promise<Client> {
  const client = mqtt.connect({ host: '127.0.0.1', port, reconnectPeriod: 0, ...options })
  t.after(() => client.end(true))
  await connack(client)
  return client
}

function connack(client: Client): Promise<mqtt.IConnackPacket> {
  return new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject))
}

/** Collects what comes from now on. */
function collect(client: Client): Received[] {
  const received: Received[] = []
  client.on('message', (topic, payload, packet) => received.push({ topic, payload, packet }))
  return received
}

for (const version of VERSIONS) {
  describe(`MQTT.js, protocol level ${version}`, { timeout: 200_000 }, () => {
    const protocolVersion = version

    test('every QoS of a publish meets every QoS of a subscription', async (t) => {
      const { port } = await startServer(t)
      const client = await connect(t, port, { protocolVersion })
      const received = collect(client)
      for (const qos of QOS) {
        const granted = await client.subscribeAsync(`a/${qos}/+`, { qos })
        assert.equal(granted[0]?.qos, qos)
      }
      for (const granted of QOS) {
        for (const qos of QOS) await client.publishAsync(`a/${granted}/${qos}`, 'x', { qos })
      }
      await until('nine messages', () => received.length === 9)
      for (const { topic, packet } of received) {
        const [, granted, published] = topic.split('/').map(Number)
        assert.equal(packet.qos, Math.min(Number(granted), Number(published)))
      }
      await client.unsubscribeAsync('a/0/+')
      await client.publishAsync('a/0/0', 'y', { qos: 1 })
      await client.publishAsync('a/1/1', 'z', { qos: 1 })
      await until('the tenth', () => received.length === 10)
      assert.equal(String(received[9]?.payload), 'z')
    })

    test('a will comes after a cut and not after end()', async (t) => {
      const { port } = await startServer(t)
      const watcher = await connect(t, port, { protocolVersion })
      const received = collect(watcher)
      await watcher.subscribeAsync('will/#', { qos: 1 })
      const will = (name: string) => ({
        protocolVersion,
        will: {
          topic: `will/${name}`,
          payload: Buffer.from('gone'),
          qos: 1 as const,
          retain: true,
        },
      })
      const clean = await connect(t, port, will('clean'))
      await clean.endAsync()
      const cut = await connect(t, port, will('cut'))
      cut.stream.destroy()
      await until('the will', () => received.length > 0)
      assert.deepEqual(
        received.map(({ topic }) => topic),
        ['will/cut'],
      )
    })

    test('a session keeps what comes while its client is away, in order', async (t) => {
      const { port } = await startServer(t)
      const stored = {
        protocolVersion,
        clientId: 'stored',
        clean: false,
        properties: version === 5 ? { sessionExpiryInterval: 60 } : {},
      }
      const first = await connect(t, port, stored)
      await first.subscribeAsync('q/#', { qos: 2 })
      await first.endAsync()
      const publisher = await connect(t, port, { protocolVersion })
      for (let index = 0; index < 300; index++) {
        const qos = index % 2 === 0 ? 1 : 2
        await publisher.publishAsync(`q/${qos}`, `${index}`, { qos })
      }
      const again = mqtt.connect({ host: '127.0.0.1', port, reconnectPeriod: 0, ...stored })
      t.after(() => again.end(true))
      const received = collect(again)
      assert.equal((await connack(again)).sessionPresent, true)
      await until('all that waited', () => received.length === 300)
      // MQTT.js hands on QoS 2 at PUBREL, so the order is one for each QoS.
      for (const remainder of [0, 1]) {
        const expected = Array.from({ length: 150 }, (_, index) => 2 * index + remainder)
        const numbers = received.map(({ payload }) => Number(payload))
        assert.deepEqual(
          numbers.filter((number) => number % 2 === remainder),
          expected,
        )
      }
    })

    test('1,000 filters go into one SUBSCRIBE', async (t) => {
      const { port } = await startServer(t)
      const client = await connect(t, port, { protocolVersion })
      const filters = Array.from({ length: 1000 }, (_, index) => `f/${index}/+`)
      const granted = await client.subscribeAsync(filters, { qos: 1 })
      assert.equal(granted.length, 1000)
      const received = collect(client)
      for (const index of [0, 500, 999]) await client.publishAsync(`f/${index}/x`, 'y', { qos: 1 })
      await client.publishAsync('f/1000/x', 'no', { qos: 1 })
      await until('three messages', () => received.length === 3)
    })

    test('10,000 retained messages come on #', async (t) => {
      const { port } = await startServer(t)
      const publisher = await connect(t, port, { protocolVersion })
      const count = 10_000
      // In batches: MQTT.js does not keep to the server's Receive Maximum by itself.
      for (let from = 0; from < count; from += 500) {
        const batch = Array.from({ length: 500 }, (_, index) => from + index)
        const options = { retain: true, qos: 1 } as const
        await Promise.all(
          batch.map((index) =>
            publisher.publishAsync(`r/${index % 100}/${index}`, `${index}`, options),
          ),
        )
      }
      for (const qos of QOS) {
        const client = await connect(t, port, { protocolVersion })
        const payloads = new Set<string>()
        let messages = 0
        client.on('message', (_topic, payload, packet) => {
          messages += 1
          assert.equal(packet.retain, true)
          payloads.add(String(payload))
        })
        await client.subscribeAsync('#', { qos })
        await until(`all retained at QoS ${qos}`, () => messages >= count, 20_000)
        assert.equal(payloads.size, count)
        assert.equal(messages, count)
        await client.endAsync()
      }
    })

    test('payloads of 1 and 10 MiB come back as they were', async (t) => {
      const { port } = await startServer(t)
      const client = await connect(t, port, { protocolVersion })
      const received = collect(client)
      await client.subscribeAsync('big', { qos: 2 })
      for (const [mebibytes, qos] of [
        [1, 0],
        [1, 2],
        [10, 1],
      ] as const) {
        const payload = Buffer.alloc(mebibytes * 1024 * 1024, `${mebibytes}-${qos} `)
        await client.publishAsync('big', payload, { qos })
        await until(`${mebibytes} MiB`, () => received.length === 1)
        assert.ok(received.pop()?.payload.equals(payload))
      }
    })
  })
}

describe('MQTT 5 with MQTT.js', { timeout: 200_000 }, () => {
  const PROPERTIES = {
    payloadFormatIndicator: true,
    contentType: 'text/plain',
    responseTopic: 'answers/1',
    correlationData: Buffer.from([0, 1, 255]),
    userProperties: { b: ['2', '3'], a: '1', empty: '' },
  }

  test('properties pass unchanged, and are left out for 3.1.1', async (t) => {
    const { port } = await startServer(t)
    const [publisher, modern, old] = await Promise.all([
      connect(t, port, { protocolVersion: 5 }),
      connect(t, port, { protocolVersion: 5 }),
      connect(t, port, { protocolVersion: 4 }),
    ])
    const [atModern, atOld] = [collect(modern), collect(old)]
    await modern.subscribeAsync('p', {
      qos: 1,
      properties: { subscriptionIdentifier: 268_435_455 },
    })
    await old.subscribeAsync('p', { qos: 1 })
    await publisher.publishAsync('p', 'x', { qos: 1, properties: PROPERTIES })
    await old.publishAsync('p', 'y', { qos: 1 })
    await until('both messages', () => atModern.length === 2 && atOld.length === 2)
    const properties = { ...atModern[0]?.packet.properties }
    assert.deepEqual(
      { ...properties, userProperties: { ...properties.userProperties } },
      { ...PROPERTIES, subscriptionIdentifier: 268_435_455 },
    )
    assert.equal(atOld[0]?.packet.properties, undefined)
    assert.deepEqual({ ...atModern[1]?.packet.properties }, { subscriptionIdentifier: 268_435_455 })
  })

  test('topic aliases work in both directions', async (t) => {
    const { port } = await startServer(t)
    const publisher = await connect(t, port, { protocolVersion: 5, autoAssignTopicAlias: true })
    const subscriber = await connect(t, port, {
      protocolVersion: 5,
      properties: { topicAliasMaximum: 4 },
    })
    const bare: boolean[] = []
    const aliased: boolean[] = []
    publisher.on('packetsend', (packet) => {
      if (packet.cmd === 'publish') bare.push(String(packet.topic) === '')
    })
    subscriber.on('packetreceive', (packet) => {
      if (packet.cmd === 'publish') aliased.push(packet.properties?.topicAlias !== undefined)
    })
    const received = collect(subscriber)
    await subscriber.subscribeAsync('t/#', { qos: 0 })
    // More topics than the subscriber takes aliases for: some go with their name each time.
    const topics = Array.from({ length: 60 }, (_, index) => `t/${index % 6}`)
    for (const topic of topics) await publisher.publishAsync(topic, topic, { qos: 1 })
    await until('all messages', () => received.length === topics.length)
    assert.deepEqual(
      received.map(({ topic, payload }) => [topic, String(payload)]),
      topics.map((topic) => [topic, topic]),
    )
    assert.ok(bare.filter(Boolean).length >= 54, 'the client used its aliases')
    assert.ok(aliased.filter(Boolean).length >= 36, 'the server used its aliases')
  })

  test('No Local, Retain As Published and Retain Handling are kept', async (t) => {
    const { port } = await startServer(t)
    const client = await connect(t, port, { protocolVersion: 5 })
    const other = await connect(t, port, { protocolVersion: 5 })
    const received = collect(client)
    await other.publishAsync('h/a', 'kept', { retain: true, qos: 1 })
    await client.subscribeAsync('h/#', { qos: 1, nl: true, rap: true, rh: 2 })
    await client.publishAsync('h/a', 'own', { qos: 1 })
    await other.publishAsync('h/b', 'theirs', { qos: 1, retain: true })
    await until('one message', () => received.length > 0)
    const [message] = received
    assert.deepEqual([message?.topic, message?.packet.retain, received.length], ['h/b', true, 1])
  })

  test('Maximum Packet Size and Receive Maximum of the client are respected', async (t) => {
    const { port } = await startServer(t)
    const publisher = await connect(t, port, { protocolVersion: 5 })
    const small = await connect(t, port, {
      protocolVersion: 5,
      properties: { maximumPacketSize: 200, receiveMaximum: 3 },
    })
    const received = collect(small)
    await small.subscribeAsync('m', { qos: 2 })
    await publisher.publishAsync('m', 'x'.repeat(300), { qos: 1 })
    const sent = Array.from({ length: 100 }, (_, index) =>
      publisher.publishAsync('m', `${index}`, { qos: (1 + (index % 2)) as 1 | 2 }),
    )
    await Promise.all(sent)
    await until('all but the large one', () => received.length === 100)
  })

  test('shared subscriptions share, and what a member leaves goes to the others', async (t) => {
    const { port } = await startServer(t)
    const publisher = await connect(t, port, { protocolVersion: 5 })
    const members = await Promise.all([0, 1, 2].map(() => connect(t, port, { protocolVersion: 5 })))
    const received = members.map(collect)
    for (const member of members) await member.subscribeAsync('$share/g/w', { qos: 1 })
    const publish = (from: number) =>
      Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          publisher.publishAsync('w', `${from + index}`, { qos: 1 }),
        ),
      )
    await publish(0)
    const count = () => new Set(received.flat().map(({ payload }) => String(payload))).size
    await until('the first 300', () => count() === 300)
    for (const one of received) assert.ok(one.length > 50, `a member got ${one.length}`)
    members[0]?.stream.destroy()
    await publish(300)
    await until('the other 300', () => count() === 600)
  })

  test('a session that is taken over is told so', async (t) => {
    const { port } = await startServer(t)
    const options = { protocolVersion: 5, clientId: 'same' } as const
    const first = await connect(t, port, options)
    const told = new Promise<mqtt.IDisconnectPacket>((resolve) => {
      first.once('disconnect', resolve)
    })
    await connect(t, port, options)
    assert.equal((await told).reasonCode, 0x8e)
  })
})

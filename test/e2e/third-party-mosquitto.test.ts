// Mosquitto's clients from Debian against a live server, in 3.1, 3.1.1 and 5: what their manual
// promises must hold here too.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer, until } from '../support/live-server.ts'
import { Mosquitto, MOSQUITTO_VERSIONS, mosquittoSkip } from '../support/mosquitto.ts'

const QOS = [0, 1, 2] as const
const options = { skip: mosquittoSkip, timeout: 200_000 }

describe('mosquitto_pub and mosquitto_sub', options, () => {
  test('every version talks to every version at every QoS', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const subscribers = await Promise.all(
      MOSQUITTO_VERSIONS.flatMap((version) =>
        QOS.map(async (granted) => ({
          granted,
          process: await mosquitto.sub(['-V', version, '-q', `${granted}`, '-t', 'a/+', '-C', '9']),
        })),
      ),
    )
    for (const version of MOSQUITTO_VERSIONS) {
      for (const qos of QOS) {
        const topic = `a/${version}-${qos}`
        await mosquitto.pub(['-V', version, '-q', `${qos}`, '-t', topic, '-m', 'Grüße'])
      }
    }
    for (const { granted, process } of subscribers) {
      assert.equal(await process.code, 0)
      const expected = MOSQUITTO_VERSIONS.flatMap((version) =>
        QOS.map((qos) => ({
          topic: `a/${version}-${qos}`,
          qos: Math.min(qos, granted),
          retain: 0,
          payload: 'Grüße',
        })),
      )
      assert.deepEqual(process.messages, expected)
    }
  })

  for (const version of MOSQUITTO_VERSIONS) {
    test(`retained messages come, are replaced and are cleared, ${version}`, async (t) => {
      const { port } = await startServer(t)
      const mosquitto = new Mosquitto(t, port)
      const at = ['-V', version]
      await mosquitto.pub([...at, '-t', 'r/1', '-m', 'old', '-r', '-q', '1'])
      await mosquitto.pub([...at, '-t', 'r/1', '-m', 'new', '-r'])
      await mosquitto.pub([...at, '-t', 'r/2', '-m', 'gone', '-r'])
      await mosquitto.pub([...at, '-t', 'r/2', '-n', '-r'])
      const sub = await mosquitto.sub([...at, '-t', 'r/#', '-q', '1', '-C', '2'])
      await mosquitto.pub([...at, '-t', 'r/3', '-m', 'live', '-r'])
      assert.equal(await sub.code, 0)
      assert.deepEqual(
        sub.messages.map(({ topic, retain, payload }) => [topic, retain, payload]),
        [
          ['r/1', 1, 'new'],
          ['r/3', 0, 'live'],
        ],
      )
    })

    test(`a session keeps QoS 1 and 2 while its client is away, ${version}`, async (t) => {
      const { port } = await startServer(t)
      const mosquitto = new Mosquitto(t, port)
      const at = [
        '-V',
        version,
        '-i',
        'keeper',
        '-c',
        ...(version === 'mqttv5' ? ['-x', '60'] : []),
      ]
      const first = mosquitto.start('mosquitto_sub', [...at, '-t', 'q/#', '-q', '2', '-E'])
      assert.equal(await first.code, 0)
      const count = 50
      for (const qos of [0, 1, 2]) {
        const lines = Array.from({ length: count }, (_, index) => `${index}\n`).join('')
        const input = new TextEncoder().encode(lines)
        await mosquitto.pub(['-V', version, '-t', `q/${qos}`, '-q', `${qos}`, '-l'], input)
      }
      const again = await mosquitto.sub([...at, '-t', 'q/#', '-q', '2', '-C', `${2 * count}`])
      assert.equal(await again.code, 0)
      for (const qos of [1, 2]) {
        const payloads = again.messages
          .filter(({ topic }) => topic === `q/${qos}`)
          .map(({ payload }) => payload)
        assert.deepEqual(
          payloads,
          Array.from({ length: count }, (_, index) => `${index}`),
        )
      }
    })

    test(`a will comes after kill -9 and not after DISCONNECT, ${version}`, async (t) => {
      const server = await startServer(t)
      const mosquitto = new Mosquitto(t, server.port)
      const watcher = await mosquitto.sub(['-t', 'will/#', '-q', '2', '-C', '2'])
      const will = (name: string) => [
        ...['-V', version, '-i', name, '-t', 'x', '--will-topic', `will/${name}`],
        ...['--will-payload', 'gone', '--will-qos', '2', '--will-retain'],
      ]
      const clean = mosquitto.start('mosquitto_sub', [...will('clean'), '-E'])
      assert.equal(await clean.code, 0)
      await until('its end in the log', () => server.logged('client disconnected').length === 1)
      const killed = await mosquitto.sub(will('killed'))
      killed.child.kill('SIGKILL')
      // The marker comes after whatever the clean one could have left.
      await watcher.until('the will', () => watcher.messages.length === 1)
      await mosquitto.pub(['-t', 'will/marker', '-m', '-'])
      await watcher.code
      const topics = watcher.messages.map(({ topic, payload }) => [topic, payload])
      assert.deepEqual(topics, [
        ['will/killed', 'gone'],
        ['will/marker', '-'],
      ])
      const late = await mosquitto.sub(['-t', 'will/#', '-C', '1'])
      assert.equal(await late.code, 0)
      assert.deepEqual(late.messages[0], {
        ...{ topic: 'will/killed', qos: 0, retain: 1, payload: 'gone' },
      })
    })

    test(`payloads of 1 and 10 MiB arrive whole, ${version}`, async (t) => {
      const { port } = await startServer(t)
      const mosquitto = new Mosquitto(t, port)
      for (const [mebibytes, qos] of [
        [1, 0],
        [10, 1],
        [10, 2],
      ] as const) {
        const bytes = Buffer.alloc(mebibytes * 1024 * 1024, 'Rameau ')
        const at = ['-V', version, '-t', `big/${qos}`, '-q', `${qos}`]
        const sub = await mosquitto.sub([...at, '-C', '1'])
        await mosquitto.pub([...at, '-s'], bytes)
        assert.equal(await sub.code, 0)
        assert.ok(sub.messages[0]?.payload === bytes.toString(), `${mebibytes} MiB at QoS ${qos}`)
      }
    })
  }

  test('mosquitto_sub -W ends with 27 when nothing comes', async (t) => {
    const { port } = await startServer(t)
    const sub = new Mosquitto(t, port).start('mosquitto_sub', ['-t', 'nothing', '-W', '1'])
    assert.equal(await sub.code, 27)
  })

  test('shared subscriptions share, before 5.0 too', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const members = await Promise.all(
      (['mqttv5', 'mqttv5', 'mqttv311'] as const).map((version) =>
        mosquitto.sub(['-V', version, '-t', '$share/g/s/#', '-q', '1']),
      ),
    )
    const input = Array.from({ length: 300 }, (_, index) => `${index}\n`).join('')
    await mosquitto.pub(['-t', 's/1', '-q', '1', '-l'], new TextEncoder().encode(input))
    const count = () => members.reduce((sum, { messages }) => sum + messages.length, 0)
    await until('all messages', () => count() >= 300)
    const all = members.flatMap(({ messages }) => messages.map(({ payload }) => Number(payload)))
    assert.deepEqual(
      all.toSorted((one, other) => one - other),
      Array.from({ length: 300 }, (_, index) => index),
    )
    for (const { messages } of members) assert.ok(messages.length > 0, 'nobody is left out')
  })
})

describe('MQTT 5 with Mosquitto', options, () => {
  const PROPERTIES = [
    ...['-D', 'publish', 'user-property', 'b', '2', '-D', 'publish', 'user-property', 'a', '1'],
    ...['-D', 'publish', 'user-property', 'b', '3', '-D', 'publish', 'content-type', 'text/plain'],
    ...['-D', 'publish', 'response-topic', 'answers/1', '-D', 'publish', 'correlation-data', 'c1'],
    ...['-D', 'publish', 'payload-format-indicator', '1'],
  ]

  test('properties pass unchanged to 5 and are left out for 3.1.1 and 3.1', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const format = ['-F', '=%t|%q|%r|%p|%P|%C|%R|%D|%F', '-t', 'p', '-q', '1', '-C', '1']
    const subscribers = await Promise.all(
      MOSQUITTO_VERSIONS.map((version) => mosquitto.sub(['-V', version, ...format])),
    )
    await mosquitto.pub(['-V', 'mqttv5', '-t', 'p', '-q', '1', '-m', 'x', ...PROPERTIES])
    for (const process of subscribers) assert.equal(await process.code, 0)
    const printed = subscribers.map(({ messages }) => messages[0]?.payload)
    assert.deepEqual(printed, ['x|||||', 'x|||||', 'x|b:2 a:1 b:3|text/plain|answers/1|c1|1'])
  })

  test('a message expires, and what is left of its time is passed on', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const expiring = (topic: string, seconds: number) =>
      mosquitto.pub([
        ...['-V', 'mqttv5', '-t', topic, '-m', 'x', '-r', '-q', '1'],
        ...['-D', 'publish', 'message-expiry-interval', `${seconds}`],
      ])
    await expiring('e/short', 1)
    await expiring('e/long', 100)
    await new Promise((resolve) => setTimeout(resolve, 2100))
    const sub = await mosquitto.sub(['-V', 'mqttv5', '-t', 'e/#', '-F', '=%t|%q|%r|%E', '-W', '1'])
    assert.equal(await sub.code, 27)
    assert.equal(sub.messages.length, 1)
    assert.equal(sub.messages[0]?.topic, 'e/long')
    const left = Number(sub.messages[0]?.payload)
    assert.ok(left >= 95 && left <= 98, `${left} s are left`)
  })

  test('a session ends after its expiry interval', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const at = ['-V', 'mqttv5', '-c', '-t', 'q', '-q', '1']
    for (const [name, seconds] of [
      ['short', '1'],
      ['long', '60'],
    ]) {
      const leave = mosquitto.start('mosquitto_sub', [
        ...at,
        '-i',
        `${name}`,
        '-x',
        `${seconds}`,
        '-E',
      ])
      assert.equal(await leave.code, 0)
    }
    await new Promise((resolve) => setTimeout(resolve, 2500))
    await mosquitto.pub(['-t', 'q', '-q', '1', '-m', 'x'])
    const came = async (name: string) => {
      const again = mosquitto.start('mosquitto_sub', [...at, '-i', name, '-x', '60', '-W', '1'])
      await again.code
      return again.lines.filter((line) => line === 'x').length
    }
    assert.equal(await came('short'), 0)
    assert.equal(await came('long'), 1)
  })

  test('a will waits for its delay, and a client that returns calls it off', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const watcher = await mosquitto.sub(['-t', 'will/#', '-q', '1'])
    const at = (name: string) => [
      ...['-V', 'mqttv5', '-i', name, '-c', '-x', '60', '-t', 'y', '-q', '1'],
      ...['--will-topic', `will/${name}`, '--will-payload', 'gone'],
      ...['-D', 'will', 'will-delay-interval', '2'],
    ]
    const [stays, returns] = await Promise.all([
      mosquitto.sub(at('stays')),
      mosquitto.sub(at('back')),
    ])
    const killedAtMs = performance.now()
    stays.child.kill('SIGKILL')
    returns.child.kill('SIGKILL')
    await mosquitto.sub(at('back'))
    await watcher.until('the will', () => watcher.messages.length > 0)
    const seconds = (performance.now() - killedAtMs) / 1000
    assert.ok(seconds > 1.9, `after ${seconds} s`)
    await mosquitto.pub(['-t', 'will/marker', '-m', '-'])
    await watcher.until('the marker', () => watcher.messages.length > 1)
    const topics = watcher.messages.map(({ topic }) => topic)
    assert.deepEqual(topics, ['will/stays', 'will/marker'])
  })

  test('SIGTERM makes mosquitto_sub say DISCONNECT with its will', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const watcher = await mosquitto.sub(['-t', 'will/#', '-C', '1'])
    const at = ['-V', 'mqttv5', '-t', 'y', '--will-topic', 'will/x', '--will-payload', 'bye']
    const leaving = await mosquitto.sub(at)
    leaving.child.kill('SIGTERM')
    assert.equal(await watcher.code, 0)
    assert.equal(watcher.messages[0]?.payload, 'bye')
  })

  test('mosquitto_rr asks and is answered', async (t) => {
    const { port } = await startServer(t)
    const mosquitto = new Mosquitto(t, port)
    const format = ['-F', '=%t|%q|%r|%R|%D', '-C', '1', '-V', 'mqttv5', '-q', '1']
    const service = await mosquitto.sub([...format, '-t', 'ask'])
    const request = [
      '-V',
      'mqttv5',
      '-t',
      'ask',
      '-e',
      'answer/7',
      '-m',
      'how?',
      '-q',
      '1',
      '-W',
      '10',
    ]
    const asking = mosquitto.start('mosquitto_rr', [
      ...request,
      ...['-D', 'publish', 'correlation-data', 'nr7'],
    ])
    assert.equal(await service.code, 0)
    const [responseTopic = '', correlation = ''] = (service.messages[0]?.payload ?? '').split('|')
    assert.deepEqual([responseTopic, correlation], ['answer/7', 'nr7'])
    await mosquitto.pub([
      ...['-V', 'mqttv5', '-t', responseTopic, '-m', 'so!', '-q', '1'],
      ...['-D', 'publish', 'correlation-data', correlation],
    ])
    assert.equal(await asking.code, 0)
    assert.ok(asking.lines.includes('so!'), asking.lines.join('\n'))
  })
})

// Third-party clients over every transport of a live server, and what the program says and does
// about its certificates.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { WebSocket } from 'ws'
import { certificates, certificatesSkip, type Pair } from '../support/certificates.ts'
import { connectClient } from '../support/live-client.ts'
import { Mosquitto, mosquittoSkip } from '../support/mosquitto.ts'
import { Rameau, runRameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }
const PLAIN = ['--mqtt', '0', '--ws', '0', '--http', '0']
const SECURE = ['--mqtts', '0', '--wss', '0', '--https', '0']

function tlsFlags(): string[] {
  const { certFile, keyFile } = certificates().server
  return ['--tls-cert', certFile, '--tls-key', keyFile]
}

/** Connects, and sees its own message of 1 MiB come back at QoS 2. */
async function roundTrip(t: TestContext, url: string, options: mqtt.IClientOptions = {}) {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options })
  t.after(() => client.end(true))
  await connected(client)
  const payload = Buffer.alloc(1024 * 1024, 'x')
  const received = new Promise<[string, Buffer]>((resolve) => {
    client.once('message', (...message) => resolve([message[0], message[1]]))
  })
  await client.subscribeAsync('round/trip', { qos: 2 })
  await client.publishAsync('round/trip', payload, { qos: 2 })
  const [topic, content] = await received
  assert.equal(topic, 'round/trip')
  assert.ok(content.equals(payload))
  await client.endAsync()
}

function connected(client: mqtt.MqttClient): Promise<unknown> {
  return new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject))
}

/** Resolves with why the server did not let the client in. */
function refusal(t: TestContext, url: string, options: mqtt.IClientOptions): Promise<string> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options })
  t.after(() => client.end(true))
  return new Promise((resolve) => {
    client.once('connect', () => resolve('it was let in'))
    client.once('error', (error) => resolve(error.message)).once('close', () => resolve('closed'))
  })
}

test('every listener is named with its URL, and MQTT.js comes in by each', BOUNDED, async (t) => {
  await using rameau = new Rameau(['start', '--memory', ...PLAIN])
  for (const protocolVersion of [4, 5] as const) {
    await roundTrip(t, `mqtt://127.0.0.1:${await rameau.portOf('mqtt')}`, { protocolVersion })
    await roundTrip(t, `ws://127.0.0.1:${await rameau.portOf('ws')}/any`, { protocolVersion })
    await roundTrip(t, `ws://127.0.0.1:${await rameau.portOf('http')}/mqtt`, { protocolVersion })
  }
  const lines = rameau.stdout.split('\n').slice(1, 4)
  assert.deepEqual(
    lines.map((line) => line.replace(/:\d+$/, '')),
    ['mqtt', 'ws', 'http'].map((name) => `  ${name.padEnd(12)}${name}://127.0.0.1`),
  )
  assert.equal((await rameau.stop()).code, 0)
})

test(
  '3.1 comes in as mqttv3.1, and strictSubprotocol keeps who offers none out',
  BOUNDED,
  async (t) => {
    const strict = ['--set', 'mqtt.strictSubprotocol=true']
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, ...strict])
    const url = `ws://127.0.0.1:${await rameau.portOf('ws')}`
    await roundTrip(t, url, { protocolVersion: 3, protocolId: 'MQIsdp' })
    // It takes a socket of `ws` though its types say a browser's.
    const none = { createWebsocket: (to: string) => new WebSocket(to) as never }
    assert.notEqual(await refusal(t, url, none), 'it was let in')
  },
)

test('/livez and /readyz answer, ready at once and not while stopping', BOUNDED, async () => {
  await using rameau = new Rameau(['start', '--memory', ...PLAIN])
  const url = `http://127.0.0.1:${await rameau.portOf('http')}`
  assert.equal((await fetch(`${url}/livez`)).status, 200)
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
  const missing = await fetch(`${url}/nothing`)
  assert.equal(missing.status, 404)
  assert.equal(missing.headers.get('content-type'), 'application/problem+json')
  // A client that does not read does not go, and holds the end up.
  const client = await connectClient({ port: await rameau.portOf('mqtt') })
  client.freeze()
  rameau.signal('SIGTERM')
  await rameau.until(/stopping/)
  assert.equal((await fetch(`${url}/readyz`)).status, 503)
  assert.equal((await fetch(`${url}/livez`)).status, 200)
  client.cut()
  assert.equal((await rameau.ended()).code, 0)
})

describe('TLS', { ...BOUNDED, skip: certificatesSkip }, () => {
  test('MQTT.js over TLS and secure WebSocket', async (t) => {
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, ...SECURE, ...tlsFlags()])
    const ca = certificates().ca.cert
    for (const protocolVersion of [4, 5] as const) {
      const options = { protocolVersion, ca }
      await roundTrip(t, `mqtts://localhost:${await rameau.portOf('mqtts')}`, options)
      await roundTrip(t, `wss://localhost:${await rameau.portOf('wss')}`, options)
      await roundTrip(t, `wss://localhost:${await rameau.portOf('https')}/mqtt`, options)
    }
    const request = get(`https://localhost:${await rameau.portOf('https')}/readyz`, { ca })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal(response.statusCode, 200)
    response.resume()
    assert.equal((await rameau.stop()).code, 0)
  })

  test('MQTT.js over mutual TLS, and nobody without a good certificate', async (t) => {
    const { ca, client, stranger } = certificates()
    const required = ['--tls-ca', ca.certFile, '--set', 'tls.requireClientCertificate=true']
    await using rameau = new Rameau([
      'start',
      '--memory',
      ...PLAIN,
      ...SECURE,
      ...tlsFlags(),
      ...required,
    ])
    for (const protocol of ['mqtts', 'wss']) {
      const url = `${protocol}://localhost:${await rameau.portOf(protocol)}`
      const pair = { cert: client.cert, key: client.key }
      await roundTrip(t, url, { ca: ca.cert, ...pair })
      assert.notEqual(await refusal(t, url, { ca: ca.cert }), 'it was let in')
      const strange = { ca: ca.cert, cert: stranger.cert, key: stranger.key }
      assert.notEqual(await refusal(t, url, strange), 'it was let in')
    }
    await rameau.until(/client refused/)
  })

  test('mosquitto_pub and mosquitto_sub over TLS, with and without a certificate', async (t) => {
    if (mosquittoSkip !== false) return t.skip(mosquittoSkip)
    const { ca, client } = certificates()
    const flags = [...tlsFlags(), '--tls-ca', ca.certFile]
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, '--mqtts', '0', ...flags])
    const mosquitto = new Mosquitto(t, await rameau.portOf('mqtts'))
    const trust = ['--cafile', ca.certFile]
    const pair = ['--cert', client.certFile, '--key', client.keyFile]
    const sub = await mosquitto.sub([...trust, ...pair, '-t', 'a/#', '-q', '1', '-C', '2'])
    await mosquitto.pub([...trust, '-t', 'a/1', '-m', 'one', '-q', '1'])
    await mosquitto.pub([
      ...trust,
      ...pair,
      '-t',
      'a/2',
      '-m',
      'two',
      '-q',
      '2',
      '--tls-version',
      'tlsv1.2',
    ])
    assert.equal(await sub.code, 0)
    assert.deepEqual(
      sub.messages.map(({ payload }) => payload),
      ['one', 'two'],
    )
  })

  test('mosquitto_pub and mosquitto_sub over mutual TLS', async (t) => {
    if (mosquittoSkip !== false) return t.skip(mosquittoSkip)
    const { ca, client, stranger } = certificates()
    const required = ['--tls-ca', ca.certFile, '--set', 'tls.requireClientCertificate=true']
    const flags = ['--mqtts', '0', ...tlsFlags(), ...required]
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, ...flags])
    const mosquitto = new Mosquitto(t, await rameau.portOf('mqtts'))
    const message = ['--cafile', ca.certFile, '-t', 'a/1', '-m', 'one', '-q', '1']
    const by = ({ certFile, keyFile }: Pair) => ['--cert', certFile, '--key', keyFile]
    const trust = ['--cafile', ca.certFile, ...by(client)]
    const sub = await mosquitto.sub([...trust, '-t', 'a/#', '-q', '1', '-C', '1'])
    await assert.rejects(mosquitto.pub(message))
    await assert.rejects(mosquitto.pub([...message, ...by(stranger)]))
    await mosquitto.pub([...message, ...by(client)])
    assert.equal(await sub.code, 0)
    assert.deepEqual(
      sub.messages.map(({ payload }) => payload),
      ['one'],
    )
  })

  test('SIGHUP reloads the certificate and drops nobody; a bad one changes nothing', async (t) => {
    const { server, renewed, ca } = certificates()
    const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    copyFileSync(server.certFile, cert)
    copyFileSync(server.keyFile, key)
    const flags = [
      '--mqtts',
      '0',
      '--wss',
      '0',
      '--https',
      'off',
      '--tls-cert',
      cert,
      '--tls-key',
      key,
    ]
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, ...flags])
    const organisation = async (protocol: string): Promise<unknown> => {
      const port = await rameau.portOf(protocol)
      const socket = connect({ host: 'localhost', port, ca: ca.cert })
      await once(socket, 'secureConnect')
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.O
    }
    const client = mqtt.connect(`mqtts://localhost:${await rameau.portOf('mqtts')}`, {
      ca: ca.cert,
      reconnectPeriod: 0,
    })
    t.after(() => client.end(true))
    await connected(client)
    assert.equal(await organisation('mqtts'), undefined)

    copyFileSync(renewed.certFile, cert)
    rameau.signal('SIGHUP')
    await rameau.until(/not reloaded, the old one stays.*does not fit.*\n[\s\S]*reloaded\n/)
    assert.equal(await organisation('mqtts'), undefined)

    copyFileSync(renewed.keyFile, key)
    rameau.signal('SIGHUP')
    await rameau.until(/certificate reloaded protocol=mqtts.*\n[\s\S]*certificate reloaded.*wss/)
    assert.equal(await organisation('mqtts'), 'renewed')
    assert.equal(await organisation('wss'), 'renewed')
    await client.publishAsync('still', 'here', { qos: 1 })
  })

  test('what is wrong with a certificate is one line, and ends with 2', async () => {
    const { folder, server, ca } = certificates()
    const text = join(folder, 'no-certificate.pem')
    writeFileSync(text, 'hello')
    const refused = async (args: string[], expected: string): Promise<void> => {
      const { code, stdout, stderr } = await runRameau(['start', '--memory', ...args])
      assert.equal(stderr, `rameau: ${expected}\n`)
      assert.deepEqual([code, stdout], [2, ''])
    }
    const missing = join(folder, 'missing.pem')
    const [cert, key] = [server.certFile, server.keyFile]
    await refused(
      ['--tls-cert', missing, '--tls-key', key],
      `${missing}: cannot be read: no such file`,
    )
    await refused(['--tls-cert', text, '--tls-key', key], `${text}: holds no certificate (PEM)`)
    const other = `${ca.keyFile}: the key does not fit the certificate in ${cert}`
    await refused(['--tls-cert', cert, '--tls-key', ca.keyFile], other)
    const keyless = '--tls-cert: a certificate without its key: --tls-key FILE'
    await refused(['--tls-cert', cert], keyless)
    const bare = 'mqtts needs a certificate: --tls-cert FILE --tls-key FILE'
    await refused(['--mqtts', '0'], bare)
  })

  test('curl gets in with the certificate of the authority', async (t) => {
    const run = promisify(execFile)
    const version = await run('curl', ['--version']).catch(() => undefined)
    if (version === undefined) return t.skip('curl is not installed')
    const flags = ['--mqtts', 'off', '--wss', 'off', '--https', '0', ...tlsFlags()]
    await using rameau = new Rameau(['start', '--memory', ...PLAIN, ...flags])
    const url = `https://localhost:${await rameau.portOf('https')}/livez`
    const { stdout } = await run('curl', ['-sS', '--cacert', certificates().ca.certFile, url])
    assert.equal(stdout, 'ok\n')
  })
})

test('a taken default port: says port, listener and flag', BOUNDED, async () => {
  await using first = new Rameau(['start', '--memory', ...PLAIN])
  const port = await first.portOf('http')
  const flags = ['--mqtt', '0', '--ws', '0', '--http', String(port)]
  const { code, stderr } = await runRameau(['start', '--memory', ...flags])
  assert.equal(code, 1)
  const taken = `port ${port} on 127.0.0.1 is taken (listener http)`
  assert.equal(stderr, `rameau: ${taken}: choose another with --http PORT\n`)
})

// `rameau start` as a process: what it says, what it refuses, and how it ends.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Rameau, runRameau } from '../support/rameau.ts'
import { requireProgram } from '../support/third-party.ts'

const BOUNDED = { timeout: 200_000 }
const MQTT_ONLY = ['--ws', 'off', '--http', 'off']
const START = ['start', '--mqtt', '0', ...MQTT_ONLY, '--memory']

/** CONNECT of MQTT 5, clean start, without a client id. */
const CONNECT = Uint8Array.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0, 0, 0])

/** Connects as an MQTT 5 client and reads its CONNACK. */
async function connectMqtt(to: { port: number } | { path: string }): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', allowHalfOpen: true, ...to })
  socket.on('error', () => undefined)
  socket.write(CONNECT)
  const connack = await readChunk(socket)
  assert.equal(connack[0], 0x20)
  assert.equal(connack[3], 0, 'accepted')
  return socket
}

async function readChunk(socket: Socket): Promise<Buffer> {
  const waiting = new AbortController()
  const { signal } = waiting
  const ended = once(socket, 'end', { signal }).then(() => assert.fail('the server closed'))
  ended.catch(() => undefined)
  const [chunk] = (await Promise.race([once(socket, 'data', { signal }), ended])) as [Buffer]
  waiting.abort()
  return chunk
}

test('says where it listens, takes a client, and ends on SIGTERM with 0', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const port = await rameau.port()
  assert.match(rameau.stdout, /^Rameau \d+\.\d+\.\d+ is up, pid \d+\n {2}mqtt +mqtt:\/\/127/)
  assert.match(rameau.stdout, / {2}data +in memory, gone at the end\n/)
  assert.match(rameau.stdout, / {2}access +anonymous, .*this machine only\n/)
  assert.match(rameau.stdout, new RegExp(`mosquitto_sub -h 127\\.0\\.0\\.1 -p ${port} `))

  const client = await connectMqtt({ port })
  const goodbye = readChunk(client)
  rameau.signal('SIGTERM')
  const disconnect = await goodbye
  assert.deepEqual([disconnect[0], disconnect[2]], [0xe0, 0x8b])
  client.end()
  const { code, stdout, stderr } = await rameau.ended()
  assert.equal(code, 0)
  assert.match(stdout, /stopping signal=SIGTERM\n[\s\S]*stopped\n$/)
  assert.equal(stderr, '')
})

test('the pid that it prints is the one that was started', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const [, pid] = await rameau.until(/pid (\d+)\n/)
  assert.equal(Number(pid), rameau.child.pid)
})

test('the two lines to copy work as printed', BOUNDED, async (t) => {
  const program = requireProgram('mosquitto_sub')
  if (program.skip !== false) return t.skip(program.skip)
  await using rameau = new Rameau([...START, '--log-level', 'debug'])
  await rameau.port()
  const [, subscribe = ''] = await rameau.until(/(mosquitto_sub .*)\n/)
  const [, publish = ''] = await rameau.until(/(mosquitto_pub .*)\n/)
  const shell = promisify(execFile)
  const received = shell('sh', ['-c', `${subscribe} -C 1 -W 10`])
  await shell('sh', ['-c', `${publish} -r`]) // Retained, so that it may come first.
  assert.equal((await received).stdout, 'hello/world Bonjour\n')
})

test('SIGINT drains too, and a client that does not go is cut off', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const client = await connectMqtt({ port: await rameau.port() })
  rameau.signal('SIGINT')
  const { code } = await rameau.ended()
  assert.equal(code, 0)
  client.destroy()
})

test('a second SIGTERM ends it at once, with 1', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const client = await connectMqtt({ port: await rameau.port() })
  rameau.signal('SIGTERM')
  await readChunk(client)
  rameau.signal('SIGTERM')
  const { code, stdout } = await rameau.ended()
  assert.equal(code, 1)
  assert.match(stdout, /stopped before every client had gone why=SIGTERM/)
  client.destroy()
})

test('SIGHUP disturbs nobody', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const client = await connectMqtt({ port: await rameau.port() })
  rameau.signal('SIGHUP')
  await rameau.until(/reloaded/)
  client.write(Uint8Array.from([0xc0, 0])) // PINGREQ
  assert.deepEqual([...(await readChunk(client))], [0xd0, 0])
  client.end()
  assert.equal((await rameau.stop()).code, 0)
})

test('a taken port: says port, listener and flag, and ends with 1', BOUNDED, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { code, stdout, stderr } = await runRameau(['start', '--mqtt', String(port), ...MQTT_ONLY])
  server.close()
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.equal(
    stderr,
    `rameau: port ${port} on 127.0.0.1 is taken (listener mqtt): choose another with --mqtt PORT\n`,
  )
})

test('bad usage and bad configuration end with 2 and say what was meant', BOUNDED, async () => {
  const refused = async (args: string[], env: Record<string, string>, expected: RegExp) => {
    const { code, stdout, stderr } = await runRameau(['start', ...args], env)
    assert.match(stderr, expected)
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
  }
  await refused(['--mqt', '1'], {}, /^rameau: unknown option '--mqt'\n\(Did you mean --mqtt\?\)/)
  await refused(['--mqtt', '65536'], {}, /port from 0 to 65535, unix:\/path, or off/)
  await refused(['--log-level', 'loud'], {}, /debug, info, warn, error, silent/)
  await refused(['--memory', '--data', 'x'], {}, /cannot be used with/)
  await refused(['--set', 'mqtt.qosMx=1'], {}, /qosMx is not a key, did you mean mqtt\.qosMax\?/)
  await refused(['--config', '/nowhere.yaml'], {}, /\/nowhere\.yaml: cannot be read/)
  await refused([], { RAMEAU_HOTS: '::1' }, /RAMEAU_HOTS is not a key, did you mean RAMEAU_HOST\?/)
  await refused(['--mqtt', 'off', ...MQTT_ONLY], {}, /every listener is off/)
})

test('a mistake in ./rameau.yaml has its line and column', BOUNDED, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  await writeFile(join(folder, 'rameau.yaml'), 'limits:\n  conectionsMax: 5\n')
  await using rameau = new Rameau(START, {}, folder)
  const { code, stderr } = await rameau.ended()
  await rm(folder, { recursive: true })
  assert.equal(code, 2)
  assert.equal(
    stderr,
    'rameau: rameau.yaml:2:3: limits.conectionsMax is not a key, ' +
      'did you mean limits.connectionsMax?\n',
  )
})

test('an address that others can reach needs --allow-anonymous', BOUNDED, async () => {
  const { code, stderr } = await runRameau([...START, '--host', '0.0.0.0'])
  assert.equal(code, 2)
  assert.match(stderr, /^rameau: 0\.0\.0\.0 can be reached from other machines.*\n.*\n.*\n.*\n$/)
  assert.match(stderr, /\n {2}rameau passwd .*\n {2}rameau start --host 0\.0\.0\.0 /)
  assert.match(stderr, /\nor let everybody in, .*--allow-anonymous\n$/)

  await using rameau = new Rameau([...START, '--host', '0.0.0.0', '--allow-anonymous'])
  const client = await connectMqtt({ port: await rameau.port() })
  client.end()
  assert.match(rameau.stdout, / {2}access +anonymous, .*from anywhere\n/)
  assert.equal((await rameau.stop()).code, 0)
})

test('what this version lacks is said in a line each, and the rest starts', BOUNDED, async () => {
  const args = ['--coap', '0', '--coaps', 'off', ...MQTT_ONLY]
  await using rameau = new Rameau(['start', '--mqtt', '0', ...args])
  await rameau.port()
  const lines = rameau.stdout.split('\n')
  assert.deepEqual(
    lines.filter((line) => line.includes('not in this version')).map((line) => line.trim()),
    ['coap'].map((name) => {
      return `${name.padEnd(12)}not in this version yet, does not listen`
    }),
  )
  assert.match(rameau.stdout, / {2}data +\/.*\/data\n/)
  assert.equal((await rameau.stop()).code, 0)

  const later = await runRameau(['pub', '-h', 'localhost', '-t', 'a', '-m', 'b'])
  assert.deepEqual([later.code, later.stderr], [1, 'rameau: pub is not in this version yet\n'])
})

test('--log-format json: every line is an event, and the limits hold', BOUNDED, async () => {
  const settings = ['--log-format', 'json', '--set', 'limits.packetBytesMax=64']
  await using rameau = new Rameau([...START, ...settings])
  const [, port] = await rameau.until(/"port":(\d+)[\s\S]*"msg":"up"/)
  const client = await connectMqtt({ port: Number(port) })
  client.write(Uint8Array.from([0x30, 0x80, 0x01])) // A PUBLISH of 131 bytes begins.
  const goodbye = await readChunk(client)
  assert.deepEqual([goodbye[0], goodbye[2]], [0xe0, 0x95]) // DISCONNECT: packet too large
  client.end()
  const { code, stdout } = await rameau.stop()
  assert.equal(code, 0)
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string })
  assert.equal(events[0]?.msg, 'listening')
  assert.equal(events.at(-1)?.msg, 'stopped')
})

test('--mqtt unix:/path serves local clients', BOUNDED, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  const path = join(folder, 'mqtt.sock')
  await using rameau = new Rameau(['start', '--memory', '--mqtt', `unix:${path}`, ...MQTT_ONLY])
  await rameau.until(/Try it/)
  const client = await connectMqtt({ path })
  client.end()
  assert.equal((await rameau.stop()).code, 0)
  await rm(folder, { recursive: true })
})

test('a reader that goes away takes nothing with it', BOUNDED, async () => {
  await using rameau = new Rameau(START)
  const port = await rameau.port()
  rameau.child.stdout?.destroy()
  for (let count = 0; count < 3; count++) (await connectMqtt({ port })).end()
  const client = await connectMqtt({ port })
  client.end()
  assert.equal((await rameau.stop()).code, 0)
})

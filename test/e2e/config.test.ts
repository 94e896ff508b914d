// `rameau config` and `rameau health` as processes: what they print and how they end.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Ended, Rameau, runRameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function runIn(cwd: string, ...args: string[]): Promise<Ended> {
  await using rameau = new Rameau(args, {}, cwd)
  return await rameau.ended()
}

test('init writes a file that check and start take, and replaces none', BOUNDED, async (t) => {
  const folder = await folderFor(t)
  const written = await runIn(folder, 'config', 'init')
  assert.deepEqual(written, { code: 0, stdout: 'wrote rameau.yaml\n', stderr: '' })
  const file = join(folder, 'rameau.yaml')
  assert.match(await readFile(file, 'utf8'), /\n {2}#packetBytesMax: 16777216\n/)
  assert.deepEqual(await runIn(folder, 'config', 'check'), {
    code: 0,
    stdout: 'fine\n',
    stderr: '',
  })

  await writeFile(file, 'mine: 1\n')
  const refused = await runIn(folder, 'config', 'init')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^rameau: rameau\.yaml is there already: --force replaces it\n$/)
  assert.equal(await readFile(file, 'utf8'), 'mine: 1\n')
  assert.equal((await runIn(folder, 'config', 'init', '--force')).code, 0)
  assert.equal((await runIn(folder, 'config', 'check', 'rameau.yaml')).code, 0)
})

test('check says what start would say, and ends with 2', BOUNDED, async (t) => {
  const folder = await folderFor(t)
  const says = async (text: string, ...args: string[]): Promise<string> => {
    await writeFile(join(folder, 'a.yaml'), text)
    const { code, stdout, stderr } = await runIn(folder, 'config', 'check', 'a.yaml', ...args)
    assert.deepEqual([code, stdout], [2, ''], stderr)
    const start = await runIn(folder, 'start', '--config', 'a.yaml', ...args)
    assert.equal(stderr, start.stderr)
    return stderr
  }
  assert.match(
    await says('limits:\n  conectionsMax: 5\n'),
    /^rameau: a\.yaml:2:3: .*connectionsMax/,
  )
  assert.match(await says('host: 0.0.0.0\n'), /0\.0\.0\.0 can be reached/)
  assert.match(await says('', '--tls-cert', 'no.pem', '--tls-key', 'no.pem'), /no\.pem: cannot be/)
  assert.match(await says('access: { passwordFile: none.txt }\n'), /none\.txt/)
})

test('show says what is in effect, and where it is from', BOUNDED, async (t) => {
  const folder = await folderFor(t)
  await writeFile(join(folder, 'rameau.yaml'), 'log:\n  level: warn\n')
  const { code, stdout } = await runIn(folder, 'config', 'show', '--mqtt', '0')
  assert.equal(code, 0)
  assert.match(stdout, /\n {2}level: warn +# rameau\.yaml:2:10\n/)
  assert.match(stdout, /\n {2}format: human +# default\n/)
  assert.match(stdout, /\n {2}- \{protocol: mqtt, host: 127\.0\.0\.1, port: 0\} +# --mqtt\n/)
})

test('health asks over HTTP, MQTT and a Unix socket', BOUNDED, async (t) => {
  const folder = await folderFor(t)
  const path = join(folder, 'mqtt.sock')
  const setting = `listeners=[{protocol: mqtt, port: 0}, {protocol: mqtt, path: "${path}"}]`
  await using rameau = new Rameau(['start', '--memory', '--http', '0', '--set', setting])
  const ports = { http: await rameau.portOf('http'), mqtt: await rameau.portOf('mqtt') }
  for (const url of [
    `http://127.0.0.1:${ports.http}`,
    `http://127.0.0.1:${ports.http}/livez`,
    `mqtt://127.0.0.1:${ports.mqtt}`,
    `unix:${path}`,
  ]) {
    assert.deepEqual(await runRameau(['health', url]), {
      code: 0,
      stdout: `${url} is ready\n`,
      stderr: '',
    })
  }
  const here = { RAMEAU_LISTENERS: `[{protocol: http, port: ${ports.http}}]` }
  assert.equal((await runRameau(['health'], here)).stdout.endsWith(' is ready\n'), true)

  const missing = await runRameau(['health', `http://127.0.0.1:${ports.http}/nothing`])
  assert.deepEqual([missing.code, missing.stdout], [1, ''])
  assert.match(missing.stderr, /^rameau: http:\S+\/nothing: 404 Not Found\n$/)
  assert.equal((await rameau.stop()).code, 0)
  for (const url of [`http://127.0.0.1:${ports.http}`, `mqtt://127.0.0.1:${ports.mqtt}`]) {
    const { code, stderr } = await runRameau(['health', url])
    assert.equal(code, 1)
    assert.match(stderr, /^rameau: \S+: .*ECONNREFUSED.*\n$/)
  }
})

test('health takes what is no MQTT for what it is', BOUNDED, async (t) => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { code, stderr } = await runRameau(['health', `mqtt://u:secret@127.0.0.1:${port}`])
  assert.equal(code, 1)
  assert.match(stderr, /^rameau: mqtt:\/\/u@127\.0\.0\.1:\d+: the answer is no (MQTT|CONNACK)\n$/)
})

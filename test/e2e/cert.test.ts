// `rameau cert dev` and `rameau health --tls-ca` as processes: the certificate serves a server, and
// clients that trust its authority come in.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { certificatesSkip } from '../support/certificates.ts'
import { mosquittoSkip } from '../support/mosquitto.ts'
import { type Ended, Rameau, runRameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }
const run = promisify(execFile)

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function runIn(cwd: string, ...args: string[]): Promise<Ended> {
  await using rameau = new Rameau(args, {}, cwd)
  return await rameau.ended()
}

/** A server in `folder` with what `cert dev` made there, on free ports. */
function startIn(folder: string): Rameau {
  const files = ['--tls-cert', 'certs/cert.pem', '--tls-key', 'certs/key.pem']
  const plain = ['--mqtt', '0', '--ws', 'off', '--http', 'off', '--wss', 'off']
  const args = ['start', '--memory', ...plain, '--mqtts', '0', '--https', '0', ...files]
  return new Rameau(args, {}, folder)
}

describe('rameau cert dev', { ...BOUNDED, skip: certificatesSkip }, () => {
  test('a server and its clients work with what it makes', async (t) => {
    const folder = await folderFor(t)
    const { code, stdout, stderr } = await runIn(folder, 'cert', 'dev')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(
      stdout,
      /\n {2}rameau start --tls-cert certs\/cert\.pem --tls-key certs\/key\.pem\n/,
    )
    await using rameau = startIn(folder)
    const port = await rameau.portOf('mqtts')
    const ca = await readFile(join(folder, 'certs', 'ca.pem'), 'utf8')
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `mqtts://${host}:${port}`
      const client = await mqtt.connectAsync(url, { ca, reconnectPeriod: 0 })
      await client.publishAsync('hello/js', 'Bonjour', { qos: 1, retain: true })
      await client.endAsync()
    }
    if (mosquittoSkip !== false) return t.skip(mosquittoSkip)
    // As it is printed, but for the port.
    const [, line = ''] = /^ {2}(mosquitto_pub .*)$/m.exec(stdout) ?? []
    const publish = line.replace('-p 8883', `-p ${port}`)
    assert.notEqual(publish, line)
    await run('sh', ['-c', `${publish} -r -q 1`], { cwd: folder })
    const subscribe = publish.replace(/^mosquitto_pub(.*) -t .*/, 'mosquitto_sub$1')
    const received = await run('sh', ['-c', `${subscribe} -v -t 'hello/#' -C 2 -W 20`], {
      cwd: folder,
    })
    const lines = received.stdout.trim().split('\n').sort()
    assert.deepEqual(lines, ['hello/js Bonjour', 'hello/world Bonjour'])
    // Without the authority nobody is fooled.
    await assert.rejects(mqtt.connectAsync(`mqtts://localhost:${port}`, { reconnectPeriod: 0 }))
  })

  test('keys are for their owner alone, and the names are in it', async (t) => {
    const folder = await folderFor(t)
    const hosts = ['--host', 'broker.example.org', '--host', '10.1.2.3', '--host', 'localhost']
    const { code, stdout } = await runIn(folder, 'cert', 'dev', 'made here', ...hosts)
    assert.equal(code, 0)
    assert.match(stdout, / {2}rameau start --tls-cert 'made here\/cert\.pem' --tls-key '/)
    const made = join(folder, 'made here')
    const modeOf = async (name: string) => (await stat(join(made, name))).mode & 0o777
    assert.deepEqual([await modeOf('key.pem'), await modeOf('ca-key.pem')], [0o600, 0o600])
    const certificate = new X509Certificate(await readFile(join(made, 'cert.pem')))
    const ca = new X509Certificate(await readFile(join(made, 'ca.pem')))
    for (const name of ['localhost', 'broker.example.org', hostname().toLowerCase()]) {
      assert.equal(certificate.checkHost(name), name)
    }
    for (const address of ['127.0.0.1', '::1', '10.1.2.3']) {
      assert.equal(certificate.checkIP(address), address)
    }
    assert.equal(certificate.checkIssued(ca) && certificate.verify(ca.publicKey), true)
    assert.deepEqual([ca.ca, certificate.ca], [true, false])
  })

  test('what is there stays, unless --force', async (t) => {
    const folder = await folderFor(t)
    await runIn(folder, 'cert', 'dev', '.')
    const before = await readFile(join(folder, 'key.pem'), 'utf8')
    await rm(join(folder, 'ca.pem'))
    const refused = await runIn(folder, 'cert', 'dev', '.')
    assert.deepEqual(refused, {
      code: 1,
      stdout: '',
      stderr: 'rameau: ca-key.pem is there already: --force replaces it and those beside it\n',
    })
    assert.equal(await readFile(join(folder, 'key.pem'), 'utf8'), before)
    assert.equal((await runIn(folder, 'cert', 'dev', '.', '--force')).code, 0)
    assert.notEqual(await readFile(join(folder, 'key.pem'), 'utf8'), before)
  })

  test('bad names end with 2, a missing openssl with 1, each with a line', async (t) => {
    const folder = await folderFor(t)
    const bad = await runIn(folder, 'cert', 'dev', '--host', 'a, DNS:b')
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /^rameau: .*'a, DNS:b' is invalid\. It must be the name or.*\n$/)
    // The program itself needs what bin/rameau.js calls, and no openssl.
    const tools = join(folder, 'tools')
    const names = ['sh', 'readlink', 'dirname', 'node']
    await run('mkdir', [tools])
    for (const name of names) {
      const { stdout } = await run('sh', ['-c', `command -v ${name}`])
      await run('ln', ['-s', stdout.trim(), join(tools, name)])
    }
    const missing = await runRameau(['cert', 'dev', join(folder, 'x')], { PATH: tools })
    assert.deepEqual([missing.code, missing.stdout], [1, ''])
    assert.match(missing.stderr, /^rameau: the openssl program is missing: install it .*\n$/)
    await assert.rejects(stat(join(folder, 'x')), 'nothing is made')
  })

  test('health trusts the authority that it is given', async (t) => {
    const folder = await folderFor(t)
    assert.equal((await runIn(folder, 'cert', 'dev')).code, 0)
    await using rameau = startIn(folder)
    const urls = [
      `https://localhost:${await rameau.portOf('https')}`,
      `mqtts://127.0.0.1:${await rameau.portOf('mqtts')}`,
    ]
    for (const url of urls) {
      const trusting = await runIn(folder, 'health', '--tls-ca', 'certs/ca.pem', url)
      assert.deepEqual(trusting, { code: 0, stdout: `${url} is ready\n`, stderr: '' })
      const strange = await runIn(folder, 'health', url)
      assert.deepEqual([strange.code, strange.stdout], [1, ''])
      assert.match(strange.stderr, /^rameau: \S+: .*: --tls-ca FILE says whom to trust\n$/)
    }
    await writeFile(join(folder, 'none.pem'), 'none')
    const none = await runIn(folder, 'health', '--tls-ca', 'none.pem', urls[0] ?? '')
    assert.equal(none.stderr, 'rameau: none.pem: holds no certificate (PEM)\n')
    const gone = await runIn(folder, 'health', '--tls-ca', 'gone.pem', urls[0] ?? '')
    assert.deepEqual([gone.code, gone.stderr], [1, 'rameau: gone.pem: cannot be read: ENOENT\n'])
  })
})

// `rameau start` with passwords and rules: the fix that a refusal shows, mistakes in files, and a
// reload while clients are connected.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { AccessFiles } from '../support/access-files.ts'
import { askToConnect, connectClient } from '../support/live-client.ts'
import { startServer, until } from '../support/live-server.ts'
import { Rameau, runRameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }
const ROOT = join(import.meta.dirname, '..', '..')
const START = ['start', '--mqtt', '0', '--ws', 'off', '--http', 'off', '--memory']

/** A folder with `rameau` in it, and a shell in that folder that finds it. */
function shellIn(t: TestContext): { files: AccessFiles; run: (line: string) => Promise<unknown> } {
  const files = new AccessFiles(t)
  symlinkSync(join(ROOT, 'bin', 'rameau.js'), join(files.folder, 'rameau'))
  const env = { ...process.env, PATH: `${files.folder}:${process.env['PATH']}` }
  const run = (line: string) => promisify(execFile)('sh', ['-c', line], { cwd: files.folder, env })
  return { files, run }
}

test('the two lines that a refused host shows work as they are', BOUNDED, async (t) => {
  const { code, stderr } = await runRameau([...START, '--host', '0.0.0.0'])
  assert.equal(code, 2)
  const [passwd = '', start = ''] = stderr
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim())
  const { files, run } = shellIn(t)
  await run(`echo secret | ${passwd}`)
  const [, ...words] = start.split(' ')
  const off = START.slice(1)
  await using rameau = new Rameau([...words, ...off], {}, files.folder)
  const port = await rameau.port()
  assert.match(rameau.stdout, / {2}access +users of passwords, everything allowed\n/)
  assert.match(rameau.stdout, /mosquitto_sub .* -u USER -P PASSWORD /)
  const client = await connectClient({ port, user: 'me', password: 'secret' })
  await client.disconnect()
  const refused = await askToConnect({ port })
  assert.equal(refused.connack?.reason, 0x87)
  const wrong = await askToConnect({ port, user: 'me', password: 'guess' })
  assert.equal(wrong.connack?.reason, 0x86)
  assert.equal((await rameau.stop()).code, 0)
})

test('a mistake in a file is one line with its place, and 2', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const refused = async (key: string, file: string, message: string) => {
    const ended = await runRameau([...START, '--set', `access.${key}=${file}`])
    assert.equal(ended.stderr, `rameau: ${message}\n`)
    assert.equal(ended.code, 2)
    assert.equal(ended.stdout, '')
  }
  const bad = files.write('passwords', '# ours\nal:secret\n')
  const why = 'user al: its password is not hashed: set it with rameau passwd'
  await refused('passwordFile', bad, `${bad}:2: ${why}`)
  await refused('passwordFile', '/nowhere', '/nowhere: cannot be read: no such file')
  const acl = files.write('acl', 'user al\ntopic red a\n')
  await refused('aclFile', acl, `${acl}:2: red is none of read, write, readwrite, deny`)
})

test('SIGHUP puts new rules in force while clients stay', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'one', bo: 'two' })
  const aclFile = files.write('acl', 'user al\ntopic a/#\nuser bo\ntopic a/#\n')
  const server = await startServer(t, {
    'access.passwordFile': passwordFile,
    'access.aclFile': aclFile,
  })
  const { port } = server
  const al = await connectClient({ port, user: 'al', password: 'one' })
  const bo = await connectClient({ port, user: 'bo', password: 'two' })
  assert.deepEqual(await al.subscribe('a/#', 1), [1])
  assert.ok((await bo.publish('a/1', '1', 1)) < 0x80)
  await al.until('a/1', () => al.messages.length === 1)
  const reload = async (event: string) => {
    const before = server.logged('reloaded').length
    process.kill(server.pid, 'SIGHUP')
    await until('reloaded', () => server.logged('reloaded').length > before)
    assert.ok(server.logged(event).length > 0, event)
  }

  writeFileSync(aclFile, 'user al\ntopic read a/2\nuser bo\ntopic write a/+\n')
  await reload('access rules reloaded')
  assert.ok((await bo.publish('a/1', '2', 1)) < 0x80)
  assert.ok((await bo.publish('a/2', '3', 1)) < 0x80)
  await al.until('a/2', () => al.messages.length === 2)
  assert.equal(al.messages[1]?.topic, 'a/2', 'what may not be read any more is not delivered')
  assert.equal(await al.publish('a/2', 'x', 1), 0x87)

  writeFileSync(aclFile, 'user al\ntopics a\n')
  await reload('access rules not reloaded, the old ones stay')
  assert.match(
    String(server.logged('access rules not reloaded, the old ones stay')[0]?.['error']),
    /:2: /,
  )
  assert.equal(await al.publish('a/2', 'x', 1), 0x87)
  assert.ok((await bo.publish('a/2', '4', 1)) < 0x80)

  writeFileSync(aclFile, 'user al\ntopic a/#\n')
  await files.passwords({ al: 'one' })
  process.kill(server.pid, 'SIGHUP')
  await bo.closed
  assert.equal(bo.disconnectReason, 0x87, 'a user who is gone is cut off')
  const gone = await askToConnect({ port, user: 'bo', password: 'two' })
  assert.equal(gone.connack?.reason, 0x86)
  assert.ok((await al.publish('a/2', 'x', 1)) < 0x80)
  await al.disconnect()
})

test('a listener of its own lets guests in to what they may', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  await files.passwords({ al: 'one' })
  files.write('guests', 'topic read news/#\n')
  files.write(
    'rameau.yaml',
    `memory: true
log: { format: json }
access: { passwordFile: passwords }
listeners:
  - { protocol: mqtt, port: 0 }
  - { protocol: mqtt, port: 0, access: { allowAnonymous: true, aclFile: guests } }
`,
  )
  await using rameau = new Rameau(['start'], {}, files.folder)
  await rameau.until(/"msg":"up"/)
  const [users = 0, guests = 0] = [...rameau.stdout.matchAll(/"port":(\d+)/g)].map((found) =>
    Number(found[1]),
  )
  assert.equal((await askToConnect({ port: users })).connack?.reason, 0x87)
  const guest = await connectClient({ port: guests })
  assert.equal(await guest.publish('news/1', 'x', 1), 0x87)
  await guest.subscribe('#')
  const al = await connectClient({ port: users, user: 'al', password: 'one' })
  for (const topic of ['secret', 'news/1']) await al.publish(topic, topic, 1)
  await guest.until('news', () => guest.messages.length > 0)
  assert.deepEqual(
    guest.messages.map(({ topic }) => topic),
    ['news/1'],
  )
  assert.equal((await rameau.stop()).code, 0)
})

// `rameau start` with a rules file: mistakes in it, changes while clients are connected, with a
// signal and without; and `rameau explain` about the same files.

import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { AccessFiles } from '../support/access-files.ts'
import { askToConnect, connectClient } from '../support/live-client.ts'
import { startServer, until } from '../support/live-server.ts'
import { Rameau, runRameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }
const WAIT_MS_MAX = 30_000
const START = ['start', '--mqtt', '0', '--ws', 'off', '--http', 'off', '--memory']

const RULES = `roles:
  operators: [al]
rules:
  - allow: connect
  - deny: publish
    topic: home/cellar/#
  - { allow: [publish, read], role: operators, topic: home/# }
  - { allow: read, user: bo, topic: home/+/light }
`

test(
  'mistakes in a rules file are told with their places, and end it with 2',
  BOUNDED,
  async (t) => {
    const files = new AccessFiles(t)
    const file = files.write('rules.yaml', 'rules:\n  - alow: connect\n  - deny: reed\n')
    const { code, stderr, stdout } = await runRameau([
      ...START,
      '--set',
      `access.rulesFile=${file}`,
    ])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      `rameau: ${file}:2:5: alow is not a key, did you mean allow?`,
      `${file}:2:5: a rule has either allow or deny`,
      `${file}:3:11: reed is none of connect, publish, subscribe, read, all, did you mean read?`,
    ])
    const both = ['--set', `access.rulesFile=${file}`, '--set', 'access.aclFile=x']
    const refused = await runRameau([...START, ...both])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /access\.rulesFile goes not together with aclFile/)
  },
)

test('a changed file holds at once, a broken one changes nothing', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const rulesFile = files.write('rules.yaml', RULES)
  const passwordFile = await files.passwords({ al: 'one', bo: 'two', cy: 'three' })
  const server = await startServer(t, {
    'access.rulesFile': rulesFile,
    'access.passwordFile': passwordFile,
  })
  const { port } = server
  const join = (user: string, password: string) => connectClient({ port, user, password })
  const [al, bo, cy] = [await join('al', 'one'), await join('bo', 'two'), await join('cy', 'three')]
  assert.deepEqual(await bo.subscribe(['home/#', 'home/a/light', 'garden/#']), [0, 0, 0x87])
  assert.equal(await al.publish('home/cellar/light', 'x', 1), 0x87)
  assert.ok((await al.publish('home/a/light', 'x', 1)) < 0x80)
  await bo.until('the light', () => bo.messages.length === 1)
  const refused = server.logged('publish refused')[0]
  assert.equal(refused?.['rule'], `${rulesFile}:5`)
  assert.equal(refused?.['user'], 'al')
  const logged = (event: string) => server.logged(event)
  const wait = (event: string, count: number) =>
    until(`${event}, ${count}`, () => logged(event).length >= count, WAIT_MS_MAX)

  // As an editor does: another file takes the place of this one.
  const other = RULES.replace('home/+/light', 'garden/#').replace(
    'connect',
    'connect\n    role: known',
  )
  const roles = 'roles:\n  known: [al, bo]\n'
  renameSync(files.write('rules.new', other.replace('roles:\n', roles)), rulesFile)
  await cy.closed
  assert.equal(cy.disconnectReason, 0x87, 'who may not connect any more is cut off')
  await wait('subscription removed', 2)
  assert.ok((await al.publish('home/a/light', 'x', 1)) < 0x80)
  await bo.ping()
  assert.equal(bo.messages.length, 1)
  assert.deepEqual(await bo.subscribe(['home/#', 'garden/#']), [0x87, 0])
  const gone = await askToConnect({ port, user: 'cy', password: 'three' })
  assert.equal(gone.connack?.reason, 0x87)
  assert.match(String(gone.connack?.properties.reasonString), /^no rule of rules\.yaml allows it$/)

  writeFileSync(rulesFile, `${RULES}  - allow: raed\n`)
  await wait('access rules not reloaded, the old ones stay', 1)
  const [kept] = logged('access rules not reloaded, the old ones stay')
  assert.match(
    String(kept?.['error']),
    /rules\.yaml:9:12: raed is none of .*, did you mean read\?$/,
  )
  assert.deepEqual(await bo.subscribe(['home/#']), [0x87])

  const before = logged('access rules reloaded').length
  writeFileSync(rulesFile, RULES)
  process.kill(server.pid, 'SIGHUP')
  await wait('access rules reloaded', before + 1)
  assert.deepEqual(await bo.subscribe(['home/#']), [0])
  const ended = await server.stop()
  assert.equal(ended.code, 0)
})

test('explain answers as the server decides, and its exit code says so', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  files.write('rules.yaml', RULES)
  files.write('rameau.yaml', 'access: { rulesFile: rules.yaml }\n')
  for (const [line, code, text] of [
    ['connect --user al', 0, 'allowed: rules.yaml:4\n    allow: connect\n'],
    ['publish --user al --topic home/cellar/a --qos 1 --retain', 1, 'denied: rules.yaml:5\n'],
    ['read', 2, 'rameau: explain read wants --topic\n'],
    ['connect --qos 3', 2, "rameau: option '--qos <qos>' argument '3' is invalid."],
  ] as const) {
    await using rameau = new Rameau(['explain', ...line.split(' ')], {}, files.folder)
    const { code: ended, stdout, stderr } = await rameau.ended()
    assert.ok((stdout + stderr).startsWith(text), `${line}: ${stdout}${stderr}`)
    assert.equal(ended, code, line)
  }
})

// `rameau explain`: what it answers about each kind of rules, and which questions are none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessFiles } from '../../test/support/access-files.ts'
import type { Act } from '../core/ports.ts'
import { explainAct, type ExplainFlags } from './explain.ts'

const RULES = `roles:
  operators: [al]
rules:
  - allow: connect
  - deny: publish
    topic: home/cellar/#
  - { allow: [publish, read], role: operators, topic: home/# }
  - { allow: publish, topic: 't/%{claims.tenant}/%c', front: http, address: 10.0.0.0/8 }
`

test('explain tells what decides', async (t) => {
  const files = new AccessFiles(t)
  const rules = files.write('rules.yaml', RULES)
  const acl = files.write('acl', 'user al\ntopic read a/#\ntopic deny a/b\npattern write c/%c\n')
  const passwords = await files.passwords({ al: 'one' })
  const config = files.write(
    'rameau.yaml',
    `access: { rulesFile: ${rules} }
listeners:
  - { protocol: mqtt, port: 1 }
  - { protocol: mqtt, port: 2, access: { aclFile: ${acl}, passwordFile: ${passwords} } }
`,
  )
  const printed: string[] = []
  for (const name of ['log', 'error'] as const) {
    t.mock.method(console, name, (line: string) => printed.push(line))
  }
  const ask = async (act: Act['act'], some: Partial<ExplainFlags>): Promise<string> => {
    printed.length = 0
    const defaults = { client: '', address: '127.0.0.1', front: 'mqtt', qos: 0, config } as const
    const code = await explainAct(act, { ...defaults, ...some })
    return `${code} ${printed.join('\n').replaceAll(`${files.folder}/`, '')}`
  }
  const listener = 'mqtt://127.0.0.1:2'
  const al = { user: 'al', listener }
  assert.equal(await ask('publish', { ...al, topic: 'a' }), '1 denied: no rule of acl allows it')
  assert.equal(await ask('read', { ...al, topic: 'a/x' }), '0 allowed: acl:2\n    topic read a/#')
  assert.equal(await ask('read', { ...al, topic: 'a/b' }), '1 denied: acl:3\n    topic deny a/b')
  const own = { ...al, client: 'd', topic: 'c/d' }
  assert.equal(await ask('publish', own), '0 allowed: acl:4\n    pattern write c/%c')
  assert.equal(await ask('subscribe', { ...al, topic: 'q/#' }), '0 allowed: acl')
  assert.equal(await ask('connect', { user: 'bo', listener }), '1 denied: there is no such user')
  assert.equal(await ask('connect', { listener }), '1 denied: anonymous clients are not let in')

  assert.equal(await ask('connect', {}), '0 allowed: rules.yaml:4\n    allow: connect')
  const unchecked = 'rameau: user names are not checked here, so he counts as anonymous\n'
  const named = await ask('connect', { user: 'al' })
  assert.equal(named, `0 ${unchecked}allowed: rules.yaml:4\n    allow: connect`)
  assert.equal(
    await ask('publish', { topic: 'home/a' }),
    '1 denied: no rule of rules.yaml allows it',
  )
  const role = ['operators']
  assert.match(await ask('publish', { role, topic: 'home/a' }), /^0 allowed: rules\.yaml:7\n/)
  assert.equal(
    await ask('publish', { role, topic: 'home/cellar/a', qos: 1, retain: true }),
    '1 denied: rules.yaml:5\n    deny: publish\n    topic: home/cellar/#',
  )
  assert.match(await ask('subscribe', { role, topic: '$share/g/#' }), /^0 allowed: rules\.yaml:7\n/)
  const device = { claim: { tenant: 'x' }, client: 'd', address: '10.1.1.1', topic: 't/x/d' }
  assert.match(await ask('publish', { ...device, front: 'http' }), /^0 allowed: rules\.yaml:8\n/)
  assert.match(await ask('publish', { ...device, front: 'mqtt' }), /^1 denied: no rule /)
  assert.match(await ask('publish', { topic: '$SYS/x' }), /^1 denied: topics that begin with \$ /)

  assert.equal(await ask('read', {}), '2 rameau: explain read wants --topic')
  assert.equal(await ask('read', { topic: '+' }), '2 rameau: + is no topic')
  assert.equal(await ask('subscribe', { topic: '#/a' }), '2 rameau: #/a is no topic filter')
  const [one, two] = ['mqtt://127.0.0.1:1', 'mqtt://127.0.0.1:2']
  const nowhere = await ask('connect', { listener: 'mqtt://x' })
  assert.equal(nowhere, `2 rameau: there is no listener mqtt://x, but ${one}, ${two}`)
  files.write('rules.yaml', 'rules: 1\n')
  assert.equal(await ask('connect', {}), '2 rameau: rules.yaml:1:8: rules must be a list')
  files.write('rameau.yaml', 'access: {}\n')
  assert.equal(await ask('connect', {}), '0 allowed: no rules are set, everything is allowed')
  files.write('rameau.yaml', 'acces: {}\n')
  assert.match(await ask('connect', {}), /^2 rameau: rameau\.yaml:1:1: acces is not a key/)
})

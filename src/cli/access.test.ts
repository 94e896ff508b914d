// Who may come in, as the start of the program sees it: what is refused, and what is said.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessFiles, Config, Listener, ServerAccess } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { accessProblems, accessText, openAccess } from './access.ts'

const NONE: ServerAccess = {
  ...{ allowAnonymous: undefined, passwordFile: undefined, aclFile: undefined },
  ...{ rulesFile: undefined, watch: true, reasonStrings: true },
}

function configOf(access: Partial<AccessFiles>, ...listeners: Listener[]): Config {
  const sources = { flags: {}, ports: new Map(), settings: [], file: undefined, env: {} }
  const config = loadConfig({ ...sources, folders: [] })
  return { ...config, access: { ...NONE, ...access }, listeners }
}

function listener(host: string, access?: Partial<AccessFiles>): Listener {
  const place = { host, port: 1883 }
  return { protocol: 'mqtt', place, ...(access && { access: { ...NONE, ...access } }) }
}

test('a host that others can reach needs passwords, or leave for everybody', () => {
  const problems = (access: Partial<AccessFiles>, ...listeners: Listener[]) =>
    accessProblems(configOf(access, ...listeners)).join('\n')
  assert.equal(problems({}, listener('127.0.0.1')), '')
  assert.match(problems({}, listener('0.0.0.0')), /^0\.0\.0\.0 can be reached from other machines/)
  assert.match(problems({ aclFile: 'x' }, listener('::')), /^:: can be reached/)
  assert.equal(problems({ passwordFile: 'x' }, listener('0.0.0.0')), '')
  assert.equal(problems({ allowAnonymous: true }, listener('0.0.0.0')), '')
  assert.equal(problems({}, { protocol: 'mqtt', place: { path: '/x' } }), '')
  assert.match(
    problems({ passwordFile: 'x' }, listener('::1'), listener('10.0.0.1', {})),
    /^10\.0\.0\.1 can be reached/,
  )
  assert.equal(problems({}, listener('10.0.0.1', { allowAnonymous: true })), '')
})

test('where nobody could come in, that is told', () => {
  assert.deepEqual(accessProblems(configOf({ allowAnonymous: false }, listener('127.0.0.1'))), [
    'nobody could come in by mqtt://127.0.0.1:1883: ' +
      'access.allowAnonymous is false, and there is no access.passwordFile',
  ])
})

test('what is said of each setting', () => {
  const text = (some: Partial<AccessFiles>) => accessText({ ...NONE, ...some }, true)
  assert.equal(text({}), 'anonymous, everything allowed, from this machine only')
  assert.equal(text({ passwordFile: 'p' }), 'users of p, everything allowed')
  assert.equal(text({ passwordFile: 'p', aclFile: 'a' }), 'users of p, rules of a')
  assert.equal(text({ passwordFile: 'p', rulesFile: 'r' }), 'users of p, rules of r')
  assert.equal(
    text({ passwordFile: 'p', aclFile: 'a', allowAnonymous: true }),
    'users of p and anonymous, rules of a',
  )
  assert.equal(
    text({ aclFile: 'a' }),
    'anonymous, rules of a, from this machine only, user names are not checked',
  )
  assert.match(accessText(NONE, false), /from anywhere$/)
})

test('nothing set asks nothing, a listener of its own gets rules of its own', async () => {
  const open = await openAccess(configOf({}, listener('127.0.0.1')))
  assert.equal(open.server, undefined)
  const own = listener('127.0.0.1', { allowAnonymous: false })
  const some = await openAccess(configOf({}, own, listener('::1')))
  assert.ok(some.server !== undefined && some.of(own) !== undefined)
  assert.equal(some.of(listener('::1')), undefined)
})

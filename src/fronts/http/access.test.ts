// Who may do what over HTTP: credentials, challenges, rights, and what is remembered of a login.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpWorld } from '../../../test/support/http-world.ts'
import { Reason } from '../../base/reason.ts'
import { ALLOW_ALL, principalOf } from '../../core/access.ts'
import type { Access, Credentials } from '../../core/ports.ts'

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

/** `al` may do all but write below `locked/`; nobody else may write, or read `private`. */
class Guard implements Access {
  readonly asked: Credentials[] = []
  isAnonymousAllowed = true
  isStanding = true

  authenticate(credentials: Credentials): ReturnType<Access['authenticate']> {
    this.asked.push(credentials)
    const { user, password } = credentials
    const refuse = (reason: Reason) => ({ reason, principal: undefined, text: '' })
    if (user === undefined) {
      if (!this.isAnonymousAllowed) return refuse(Reason.notAuthorized)
    } else if (user === 'busy') return refuse(Reason.serverBusy)
    else if (user === 'banned') return refuse(Reason.banned)
    else if (user === 'failing') return Promise.reject(new Error('no answer'))
    else if (Buffer.from(password ?? []).toString() !== 'sécret:') {
      return Promise.resolve(refuse(Reason.badUserNameOrPassword))
    }
    return { reason: Reason.success, principal: principalOf(credentials) }
  }

  mayStay(): boolean {
    return this.isStanding
  }

  mayPublish(...[{ user }, topic]: Parameters<Access['mayPublish']>): Reason {
    const isAllowed = user !== undefined && !topic.startsWith('locked/')
    return isAllowed ? Reason.success : Reason.notAuthorized
  }

  maySubscribe(...[{ user }, filter]: Parameters<Access['maySubscribe']>): Reason {
    return user !== undefined || filter !== 'private' ? Reason.success : Reason.notAuthorized
  }

  mayRead(...[, topic]: Parameters<Access['mayRead']>): boolean {
    return topic !== 'hidden'
  }
}

// [title, the request, its headers, status, reason, whether there is a challenge]
const CASES: readonly (readonly [
  string,
  string,
  Record<string, string>,
  number,
  Reason | undefined,
  boolean,
])[] = [
  ['nobody in particular reads', 'GET /topics/a', {}, 404, undefined, false],
  ['nobody in particular writes', 'PUT /topics/a', {}, 401, Reason.notAuthorized, true],
  ['nobody in particular patches', 'PATCH /topics/a', {}, 401, Reason.notAuthorized, true],
  ['nobody in particular deletes', 'DELETE /topics/a', {}, 401, Reason.notAuthorized, true],
  ['what only al may read', 'GET /topics/private', {}, 401, Reason.notAuthorized, true],
  ['al may', 'PUT /topics/a', basic('al', 'sécret:'), 201, undefined, false],
  ['al may not', 'PUT /topics/locked/a', basic('al', 'sécret:'), 403, Reason.notAuthorized, false],
  [
    'al may not read',
    'GET /topics/hidden',
    basic('al', 'sécret:'),
    403,
    Reason.notAuthorized,
    false,
  ],
  ['a wrong password', 'GET /topics/a', basic('al', 'x'), 401, Reason.badUserNameOrPassword, true],
  ['no form', 'GET /topics/a', { authorization: 'Basic' }, 401, Reason.badUserNameOrPassword, true],
  [
    'no colon',
    'GET /topics/a',
    { authorization: 'Basic YQ==' },
    401,
    Reason.badUserNameOrPassword,
    true,
  ],
  [
    'another form',
    'GET /topics/a',
    { authorization: 'Bearer x' },
    401,
    Reason.badUserNameOrPassword,
    true,
  ],
  ['too many log in', 'GET /topics/a', basic('busy', ''), 503, Reason.serverBusy, false],
  ['somebody banned', 'GET /topics/a', basic('banned', ''), 403, Reason.banned, false],
  [
    'nobody who can tell',
    'GET /topics/a',
    basic('failing', ''),
    503,
    Reason.serverUnavailable,
    false,
  ],
  ['the server’s own, for nobody', 'PUT /topics/$SYS/a', {}, 403, Reason.notAuthorized, false],
  ['a preflight needs no login', 'OPTIONS /topics/a', basic('al', 'x'), 204, undefined, false],
]

for (const [title, line, headers, status, reason, isChallenged] of CASES) {
  test(`[H-100] ${title}: ${status}`, async () => {
    const world = new HttpWorld({ access: new Guard() })
    const body = line.startsWith('P') ? '{}' : undefined
    const type = line.startsWith('PATCH') ? { 'content-type': 'application/merge-patch+json' } : {}
    const answer = await world.ask(line, { ...headers, ...type }, body)
    assert.equal(answer.status, status, answer.text)
    const challenge = answer.fields['www-authenticate']
    assert.equal(challenge, isChallenged ? 'Basic realm="rameau", charset="UTF-8"' : undefined)
    if (reason !== undefined) {
      assert.equal((JSON.parse(answer.text) as { reason: number }).reason, reason)
    }
  })
}

test('where nobody comes in without a name, whatever he asks is challenged', async () => {
  const access = new Guard()
  access.isAnonymousAllowed = false
  const world = new HttpWorld({ access })
  for (const line of ['GET /topics/a', 'PUT /topics/locked/a', 'DELETE /topics/a']) {
    const answer = await world.ask(line)
    assert.deepEqual([answer.status, answer.fields['www-authenticate'] !== undefined], [401, true])
  }
})

test('a login is asked for once, and again when it stands no more or is old', async () => {
  const access = new Guard()
  const world = new HttpWorld({ access })
  const ask = () => world.ask('GET /topics/a', basic('al', 'sécret:'))
  await ask()
  await ask()
  assert.equal(access.asked.length, 1)
  const [{ clientId, address, front } = assert.fail()] = access.asked
  assert.deepEqual([clientId, address, front], ['', '192.0.2.1', 'http'])
  access.isStanding = false
  await ask()
  assert.equal(access.asked.length, 2)
  access.isStanding = true
  world.inner.advance(61_000)
  await ask()
  assert.equal(access.asked.length, 3)
  await world.ask('GET /topics/a', basic('al', 'other'))
  assert.equal(access.asked.length, 4, 'another password is another login')
})

test('a listener with logins of its own asks those', async () => {
  const world = new HttpWorld({ access: new Guard() })
  const answer = await world.ask('PUT /topics/a', basic('al', 'other'), 'x', ALLOW_ALL)
  assert.equal(answer.status, 201)
})

test('a key of one user is none of another', async () => {
  const world = new HttpWorld()
  const put = (user: string) =>
    world.ask('PUT /topics/a', { ...basic(user, ''), 'idempotency-key': 'k' }, 'x')
  assert.deepEqual([(await put('al')).status, (await put('bo')).status], [201, 204])
  assert.equal((await put('al')).status, 201, 'the answer of the first time')
})

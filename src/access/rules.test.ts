// Rules as a whole: who is let in by which settings, what stays in force when files change, and
// what that costs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessFiles, accessSettings, rulesOf } from '../../test/support/access-files.ts'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { Reason } from '../base/reason.ts'
import { systemClock } from '../base/clock.ts'
import type { Access, Authentication, Principal } from '../core/ports.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import { HASHES_WAITING_MAX } from './hash-queue.ts'
import { isOpen } from './rule-set.ts'
import { openRules } from './rules.ts'

async function login(
  access: Access,
  user: string | undefined,
  password?: string,
): Promise<Authentication> {
  const bytes = password === undefined ? undefined : new TextEncoder().encode(password)
  return access.authenticate({
    clientId: 'c',
    user,
    password: bytes,
    address: '127.0.0.1',
    front: 'mqtt',
  })
}

async function principalOf(access: Access, user?: string, password?: string): Promise<Principal> {
  const { principal, ...rest } = await login(access, user, password)
  assert.ok(principal !== undefined, JSON.stringify(rest))
  return principal
}

const topic = (text: string): Topic => text as Topic

test('nothing set: everybody comes in and may do everything', async () => {
  const rules = await rulesOf({})
  for (const user of [undefined, 'al']) {
    const principal = await principalOf(rules, user, 'any')
    assert.equal(principal.user, user)
    assert.equal(rules.mayPublish(principal, topic('a'), 0, false), Reason.success)
    assert.equal(rules.maySubscribe(principal, '#' as TopicFilter), Reason.success)
    assert.equal(rules.mayRead(principal, topic('a')), true)
    assert.equal(rules.mayStay(principal), true)
  }
  assert.equal(rules.methods.size, 0)
})

test('a password file: its users come in by their passwords, and nobody else', async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'one', bo: 'two' })
  const rules = await rulesOf({ passwordFile })
  assert.equal((await principalOf(rules, 'al', 'one')).user, 'al')
  const reasonOf = async (user?: string, password?: string) =>
    (await login(rules, user, password)).reason
  assert.equal(await reasonOf('al', 'two'), Reason.badUserNameOrPassword)
  assert.equal(await reasonOf('al', 'two'), Reason.badUserNameOrPassword, 'and again')
  assert.equal(await reasonOf('al'), Reason.badUserNameOrPassword)
  assert.equal(await reasonOf('cy', 'one'), Reason.badUserNameOrPassword)
  assert.equal(await reasonOf('', ''), Reason.notAuthorized, 'an empty name is none')
  assert.equal(await reasonOf(), Reason.notAuthorized)

  const open = await rulesOf({ passwordFile, allowAnonymous: true })
  assert.equal((await principalOf(open)).user, undefined)
  assert.equal((await login(open, 'al', 'two')).reason, Reason.badUserNameOrPassword)
})

test('an empty password file lets nobody in', async (t) => {
  const rules = await rulesOf({ passwordFile: new AccessFiles(t).write('none', '# nobody\n') })
  assert.equal((await login(rules, 'al', 'one')).reason, Reason.badUserNameOrPassword)
  assert.equal((await login(rules, undefined)).reason, Reason.notAuthorized)
})

test('the rules of each listener are its own, and whoever came in there keeps them', async (t) => {
  const files = new AccessFiles(t)
  const aclFile = files.write('acl', 'topic read public/#\n')
  const settings = new Map([
    ['', accessSettings({ passwordFile: await files.passwords({ al: 'one' }) })],
    ['1', accessSettings({ allowAnonymous: true, aclFile })],
  ])
  const rules = await openRules(settings, systemClock)
  const guest = await principalOf(rules.at('1'))
  const user = await principalOf(rules.at(''), 'al', 'one')
  for (const access of [rules, rules.at(''), rules.at('1')]) {
    assert.equal(access.mayRead(guest, topic('public/a')), true)
    assert.equal(access.mayRead(guest, topic('a')), false)
    assert.equal(access.mayPublish(guest, topic('public/a'), 0, false), Reason.notAuthorized)
    assert.equal(access.mayRead(user, topic('a')), true)
  }
  assert.equal((await login(rules, undefined)).reason, Reason.notAuthorized)
  const named = await principalOf(rules.at('1'), 'al', 'any')
  assert.equal(named.user, undefined, 'a name that nobody checks is none')
})

test('one set of rules needs no name', async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'one' })
  const rules = await openRules({ passwordFile })
  assert.equal((await principalOf(rules, 'al', 'one')).user, 'al')
  assert.equal((await login(rules, undefined)).reason, Reason.notAuthorized)
})

test('new rules hold at once for whoever is connected', async (t) => {
  const files = new AccessFiles(t)
  const aclFile = files.write('acl', 'user al\ntopic a\n')
  const rules = await rulesOf({ passwordFile: await files.passwords({ al: 'one' }), aclFile })
  const al = await principalOf(rules, 'al', 'one')
  assert.equal(rules.mayPublish(al, topic('a'), 0, false), Reason.success)
  files.write('acl', 'user al\ntopic read a\ntopic write b\n')
  assert.equal(
    rules.mayPublish(al, topic('a'), 0, false),
    Reason.success,
    'not before it is asked for',
  )
  await rules.reload()
  assert.equal(rules.mayPublish(al, topic('a'), 0, false), Reason.notAuthorized)
  assert.equal(rules.mayRead(al, topic('a')), true)
  assert.equal(rules.mayPublish(al, topic('b'), 0, false), Reason.success)
})

test('who is gone from the file, or has another password, loses everything', async (t) => {
  const files = new AccessFiles(t)
  const rules = await rulesOf({
    passwordFile: await files.passwords({ al: 'one', bo: 'two', cy: 'three' }),
  })
  const al = await principalOf(rules, 'al', 'one')
  const bo = await principalOf(rules, 'bo', 'two')
  const restored: Principal = { ...al, clientId: 'will' }
  await rules.reload()
  assert.deepEqual(
    [al, bo, restored].map((one) => rules.mayStay(one)),
    [true, true, true],
  )

  await files.passwords({ al: 'other', cy: 'three' })
  await rules.reload()
  for (const gone of [al, bo]) {
    assert.equal(rules.mayStay(gone), false)
    assert.equal(rules.mayPublish(gone, topic('a'), 0, false), Reason.notAuthorized)
    assert.equal(rules.maySubscribe(gone, '#' as TopicFilter), Reason.notAuthorized)
    assert.equal(rules.mayRead(gone, topic('a')), false)
  }
  assert.equal(rules.mayStay(restored), true, 'whose password is not known needs to exist')
  assert.equal((await login(rules, 'al', 'one')).reason, Reason.badUserNameOrPassword)
  assert.equal((await principalOf(rules, 'al', 'other')).user, 'al')
})

test('a broken file leaves in force what was', async (t) => {
  const files = new AccessFiles(t)
  const aclFile = files.write('acl', 'user al\ntopic a\n')
  const passwordFile = await files.passwords({ al: 'one' })
  const rules = await rulesOf({ passwordFile, aclFile })
  const al = await principalOf(rules, 'al', 'one')
  await files.passwords({ bo: 'two' })
  files.write('acl', 'user al\ntopic deny\ntopics b\n')
  await assert.rejects(rules.reload(), {
    message: new RegExp(`^${aclFile}:3: topics is not known: `),
  })
  assert.equal(rules.mayStay(al), true)
  assert.equal(rules.mayPublish(al, topic('a'), 0, false), Reason.success)
  assert.equal((await login(rules, 'bo', 'two')).reason, Reason.badUserNameOrPassword)
})

test('a file that is not there, or no text, is told', async (t) => {
  const files = new AccessFiles(t)
  await assert.rejects(rulesOf({ passwordFile: '/nowhere' }), {
    message: '/nowhere: cannot be read: no such file',
  })
  const path = files.write('acl', '')
  const { writeFileSync } = await import('node:fs')
  writeFileSync(path, Uint8Array.of(0xff, 0xfe))
  await assert.rejects(rulesOf({ aclFile: path }), { message: `${path}: is no UTF-8` })
})

test('a thousand with one password cost one hash, and too many others are refused', async (t) => {
  const files = new AccessFiles(t)
  const rules = await rulesOf({ passwordFile: await files.passwords({ al: 'one' }) })
  const shared = Array.from({ length: 1000 }, () => login(rules, 'al', 'one'))
  const others = Array.from({ length: HASHES_WAITING_MAX + 50 }, (_, at) =>
    login(rules, 'al', `wrong ${at}`),
  )
  for (const outcome of await Promise.all(shared)) assert.equal(outcome.reason, Reason.success)
  const reasons = (await Promise.all(others)).map(({ reason }) => reason)
  // One is being hashed (the shared one), the bound waits.
  assert.equal(
    reasons.filter((one) => one === Reason.badUserNameOrPassword).length,
    HASHES_WAITING_MAX,
  )
  assert.equal(reasons.filter((one) => one === Reason.serverBusy).length, 50)
  assert.equal((await login(rules, 'al', 'one')).reason, Reason.success)
})

test('a verdict is remembered for a while, and not across a reload', async (t) => {
  const files = new AccessFiles(t)
  const clock = new VirtualClock()
  const passwordFile = await files.passwords({ al: 'one' })
  const rules = await rulesOf({ passwordFile }, clock)
  /** Whether the answer comes without the event loop, and so without a thread that hashes. */
  const isQuick = async (): Promise<boolean> => {
    let isIn = false
    const answer = login(rules, 'al', 'one').then(() => (isIn = true))
    for (let microtask = 0; microtask < 50; microtask++) await Promise.resolve()
    const wasIn = isIn
    await answer
    return wasIn
  }
  assert.equal(await isQuick(), false, 'hashed by a thread')
  assert.equal(await isQuick(), true)
  clock.advance(61_000)
  assert.equal(await isQuick(), false)
  assert.equal(await isQuick(), true)
  await rules.reload()
  assert.equal(await isQuick(), false)
})

test('SCRAM is offered where somebody can use it', async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'one', bo: 'two' }, { scram: ['al'] })
  const rules = await rulesOf({ passwordFile })
  const { methods } = rules
  assert.deepEqual([...methods.keys()], ['SCRAM-SHA-256'])
  assert.equal((await principalOf(rules, 'al', 'one')).user, 'al', 'a plain password still works')
  await files.passwords({ bo: 'two' })
  await rules.reload()
  assert.equal(methods.size, 0, 'also for who holds them since before')
})

test('what is open is told apart from what asks', () => {
  assert.equal(isOpen(accessSettings({})), true)
  assert.equal(isOpen(accessSettings({ allowAnonymous: true })), true)
  assert.equal(isOpen(accessSettings({ allowAnonymous: false })), false)
  assert.equal(isOpen(accessSettings({ passwordFile: 'x' })), false)
  assert.equal(isOpen(accessSettings({ aclFile: 'x' })), false)
})

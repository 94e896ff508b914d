import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Reason } from '../base/reason.ts'
import { ALLOW_ALL, denyAll } from './access.ts'
import { accessOf, type LoginVerdict, type Policies } from './policies.ts'
import type { Access, Act, Credentials, Explanation, Log, Principal } from './ports.ts'
import type { Topic, TopicFilter } from './topic.ts'

const CREDENTIALS: Credentials = {
  clientId: 'lamp',
  user: 'ann',
  password: undefined,
  address: '127.0.0.1',
  front: 'mqtt',
}
const ANN: Principal = { user: 'ann', clientId: 'lamp', address: '127.0.0.1', front: 'mqtt' }
const errors: string[] = []
const ignore = (): void => {}
const LOG: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (event, fields) => errors.push(`${event}: ${fields?.['error']}`),
}
const fail = (): never => {
  throw new Error('no database')
}

function bind(policies: Policies, access: Access = ALLOW_ALL): Access {
  errors.length = 0
  return accessOf(policies, access, LOG)
}

describe('policy functions', () => {
  test('leave everything that they do not answer to the Access', async () => {
    const access = bind({}, denyAll(Reason.banned, 'nobody'))
    assert.equal((await access.authenticate(CREDENTIALS)).reason, Reason.banned)
    assert.equal(access.mayPublish(ANN, 'a' as Topic, 0, false), Reason.banned)
    assert.equal(access.maySubscribe(ANN, 'a' as TopicFilter), Reason.banned)
    assert.equal(access.mayRead(ANN, 'a' as Topic), false)
  })

  test('say who comes in, and as whom, at once or later', async () => {
    const cases: [verdict: LoginVerdict, reason: Reason, user: string | undefined][] = [
      [true, Reason.success, 'ann'],
      [Reason.success, Reason.success, 'ann'],
      [{ user: 'bob' }, Reason.success, 'bob'],
      [false, Reason.badUserNameOrPassword, undefined],
      [Reason.serverBusy, Reason.serverBusy, undefined],
    ]
    for (const [verdict, reason, user] of cases) {
      for (const authenticate of [() => verdict, () => Promise.resolve(verdict)]) {
        const outcome = await bind({ authenticate }).authenticate(CREDENTIALS)
        assert.equal(outcome.reason, reason)
        assert.equal(outcome.principal?.user, user)
      }
    }
  })

  test('say what rules may go by', async () => {
    const verdict = { user: 'bob', roles: ['staff'], claims: { tenant: 'acme' } }
    const { principal } = await bind({ authenticate: () => verdict }).authenticate(CREDENTIALS)
    assert.deepEqual(principal, { ...ANN, ...verdict })
  })

  test('are named as what decided, where they did', () => {
    const topic = 'a' as Topic
    const rule: Explanation = { isAllowed: false, by: 'rules:1' }
    const base: Access = { ...ALLOW_ALL, explain: () => rule }
    const acts: Record<string, Act> = {
      authenticate: { act: 'connect' },
      mayPublish: { act: 'publish', topic, qos: 0, retain: false },
      maySubscribe: { act: 'subscribe', filter: 'a' as TopicFilter },
      mayRead: { act: 'read', topic },
    }
    for (const [name, act] of Object.entries(acts)) {
      assert.equal(bind({}, base).explain?.(ANN, act), rule)
      const decides = bind({ [name]: () => false }, base)
      assert.equal(decides.explain?.(ANN, act).by, 'the program')
      for (const other of Object.values(acts).filter((one) => one !== act)) {
        assert.equal(decides.explain?.(ANN, other), rule)
      }
    }
    assert.equal(bind({}).explain?.(ANN, { act: 'connect' }).by, 'the program')
  })

  test('leave no other way in than theirs', () => {
    const methods = new Map()
    const base: Access = { ...ALLOW_ALL, methods, mayStay: () => false }
    assert.equal(bind({ mayRead: () => true }, base).methods, methods)
    assert.equal(bind({ mayRead: () => true }, base).mayStay?.(ANN), false)
    const own = bind({ authenticate: () => true }, base)
    assert.equal(own.methods, undefined)
    assert.ok(!('mayStay' in own))
  })

  test('say what may be published, subscribed to and read', () => {
    const access = bind({
      mayPublish: ({ user }, topic, qos) => user === 'ann' && topic === 'a' && qos < 2,
      maySubscribe: (_, filter) => (filter === 'a' ? true : Reason.quotaExceeded),
      mayRead: (_, topic) => topic === 'a',
    })
    assert.equal(access.mayPublish(ANN, 'a' as Topic, 1, false), Reason.success)
    assert.equal(access.mayPublish(ANN, 'a' as Topic, 2, false), Reason.notAuthorized)
    assert.equal(access.maySubscribe(ANN, 'a' as TopicFilter), Reason.success)
    assert.equal(access.maySubscribe(ANN, 'b' as TopicFilter), Reason.quotaExceeded)
    assert.equal(access.mayRead(ANN, 'a' as Topic), true)
    assert.equal(access.mayRead(ANN, 'b' as Topic), false)
  })

  test('that throw have said no, and the log says what they threw', async () => {
    const access = bind({
      authenticate: fail,
      mayPublish: fail,
      maySubscribe: fail,
      mayRead: fail,
    })
    assert.equal((await access.authenticate(CREDENTIALS)).reason, Reason.serverUnavailable)
    assert.equal(access.mayPublish(ANN, 'a' as Topic, 0, false), Reason.notAuthorized)
    assert.equal(access.maySubscribe(ANN, 'a' as TopicFilter), Reason.notAuthorized)
    assert.equal(access.mayRead(ANN, 'a' as Topic), false)
    assert.deepEqual(errors, Array(4).fill('a policy function failed: Error: no database'))
    const later = bind({ authenticate: () => Promise.reject(new Error('no database')) })
    assert.equal((await later.authenticate(CREDENTIALS)).reason, Reason.serverUnavailable)
  })
})

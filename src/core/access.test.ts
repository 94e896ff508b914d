// The two plainest rules. What every Access must do is in test/contract.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { principalOf } from '../../test/support/session-world.ts'
import { filterOf, topicOf } from '../../test/support/tree-fixtures.ts'
import { Reason } from '../base/reason.ts'
import { ALLOW_ALL, denyAll } from './access.ts'
import type { Credentials } from './ports.ts'

const CREDENTIALS: Credentials = {
  clientId: 'c',
  user: 'u',
  password: Uint8Array.of(1),
  address: '::1',
  front: 'coap',
}

test('one lets everybody in, as who he says he is', async () => {
  const principal = { user: 'u', clientId: 'c', address: '::1', front: 'coap' }
  const outcome = await ALLOW_ALL.authenticate(CREDENTIALS)
  assert.deepEqual(outcome, { reason: Reason.success, principal })
  const who = principalOf('c')
  assert.equal(ALLOW_ALL.mayPublish(who, topicOf('a'), 2, true), Reason.success)
  assert.equal(ALLOW_ALL.maySubscribe(who, filterOf('#')), Reason.success)
  assert.equal(ALLOW_ALL.mayRead(who, topicOf('a')), true)
})

test('the other refuses everybody everything, and says why', async () => {
  const access = denyAll(Reason.banned, 'closed for today')
  const outcome = await access.authenticate(CREDENTIALS)
  assert.deepEqual(outcome, {
    reason: Reason.banned,
    principal: undefined,
    text: 'closed for today',
  })
  const who = principalOf('c')
  assert.equal(access.mayPublish(who, topicOf('a'), 0, false), Reason.banned)
  assert.equal(access.maySubscribe(who, filterOf('a')), Reason.banned)
  assert.equal(access.mayRead(who, topicOf('a')), false)
})

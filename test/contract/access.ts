// What every Access must do: decide, plainly and alike each time, and never throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURE, Reason } from '../../src/base/reason.ts'
import type { Access, Credentials, Principal } from '../../src/core/ports.ts'
import { filterOf, topicOf } from '../support/tree-fixtures.ts'

const NAMED: Credentials = {
  clientId: 'kitchen',
  user: 'ann',
  password: Uint8Array.of(1, 2, 3),
  address: '127.0.0.1',
  front: 'mqtt',
}
const ANONYMOUS: Credentials = { ...NAMED, user: undefined, password: undefined, front: 'http' }

export function accessContract(name: string, create: () => Access): void {
  for (const credentials of [NAMED, ANONYMOUS]) {
    const who = credentials.user ?? 'anonymous'

    test(`${name}: ${who} gets a principal of his own, or a reason and a word`, async () => {
      const outcome = await create().authenticate(credentials)
      if (outcome.principal === undefined) {
        assert.ok(outcome.reason >= FAILURE)
        assert.notEqual(outcome.text, '')
        return
      }
      assert.equal(outcome.reason, Reason.success)
      assert.equal(outcome.principal.clientId, credentials.clientId)
      assert.equal(outcome.principal.front, credentials.front)
      assert.equal(outcome.principal.address, credentials.address)
      // Nobody becomes somebody by not saying who he is.
      if (credentials.user === undefined) assert.equal(outcome.principal.user, undefined)
    })

    test(`${name}: decisions about ${who} are success or failure, twice the same`, () => {
      const access = create()
      const principal: Principal = {
        user: credentials.user,
        clientId: credentials.clientId,
        address: credentials.address,
        front: credentials.front,
      }
      for (const text of ['a', 'a/b', '/', '$SYS/x']) {
        const topic = topicOf(text)
        const reason = access.mayPublish(principal, topic, 1, true)
        assert.ok(reason === Reason.success || reason >= FAILURE)
        assert.equal(access.mayPublish(principal, topic, 1, true), reason)
        const mayRead = access.mayRead(principal, topic)
        assert.equal(typeof mayRead, 'boolean')
        assert.equal(access.mayRead(principal, topic), mayRead)
      }
      for (const filter of ['#', 'a/+', 'a'].map(filterOf)) {
        const reason = access.maySubscribe(principal, filter)
        assert.ok(reason === Reason.success || reason >= FAILURE)
        assert.equal(access.maySubscribe(principal, filter), reason)
      }
    })
  }
}

// The end of a turn, as the event loop sees it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediateScheduler } from './scheduler.ts'

test('deferred work runs later, in order, and never within defer', async () => {
  const ran: string[] = []
  await new Promise<void>((resolve) => {
    setImmediateScheduler.defer(() => ran.push('first'))
    setImmediateScheduler.defer(() => {
      ran.push('second')
      resolve()
    })
    assert.deepEqual(ran, [])
  })
  assert.deepEqual(ran, ['first', 'second'])
})

// What the server answers over HTTP beside the topics, without a port.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpWorld } from '../../../test/support/http-world.ts'
import { storeWith } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'

const ask = (path: string, isReady = true) =>
  new HttpWorld({ isReady: () => isReady }).ask(`GET ${path}`)

test('/livez lives as long as it answers, ready or not', async () => {
  for (const isReady of [true, false]) {
    const answer = await ask('/livez', isReady)
    assert.deepEqual([answer.status, answer.text], [200, 'ok\n'])
    assert.equal(answer.fields['cache-control'], 'no-store')
  }
})

test('/readyz tells whether clients are taken', async () => {
  const ready = await ask('/readyz')
  assert.deepEqual([ready.status, ready.text], [200, 'ok\n'])
  const starting = await ask('/readyz', false)
  assert.deepEqual([starting.status, starting.text], [503, 'not ready\n'])
})

test('/readyz tells that what must be kept is refused, and why', async () => {
  let refusal: Reason | undefined
  const world = new HttpWorld({ createStore: () => storeWith({ refusal: () => refusal }) })
  const told: unknown[] = []
  for (const reason of [Reason.quotaExceeded, Reason.implementationSpecificError, undefined]) {
    refusal = reason
    const { status, text } = await world.ask('GET /readyz')
    told.push(status, text)
    assert.equal((await world.ask('GET /livez')).status, 200)
  }
  const disk = [503, 'the disk is full\n', 503, 'the disk cannot be written\n']
  assert.deepEqual(told, [...disk, 200, 'ok\n'])
})

test('/mqtt without an upgrade says what it is for', async () => {
  const answer = await ask('/mqtt')
  assert.deepEqual([answer.status, answer.fields['upgrade']], [426, 'websocket'])
})

test('anything else is 404, as problem details', async () => {
  for (const path of ['/nothing/here', '/topicsx', '/%74opics/a']) {
    const answer = await ask(path)
    assert.equal(answer.status, 404, path)
    assert.equal(answer.fields['content-type'], 'application/problem+json')
    const { type, title, status } = JSON.parse(answer.text) as Record<string, unknown>
    assert.deepEqual([type, title, status], ['about:blank', 'Not Found', 404])
  }
})

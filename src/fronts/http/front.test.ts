// What the server answers over HTTP, without a port.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpFront } from './front.ts'

const ask = (path: string, isReady = true) =>
  createHttpFront({ isReady: () => isReady })(new Request(`http://localhost${path}`))

test('/livez lives as long as it answers, ready or not', async () => {
  for (const isReady of [true, false]) {
    const answer = await ask('/livez', isReady)
    assert.deepEqual([answer.status, await answer.text()], [200, 'ok\n'])
    assert.equal(answer.headers.get('cache-control'), 'no-store')
  }
})

test('/readyz tells whether clients are taken', async () => {
  const ready = await ask('/readyz')
  assert.deepEqual([ready.status, await ready.text()], [200, 'ok\n'])
  const starting = await ask('/readyz', false)
  assert.deepEqual([starting.status, await starting.text()], [503, 'not ready\n'])
})

test('/mqtt without an upgrade says what it is for', async () => {
  const answer = await ask('/mqtt')
  assert.deepEqual([answer.status, answer.headers.get('upgrade')], [426, 'websocket'])
})

test('anything else is 404, as problem details', async () => {
  const answer = await ask('/nothing/here')
  assert.equal(answer.status, 404)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(await answer.json(), {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'nothing at /nothing/here',
  })
})

// What a server does until its store has brought back what an earlier run left, and with what that
// was.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { KeepingStore } from '../test/support/keeping-store.ts'
import { askToConnect, connectClient } from '../test/support/live-client.ts'
import { systemClock } from './base/clock.ts'
import { createServer, Reason } from './index.ts'

const BOUNDED = { timeout: 20_000 }

/** A store that is read when the test says so. */
function slowStore(): { store: KeepingStore; open: (error?: Error) => void } {
  const store = new KeepingStore({ clock: systemClock })
  const recover = store.recover.bind(store)
  const found: { store: KeepingStore; open: (error?: Error) => void } = { store, open: () => {} }
  store.recover = (into, done) => {
    found.open = (error) => (error === undefined ? recover(into, done) : done(error))
  }
  return found
}

/** What an upgrade to WebSocket is answered with. */
async function statusOfUpgrade(port: number): Promise<number | undefined> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'mqtt',
  }
  const asking = request({ host: '127.0.0.1', port, path: '/mqtt', headers, agent: false })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

test('until it is ready only HTTP listens, and it says so', BOUNDED, async (t) => {
  const slow = slowStore()
  const server = createServer({ store: slow.store })
  t.after(() => server.close())
  const http = await server.listen({ host: '127.0.0.1', port: 0, speaks: 'http' })
  const url = `http://127.0.0.1:${http.port}`
  let listens = false
  const listening = server.listen({ host: '127.0.0.1', port: 0 }).then((open) => {
    listens = true
    return open
  })
  const answers = await Promise.all(['/livez', '/readyz'].map((path) => fetch(url + path)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 503],
  )
  assert.equal(await statusOfUpgrade(http.port), 503)
  assert.deepEqual(await server.publish({ topic: 'a', payload: 'x' }), {
    reason: Reason.serverUnavailable,
    offset: 0,
  })
  const got: string[] = []
  server.subscribe('#', {}, ({ topic }) => got.push(topic))
  assert.equal(listens, false)

  slow.open()
  await server.ready
  const { port } = await listening
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
  const client = await connectClient({ port })
  assert.equal(await client.publish('a', 'x', 1), Reason.success)
  while (got.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(got, ['a'])
})

test('where the store cannot be read, listening fails with its error', BOUNDED, async () => {
  const slow = slowStore()
  const server = createServer({ store: slow.store })
  const failed = new Error('no such disk')
  const listening = assert.rejects(server.listen({ host: '127.0.0.1', port: 0 }), failed)
  slow.open(failed)
  await assert.rejects(server.ready, failed)
  await listening
  await server.close()
})

test('what was kept is there again after a restart', BOUNDED, async (t) => {
  const store = new KeepingStore({ clock: systemClock })
  const before = createServer({ store, sysIntervalS: 0 })
  await before.ready
  await before.listen({ host: '127.0.0.1', port: 0 }).then(async ({ port }) => {
    const client = await connectClient({
      port,
      clientId: 'lamp',
      properties: { sessionExpiry: 600 },
    })
    await client.subscribe('a/#', 1)
    const gone = await before.publish({ topic: 'state', payload: 'on', qos: 1, retain: true })
    assert.equal(gone.reason, Reason.noMatchingSubscribers)
  })
  await before.close()
  const after = createServer({ store: store.reopen(), sysIntervalS: 0 })
  t.after(() => after.close())
  await after.ready
  assert.equal(after.holdings().sessions, 1)
  assert.equal(new TextDecoder().decode(after.state('state')?.payload), 'on')
  const presence = after.state('$presence/lamp')?.payload
  assert.match(new TextDecoder().decode(presence), /"online":false/)
  const { offset } = await after.publish({ topic: 'a/b', payload: 'x', qos: 1 })
  assert.ok(offset >= store.state.bound)
  const { port } = await after.listen({ host: '127.0.0.1', port: 0 })
  const again = await askToConnect({ port, clientId: 'lamp', cleanStart: false })
  assert.equal(again.connack?.sessionPresent, true)
})

// Streams of events over a real port: read with a library, cut by the client, ended by the server,
// and held up by who reads nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createServer, type Server } from './server.ts'

const BOUNDED = { timeout: 30_000 }

async function open(t: TestContext): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ sysIntervalS: 0 })
  t.after(() => server.close())
  const { port } = await server.listen({
    ...{ speaks: 'http', host: '127.0.0.1', port: 0, lingerMs: 100 },
  })
  return { server, port }
}

/** Events one by one, comments left out. */
async function* eventsOf(response: Response): AsyncGenerator<string, void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) if (!block.startsWith(':')) yield block
  }
}

/** `sync`, or the payload. */
async function nextOf(events: AsyncGenerator<string, void>): Promise<string> {
  const { value } = await events.next()
  const [, name = 'end'] = /^event: (.*)$/m.exec(value ?? '') ?? []
  const [, payload] = /"payload":"([^"]*)"/.exec(value ?? '') ?? []
  return payload ?? name
}

/** Waits until that many subscriptions are there. */
async function subscribed(server: Server, count: number): Promise<void> {
  while (server.holdings().subscriptions !== count) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const STREAM = { accept: 'text/event-stream' }

test('events come as they happen, until the client leaves', BOUNDED, async (t) => {
  const { server, port } = await open(t)
  const topics = `http://127.0.0.1:${port}/topics`
  await fetch(`${topics}/a`, { method: 'PUT', body: '1' })
  const leaving = new AbortController()
  const response = await fetch(`${topics}?filter=%23`, { headers: STREAM, signal: leaving.signal })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const events = eventsOf(response)
  assert.deepEqual([await nextOf(events), await nextOf(events)], ['1', 'sync'])
  await fetch(`${topics}/a`, { method: 'PUT', body: '2' })
  assert.equal(await nextOf(events), '2')
  await server.publish({ topic: 'b', payload: 'x', retain: false })
  assert.equal(await nextOf(events), 'x')
  leaving.abort()
  await assert.rejects(events.next())
  await subscribed(server, 0)
})

test('a server that closes ends the streams first', BOUNDED, async (t) => {
  const { server, port } = await open(t)
  const response = await fetch(`http://127.0.0.1:${port}/topics/a`, { headers: STREAM })
  const events = eventsOf(response)
  assert.equal(await nextOf(events), 'sync')
  await server.close()
  assert.equal(await nextOf(events), 'end')
})

test('a stream that is asked for behind other requests waits for them', BOUNDED, async (t) => {
  const { server, port } = await open(t)
  const socket = connect({ host: '127.0.0.1', port })
  t.after(() => socket.destroy())
  const head = 'Host: localhost\r\nAccept: text/event-stream\r\n\r\n'
  const watch = `GET /topics/a HTTP/1.1\r\n${head}`
  socket.write(`GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n${watch}${watch}${watch}`)
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.includes('event: sync')) break
  }
  assert.match(text, /^HTTP\/1\.1 200 [^]*\bok\n[^]*HTTP\/1\.1 200 [^]*event-stream[^]*event: sync/)
  assert.ok(server.holdings().subscriptions <= 1)
  await subscribed(server, 0)
})

test('who reads nothing is cut, and the others are not held up', BOUNDED, async (t) => {
  const { server, port } = await open(t)
  const frozen: Socket = connect({ host: '127.0.0.1', port })
  t.after(() => frozen.destroy())
  frozen.on('error', () => {})
  frozen.write(
    'GET /topics?filter=%23 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n',
  )
  await once(frozen, 'readable')
  frozen.pause()
  const response = await fetch(`http://127.0.0.1:${port}/topics/last`, { headers: STREAM })
  const events = eventsOf(response)
  assert.equal(await nextOf(events), 'sync')
  const payload = 'x'.repeat(100_000)
  await subscribed(server, 2)
  // The kernel takes some megabytes for it, and then the server's own bound counts.
  for (let at = 0; server.holdings().subscriptions > 1; at += 1) {
    assert.ok(at < 5000, 'still there')
    await server.publish({ topic: `t/${at}`, payload, retain: false })
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(server.counters.droppedSlow > 0)
  await server.publish({ topic: 'last', payload: 'y' })
  assert.equal(await nextOf(events), 'y')
})

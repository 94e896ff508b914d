// MQTT over WebSocket at a path of the program's own HTTP server: ours is only that path, and only
// while it is attached. Who may come in is websocket.test's and origin.test's as well.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import { RecordingFront } from '../../test/support/recording-front.ts'
import { Listeners } from './listeners.ts'

const BOUNDED = { timeout: 20_000 }

interface Broker {
  readonly listeners: Listeners
  readonly fronts: RecordingFront[]
}

/** A server as far as net goes; closed with the test. */
function broker(t: TestContext): Broker {
  const fronts: RecordingFront[] = []
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      fronts.push(front)
      return front
    },
    fetch: () => new Response('ours'),
    webSocket: { messageBytesMax: 1024, strictSubprotocol: false },
  })
  t.after(() => {
    for (const { wire } of fronts) wire.destroy()
    return listeners.close(Promise.resolve())
  })
  return { listeners, fronts }
}

/** The program's server, which reads each request and answers with its method and path. */
async function program(
  t: TestContext,
  server: Server | SecureServer = createServer(),
): Promise<{ http: Server | SecureServer; port: number }> {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    request.resume().on('end', () => response.end(`${request.method} ${request.url}`))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { http: server, port: address.port }
}

/** Resolves with the socket once it is open, or with the status that refused it. */
function dial(
  t: TestContext,
  url: string,
  headers: Record<string, string> = {},
): Promise<WebSocket | number> {
  const socket = new WebSocket(url, ['mqtt'], { headers, rejectUnauthorized: false })
  t.after(() => socket.terminate())
  return new Promise((resolve) => {
    socket.on('open', () => resolve(socket)).on('error', () => resolve(0))
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
  })
}

/** What is answered to the text of a request, until the server closes. */
async function ask(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

test('one path leads to MQTT, requests stay the program’s', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const { listeners, fronts } = broker(t)
  assert.equal(listeners.attach(http, {}).path, '/mqtt')
  const socket = await dial(t, `ws://127.0.0.1:${port}/mqtt?token=1`)
  assert.ok(socket instanceof WebSocket)
  assert.equal(socket.protocol, 'mqtt')
  socket.send(Buffer.from('hello'))
  await fronts[0]!.until(() => fronts[0]!.bytes === 5)
  assert.equal(fronts[0]!.wire.remoteAddress, '127.0.0.1')
  for (const path of ['/', '/mqtt', '/livez']) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    assert.equal(await answer.text(), `GET ${path}`)
  }
})

test('it may be attached before the program listens, and to HTTPS', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async (t) => {
  const https = createSecureServer(certificates().server)
  const { listeners, fronts } = broker(t)
  listeners.attach(https, { path: '/broker' })
  const { port } = await program(t, https)
  assert.ok((await dial(t, `wss://127.0.0.1:${port}/broker`)) instanceof WebSocket)
  assert.equal(fronts.length, 1)
})

test('upgrades of other paths reach whoever else listens, and he alone', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  // One from before, one from after: each refuses what is not for its own path.
  const before = new WebSocketServer({ server: http, path: '/chat' })
  const { listeners, fronts } = broker(t)
  listeners.attach(http, { path: '/mqtt' })
  t.after(() => before.close())
  before.on('connection', (socket) => socket.send('chat'))
  const other = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  t.after(() => other.terminate())
  assert.equal(String((await once(other, 'message'))[0]), 'chat')
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/mqtt`)) instanceof WebSocket)
  assert.equal(await dial(t, `ws://127.0.0.1:${port}/nothing`), 400)
  before.close()
  const after = new WebSocketServer({ server: http, path: '/late' })
  t.after(() => after.close())
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/late`)) instanceof WebSocket)
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/mqtt`)) instanceof WebSocket)
  assert.equal(fronts.length, 2)
})

test('an upgrade that nobody takes is a request like any other', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const { listeners } = broker(t)
  listeners.attach(http, {})
  const head = ['Host: localhost', 'Connection: Upgrade']
  assert.match(
    await ask(port, ['GET /a HTTP/1.1', ...head, 'Upgrade: h2c']),
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*GET \/a$/,
  )
  // HTTP/2 at our own path as well: it is no WebSocket.
  assert.match(await ask(port, ['GET /mqtt HTTP/1.1', ...head, 'Upgrade: h2c']), /GET \/mqtt$/)
  assert.equal(await dial(t, `ws://127.0.0.1:${port}/nothing`), 200)
  const body = ['Upgrade: h2c', 'Content-Length: 2', '', 'ab']
  assert.match(await ask(port, ['POST /a HTTP/1.1', ...head, ...body]), /^HTTP\/1\.1 501 /)
})

test('two servers at two paths are two, and a path is taken once', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const [one, two] = [broker(t), broker(t)]
  one.listeners.attach(http, { path: '/one' })
  two.listeners.attach(http, { path: '/two' })
  assert.throws(() => two.listeners.attach(http, { path: '/one' }), {
    code: 'EADDRINUSE',
    message: 'cannot listen on /one: EADDRINUSE',
  })
  for (const path of ['one', 'two', 'two']) await dial(t, `ws://127.0.0.1:${port}/${path}`)
  assert.deepEqual([one.fronts.length, two.fronts.length], [1, 2])
  await one.listeners.close(Promise.resolve())
  assert.equal(await dial(t, `ws://127.0.0.1:${port}/one`), 200)
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/two`)) instanceof WebSocket)
})

test('closing gives the path back and leaves the HTTP server as it was', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const { listeners, fronts } = broker(t)
  const first = listeners.attach(http, { path: '/first' })
  listeners.attach(http, {})
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/first`)) instanceof WebSocket)
  first.detach()
  first.detach()
  assert.equal(fronts[0]!.count('closed'), 0)
  assert.equal(await dial(t, `ws://127.0.0.1:${port}/first`), 200)
  listeners.attach(http, { path: '/first' })
  first.detach()
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/first`)) instanceof WebSocket)
  await listeners.close(Promise.resolve())
  assert.deepEqual([http.listenerCount('upgrade'), Object.hasOwn(http, 'emit')], [0, false])
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/mqtt`)).text(), 'GET /mqtt')
  assert.throws(() => listeners.attach(http, {}), { message: 'the server is closed' })
  await assert.rejects(listeners.listen({ host: '127.0.0.1', port: 0 }), {
    message: 'the server is closed',
  })
})

test('whoever put himself before it stays, and it can come again', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const { listeners, fronts } = broker(t)
  const attachment = listeners.attach(http, {})
  const ours = http.emit
  const events: string[] = []
  const traced = (...args: unknown[]): boolean => {
    events.push(String(args[0]))
    return Boolean(Reflect.apply(ours, http, args))
  }
  Reflect.set(http, 'emit', traced)
  attachment.detach()
  assert.equal(http.emit, traced)
  assert.equal(await dial(t, `ws://127.0.0.1:${port}/mqtt`), 200)
  listeners.attach(http, {})
  assert.ok((await dial(t, `ws://127.0.0.1:${port}/mqtt`)) instanceof WebSocket)
  assert.equal(fronts.length, 1)
  assert.ok(events.includes('upgrade'))
})

test('a page comes in from the same name or a listed origin only', BOUNDED, async (t) => {
  const { http, port } = await program(t)
  const { listeners, fronts } = broker(t)
  listeners.attach(http, { origins: ['https://app.example'] })
  const url = `ws://127.0.0.1:${port}/mqtt`
  for (const origin of ['http://127.0.0.1:3000', 'https://app.example']) {
    assert.ok((await dial(t, url, { origin })) instanceof WebSocket, origin)
  }
  for (const headers of [
    { origin: 'http://evil.example' },
    { host: 'evil.example', origin: 'http://evil.example' },
    { host: 'evil.example' },
  ]) {
    assert.equal(await dial(t, url, headers), 403)
  }
  assert.equal(fronts.length, 2)
})

test('over a Unix socket the client is local, whatever name it asks for', BOUNDED, async (t) => {
  const http = createServer()
  const { listeners, fronts } = broker(t)
  listeners.attach(http, {})
  const path = join(tmpdir(), `rameau-attached-${process.pid}.sock`)
  await once(http.listen(path), 'listening')
  t.after(() => http.close())
  assert.ok((await dial(t, `ws+unix:${path}:/mqtt`, { host: 'any' })) instanceof WebSocket)
  assert.equal(fronts[0]!.wire.remoteAddress, 'local')
})

test('a listener that opens while the rest closes is closed too', BOUNDED, async (t) => {
  const { listeners } = broker(t)
  const opening = listeners.listen({ host: '127.0.0.1', port: 0 })
  await listeners.close(Promise.resolve())
  await assert.rejects(opening, { message: 'the server is closed' })
})

// The PROXY protocol before every kind of listener: the client's address instead of the proxy's, no
// byte lost behind the header, and a cut for whoever sends none.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectSecure } from 'node:tls'
import { WebSocket } from 'ws'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import { pattern, RecordingFront } from '../../test/support/recording-front.ts'
import { Listeners } from './listeners.ts'
import { expectProxyHeader } from './proxy-protocol.ts'

const BOUNDED = { timeout: 10_000 }
const LINE = 'PROXY TCP4 192.0.2.1 127.0.0.1 5000 1883\r\n'
const REMOTE = ['192.0.2.1', 5000]

async function listen(t: TestContext, options: object) {
  const refusals: string[] = []
  let found: (front: RecordingFront) => void = () => undefined
  const accepted = new Promise<RecordingFront>((resolve) => {
    found = resolve
  })
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      front.echo()
      found(front)
      return front
    },
    fetch: () => new Response('answer'),
    webSocket: { messageBytesMax: 1024, strictSubprotocol: false },
  })
  const { port } = await listeners.listen({
    host: '127.0.0.1',
    port: 0,
    proxyProtocol: true,
    lingerMs: 100,
    refused: (why, address) => refusals.push(`${address}: ${why}`),
    ...options,
  })
  t.after(() => listeners.close(Promise.resolve()))
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  return { socket, accepted, refusals, listeners }
}

async function read(socket: Pick<Socket, 'on' | 'off'>, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunks.reduce((sum, one) => sum + one.length, 0) >= bytes) resolve()
    })
  })
  return Buffer.concat(chunks)
}

test('TCP: header and bytes in one chunk, and all that follows', BOUNDED, async (t) => {
  const { socket, accepted } = await listen(t, {})
  const sent = pattern(1024 * 1024)
  socket.write(Buffer.concat([Buffer.from(LINE), sent.subarray(0, 1000)]))
  socket.write(sent.subarray(1000))
  assert.ok((await read(socket, sent.length)).equals(sent))
  const { wire } = await accepted
  assert.deepEqual([wire.remoteAddress, wire.remotePort], REMOTE)
})

test('TCP: the header byte by byte', BOUNDED, async (t) => {
  const { socket, accepted } = await listen(t, {})
  socket.setNoDelay(true)
  for (const byte of Buffer.from(`${LINE}ab`)) {
    await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve))
  }
  assert.equal((await read(socket, 2)).toString(), 'ab')
  assert.equal((await accepted).wire.remoteAddress, '192.0.2.1')
})

test('a proxy that speaks for itself keeps its address', BOUNDED, async (t) => {
  const { socket, accepted } = await listen(t, {})
  socket.write('PROXY UNKNOWN\r\n')
  const { wire } = await accepted
  assert.deepEqual([wire.remoteAddress, wire.remotePort], ['127.0.0.1', socket.localPort])
})

test('TLS: the header comes before the handshake', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async (t) => {
  const { socket, accepted } = await listen(t, { tls: certificates().server })
  socket.write(LINE)
  const secure = connectSecure({ socket, ca: certificates().ca.cert, servername: 'localhost' })
  secure.write('secret')
  assert.equal((await read(secure, 6)).toString(), 'secret')
  const { wire } = await accepted
  assert.deepEqual([wire.remoteAddress, wire.remotePort], REMOTE)
})

test('HTTP and WebSocket: the header comes before the request', BOUNDED, async (t) => {
  for (const isOneChunk of [true, false]) {
    const { socket } = await listen(t, { speaks: 'http' })
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    if (isOneChunk) socket.write(LINE + request)
    else socket.write(LINE, () => socket.write(request))
    assert.match((await read(socket, 50)).toString(), /^HTTP\/1\.1 200 OK/)
  }
  const { socket, accepted } = await listen(t, { speaks: 'ws' })
  socket.write(LINE)
  const client = new WebSocket('ws://localhost', 'mqtt', { createConnection: () => socket })
  await once(client, 'open')
  client.send('x'.repeat(10), { binary: true })
  assert.equal(String((await once(client, 'message'))[0]), 'x'.repeat(10))
  const { wire } = await accepted
  assert.deepEqual([wire.remoteAddress, wire.remotePort], REMOTE)
})

test('whoever sends no header is cut off', BOUNDED, async (t) => {
  const { socket, refusals } = await listen(t, {})
  socket.write(Buffer.from([0x10, 13, 0, 4]))
  await once(socket, 'close')
  assert.deepEqual(refusals, ['127.0.0.1: no PROXY header'])

  const early = await listen(t, {})
  early.socket.end('PROXY TCP4')
  await once(early.socket, 'close')
  assert.deepEqual(early.refusals, ['127.0.0.1: no PROXY header before the end'])
})

test('whoever sends it too late is cut off', BOUNDED, async (t) => {
  const refusals: string[] = []
  const server = createServer(() => assert.fail('it was taken'))
  expectProxyHeader(server, { headerMsMax: 20, refused: (why) => refusals.push(why) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  socket.write('PROXY ')
  await once(socket, 'close')
  assert.deepEqual(refusals, ['no PROXY header in time'])
})

test('close cuts off whoever has not sent it yet', BOUNDED, async (t) => {
  const { socket, listeners } = await listen(t, {})
  await once(socket, 'connect')
  // It may be reset, since what it sent was not read.
  socket.on('error', () => undefined)
  socket.write('PROXY ')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await listeners.close(Promise.resolve())
  await closed
})

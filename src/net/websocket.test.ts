// MQTT over WebSocket, section 6: who gets one, and what may come over it. How it behaves as a
// stream is test/contract/wire's.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { RecordingFront } from '../../test/support/recording-front.ts'
import { Listeners, type ListenOptions } from './listeners.ts'

const BOUNDED = { timeout: 10_000 }

interface Bench {
  readonly port: number
  readonly fronts: RecordingFront[]
  /** Resolves with the socket once it is open, or with the status that refused it. */
  dial(options?: Dial): Promise<WebSocket | number>
}

interface Dial {
  readonly path?: string
  readonly protocols?: string[]
  readonly headers?: Record<string, string>
}

async function open(
  t: TestContext,
  options: Partial<ListenOptions> = {},
  strictSubprotocol = false,
): Promise<Bench> {
  const fronts: RecordingFront[] = []
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      fronts.push(front)
      return front
    },
    fetch: () => new Response('answer'),
    webSocket: { messageBytesMax: 4096, strictSubprotocol },
  })
  const where = { host: '127.0.0.1', port: 0, speaks: 'ws', lingerMs: 100, ...options } as const
  const { port } = await listeners.listen(where)
  t.after(async () => {
    for (const { wire } of fronts) wire.destroy()
    await listeners.close(Promise.resolve())
  })
  const dial = async ({ path = '/', protocols = ['mqtt'], headers = {} }: Dial = {}) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers })
    t.after(() => socket.terminate())
    return new Promise<WebSocket | number>((resolve, reject) => {
      socket.on('open', () => resolve(socket)).on('error', reject)
      socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
    })
  }
  return { port, fronts, dial }
}

/** A socket that was opened. */
async function opened(bench: Bench, options?: Dial): Promise<WebSocket> {
  const socket = await bench.dial(options)
  if (!(socket instanceof WebSocket)) return assert.fail(`refused with ${socket}`)
  return socket
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

test('[MQTT-6.0.0-4] mqtt is chosen wherever it is offered', BOUNDED, async (t) => {
  const bench = await open(t)
  for (const protocols of [['mqtt'], ['mqttv3.1', 'mqtt'], ['other', 'mqtt']]) {
    assert.equal((await opened(bench, { protocols })).protocol, 'mqtt')
  }
})

test('[Q31-12] mqttv3.1 is chosen where it alone is offered', BOUNDED, async (t) => {
  const bench = await open(t)
  assert.equal((await opened(bench, { protocols: ['mqttv3.1'] })).protocol, 'mqttv3.1')
  assert.equal((await opened(bench, { protocols: ['x', 'mqttv3.1'] })).protocol, 'mqttv3.1')
})

test('[MQTT-6.0.0-3] none will do unless strict, a foreign one never', BOUNDED, async (t) => {
  const bench = await open(t)
  assert.equal((await opened(bench, { protocols: [] })).protocol, '')
  assert.equal(await bench.dial({ protocols: ['soap'] }), 400)
  assert.equal(await bench.dial({ protocols: ['MQTT'] }), 400)
  const strict = await open(t, {}, true)
  assert.equal(await strict.dial({ protocols: [] }), 400)
  assert.equal((await opened(strict)).protocol, 'mqtt')
  assert.equal(bench.fronts.length + strict.fronts.length, 2)
})

test('[U5-55] any path on a port of its own, /mqtt alone beside HTTP', BOUNDED, async (t) => {
  const bench = await open(t)
  for (const path of ['/', '/mqtt', '/any/path?x=1']) await opened(bench, { path })
  const beside = await open(t, { speaks: 'http' })
  await opened(beside, { path: '/mqtt' })
  await opened(beside, { path: '/mqtt?token=1' })
  for (const path of ['/', '/mqtt/', '/MQTT', '/topics']) {
    assert.equal(await beside.dial({ path }), 404, path)
  }
})

test('a page comes in from the same name or a listed origin only', BOUNDED, async (t) => {
  const bench = await open(t, { origins: ['https://app.example'] })
  await opened(bench, { headers: { origin: 'http://127.0.0.1:3000' } })
  await opened(bench, { headers: { origin: 'https://app.example' } })
  for (const origin of ['http://evil.example', 'null']) {
    assert.equal(await bench.dial({ headers: { origin } }), 403, origin)
  }
  const rebound = { host: `evil.example:${bench.port}`, origin: 'http://evil.example' }
  assert.equal(await bench.dial({ headers: rebound }), 403)
  assert.equal(await bench.dial({ headers: { host: 'evil.example' } }), 403)
  assert.equal(bench.fronts.length, 2)
})

test('who is refused and does not go is cut off', BOUNDED, async (t) => {
  const { port } = await open(t)
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  t.after(() => socket.destroy())
  const head = 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\n'
  socket.write(`${head}Upgrade: websocket\r\n\r\n`)
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 403 /)
  await once(socket, 'end')
  // It goes on writing until the server has cut it off, and the system says so.
  const writing = setInterval(() => socket.write('x'), 10)
  t.after(() => clearInterval(writing))
  await once(socket, 'error')
})

test('what is no WebSocket is told what this is', BOUNDED, async (t) => {
  const { port, fronts } = await open(t)
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(answer.status, 426)
  assert.equal(answer.headers.get('upgrade'), 'websocket')

  const socket = connect({ host: '127.0.0.1', port })
  const head = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  socket.write(`${head}Sec-WebSocket-Version: 13\r\n\r\n`)
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 400 /)
  await once(socket, 'close')
  assert.equal(fronts.length, 0)
})

test(
  '[MQTT-6.0.0-1] a text closes it with 1003, and nothing of it is received',
  BOUNDED,
  async (t) => {
    const bench = await open(t)
    const socket = await opened(bench)
    socket.send(Buffer.from('ab'))
    socket.send('text')
    socket.send(Buffer.from('cd'))
    assert.equal(await closeCode(socket), 1003)
    const [front] = bench.fronts
    await front!.untilEvent('closed')
    assert.equal(front!.bytes, 2)
    assert.match(front!.error?.message ?? '', /not binary/)
  },
)

test(
  '[MQTT-6.0.0-2] messages are bytes of one stream, also empty and in fragments',
  BOUNDED,
  async (t) => {
    const bench = await open(t)
    const socket = await opened(bench)
    socket.send(Buffer.from('ab'), { fin: false })
    socket.send(Buffer.from('cd'), { fin: true })
    socket.send(Buffer.alloc(0))
    socket.send(Buffer.from('e'))
    const front = bench.fronts[0]!
    await front.until(() => front.bytes === 5)
    assert.equal(Buffer.concat(front.chunks).toString(), 'abcde')
    assert.ok(front.chunks.every((chunk) => chunk.length > 0))
  },
)

test('a message over the bound closes it with 1009', BOUNDED, async (t) => {
  const bench = await open(t)
  const socket = await opened(bench)
  socket.send(Buffer.alloc(4096))
  await bench.fronts[0]!.until(() => bench.fronts[0]!.bytes === 4096)
  socket.send(Buffer.alloc(4097))
  assert.equal(await closeCode(socket), 1009)
  await bench.fronts[0]!.untilEvent('closed')
  assert.equal(bench.fronts[0]!.bytes, 4096)
})

test('a breach of WebSocket itself closes it with 1002', BOUNDED, async (t) => {
  const bench = await open(t)
  const socket = await opened(bench)
  const stream = Reflect.get(socket, '_socket') as { write(bytes: Uint8Array): void }
  stream.write(Uint8Array.of(0x82, 0x01, 0x61)) // A client's frame that is not masked.
  assert.equal(await closeCode(socket), 1002)
  await bench.fronts[0]!.untilEvent('closed')
  assert.notEqual(bench.fronts[0]!.error, undefined)
})

test('a ping is answered', BOUNDED, async (t) => {
  const socket = await opened(await open(t))
  socket.ping('hi')
  assert.equal(String((await once(socket, 'pong'))[0]), 'hi')
})

test('who pings and does not read gets a bounded number of pongs', BOUNDED, async (t) => {
  const bench = await open(t)
  const socket = await opened(bench)
  socket.pause()
  const pings = 100_000
  for (let sent = 0; sent < pings; sent++) {
    socket.ping(Buffer.alloc(125))
    if (sent % 1000 === 0) await turn()
  }
  socket.send(Buffer.from('all sent'))
  await bench.fronts[0]!.untilEvent('receive')

  let pongs = 0
  const last = new Promise<void>((resolve) => {
    socket.on('pong', (content) => {
      if (String(content) === 'last') resolve()
      // One of these is answered at the latest when nothing waits any more.
      else socket.ping('last')
      pongs += 1
    })
  })
  socket.resume()
  await last
  assert.ok(pongs < pings, `${pongs} pongs`)
})

test('a front that throws loses its own stream only', BOUNDED, async (t) => {
  const bench = await open(t)
  const socket = await opened(bench)
  const other = await opened(bench)
  bench.fronts[0]!.onReceive = () => {
    throw new Error('broken')
  }
  socket.send(Buffer.from('x'))
  await bench.fronts[0]!.untilEvent('closed')
  assert.equal(bench.fronts[0]!.error?.message, 'broken')
  other.send(Buffer.from('x'))
  await bench.fronts[1]!.untilEvent('receive')
})

test('end cuts off a peer that does not close in time', BOUNDED, async (t) => {
  const bench = await open(t)
  const socket = await opened(bench)
  socket.pause()
  bench.fronts[0]!.wire.end()
  await bench.fronts[0]!.untilEvent('closed')
})

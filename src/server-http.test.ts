// The topics over a real port: what a library makes of a request and an answer on their way, and
// that all fronts see the same.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createServer, type Server, type ServerOptions } from './server.ts'

const BOUNDED = { timeout: 20_000 }
/** How many count at once; RAMEAU_FULL=1 for all of them. */
const COUNTERS = process.env['RAMEAU_FULL'] === '1' ? 50 : 15

async function open(
  t: TestContext,
  options: ServerOptions = {},
): Promise<{ readonly server: Server; readonly port: number; readonly topics: string }> {
  const server = createServer({ sysIntervalS: 0, ...options })
  t.after(() => server.close())
  const { port } = await server.listen({
    speaks: 'http',
    host: '127.0.0.1',
    port: 0,
    lingerMs: 100,
  })
  return { server, port, topics: `http://127.0.0.1:${port}/topics` }
}

/** Sends bytes, and reads until the other end closes. */
async function send(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(Buffer.from(text, 'latin1'))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

test('what is put is read back, and seen by subscribers', BOUNDED, async (t) => {
  const { server, topics } = await open(t)
  const stream = server.subscribe('#')
  const put = await fetch(`${topics}/a/b`, {
    method: 'PUT',
    body: '21.5',
    headers: { 'content-type': 'application/json', 'mqtt-user-property': '"x"="y"' },
  })
  assert.equal(put.status, 201)
  const { value } = await stream.next()
  assert.deepEqual(
    [value?.topic, value?.qos, value?.retain, value?.properties.userProperties],
    ['a/b', 1, true, [['x', 'y']]],
  )
  const get = await fetch(`${topics}/a/b`)
  assert.deepEqual([get.status, await get.text()], [200, '21.5'])
  assert.equal(get.headers.get('etag'), `"${value?.offset}"`)
  assert.equal(get.headers.get('etag'), put.headers.get('etag'))

  const head = await fetch(`${topics}/a/b`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '4'])
  const fresh = await fetch(`${topics}/a/b`, {
    headers: { 'if-none-match': `"${value?.offset}"` },
  })
  assert.equal(fresh.status, 304)

  await server.publish({ topic: 'a/b', payload: 'new', retain: true })
  assert.equal(await (await fetch(`${topics}/a/b`)).text(), 'new')
  assert.equal((await fetch(`${topics}/a/b`, { method: 'DELETE' })).status, 204)
  assert.equal(server.state('a/b'), undefined)
})

test('[R-2] targets arrive as they are sent', BOUNDED, async (t) => {
  const { server, port } = await open(t)
  const put = (target: string): Promise<string> =>
    send(
      port,
      `PUT ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
        'Content-Length: 1\r\n\r\nx',
    )
  for (const [target, topic] of [
    ['/topics//a/../b/./', '/a/../b/./'],
    ['/topics/%2e%2E/c', '../c'],
    ['/topics/%C3%A4', 'ä'],
    ['http://localhost/topics/d/..', 'd/..'],
    ['/topics?topic=%2Fe%2F..', '/e/..'],
  ] as const) {
    assert.match(await put(target), /^HTTP\/1\.1 201 /, target)
    assert.notEqual(server.state(topic), undefined, topic)
  }
  assert.match(await put('/topics/f%2Fg'), /^HTTP\/1\.1 400 /)
})

test('[H-101] what is no HTTP is refused as problem details', BOUNDED, async (t) => {
  const { port } = await open(t)
  const get = 'GET /topics/a HTTP/1.1\r\n'
  // [what is sent, the status]
  for (const [request, status] of [
    ['nonsense\r\n\r\n', 400],
    [`${get}Host: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    [`${get}Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [`${get}Host: localhost\r\nX : y\r\n\r\n`, 400],
    [`${get}Host: localhost\r\nX: y\r\n folded\r\n\r\n`, 400],
    [`${get}Host: localhost\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    [`GET /topics/${'x'.repeat(17_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [`${get}Connection: close\r\n\r\n`, 400],
    [`${get}Connection: close\r\nHost: localhost\r\nHost: localhost\r\n\r\n`, 400],
  ] as const) {
    const answer = await send(port, request)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), request.slice(0, 60))
    assert.match(answer, /content-type: application\/problem\+json/i, request.slice(0, 60))
  }
})

test('a body that is too large is refused before it has come', BOUNDED, async (t) => {
  const { server, port } = await open(t, { limits: { packetBytesMax: 1000 } })
  const head = 'PUT /topics/a HTTP/1.1\r\nHost: localhost\r\n'
  // Nothing of it is sent.
  assert.match(await send(port, `${head}Content-Length: 1001\r\n\r\n`), /^HTTP\/1\.1 413 /)
  const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`
  assert.match(await send(port, chunked), /^HTTP\/1\.1 413 /)
  const last = `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
  const whole = `${last}5\r\nhello\r\n0\r\n\r\n`
  assert.match(await send(port, whole), /^HTTP\/1\.1 201 /)
  assert.equal(server.state('a')?.payload.length, 5)
})

test('a client that goes amid its body publishes nothing', BOUNDED, async (t) => {
  const { server, port, topics } = await open(t)
  const socket = connect({ host: '127.0.0.1', port })
  const head = 'PUT /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf'
  await new Promise((resolve) => socket.write(head, resolve))
  socket.destroy()
  await fetch(`${topics}/b`, { method: 'PUT', body: 'x' })
  assert.equal(server.state('a'), undefined)
})

test('[H-86] a page of another origin writes nothing', BOUNDED, async (t) => {
  const { server, topics } = await open(t)
  for (const origin of ['http://evil.example', 'null']) {
    const answer = await fetch(`${topics}/a`, { method: 'PUT', body: 'x', headers: { origin } })
    assert.equal(answer.status, 403, origin)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  }
  assert.equal(server.state('a'), undefined)
  const own = await fetch(`${topics}/a`, {
    method: 'PUT',
    body: 'x',
    headers: { origin: new URL(topics).origin },
  })
  assert.equal(own.status, 201)
  assert.equal(own.headers.get('access-control-allow-origin'), null)
})

test('[R-11] many count on a topic that others set: each write follows the version it named', {
  timeout: 60_000,
}, async (t) => {
  const { server, topics } = await open(t)
  const stream = server.subscribe('count', { messagesMax: 100_000 })
  await server.publish({ topic: 'count', payload: '0', retain: true, qos: 1 })
  /** By the offset of the write: the one that it named, and what it wrote. */
  const writes = new Map<number, { readonly named: number; readonly value: number }>()
  const increment = async (): Promise<void> => {
    for (;;) {
      const read = await fetch(`${topics}/count`)
      const tag = read.headers.get('etag') ?? ''
      const value = Number(await read.text()) + 1
      const asked = { method: 'PUT', body: String(value), headers: { 'if-match': tag } }
      const write = await fetch(`${topics}/count`, asked)
      if (write.status === 412) continue
      assert.equal(write.status, 204)
      const offset = offsetOf(write.headers.get('etag'))
      writes.set(offset, { named: offsetOf(tag), value })
      return
    }
  }
  const counting = Promise.all(Array.from({ length: COUNTERS }, increment))
  for (let at = 1; at <= 5; at += 1) {
    await server.publish({ topic: 'count', payload: String(at * 1000), retain: true, qos: 1 })
    while (writes.size < (at * COUNTERS) / 6) await new Promise((resolve) => setImmediate(resolve))
  }
  await counting
  await server.publish({ topic: 'count', payload: 'end', retain: true, qos: 1 })

  assert.equal(writes.size, COUNTERS)
  let before = { offset: 0, value: 0 }
  for await (const { offset, payload } of stream) {
    const text = Buffer.from(payload).toString()
    if (text === 'end') break
    const write = writes.get(offset)
    if (write !== undefined) {
      assert.deepEqual([write.named, write.value], [before.offset, before.value + 1])
      writes.delete(offset)
    }
    before = { offset, value: Number(text) }
  }
  assert.equal(writes.size, 0, 'every write was seen')
})

function offsetOf(tag: string | null): number {
  return Number(tag?.slice(1, -1))
}

test('a listener with logins of its own lets in whom it knows', BOUNDED, async (t) => {
  const { server } = await open(t)
  const { reason } = await server.publish({ topic: 'a', payload: 'x', retain: true })
  assert.ok(reason < 0x80)
  const own = createServer({ authenticate: ({ user }) => user === 'al' })
  t.after(() => own.close())
  const { port } = await own.listen({ speaks: 'http', host: '127.0.0.1', port: 0, lingerMs: 100 })
  const ask = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/topics/a`, { headers })
  const nobody = await ask({})
  assert.deepEqual([nobody.status, nobody.headers.has('www-authenticate')], [401, true])
  assert.equal((await ask({ authorization: `Basic ${btoa('al:x')}` })).status, 404)
})

// Listeners for HTTP: requests go to the front, foreign names are refused before it, and closing
// waits for nobody for long.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import { RecordingFront } from '../../test/support/recording-front.ts'
import type { Answer, Fetch } from './http.ts'
import { Listeners, type ListenOptions } from './listeners.ts'

const BOUNDED = { timeout: 10_000 }

async function open(
  t: TestContext,
  options: Partial<ListenOptions> = {},
  answer: Fetch = ({ url }) => new Response(url),
  topics?: Answer,
) {
  const fronts: RecordingFront[] = []
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      fronts.push(front)
      return front
    },
    fetch: answer,
    ...(topics === undefined ? {} : { answer: topics }),
    webSocket: { messageBytesMax: 1024, strictSubprotocol: false },
  })
  const where = { host: '127.0.0.1', port: 0, speaks: 'http', lingerMs: 100, ...options } as const
  const listening = await listeners.listen(where)
  t.after(() => {
    for (const { wire } of fronts) wire.destroy()
    return listeners.close(Promise.resolve())
  })
  return { listening, listeners, fronts, port: listening.port }
}

test('a request goes to the front, its answer back', BOUNDED, async (t) => {
  const { port } = await open(t)
  const answer = await fetch(`http://127.0.0.1:${port}/a?b`)
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), `http://127.0.0.1:${port}/a?b`)
})

test('the front is told the target as it was sent, and the peer', BOUNDED, async (t) => {
  const { port } = await open(t, {}, undefined, async ({ target, address }) => {
    return { status: 200, fields: {}, content: `${address} ${target}` }
  })
  // [what is sent, what the front is told]
  for (const [target, told] of [
    ['/a//b/../c/./%2e%2F?x=/../y', '/a//b/../c/./%2e%2F?x=/../y'],
    ['http://localhost/a/../b', 'http://localhost/a/../b'],
  ] as const) {
    const socket = connect({ host: '127.0.0.1', port })
    const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    socket.end(Buffer.from(head, 'latin1'))
    const answer = Buffer.concat(await socket.toArray()).toString()
    assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), `127.0.0.1 ${told}`)
  }
})

test('a target that is none is refused before the front sees it', BOUNDED, async (t) => {
  const { port } = await open(t, {}, () => assert.fail('the front was asked'))
  const socket = connect({ host: '127.0.0.1', port })
  socket.end('GET /a\\b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const answer = Buffer.concat(await socket.toArray()).toString()
  assert.match(answer, /^HTTP\/1\.1 400 .*application\/problem\+json/s)
})

test('a foreign name or origin is refused before the front sees it', BOUNDED, async (t) => {
  const { port } = await open(t, {}, () => assert.fail('the front was asked'))
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { origin: 'http://evil.example' },
  })
  assert.equal(answer.status, 403)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const { detail } = (await answer.json()) as { detail: string }
  assert.match(detail, /^pages of http:\/\/evil\.example may not connect/)

  const socket = connect({ host: '127.0.0.1', port })
  socket.write('GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 403 /)
})

test('HTTPS with its own certificate, and a new one', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async (t) => {
  const { server, ca, renewed } = certificates()
  const { listening, port } = await open(t, { tls: server })
  const organisation = async (): Promise<unknown> => {
    const request = get({ host: '127.0.0.1', port, ca: ca.cert, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    assert.equal(response.statusCode, 200)
    return (response.socket as TLSSocket).getPeerCertificate().subject.O
  }
  assert.equal(await organisation(), undefined)
  listening.renew?.(renewed)
  assert.equal(await organisation(), 'renewed')
})

test('HTTPS cuts off a bad client certificate', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async (t) => {
  const { server, ca, client, stranger } = certificates()
  const { port, fronts } = await open(t, { tls: { ...server, ca: ca.cert } })
  const dial = (pair: object) => {
    const options = { ...pair, ca: ca.cert, protocolVersion: 13 }
    return new WebSocket(`wss://127.0.0.1:${port}/mqtt`, 'mqtt', options)
  }
  const good = dial(client)
  await once(good, 'open')
  assert.equal(fronts[0]!.wire.peerCertificate?.()?.commonName, 'robot')
  await once(dial(stranger), 'error')
  assert.equal(fronts.length, 1)
})

test(
  'close ends idle connections, waits for an answer, cuts off what lingers',
  BOUNDED,
  async (t) => {
    let answer: () => void = () => undefined
    const { port, listening } = await open(t, {}, async ({ url }) => {
      if (!url.endsWith('/slow')) return new Response('done')
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return new Response('at last')
    })
    const idle = connect({ host: '127.0.0.1', port })
    idle.on('error', () => undefined)
    await once(idle, 'connect')
    const slow = connect({ host: '127.0.0.1', port })
    slow.write('GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await fetch(`http://127.0.0.1:${port}/`)
    const closing = listening.close()
    answer()
    const [chunk] = (await once(slow, 'data')) as [Buffer]
    assert.match(String(chunk), /^HTTP\/1\.1 200 OK/)
    const cut = once(idle, 'close')
    await Promise.all([closing, cut])
  },
)

test('HTTP answers while streams are drained, and takes no more of them', BOUNDED, async (t) => {
  const { port, listeners } = await open(t, {}, () => {
    return new Response(String(listeners.isReady))
  })
  const { port: other } = await listeners.listen({ host: '127.0.0.1', port: 0 })
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).text()
  assert.equal(await ask(), 'true')
  let drained: () => void = () => undefined
  const closing = listeners.close(
    new Promise((resolve) => {
      drained = resolve
    }),
  )
  assert.equal(await ask(), 'false')
  await assert.rejects(once(connect({ host: '127.0.0.1', port: other }), 'connect'))
  const late = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, 'mqtt')
  const [, response] = (await once(late, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(response.statusCode, 503)
  late.on('error', () => undefined).terminate()
  drained()
  await closing
  await assert.rejects(ask())
})

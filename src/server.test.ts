// The server as a program holds it: what it hands to `createServer` is asked and told, two servers
// share nothing, and closing is whole. What each part then does is that part's own tests'.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { certificates, certificatesSkip } from '../test/support/certificates.ts'
import { askToConnect, connectClient } from '../test/support/live-client.ts'
import {
  createServer,
  type Credentials,
  denyAll,
  Reason,
  type Server,
  type ServerOptions,
} from './index.ts'

const BOUNDED = { timeout: 20_000 }

/** A server with a listener for MQTT; closed with the test. */
async function start(
  t: TestContext,
  options: ServerOptions = {},
): Promise<{ server: Server; port: number }> {
  const server = createServer(options)
  t.after(() => server.close())
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return { server, port }
}

function textOf({ topic, payload }: { topic: string; payload: Uint8Array }): string {
  return `${topic}=${new TextDecoder().decode(payload)}`
}

test('authenticate decides who comes in, and as whom', BOUNDED, async (t) => {
  const asked: Credentials[] = []
  const { server, port } = await start(t, {
    authenticate: async (credentials) => {
      asked.push(credentials)
      await turn()
      return credentials.user === 'ann' && { user: 'ANN' }
    },
    mayPublish: ({ user }) => user === 'ANN',
  })
  const stranger = await askToConnect({ port, user: 'bob' })
  assert.equal(stranger.connack?.reason, Reason.badUserNameOrPassword)
  const ann = await connectClient({ port, user: 'ann', password: 'secret', clientId: 'lamp' })
  const { password, ...rest } = asked[1]!
  assert.equal(new TextDecoder().decode(password), 'secret')
  assert.deepEqual(rest, { clientId: 'lamp', user: 'ann', address: '127.0.0.1', front: 'mqtt' })
  assert.equal(await ann.publish('a', 'x', 1), Reason.noMatchingSubscribers)
  assert.equal(server.holdings().connections, 1)
})

test('mayPublish, maySubscribe and mayRead decide about each client', BOUNDED, async (t) => {
  const { server, port } = await start(t, {
    mayPublish: ({ clientId }, topic, qos, retain) =>
      clientId === 'lamp' && topic.startsWith('lamp/') && qos === 1 && !retain,
    maySubscribe: (_, filter) => (filter === '#' ? Reason.quotaExceeded : true),
    mayRead: ({ clientId }, topic) => clientId === 'all' || !topic.endsWith('/secret'),
  })
  const lamp = await connectClient({ port, clientId: 'lamp' })
  const all = await connectClient({ port, clientId: 'all' })
  assert.deepEqual(await lamp.subscribe('#'), [Reason.quotaExceeded])
  assert.deepEqual(await lamp.subscribe('lamp/+'), [Reason.success])
  assert.deepEqual(await all.subscribe('lamp/+'), [Reason.success])
  assert.equal(await lamp.publish('door', 'x', 1), Reason.notAuthorized)
  assert.equal(await all.publish('lamp/state', 'x', 1), Reason.notAuthorized)
  await lamp.publish('lamp/secret', '1', 1)
  await lamp.publish('lamp/state', '2', 1)
  await Promise.all([lamp.ping(), all.ping()])
  assert.deepEqual(lamp.messages.map(textOf), ['lamp/state=2'])
  assert.deepEqual(all.messages.map(textOf), ['lamp/secret=1', 'lamp/state=2'])
  // The program is asked for nothing, whatever its clients may do.
  assert.equal((await server.publish({ topic: 'door', payload: '' })).reason, 16)
})

test('a listener and an HTTP server may let others in', BOUNDED, async (t) => {
  const access = denyAll(Reason.banned, 'closed to the public')
  const { server, port } = await start(t, { access })
  const inner = await server.listen({
    host: '127.0.0.1',
    port: 0,
    access: {
      ...access,
      authenticate: ({ clientId, address, front }) => ({
        reason: Reason.success,
        principal: { user: 'inner', clientId, address, front },
      }),
    },
  })
  assert.equal((await askToConnect({ port })).connack?.reason, Reason.banned)
  await connectClient({ port: inner.port })
  const http = createHttpServer()
  t.after(() => http.close())
  const asked: string[] = []
  server.attach(http, {
    access: {
      ...access,
      authenticate: (credentials) => {
        asked.push(credentials.clientId)
        return access.authenticate(credentials)
      },
    },
  })
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const address = http.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/mqtt`, ['mqtt'])
  await once(socket, 'open')
  socket.send(Uint8Array.from([0x10, 14, 0, 4, 77, 81, 84, 84, 5, 2, 0, 0, 0, 0, 1, 97]))
  const [connack] = (await once(socket, 'message')) as [Buffer]
  assert.deepEqual([connack[0], connack[3], asked], [0x20, Reason.banned, ['a']])
})

test('each event tells who listens', BOUNDED, async (t) => {
  const { server, port } = await start(t)
  const heard: string[] = []
  const changed: (() => void)[] = []
  const hear = (text: string): void => {
    heard.push(text)
    for (const tell of changed.splice(0)) tell()
  }
  server.on('connect', ({ clientId, version, address }) => {
    hear(`connect ${clientId} ${version} ${address}`)
  })
  server.on('disconnect', ({ clientId, reason }) => hear(`disconnect ${clientId} ${reason}`))
  server.on('publish', ({ message, principal }) => {
    hear(`publish ${principal?.clientId ?? 'program'} ${textOf(message)}`)
  })
  server.on('drop', ({ subscriber, topic, cause }) => hear(`drop ${subscriber} ${topic} ${cause}`))
  const lamp = await connectClient({
    port,
    clientId: 'lamp',
    properties: { maximumPacketSize: 30 },
  })
  await lamp.subscribe('a')
  await lamp.publish('b', 'x', 1)
  await server.publish({ topic: 'a', payload: 'y'.repeat(30) })
  await lamp.disconnect()
  while (heard.length < 5) await new Promise<void>((resolve) => changed.push(resolve))
  assert.deepEqual(heard, [
    'connect lamp 5.0 127.0.0.1',
    'publish lamp b=x',
    'drop lamp a tooLarge',
    `publish program a=${'y'.repeat(30)}`,
    'disconnect lamp Normal disconnection',
  ])
})

test('a function and a stream get what came before close, then it is over', BOUNDED, async (t) => {
  const { server, port } = await start(t)
  const texts: string[] = []
  server.subscribe('a/#', {}, (message) => texts.push(textOf(message)))
  const stream = server.subscribe('a/#')
  const client = await connectClient({ port, version: 4 })
  await client.publish('a/client', '1', 1)
  const published = server.publish({ topic: 'a/program', payload: '2', qos: 1, retain: true })
  const closed = server.close()
  assert.equal(server.close(), closed)
  await closed
  assert.equal((await published).reason, Reason.success)
  assert.deepEqual(texts, ['a/client=1', 'a/program=2'])
  const read: string[] = []
  for await (const message of stream) read.push(textOf(message))
  assert.deepEqual(read, texts)
  await client.closed
  const late = await server.publish({ topic: 'a', payload: '' })
  assert.equal(late.reason, Reason.serverShuttingDown)
  await assert.rejects(server.listen({ host: '127.0.0.1', port: 0 }), {
    reason: Reason.serverShuttingDown,
  })
})

test('two servers share nothing', BOUNDED, async (t) => {
  const [one, two] = [await start(t), await start(t)]
  await one.server.publish({ topic: 'a', payload: 'one', retain: true, qos: 1 })
  assert.equal(two.server.state('a'), undefined)
  const [first, second] = [
    await connectClient({ port: one.port, clientId: 'same' }),
    await connectClient({ port: two.port, clientId: 'same' }),
  ]
  await second.subscribe('a')
  await one.server.close()
  await first.closed
  await two.server.publish({ topic: 'a', payload: 'two' })
  await second.until('a message', () => second.messages.length > 0)
  assert.deepEqual(second.messages.map(textOf), ['a=two'])
  assert.equal(two.server.holdings().connections, 1)
})

test('a block that owns a server closes it', BOUNDED, async () => {
  let port: number
  {
    await using server = createServer()
    const listening = await server.listen({ host: '127.0.0.1', port: 0 })
    port = listening.port
    await connectClient({ port })
  }
  await assert.rejects(connectClient({ port }), { code: 'ECONNREFUSED' })
})

test('one port for each way of speaking, and all are closed', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async () => {
  const server = createServer()
  const at = { host: '127.0.0.1', port: 0 } as const
  const tls = certificates().server
  const listenings = await Promise.all(
    (['mqtt', 'ws', 'http'] as const).flatMap((speaks) => [
      server.listen({ ...at, speaks }),
      server.listen({ ...at, speaks, tls }),
    ]),
  )
  assert.equal(new Set(listenings.map(({ port }) => port)).size, 6)
  assert.deepEqual(
    listenings.map((listening) => 'renew' in listening),
    [false, true, false, true, false, true],
  )
  await server.close()
  for (const { port } of listenings) {
    await assert.rejects(connectClient({ port }), { code: 'ECONNREFUSED' })
  }
})

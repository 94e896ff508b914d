// A program that has a server within: it ends by itself once the server is closed, without being
// told to exit, whatever the server had open. The clients are in this process.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runModule } from '../support/snippets.ts'

const BOUNDED = { timeout: 200_000 }

/** What a program says when it has ended in peace, and why it has not otherwise. */
async function linesOf(code: string): Promise<readonly string[]> {
  const ran = await runModule(code)
  assert.equal(ran.code, 0, `${ran.code}: ${ran.stdout}${ran.stderr}`)
  assert.equal(ran.stderr, '')
  return ran.stdout.split('\n').slice(0, -1)
}

test('a server that was made and never used keeps nothing running', BOUNDED, async () => {
  const code = `
    import { createServer } from 'rameau'
    createServer()
    console.log('made')`
  assert.deepEqual(await linesOf(code), ['made'])
})

test('start and close without any client', BOUNDED, async () => {
  const code = `
    import { createServer } from 'rameau'
    const server = createServer()
    for (const speaks of ['mqtt', 'ws', 'http']) {
      await server.listen({ host: '127.0.0.1', port: 0, speaks })
    }
    server.subscribe('#', {}, () => {})
    const reading = server.subscribe('#').next()
    server.on('connect', () => {})
    await server.close()
    await reading
    console.log('closed')`
  assert.deepEqual(await linesOf(code), ['closed'])
})

test('clients by TCP, WebSocket and an attached server, all still there', BOUNDED, async () => {
  const code = `
    import { once } from 'node:events'
    import { createServer as createHttpServer } from 'node:http'
    import mqtt from 'mqtt'
    import { createServer } from 'rameau'

    const server = createServer()
    const at = { host: '127.0.0.1', port: 0 }
    const [tcp, ws, http] = await Promise.all(
      ['mqtt', 'ws', 'http'].map((speaks) => server.listen({ ...at, speaks })),
    )
    const own = createHttpServer()
    server.attach(own, { path: '/own' })
    await once(own.listen(0, '127.0.0.1'), 'listening')

    const urls = [
      'mqtt://127.0.0.1:' + tcp.port,
      'ws://127.0.0.1:' + ws.port,
      'ws://127.0.0.1:' + http.port + '/mqtt',
      'ws://127.0.0.1:' + own.address().port + '/own',
    ]
    const got = []
    server.subscribe('hello/+', {}, ({ topic, payload }) => {
      got.push(topic + ' ' + new TextDecoder().decode(payload))
    })
    const clients = []
    for (const [index, url] of urls.entries()) {
      const options = { protocolVersion: 5, reconnectPeriod: 0, clientId: 'c' + index }
      const client = await mqtt.connectAsync(url, options)
      await client.subscribeAsync('#')
      await client.publishAsync('hello/' + index, 'x', { qos: 1 })
      clients.push(client)
    }
    const gone = clients.map((client) => once(client, 'close'))
    await server.close()
    console.log(got.join(), server.holdings().connections)
    await Promise.all(gone)
    own.close()`
  assert.deepEqual(await linesOf(code), ['hello/0 x,hello/1 x,hello/2 x,hello/3 x 0'])
})

test('two servers in one program, closed one after the other', BOUNDED, async () => {
  const code = `
    import mqtt from 'mqtt'
    import { createServer } from 'rameau'
    const servers = [createServer(), createServer()]
    const ports = []
    for (const server of servers) {
      ports.push((await server.listen({ host: '127.0.0.1', port: 0 })).port)
    }
    const [one, two] = servers
    const got = []
    two.subscribe('a', {}, ({ payload }) => got.push(new TextDecoder().decode(payload)))
    await one.publish({ topic: 'a', payload: 'one' })
    await one.close()
    const client = await mqtt.connectAsync('mqtt://127.0.0.1:' + ports[1])
    await client.publishAsync('a', 'two', { qos: 2 })
    await client.endAsync()
    await two.close()
    console.log(got.join())`
  assert.deepEqual(await linesOf(code), ['two'])
})

test('the end of a block closes its server', BOUNDED, async () => {
  const code = `
    import { createServer } from 'rameau'
    {
      await using server = createServer()
      await server.listen({ host: '127.0.0.1', port: 0 })
    }
    console.log('closed')`
  assert.deepEqual(await linesOf(code), ['closed'])
})

test('nothing global is added or changed', BOUNDED, async () => {
  // Descriptors, since a getter would load what it stands for.
  const code = `
    const globals = () => Object.entries(Object.getOwnPropertyDescriptors(globalThis))
      .map(([name, { value, get }]) => [name, value ?? get])
    const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)])
    const before = new Map(globals())
    const events = JSON.stringify(listeners())
    const { createServer } = await import('rameau')
    const server = createServer()
    await server.listen({ host: '127.0.0.1', port: 0, speaks: 'http' })
    await server.close()
    const changed = globals().filter(([name, value]) => !Object.is(before.get(name), value))
    console.log(JSON.stringify(changed), JSON.stringify(listeners()) === events)`
  assert.deepEqual(await linesOf(code), ['[] true'])
})

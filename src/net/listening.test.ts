// The entrance of all listeners: while there is no room nobody gets past it, by whatever way, and
// those who are on their way in count.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import { RecordingFront } from '../../test/support/recording-front.ts'
import { Listeners, type ListenOptions } from './listeners.ts'
import { Entrance } from './listening.ts'

const BOUNDED = { timeout: 10_000 }

async function open(t: TestContext, options: Partial<ListenOptions>, max: number) {
  const fronts: RecordingFront[] = []
  const asked: number[] = []
  const entrance = new Entrance((arriving) => {
    asked.push(arriving)
    return fronts.length + arriving >= max
  })
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      fronts.push(front)
      return front
    },
    entrance,
    fetch: () => new Response('here'),
    webSocket: { messageBytesMax: 1024, strictSubprotocol: false },
  })
  const where = { host: '127.0.0.1', port: 0, lingerMs: 100, ...options }
  const { port } = await listeners.listen(where)
  const clients: Socket[] = []
  t.after(() => {
    for (const client of clients) client.destroy()
    for (const { wire } of fronts) wire.destroy()
    return listeners.close(Promise.resolve())
  })
  const dial = async (): Promise<Socket> => {
    const client = connect({ host: '127.0.0.1', port })
    client.on('error', () => undefined).resume()
    clients.push(client)
    await once(client, 'connect')
    return client
  }
  return { fronts, asked, entrance, dial }
}

test('a full server cuts TCP connections off', BOUNDED, async (t) => {
  const { fronts, asked, dial } = await open(t, {}, 1)
  await dial()
  await once(await dial(), 'close')
  assert.equal(fronts.length, 1)
  assert.deepEqual(asked, [0, 0])
})

test('connections without a request or handshake count until they go', {
  ...BOUNDED,
  skip: certificatesSkip,
}, async (t) => {
  for (const options of [
    { speaks: 'http' },
    { tls: certificates().server },
    { proxyProtocol: true },
  ] as const) {
    const { asked, entrance, dial } = await open(t, options, 2)
    const first = await dial()
    await dial()
    await once(await dial(), 'close')
    assert.deepEqual(asked, [0, 1, 2])
    first.resetAndDestroy()
    while (entrance.arriving > 1) await new Promise(setImmediate)
    assert.equal(entrance.arriving, 1)
  }
})

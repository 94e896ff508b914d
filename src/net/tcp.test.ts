// The TCP transport against plain Node sockets: bytes in both directions, backpressure, and every
// way in which a stream can end.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { link, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pattern, RecordingFront as Front } from '../../test/support/recording-front.ts'
import { ListenError } from '../base/errors.ts'
import type { Listening, SocketOptions } from './listening.ts'
import { listenTcp } from './tcp.ts'

const BOUNDED = { timeout: 10_000 }

interface Bench {
  readonly listening: Listening
  /** Dials and waits until the server has accepted. */
  dial(onAccept?: (front: Front) => void, host?: string): Promise<{ client: Socket; front: Front }>
  close(): Promise<void>
}

const FREE_PORT: SocketOptions = { host: '127.0.0.1', port: 0 }

async function openBench(options = FREE_PORT): Promise<Bench> {
  const waiting: { onAccept: (front: Front) => void; resolve: (front: Front) => void }[] = []
  const clients: Socket[] = []
  const fronts: Front[] = []
  const listening = await listenTcp(options, (wire) => {
    const front = new Front(wire)
    fronts.push(front)
    const next = waiting.shift()
    next?.onAccept(front)
    next?.resolve(front)
    return front
  })
  return {
    listening,
    async dial(onAccept = () => undefined, host = listening.host) {
      const accepted = new Promise<Front>((resolve) => waiting.push({ onAccept, resolve }))
      const { port } = listening
      const client = connect(port === 0 ? { path: host } : { host, port, allowHalfOpen: true })
      client.on('error', () => undefined)
      clients.push(client)
      return { client, front: await accepted }
    },
    async close() {
      for (const client of clients) client.destroy()
      for (const front of fronts) front.wire.destroy()
      await listening.close()
    },
  }
}

async function readAll(client: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of client) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

test('echoes 8 MiB unaltered, one write at a time', BOUNDED, async () => {
  const bench = await openBench()
  const sent = pattern(8 * 1024 * 1024)
  const { client } = await bench.dial((front) => front.echo())
  client.write(sent)
  let received = 0
  for await (const chunk of client) {
    const bytes = chunk as Buffer
    assert.ok(bytes.equals(sent.subarray(received, received + bytes.length)))
    received += bytes.length
    if (received === sent.length) break
  }
  assert.equal(received, sent.length)
  await bench.close()
})

test('all connections read into one buffer, overwritten by the next read', BOUNDED, async () => {
  const bench = await openBench()
  const first = await bench.dial()
  const second = await bench.dial()
  first.client.write('first')
  await first.front.untilEvent('receive')
  const chunk = first.front.chunks[0]!
  assert.equal(Buffer.from(chunk).toString(), 'first')

  second.client.write('other')
  await second.front.untilEvent('receive')
  assert.equal(second.front.chunks[0]!.buffer, chunk.buffer)
  assert.equal(Buffer.from(chunk).toString(), 'other')
  await bench.close()
})

test('reads at most 64 KiB at once', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  client.write(pattern(1024 * 1024))
  await front.until(() => front.bytes === 1024 * 1024)
  assert.ok(front.chunks.every((chunk) => chunk.length <= 64 * 1024))
  await bench.close()
})

test('pause stops reading after at most one more chunk, resume goes on', BOUNDED, async () => {
  const bench = await openBench()
  const total = 16 * 1024 * 1024
  const { client, front } = await bench.dial((accepted) => {
    accepted.onReceive = () => accepted.wire.pause()
  })
  client.write(pattern(total))
  await front.untilEvent('receive')
  const atPause = front.chunks.length
  for (let count = 0; count < 50; count++) await turn()
  assert.ok(front.chunks.length <= atPause + 1)
  assert.ok(client.writableLength > 0, 'the peer feels it')

  front.onReceive = () => undefined
  front.wire.resume()
  await front.until(() => front.bytes === total)
  await bench.close()
})

test('resume and pause within one turn leave it paused', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial((accepted) => accepted.wire.pause())
  front.wire.resume()
  front.wire.pause()
  client.write(pattern(4 * 1024 * 1024))
  for (let count = 0; count < 50; count++) await turn()
  assert.ok(front.chunks.length <= 1)
  front.wire.resume()
  await front.until(() => front.bytes === 4 * 1024 * 1024)
  await bench.close()
})

test('several chunks arrive in order, and written is told once, after write', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  const text = new TextEncoder()
  front.wire.write([text.encode('one '), text.encode('two '), text.encode('three')])
  assert.deepEqual(front.events, [])
  await front.untilEvent('written')
  front.wire.write([text.encode(' four')])
  front.wire.end()
  client.end()
  assert.equal((await readAll(client)).toString(), 'one two three four')
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['written', 'written', 'closed'])
  assert.equal(front.error, undefined)
  await bench.close()
})

test('written waits for a peer that does not read', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  client.pause()
  front.wire.write([pattern(32 * 1024 * 1024)])
  for (let count = 0; count < 50; count++) await turn()
  assert.deepEqual(front.events, [])
  client.resume()
  await front.untilEvent('written')
  await bench.close()
})

test('end sends what was written, however much, before the FIN', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  const sent = pattern(8 * 1024 * 1024)
  front.wire.write([sent])
  front.wire.end()
  client.end()
  assert.ok((await readAll(client)).equals(sent))
  await front.untilEvent('closed')
  assert.equal(front.error, undefined)
  await bench.close()
})

test('end drops what still comes, also when paused, and does not reset', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial((accepted) => accepted.wire.pause())
  client.write(pattern(2 * 1024 * 1024))
  for (let count = 0; count < 20; count++) await turn()
  const before = front.bytes
  front.wire.write([new TextEncoder().encode('bye')])
  front.wire.end()
  assert.equal((await readAll(client)).toString(), 'bye')
  client.end()
  await front.untilEvent('closed')
  assert.equal(front.bytes, before)
  assert.equal(front.error, undefined)
  await bench.close()
})

test('end cuts off a peer that does not close in time', BOUNDED, async () => {
  const bench = await openBench({ ...FREE_PORT, lingerMs: 30 })
  const { client, front } = await bench.dial()
  front.wire.end()
  front.wire.end()
  await front.untilEvent('closed')
  assert.equal(front.error, undefined)
  assert.equal(client.writableEnded, false)
  await bench.close()
})

test('end cuts off a peer that does not read in time', BOUNDED, async () => {
  const bench = await openBench({ ...FREE_PORT, lingerMs: 30 })
  const { client, front } = await bench.dial()
  client.pause()
  front.wire.write([pattern(32 * 1024 * 1024)])
  front.wire.end()
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['closed'])
  await bench.close()
})

test('after the peer ends, the answers of that turn still leave', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial((accepted) => {
    accepted.onReceive = () => {
      setImmediate(() => accepted.wire.write([new TextEncoder().encode('answer')]))
    }
  })
  client.end('question')
  assert.equal((await readAll(client)).toString(), 'answer')
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['receive', 'written', 'closed'])
  await bench.close()
})

test('a peer that ends is followed by closed without an error', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  client.end()
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['closed'])
  assert.equal(front.error, undefined)
  await bench.close()
})

test('a reset comes as an error in closed', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  client.resetAndDestroy()
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['closed'])
  assert.equal((front.error as NodeJS.ErrnoException).code, 'ECONNRESET')
  await bench.close()
})

test('a reset during a write comes as an error in closed, not as written', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  client.pause()
  front.wire.write([pattern(32 * 1024 * 1024)])
  client.resetAndDestroy()
  await front.untilEvent('closed')
  assert.deepEqual(front.events, ['closed'])
  assert.match(String((front.error as NodeJS.ErrnoException).code), /ECONNRESET|EPIPE/)
  await bench.close()
})

test('destroy closes once, not synchronously, and later calls do nothing', BOUNDED, async () => {
  const bench = await openBench()
  const { front } = await bench.dial((accepted) => {
    accepted.wire.destroy()
    assert.deepEqual(accepted.events, [])
  })
  await front.untilEvent('closed')
  front.wire.destroy()
  front.wire.end()
  front.wire.pause()
  front.wire.resume()
  front.wire.write([new Uint8Array(1)])
  for (let count = 0; count < 5; count++) await turn()
  assert.deepEqual(front.events, ['closed'])
  await bench.close()
})

test('a front that throws loses its own stream only', BOUNDED, async () => {
  const bench = await openBench()
  const broken = await bench.dial((accepted) => {
    accepted.onReceive = () => {
      throw new RangeError('broken')
    }
  })
  const healthy = await bench.dial()
  broken.client.write('x')
  await broken.front.untilEvent('closed')
  assert.equal(broken.front.error?.message, 'broken')
  healthy.client.write('x')
  await healthy.front.untilEvent('receive')
  await bench.close()
})

test('addresses: the peer’s own, IPv4 as IPv4 on a dual-stack listener', BOUNDED, async (t) => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  assert.equal(front.wire.remoteAddress, '127.0.0.1')
  assert.equal(front.wire.remotePort, client.localPort)
  assert.notEqual(bench.listening.port, 0)
  await bench.close()

  const dual = await openBench({ host: '::', port: 0 }).catch(() => undefined)
  if (dual === undefined) return t.skip('no IPv6 here')
  const addresses = [
    (await dual.dial(undefined, '::1')).front,
    (await dual.dial(undefined, '127.0.0.1')).front,
  ].map(({ wire }) => wire.remoteAddress)
  assert.deepEqual(addresses, ['::1', '127.0.0.1'])
  await dual.close()
})

test('close stops accepting and leaves open streams alone', BOUNDED, async () => {
  const bench = await openBench()
  const { client, front } = await bench.dial()
  await bench.listening.close()
  const refused = connect(bench.listening.port, '127.0.0.1')
  await assert.rejects(once(refused, 'connect'), { code: 'ECONNREFUSED' })
  client.write('still here')
  await front.untilEvent('receive')
  client.destroy()
  front.wire.destroy()
})

test('a taken port is an error that names it', BOUNDED, async () => {
  const bench = await openBench()
  const { host, port } = bench.listening
  const again = listenTcp({ host, port }, (wire) => new Front(wire))
  await assert.rejects(again, (error) => {
    assert.ok(error instanceof ListenError)
    assert.deepEqual([error.code, error.host, error.port], ['EADDRINUSE', host, port])
    return true
  })
  await bench.close()
})

test('a Unix socket: local peers, a taken and an abandoned path', BOUNDED, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  const path = join(folder, 'mqtt.sock')
  const bench = await openBench({ path })
  assert.deepEqual([bench.listening.host, bench.listening.port], [path, 0])
  const { client, front } = await bench.dial()
  assert.equal(front.wire.remoteAddress, 'local')
  client.write('x')
  await front.untilEvent('receive')
  await assert.rejects(
    listenTcp({ path }, (wire) => new Front(wire)),
    ListenError,
  )

  // A hard link stays behind when the server removes its own name, as a killed server's would.
  const abandoned = join(folder, 'abandoned.sock')
  await link(path, abandoned)
  await bench.close()
  assert.ok(!existsSync(path))
  const again = await openBench({ path: abandoned })
  await again.dial()
  await again.close()
  await rm(folder, { recursive: true })
})

test('what is no socket stays where it is', BOUNDED, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  const codeAt = async (path: string): Promise<string> => {
    try {
      await listenTcp({ path }, (wire) => new Front(wire))
    } catch (error) {
      if (error instanceof ListenError) return error.code
      throw error
    }
    return 'it listens'
  }
  const file = join(folder, 'diary.txt')
  await writeFile(file, 'dear diary')
  assert.equal(await codeAt(file), 'ENOTSOCK')
  assert.equal(await readFile(file, 'utf8'), 'dear diary')
  assert.equal(await codeAt(folder), 'ENOTSOCK')
  const dangling = join(folder, 'link')
  await symlink(join(folder, 'nowhere'), dangling)
  assert.equal(await codeAt(dangling), 'ENOTSOCK')
  assert.equal(await codeAt(join(folder, 'missing', 'mqtt.sock')), 'ENOENT')
  assert.equal(await codeAt(join(folder, 'x'.repeat(200))), 'ENAMETOOLONG')
  await rm(folder, { recursive: true })
})

test('a thousand connections come and go, and none is counted for ever', BOUNDED, async () => {
  const bench = await openBench()
  for (let batch = 0; batch < 10; batch++) {
    const dialled = await Promise.all(Array.from({ length: 100 }, () => bench.dial()))
    for (const { client } of dialled) client.end()
    for (const { front } of dialled) await front.untilEvent('closed')
  }
  await bench.close() // Would never resolve if the server still counted one.
})

test('a connection that was reset before it was accepted leaves nothing', BOUNDED, async () => {
  const bench = await openBench()
  const where = `${bench.listening.port}, '127.0.0.1'`
  const reset = `require('node:net').connect(${where}, function () { this.resetAndDestroy() })`
  const descriptors = readdirSync('/proc/self/fd').length
  // This process accepts nothing meanwhile.
  for (let count = 0; count < 3; count++) spawnSync(process.execPath, ['-e', reset])
  const { client } = await bench.dial()
  client.destroy()
  while (readdirSync('/proc/self/fd').length > descriptors) await turn()
  await bench.close()
})

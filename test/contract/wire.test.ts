// Every transport runs the contract of Wire: in memory, TCP, TLS, WebSocket with and without TLS,
// and streams that the embedding program hands in, or an HTTP server of its own.

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { duplexPair } from 'node:stream'
import type { Accept } from '../../src/base/wire.ts'
import { acceptDuplex } from '../../src/net/duplex.ts'
import { Listeners, type ListenOptions } from '../../src/net/listeners.ts'
import { certificates, certificatesSkip } from '../support/certificates.ts'
import { type Dial, dialTcp, dialTls, dialWebSocket } from '../support/dial.ts'
import { MemoryPeer } from '../support/memory-wire.ts'
import { type WireBench, wireContract } from './wire.ts'

const READ_BYTES_MAX = 64 * 1024
/** A record of TLS, which is decrypted whole. */
const RECORD_BYTES_MAX = 16 * 1024

function listenersOf(accept: Accept): Listeners {
  return new Listeners({
    accept,
    fetch: () => new Response(),
    webSocket: { messageBytesMax: 64 * 1024 * 1024, strictSubprotocol: false },
  })
}

async function openBench(options: object, dial: Dial, accept: Accept): Promise<WireBench> {
  const listeners = listenersOf(accept)
  const where: ListenOptions = { host: '127.0.0.1', port: 0, ...options }
  const { port } = await listeners.listen(where)
  return { dial: (end) => dial(port, end), close: () => listeners.close(Promise.resolve()) }
}

/** A server of the program's own; what comes there was told beforehand. */
async function openOwn(server: Server, dial: Dial): Promise<WireBench> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    dial: (end) => dial(port, end),
    close: async () => {
      server.close()
    },
  }
}

wireContract({
  name: 'memory',
  bytesAfterPauseMax: READ_BYTES_MAX,
  open: async (accept) => ({
    dial: async (end) => {
      const peer = new MemoryPeer(accept, (task) => void setImmediate(task), end)
      return {
        send: (bytes) => peer.send(bytes),
        pause: () => peer.pause(),
        resume: () => peer.resume(),
        cut: () => peer.cut(),
        reset: () => peer.reset(),
      }
    },
    close: () => Promise.resolve(),
  }),
})

wireContract({
  name: 'TCP',
  bytesAfterPauseMax: READ_BYTES_MAX,
  open: (accept) => openBench({}, dialTcp, accept),
})

wireContract({
  name: 'TLS',
  skip: certificatesSkip,
  bytesAfterPauseMax: RECORD_BYTES_MAX,
  open: (accept) => openBench({ tls: certificates().server }, dialTls, accept),
})

wireContract({
  name: 'WebSocket',
  bytesAfterPauseMax: 0,
  open: (accept) => openBench({ speaks: 'ws' }, dialWebSocket('ws'), accept),
})

wireContract({
  name: 'secure WebSocket',
  skip: certificatesSkip,
  bytesAfterPauseMax: 0,
  open: (accept) => {
    return openBench({ speaks: 'ws', tls: certificates().server }, dialWebSocket('wss'), accept)
  },
})

wireContract({
  name: 'one half of a pair',
  bytesAfterPauseMax: READ_BYTES_MAX,
  open: async (accept) => ({
    dial: async (end) => {
      const [near, far] = duplexPair()
      near.on('data', (chunk: Uint8Array) => end.receive(chunk)).on('close', () => end.closed())
      near.on('end', () => near.end()).on('error', () => undefined)
      // A half that is destroyed leaves the other one waiting; the system would tell a socket.
      far.on('close', () => near.destroy())
      acceptDuplex(far, accept)
      return {
        send: (bytes) => void near.write(bytes),
        pause: () => void near.pause(),
        resume: () => void near.resume(),
        cut: () => void near.end(),
        reset: () => void near.destroy(new Error('reset')),
      }
    },
    close: () => Promise.resolve(),
  }),
})

wireContract({
  name: 'a socket handed in',
  bytesAfterPauseMax: READ_BYTES_MAX,
  open: (accept) =>
    openOwn(
      createServer((socket) => acceptDuplex(socket, accept)),
      dialTcp,
    ),
})

wireContract({
  name: 'WebSocket at a server attached to',
  bytesAfterPauseMax: 0,
  open: (accept) => {
    const server = createHttpServer()
    listenersOf(accept).attach(server, { path: '/any' })
    return openOwn(server, dialWebSocket('ws'))
  },
})

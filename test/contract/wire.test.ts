// Every transport runs the contract of Wire: in memory, TCP, TLS, WebSocket with and without TLS.

import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { WebSocket } from 'ws'
import type { Accept } from '../../src/base/wire.ts'
import { Listeners, type ListenOptions } from '../../src/net/listeners.ts'
import { certificates, certificatesSkip } from '../support/certificates.ts'
import { MemoryPeer } from '../support/memory-wire.ts'
import { type WireBench, wireContract, type WirePeer, type WirePeerEnd } from './wire.ts'

const READ_BYTES_MAX = 64 * 1024
/** A record of TLS, which is decrypted whole. */
const RECORD_BYTES_MAX = 16 * 1024

type Dial = (port: number, end: WirePeerEnd) => Promise<WirePeer>

async function openBench(options: object, dial: Dial, accept: Accept): Promise<WireBench> {
  const listeners = new Listeners({
    accept,
    fetch: () => new Response(),
    webSocket: { messageBytesMax: 64 * 1024 * 1024, strictSubprotocol: false },
  })
  const where: ListenOptions = { host: '127.0.0.1', port: 0, ...options }
  const { port } = await listeners.listen(where)
  return { dial: (end) => dial(port, end), close: () => listeners.close(Promise.resolve()) }
}

const dialTcp: Dial = async (port, end) => {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('data', (chunk: Buffer) => end.receive(chunk)).on('close', () => end.closed())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return {
    send: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
}

const dialTls: Dial = async (port, end) => {
  const plain = connect({ host: '127.0.0.1', port })
  const socket = connectSecure({
    socket: plain,
    ca: certificates().ca.cert,
    servername: 'localhost',
  })
  socket.on('data', (chunk: Buffer) => end.receive(chunk)).on('close', () => end.closed())
  socket.on('error', () => undefined)
  plain.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return {
    send: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    finish: () => void socket.end(),
    reset: () => void plain.resetAndDestroy(),
  }
}

const dialWebSocket =
  (scheme: 'ws' | 'wss'): Dial =>
  async (port, end) => {
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/any`, ['mqtt'], {
      perMessageDeflate: false,
      ...(scheme === 'wss' ? { ca: certificates().ca.cert } : {}),
    })
    socket.on('message', (content: Buffer) => end.receive(content)).on('close', () => end.closed())
    socket.on('error', () => undefined)
    await once(socket, 'open')
    return {
      send: (bytes) => socket.send(bytes),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      finish: () => socket.close(),
      reset: () => socket.terminate(),
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
        finish: () => peer.cut(),
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

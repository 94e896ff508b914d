// Every transport runs the contract of Wire: in memory, TCP, TLS, WebSocket with and without TLS.

import type { Accept } from '../../src/base/wire.ts'
import { Listeners, type ListenOptions } from '../../src/net/listeners.ts'
import { certificates, certificatesSkip } from '../support/certificates.ts'
import { type Dial, dialTcp, dialTls, dialWebSocket } from '../support/dial.ts'
import { MemoryPeer } from '../support/memory-wire.ts'
import { type WireBench, wireContract } from './wire.ts'

const READ_BYTES_MAX = 64 * 1024
/** A record of TLS, which is decrypted whole. */
const RECORD_BYTES_MAX = 16 * 1024

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

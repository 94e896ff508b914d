// Listens on TCP ports and Unix sockets and hands each new stream to a front as a `Wire`. It says
// nothing about the bytes; how a stream is written and ended is socket-wire's.

import { createServer, Socket, type SocketConstructorOpts } from 'node:net'
import type { Accept } from '../base/wire.ts'
import {
  bind,
  LINGER_MS,
  type Listening,
  SERVER_OPTIONS,
  type SocketOptions,
  whereIs,
} from './listening.ts'
import { expectProxyHeader } from './proxy-protocol.ts'
import { remoteOf } from './remote.ts'
import { SocketWire } from './socket-wire.ts'

/** Bytes of one read. All connections share one buffer, for each read is used up at once. */
const READ_BYTES_MAX = 64 * 1024

/** Every read of every connection lands here; `WireEnd.receive` says what follows from that. */
const READ_BUFFER = new Uint8Array(READ_BYTES_MAX)

/** Listens, and calls `accept` for each new stream. Rejects with a ListenError. */
export async function listenTcp(options: SocketOptions, accept: Accept): Promise<Listening> {
  const server = createServer({ ...SERVER_OPTIONS, pauseOnConnect: true })
  server.on('connection', (socket) => adopt(socket, options, accept))
  const arrivals = options.proxyProtocol === true ? expectProxyHeader(server, options) : undefined
  await bind(server, options)
  return {
    ...whereIs(server),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await arrivals?.gone(0)
      await closed
    },
  }
}

/** Moves the connection from Node's own socket to one that reads into the shared buffer. */
function adopt(accepted: Socket, options: SocketOptions, accept: Accept): void {
  const remote = remoteOf(accepted, 'path' in options)
  // What a reader of the PROXY header had read too much.
  const rest: unknown = accepted.readableLength > 0 ? accepted.read() : undefined
  // A peer that is gone already has no address; its handle stays where `destroy` closes it.
  const handle = remote === undefined ? undefined : takeHandle(accepted)
  if (remote === undefined || handle === undefined) {
    accepted.destroy()
    return
  }

  const socket = new Socket({
    ...handle,
    allowHalfOpen: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (bytes, buffer) => wire.receive(buffer.subarray(0, bytes)),
    },
  })
  const wire: SocketWire = new SocketWire(socket, remote, options.lingerMs ?? LINGER_MS)
  wire.attach(accept(wire))
  if (rest instanceof Uint8Array) process.nextTick(() => wire.receive(rest))
  // It has no connection any more; without this the server would count it for ever.
  accepted.destroy()
}

/**
 * Takes the system's handle out of a socket and leaves it empty. `net.createServer` does not take
 * `onread`, the one way to read without an allocation per chunk; a Socket made from a handle does.
 * Both names are old and used by Node's own modules, though not documented: tcp.test.ts would tell.
 */
function takeHandle(socket: Socket): SocketConstructorOpts | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (!handle) return undefined
  Reflect.set(socket, '_handle', null)
  return Object.assign<SocketConstructorOpts, { handle: unknown }>({}, { handle })
}

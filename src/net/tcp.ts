// Listens on TCP ports and Unix sockets and hands each new stream to a front as a `Wire`. It says
// nothing about the bytes; how a stream is written and ended is socket-wire's.

import { once } from 'node:events'
import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net'
import { ListenError } from '../base/errors.ts'
import type { Accept } from '../base/wire.ts'
import { type Remote, SocketWire } from './socket-wire.ts'

/** Bytes of one read. All connections share one buffer, for each read is used up at once. */
const READ_BYTES_MAX = 64 * 1024
/** Connections that the kernel holds until we accept them; it lets further ones wait or fail. */
const BACKLOG_MAX = 4096
/** After this much silence the kernel asks whether the peer's machine still exists. */
const PROBE_AFTER_MS = 5 * 60_000
const LINGER_MS = 5000

/** Every read of every connection lands here; `WireEnd.receive` says what follows from that. */
const READ_BUFFER = new Uint8Array(READ_BYTES_MAX)

/** Where to listen: a TCP port (0 takes a free one), or the path of a Unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

export type TcpOptions = Place & {
  /** How long the peer may take to close after our FIN before it is cut off; 5 s by default. */
  readonly lingerMs?: number
  /** Told what goes wrong while listening, such as no file descriptors left. It goes on. */
  readonly failed?: (error: Error) => void
}

/** Something that listens. */
export interface Listening {
  /** The address that it is bound to, or the path of the Unix socket. */
  readonly host: string
  /** The actual port; 0 for a Unix socket. */
  readonly port: number
  /** Stops accepting; streams that are open go on. */
  close(): Promise<void>
}

/** Listens, and calls `accept` for each new stream. Rejects with {@link ListenError}. */
export async function listenTcp(options: TcpOptions, accept: Accept): Promise<Listening> {
  const lingerMs = options.lingerMs ?? LINGER_MS
  const server = createServer({
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
  })
  server.on('connection', (socket) => adopt(socket, 'path' in options, lingerMs, accept))
  await bind(server, options)
  server.on('error', (error) => options.failed?.(error))

  const address = server.address()
  const isTcp = typeof address === 'object' && address !== null
  return {
    host: isTcp ? address.address : String(address),
    port: isTcp ? address.port : 0,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function bind(server: Server, place: Place): Promise<void> {
  try {
    await listen(server, place)
  } catch (error) {
    const isPath = 'path' in place
    if (isPath && codeOf(error) === 'EADDRINUSE' && (await isAbandoned(place.path))) {
      await unlink(place.path)
      return bind(server, place)
    }
    const [host, port] = isPath ? [place.path, 0] : [place.host, place.port]
    throw new ListenError(codeOf(error), host, port, error)
  }
}

async function listen(server: Server, place: Place): Promise<void> {
  server.listen({ ...place, backlog: BACKLOG_MAX })
  await once(server, 'listening') // Rejects on 'error'.
}

/** Whether nobody answers there: a process that was killed leaves its socket's file behind. */
async function isAbandoned(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return codeOf(error) === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return 'UNKNOWN'
}

/** Moves the connection from Node's own socket to one that reads into the shared buffer. */
function adopt(accepted: Socket, isLocal: boolean, lingerMs: number, accept: Accept): void {
  const remote = isLocal ? LOCAL : remoteOf(accepted)
  const options = takeHandle(accepted)
  if (remote === undefined || options === undefined) {
    accepted.destroy() // The peer is gone already.
    return
  }

  const socket = new Socket({
    ...options,
    allowHalfOpen: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (bytes, buffer) => wire.receive(buffer.subarray(0, bytes)),
    },
  })
  const wire: SocketWire = new SocketWire(socket, remote, lingerMs)
  wire.attach(accept(wire))
  // It has no connection any more; without this the server would count it for ever.
  accepted.destroy()
}

const LOCAL: Remote = { address: 'local', port: 0 }

function remoteOf(socket: Socket): Remote | undefined {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined) return undefined
  // On a dual-stack listener IPv4 peers show as ::ffff:127.0.0.1; rules and logs want 127.0.0.1.
  return { address: remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, ''), port: remotePort ?? 0 }
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

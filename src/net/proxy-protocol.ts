// Makes a server read a PROXY header at the start of every connection, before whoever would take
// the connection otherwise: TCP, TLS or HTTP. What a header looks like is proxy-header's.

import type { Server, Socket } from 'node:net'
import { Arrivals, type SocketOptions } from './listening.ts'
import { HEADER_BYTES_MAX, parseProxyHeader } from './proxy-header.ts'
import { plain, tellRemote } from './remote.ts'

/** A proxy sends its header at once; whoever does not is cut off. */
const HEADER_MS_MAX = 5000

type Options = Pick<SocketOptions, 'refused' | 'entrance'> & { readonly headerMsMax?: number }

/**
 * Call it when `server` has all its listeners of 'connection'; they get each connection once its
 * header was read. Gives the connections whose header is awaited.
 */
export function expectProxyHeader(server: Server, options: Options): Arrivals {
  const arrivals = new Arrivals(options)
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    arrivals.add(socket)
    readHeader(socket, options, () => {
      arrivals.leave(socket)
      for (const take of takers) Reflect.apply(take, server, [socket])
    })
  })
  return arrivals
}

function readHeader(socket: Socket, options: Options, ready: () => void): void {
  const address = plain(socket.remoteAddress ?? 'local')
  let bytes = Buffer.alloc(0)
  const refuse = (why: string): void => {
    leave()
    options.refused?.(why, address)
    socket.destroy()
  }
  const read = (): void => {
    const chunk: unknown = socket.read()
    if (!(chunk instanceof Uint8Array)) return
    bytes = Buffer.concat([bytes, chunk])
    const header = parseProxyHeader(bytes)
    if (header === 'malformed' || (header === 'more' && bytes.length >= HEADER_BYTES_MAX)) {
      return refuse('no PROXY header')
    }
    if (header === 'more') return
    leave()
    if (header.remote !== undefined) tellRemote(socket, header.remote)
    if (bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes))
    ready()
  }
  const late = setTimeout(
    () => refuse('no PROXY header in time'),
    options.headerMsMax ?? HEADER_MS_MAX,
  )
  const gone = (): void => refuse('no PROXY header before the end')
  const leave = (): void => {
    clearTimeout(late)
    socket.off('readable', read).off('end', gone).off('close', leave)
  }
  socket.on('readable', read).on('end', gone).on('close', leave)
  // A reset; 'close' follows.
  socket.on('error', () => undefined)
}

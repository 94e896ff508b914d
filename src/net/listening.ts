// What all listeners have in common: where they listen, how their server is bound there, and how it
// stops. What is done with a connection is said by tcp, tls and http.

import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import { connect, type Server, type ServerOpts, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { ListenError } from '../base/errors.ts'

/** Connections that the kernel holds until we accept them; it lets further ones wait or fail. */
const BACKLOG_MAX = 4096
/** After this much silence the kernel asks whether the peer's machine still exists. */
export const PROBE_AFTER_MS: number = 5 * 60_000
export const LINGER_MS: number = 5000

/** Where to listen: a TCP port (0 takes a free one), or the path of a Unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

export type SocketOptions = Place & {
  /** How long the peer may take to close after our FIN before it is cut off; 5 s by default. */
  readonly lingerMs?: number
  /**
   * True: every connection begins with a header of the PROXY protocol, which says who the client
   * is. Only for a listener that nobody but the proxy can reach: the header is believed.
   */
  readonly proxyProtocol?: boolean
  /** Asked for each new connection; by default all are let in. */
  readonly entrance?: Entrance | undefined
  /** Told what goes wrong while listening, such as no file descriptors left. It goes on. */
  readonly failed?: (error: Error) => void
  /** Told why a connection was cut before its first byte of MQTT or HTTP. */
  readonly refused?: (why: string, address: string) => void
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

/** What every server is made with. Half-open: a wire answers the peer's FIN itself. */
export const SERVER_OPTIONS: Readonly<ServerOpts> = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER_MS,
}

/** Bounds the connections of all listeners of one server before any of them costs much. */
export class Entrance {
  /** Connections that are not a front's yet. */
  arriving = 0
  readonly #isFull: (arriving: number) => boolean

  /** `isFull`: whether there is no room beside so many that are on their way in. */
  constructor(isFull: (arriving: number) => boolean) {
    this.#isFull = isFull
  }

  /** From now on cuts a connection off that comes while there is no room, before all else. */
  guard(server: Server): void {
    const takers = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (this.#isFull(this.arriving)) socket.destroy()
      else for (const take of takers) Reflect.apply(take, server, [socket])
    })
  }
}

/**
 * Binds `server`, which has all its listeners of 'connection'. Rejects with {@link ListenError}.
 */
export async function bind(server: Server, options: SocketOptions): Promise<void> {
  options.entrance?.guard(server)
  await bindTo(server, 'path' in options ? { path: options.path } : placeOf(options))
  server.on('error', (error) => options.failed?.(error))
}

function placeOf({ host, port }: { host: string; port: number }): Place {
  return { host, port }
}

async function bindTo(server: Server, place: Place): Promise<void> {
  try {
    await listen(server, place)
  } catch (error) {
    const code = codeOf(error)
    if (!('path' in place)) throw new ListenError(code, place.host, place.port, error)
    const { path } = place
    if (code !== 'EADDRINUSE') throw new ListenError(await truerCode(code, path), path, 0, error)
    if (!(await isSocket(path))) throw new ListenError('ENOTSOCK', path, 0, error)
    if (!(await isAbandoned(path))) throw new ListenError(code, path, 0, error)
    await unlink(path)
    return bindTo(server, place)
  }
}

/** Linux takes no longer path for a Unix socket, and others less. */
const PATH_BYTES_MAX = 107

/** What is wrong with the path of a Unix socket: Node says EACCES where its folder is missing. */
async function truerCode(code: string, path: string): Promise<string> {
  if (code === 'EACCES' && !(await exists(dirname(path)))) return 'ENOENT'
  if (code === 'EINVAL' && Buffer.byteLength(path) > PATH_BYTES_MAX) return 'ENAMETOOLONG'
  return code
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR',
  )
}

/** Anything else at that path, such as a file, is somebody's, and is not to be removed. */
async function isSocket(path: string): Promise<boolean> {
  return (await lstat(path)).isSocket()
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

/** Where a bound server listens. */
export function whereIs(server: Server): { readonly host: string; readonly port: number } {
  const address = server.address()
  if (typeof address === 'object' && address !== null) {
    return { host: address.address, port: address.port }
  }
  return { host: String(address), port: 0 }
}

/** Connections that are not a front's yet: nobody else ends them when the listener closes. */
export class Arrivals {
  readonly #entrance: Entrance | undefined
  readonly #sockets = new Set<Socket>()
  #whenNone: (() => void) | undefined

  constructor({ entrance }: Pick<SocketOptions, 'entrance'>) {
    this.#entrance = entrance
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
    if (this.#entrance !== undefined) this.#entrance.arriving += 1
    socket.once('close', () => this.leave(socket))
  }

  /** Somebody else ends it from now on. */
  leave(socket: Socket): void {
    if (!this.#sockets.delete(socket)) return
    if (this.#entrance !== undefined) this.#entrance.arriving -= 1
    if (this.#sockets.size === 0) this.#whenNone?.()
  }

  /** Resolves when all have left; cuts off those that are still here after `lingerMs`. */
  async gone(lingerMs: number): Promise<void> {
    if (this.#sockets.size === 0) return
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, lingerMs)
    await new Promise<void>((resolve) => {
      this.#whenNone = resolve
    })
    clearTimeout(timer)
  }
}

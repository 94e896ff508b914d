// An HTTP server of the embedding program as a place for MQTT over WebSocket: one path of it leads
// to us, all else stays the program's. That server is neither opened nor closed here.

import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { ListenError } from '../base/errors.ts'
import type { Accept } from '../base/wire.ts'
import { LINGER_MS, PROBE_AFTER_MS } from './listening.ts'
import { refusalOf } from './origin.ts'
import { pathOf, refuse, type WebSocketSettings, WebSockets } from './websocket.ts'

/** Where MQTT over WebSocket is found unless said otherwise. */
export const MQTT_PATH = '/mqtt'

export interface AttachOptions {
  /** Which path leads to MQTT, exactly and without a query; `/mqtt` by default. */
  readonly path?: string | undefined
  /** Web pages, by their origins, that may use it beside those of its own name; `*` for all. */
  readonly origins?: readonly string[] | undefined
}

/** A path of the program's HTTP server that leads to MQTT. */
export interface Attachment {
  readonly path: string
  /** Gives the path back. Streams that are open go on. Harmless when said again. */
  detach(): void
}

export type HttpServer = Server | SecureServer

type Take = (request: IncomingMessage, stream: Duplex, head: Buffer) => void

/** One for each HTTP server that has something attached. */
const GATES = new WeakMap<HttpServer, Gate>()

/** Throws a ListenError where the path has been attached already. */
export function attach(
  server: HttpServer,
  options: AttachOptions,
  settings: WebSocketSettings,
  accept: Accept,
): Attachment {
  const { path = MQTT_PATH, origins = [] } = options
  const isLocal = () => typeof server.address() === 'string'
  const webSockets = new WebSockets({ isLocal, lingerMs: LINGER_MS }, settings, accept)
  const gate = GATES.get(server) ?? new Gate(server)
  gate.open(path, (request, stream, head) => {
    prepare(stream)
    const text = refusalOf(request.headers, { host: hostOf(server), origins })
    const refusal =
      text === undefined
        ? webSockets.upgrade(request, request.socket, head)
        : { status: '403 Forbidden', text }
    if (refusal !== undefined) refuse(stream, refusal, LINGER_MS)
  })
  let isAttached = true
  return {
    path,
    detach: () => {
      if (isAttached) gate.close(path)
      isAttached = false
    },
  }
}

/**
 * Stands between an HTTP server and its listeners of 'upgrade'. To be one of them is not enough:
 * others, such as a WebSocketServer with a path of its own, answer with an error whatever upgrade
 * is not for them, and a listener cannot keep an event from the next.
 */
class Gate {
  readonly #server: HttpServer
  readonly #takes = new Map<string, Take>()
  readonly #undo: () => boolean

  constructor(server: HttpServer) {
    this.#server = server
    const isOwn = Object.hasOwn(server, 'emit')
    const before = server.emit
    const emit = (...args: unknown[]): boolean => this.#take(args) || call(before, server, args)
    Reflect.set(server, 'emit', emit)
    this.#undo = () => {
      // Somebody else may have put himself before us meanwhile: then we let all through.
      if (server.emit !== emit) return false
      return isOwn ? Reflect.set(server, 'emit', before) : Reflect.deleteProperty(server, 'emit')
    }
    GATES.set(server, this)
  }

  open(path: string, take: Take): void {
    if (this.#takes.has(path)) {
      throw new ListenError('EADDRINUSE', path, 0, new Error('a server is attached there'))
    }
    // Without any listener Node would not make the event.
    if (this.#takes.size === 0) this.#server.on('upgrade', ignore)
    this.#takes.set(path, take)
  }

  close(path: string): void {
    this.#takes.delete(path)
    if (this.#takes.size > 0) return
    this.#server.off('upgrade', ignore)
    if (this.#undo()) GATES.delete(this.#server)
  }

  /** True: the event was for us, and is told nobody else. */
  #take([event, request, stream, head]: readonly unknown[]): boolean {
    if (event !== 'upgrade' || this.#takes.size === 0) return false
    if (!(request instanceof IncomingMessage && stream instanceof Duplex)) return false
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    const take = isWebSocket ? this.#takes.get(pathOf(request)) : undefined
    if (take !== undefined && head instanceof Buffer) {
      take(request, stream, head)
      return true
    }
    if (this.#server.listeners('upgrade').some((listener) => listener !== ignore)) return false
    answerAsRequest(this.#server, request, stream)
    return true
  }
}

function ignore(): void {}

function call(emit: HttpServer['emit'], server: HttpServer, args: readonly unknown[]): boolean {
  const isHeard: unknown = Reflect.apply(emit, server, args)
  return isHeard === true
}

/** What listeners that we open do for their sockets. */
function prepare(stream: Duplex): void {
  stream.allowHalfOpen = true
  if (stream instanceof Socket) stream.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS)
}

/** What it was told to listen on; undefined for a Unix socket. */
function hostOf(server: HttpServer): string | undefined {
  const address = server.address()
  return typeof address === 'object' ? address?.address : undefined
}

/**
 * Lets the program answer an upgrade that nobody takes, as without us: many clients offer to go on
 * in HTTP/2 and do not mind being answered in HTTP/1.1.
 */
function answerAsRequest(server: HttpServer, request: IncomingMessage, stream: Duplex): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  // Node has stopped reading the request here, and its body with it.
  if (length !== '0' || coding !== undefined) {
    const text = 'no upgrade here: ask again without one'
    return refuse(stream, { status: '501 Not Implemented', text }, LINGER_MS)
  }
  const { socket } = request
  // The peer may be gone before it has read the answer.
  socket.on('error', () => undefined)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.on('finish', () => socket.destroySoon())
  server.emit('request', request, response)
}

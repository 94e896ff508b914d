// Listens for HTTP and HTTPS: requests go to a function that answers them, upgrades to WebSocket
// become wires. What an answer says is the front's.

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  ServerResponse,
  type ServerOptions,
} from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Accept } from '../base/wire.ts'
import { type HttpReply, type HttpRequest, requestOf, sendReply } from './http-exchange.ts'
import {
  Arrivals,
  bind,
  LINGER_MS,
  type Listening,
  SERVER_OPTIONS,
  type SocketOptions,
  whereIs,
} from './listening.ts'
import { refusalOf } from './origin.ts'
import { expectProxyHeader } from './proxy-protocol.ts'
import { acceptedOf } from './remote.ts'
import { type Certificates, contextOf, onSecure, type SecureListening, securityOf } from './tls.ts'
import { pathOf, type Refusal, refuse, type WebSocketSettings, WebSockets } from './websocket.ts'

/** Whoever has not sent all headers by then is cut off. */
const HEADERS_MS_MAX = 10_000
/** The headers of one request. */
const HEADER_BYTES_MAX = 16 * 1024

export type HttpOptions = SocketOptions & {
  readonly tls?: Certificates | undefined
  /** Web pages, by their origins, that may use it beside those of its own name; `*` for all. */
  readonly origins?: readonly string[] | undefined
}

/** Answers a request; undefined: it is for {@link Fetch}. Must not reject. */
export type Answer = (request: HttpRequest) => Promise<HttpReply> | undefined

export type Fetch = (request: Request) => Response | Promise<Response>

/** What a listener does with what comes. */
export interface HttpEnds {
  /** Asked first. */
  readonly answer: Answer | undefined
  /** Answers the other requests. Undefined: the listener is for WebSockets alone. */
  readonly fetch: Fetch | undefined
  /** Whether upgrades of this path lead to MQTT. */
  readonly isMqtt: (path: string) => boolean
  /** False while no more streams are taken. */
  readonly isOpen: () => boolean
  readonly accept: Accept
  readonly webSocket: WebSocketSettings
}

/** Listens. Rejects with a ListenError. */
export async function listenHttp(
  options: HttpOptions,
  ends: HttpEnds,
): Promise<Listening & Partial<SecureListening>> {
  const { tls } = options
  const arrivals = new Arrivals(options)
  const settings: ServerOptions = {
    ...SERVER_OPTIONS,
    headersTimeout: HEADERS_MS_MAX,
    maxHeaderSize: HEADER_BYTES_MAX,
    requireHostHeader: false, // It is looked at here, so that the refusal has the form of others.
  }
  const server =
    tls === undefined
      ? createServer(settings)
      : createSecureServer({ ...settings, ...securityOf(tls) })
  if ('setSecureContext' in server) rejectBadCertificates(server, options)
  server.on('connection', (socket: Socket) => arrivals.add(socket))
  server.on('request', requestsOf(options, ends))
  server.on('clientError', refuseBytes)
  server.on('upgrade', upgradesOf(options, ends, arrivals))
  const headers = options.proxyProtocol === true ? expectProxyHeader(server, options) : undefined
  await bind(server, options)
  const listening: Listening = {
    ...whereIs(server),
    close: async () => {
      server.close()
      server.closeIdleConnections()
      await Promise.all([headers?.gone(0), arrivals.gone(options.lingerMs ?? LINGER_MS)])
    },
  }
  if (!('setSecureContext' in server)) return listening
  return { ...listening, renew: (certificates) => server.setSecureContext(contextOf(certificates)) }
}

/** Puts the check before HTTP gets the connection. */
function rejectBadCertificates(server: SecureServer, options: HttpOptions): void {
  const takers = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  onSecure(server, options, (socket: TLSSocket) => {
    for (const take of takers) Reflect.apply(take, server, [socket])
  })
}

function requestsOf(options: HttpOptions, ends: HttpEnds): RequestListener {
  const isLocal = 'path' in options
  const answer = ends.fetch && listenerOf(ends.fetch)
  return (request, response) => {
    const fault = hostFaultOf(request)
    const refusal = refusalOf(request.headers, rulesOf(options))
    if (fault !== undefined) {
      response.writeHead(400, PROBLEM).end(problemOf(400, 'Bad Request', fault))
    } else if (refusal !== undefined) {
      response.writeHead(403, PROBLEM).end(problemOf(403, 'Forbidden', refusal))
    } else if (answer === undefined) {
      const headers = { 'content-type': 'text/plain', connection: 'Upgrade', upgrade: 'websocket' }
      response.writeHead(426, headers).end('MQTT over WebSocket only\n')
    } else {
      const reply = ends.answer?.(requestOf(request, isLocal))
      if (reply === undefined) answer(request, response)
      // What cannot be sent is a mistake of ours, and the connection's end, not the server's.
      else reply.then((made) => sendReply(made, response)).catch(() => response.destroy())
    }
  }
}

function listenerOf(fetch: Fetch): RequestListener {
  const settings = { overrideGlobalObjects: false, errorHandler: failed }
  const answer = getRequestListener((request) => fetch(request), settings)
  return (request, response) => void answer(request, response)
}

const UNREADABLE: Readonly<Record<string, readonly [status: number, title: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
}

/** Bytes that are no HTTP, or too many, or too slow: a last answer where there is still one due. */
function refuseBytes(error: Error & { readonly code?: unknown }, duplex: Duplex): void {
  const [status, title] = UNREADABLE[String(error.code)] ?? [400, 'Bad Request']
  const isGone = error.code === 'ECONNRESET' || !duplex.writable
  // A second answer would be read as a part of the first.
  const answering: unknown = Reflect.get(duplex, '_httpMessage')
  const hasBegun = answering instanceof ServerResponse && answering.headersSent
  if (isGone || hasBegun) {
    duplex.destroy()
    return
  }
  const content = problemOf(status, title, 'it cannot be read as HTTP/1.1')
  const head = `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\n`
  const fields = `Content-Type: ${PROBLEM['content-type']}\r\nContent-Length: ${content.length}`
  duplex.end(`${head}${fields}\r\n\r\n${content}`, () => duplex.destroy())
}

/** What could not even be made a request of is the client's mistake. */
function failed(error: unknown): Response {
  return error instanceof RequestError
    ? new Response(problemOf(400, 'Bad Request', error.message), { status: 400, headers: PROBLEM })
    : new Response(problemOf(500, 'Internal Server Error', 'the server made a mistake'), {
        status: 500,
        headers: PROBLEM,
      })
}

const PROBLEM = { 'content-type': 'application/problem+json' }

/** Problem details, RFC 9457, for what is refused before the front is asked. */
function problemOf(status: number, title: string, detail: string): string {
  return `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`
}

function upgradesOf(
  options: HttpOptions,
  ends: HttpEnds,
  arrivals: Arrivals,
): (request: IncomingMessage, duplex: Duplex, head: Buffer) => void {
  const isLocal = 'path' in options
  const place = { isLocal: () => isLocal, lingerMs: options.lingerMs ?? LINGER_MS }
  const webSockets = new WebSockets(place, ends.webSocket, ends.accept)
  return (request, duplex, head) => {
    const { socket } = request
    const refusal =
      refusalOfUpgrade(request, options, ends) ?? webSockets.upgrade(request, socket, head)
    if (refusal === undefined) arrivals.leave(acceptedOf(socket))
    else refuse(duplex, refusal, place.lingerMs)
  }
}

function refusalOfUpgrade(
  request: IncomingMessage,
  options: HttpOptions,
  ends: HttpEnds,
): Refusal | undefined {
  const fault = hostFaultOf(request)
  if (fault !== undefined) return { status: '400 Bad Request', text: fault }
  const text = refusalOf(request.headers, rulesOf(options))
  if (text !== undefined) return { status: '403 Forbidden', text }
  if (!ends.isMqtt(pathOf(request))) return { status: '404 Not Found', text: 'no WebSocket here' }
  if (ends.isOpen()) return undefined
  return { status: '503 Service Unavailable', text: 'no clients are taken now' }
}

/** Two servers on the way must not read two different names. */
function hostFaultOf({ rawHeaders }: IncomingMessage): string | undefined {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'host') count += 1
  }
  if (count > 1) return 'there are several fields Host'
  return count === 0 ? 'there is no field Host' : undefined
}

function rulesOf({ origins = [], ...place }: HttpOptions): Parameters<typeof refusalOf>[1] {
  return { host: 'host' in place ? place.host : undefined, origins }
}

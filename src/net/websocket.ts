// Turns HTTP upgrades into WebSockets for MQTT, section 6, or refuses them. Which paths lead here
// is http's; what the stream then does is websocket-wire's.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Accept } from '../base/wire.ts'
import { remoteOf } from './remote.ts'
import { certificateOf } from './tls.ts'
import { WebSocketWire } from './websocket-wire.ts'

export interface WebSocketSettings {
  /** The largest message: a frame is handed on only when it has come whole. */
  readonly messageBytesMax: number
  /** True: who offers no subprotocol of MQTT is refused. */
  readonly strictSubprotocol: boolean
}

/** The names of MQTT as subprotocols, the one to choose first [MQTT-6.0.0-4] [Q31-12]. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'] as const

/** Why a request gets no WebSocket, as HTTP says it. */
export interface Refusal {
  readonly status: string
  readonly text: string
}

/** What it is to know of where its sockets come from. */
export interface WebSocketPlace {
  /** Whether they come by a Unix socket. */
  readonly isLocal: () => boolean
  /** How long a peer may take to close after us before it is cut off. */
  readonly lingerMs: number
}

/** Upgrades for one listener. */
export class WebSockets {
  readonly #place: WebSocketPlace
  readonly #settings: WebSocketSettings
  readonly #accept: Accept
  readonly #server: WebSocketServer

  constructor(place: WebSocketPlace, settings: WebSocketSettings, accept: Accept) {
    this.#place = place
    this.#settings = settings
    this.#accept = accept
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // MQTT's payloads are small or packed already; a window for each connection is 300 KiB.
      perMessageDeflate: false,
      skipUTF8Validation: true,
      autoPong: false,
      maxPayload: settings.messageBytesMax,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    })
  }

  /** Takes over the socket, also to answer what is no handshake; or says why it does not. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Refusal | undefined {
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
    const isKnown = SUBPROTOCOLS.some((name) => offered?.includes(name))
    if (!isKnown && (offered !== undefined || this.#settings.strictSubprotocol)) {
      return { status: '400 Bad Request', text: 'the subprotocol is mqtt [MQTT-6.0.0-3]' }
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#open(opened, socket))
    return undefined
  }

  #open(opened: WebSocket, socket: Socket): void {
    const { isLocal, lingerMs } = this.#place
    const remote = remoteOf(socket, isLocal())
    if (remote === undefined) return opened.terminate()
    const certificate = () => (socket instanceof TLSSocket ? certificateOf(socket) : undefined)
    const wire = new WebSocketWire(opened, socket, remote, lingerMs, certificate)
    wire.attach(this.#accept(wire))
  }
}

/** The path that a request is for, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

/** Answers an upgrade that is not taken, and ends the stream; cuts it off after `lingerMs`. */
export function refuse(duplex: Duplex, { status, text }: Refusal, lingerMs: number): void {
  // The peer may be gone before it has read this.
  duplex.on('error', () => undefined)
  duplex.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text) + 1}\r\n\r\n${text}\n`,
  )
  duplex.resume()
  const linger = setTimeout(() => duplex.destroy(), lingerMs)
  duplex.on('close', () => clearTimeout(linger))
}

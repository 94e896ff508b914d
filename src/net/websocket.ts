// Turns HTTP upgrades into WebSockets for MQTT, section 6, or refuses them. Which paths lead here
// is http's; what the stream then does is websocket-wire's.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Accept } from '../base/wire.ts'
import { LINGER_MS, type SocketOptions } from './listening.ts'
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

/** Upgrades for one listener. */
export class WebSockets {
  readonly #options: SocketOptions
  readonly #settings: WebSocketSettings
  readonly #accept: Accept
  readonly #server: WebSocketServer

  constructor(options: SocketOptions, settings: WebSocketSettings, accept: Accept) {
    this.#options = options
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
    const remote = remoteOf(socket, 'path' in this.#options)
    if (remote === undefined) return opened.terminate()
    const lingerMs = this.#options.lingerMs ?? LINGER_MS
    const certificate = () => (socket instanceof TLSSocket ? certificateOf(socket) : undefined)
    const wire = new WebSocketWire(opened, socket, remote, lingerMs, certificate)
    wire.attach(this.#accept(wire))
  }
}

// All listeners of one server: opens each by its protocol, and ends them in the order in which
// clients can be told. What a listener of one protocol does is tcp's, tls's and http's; what is
// done with HTTP servers of the program itself is attached's.

import { RefusedError } from '../base/errors.ts'
import { Reason } from '../base/reason.ts'
import type { Accept } from '../base/wire.ts'
import {
  type Attachment,
  type AttachOptions,
  attach,
  type HttpServer,
  MQTT_PATH,
} from './attached.ts'
import { type Answer, type Fetch, type HttpEnds, type HttpOptions, listenHttp } from './http.ts'
import type { Entrance, Listening } from './listening.ts'
import { listenTcp } from './tcp.ts'
import { type Certificates, listenTls } from './tls.ts'
import type { WebSocketSettings } from './websocket.ts'

/** What a listener speaks; its TLS form where it has certificates. */
export type Speech = 'mqtt' | 'ws' | 'http'

export type ListenOptions = HttpOptions & {
  /** `mqtt` by default. */
  readonly speaks?: Speech | undefined
}

/** An open listener. `renew` is there where it has a certificate. */
export interface OpenListening extends Listening {
  renew?(certificates: Certificates): void
}

export interface ListenersParts {
  readonly accept: Accept
  /** False until clients are taken; they always are where it is absent. */
  readonly isOpen?: () => boolean
  readonly entrance?: Entrance | undefined
  readonly answer?: Answer
  readonly fetch: Fetch
  readonly webSocket: WebSocketSettings
}

export class Listeners {
  readonly #parts: ListenersParts
  readonly #open = new Map<Listening, Speech>()
  readonly #attached = new Set<Attachment>()
  #opening = 0
  #isClosing = false

  constructor(parts: ListenersParts) {
    this.#parts = parts
  }

  /** True while none is being opened, none is closing, and clients are taken. */
  get isReady(): boolean {
    return this.#opening === 0 && this.#isOpen
  }

  /** `own`: what is done with what comes, where not as everywhere. Rejects with a ListenError. */
  async listen(
    options: ListenOptions,
    own: Partial<Pick<ListenersParts, 'accept' | 'answer'>> = {},
  ): Promise<OpenListening> {
    this.#refuseIfClosing()
    this.#opening += 1
    try {
      const listening = await this.#listen(options, { ...this.#parts, ...own })
      // What opens while the rest is being closed would stay open for ever.
      if (this.#isClosing) await listening.close()
      this.#refuseIfClosing()
      this.#open.set(listening, options.speaks ?? 'mqtt')
      return listening
    } finally {
      this.#opening -= 1
    }
  }

  /** Takes over a path of an HTTP server that somebody else opens and closes. */
  attach(
    server: HttpServer,
    options: AttachOptions,
    accept: Accept = this.#parts.accept,
  ): Attachment {
    this.#refuseIfClosing()
    const attachment = attach(server, options, this.#parts.webSocket, accept)
    this.#attached.add(attachment)
    return {
      path: attachment.path,
      detach: () => {
        this.#attached.delete(attachment)
        attachment.detach()
      },
    }
  }

  /**
   * Takes no more streams. HTTP goes on while `drained` is awaited, so that whoever asks whether
   * the server is ready learns that it is not; resolves when nothing listens.
   */
  async close(drained: Promise<void>): Promise<void> {
    this.#isClosing = true
    for (const attachment of this.#attached) attachment.detach()
    this.#attached.clear()
    const closing = this.#closeAll((speech) => speech !== 'http')
    await drained
    await Promise.all([closing, this.#closeAll(() => true)])
  }

  get #isOpen(): boolean {
    return !this.#isClosing && this.#parts.isOpen?.() !== false
  }

  #refuseIfClosing(): void {
    if (!this.#isClosing) return
    throw new RefusedError('the server is closed', Reason.serverShuttingDown)
  }

  async #closeAll(isMeant: (speech: Speech) => boolean): Promise<void> {
    const meant = [...this.#open].filter(([, speech]) => isMeant(speech))
    for (const [listening] of meant) this.#open.delete(listening)
    await Promise.all(meant.map(([listening]) => listening.close()))
  }

  #listen(asked: ListenOptions, parts: ListenersParts): Promise<OpenListening> {
    const { accept, entrance } = parts
    const options = { ...asked, entrance }
    const { speaks = 'mqtt', tls } = options
    if (speaks !== 'mqtt') return listenHttp(options, this.#endsFor(speaks, parts))
    return tls === undefined ? listenTcp(options, accept) : listenTls({ ...options, tls }, accept)
  }

  #endsFor(speech: 'ws' | 'http', parts: ListenersParts): HttpEnds {
    const { accept, answer, fetch, webSocket } = parts
    const isHttp = speech === 'http'
    return {
      answer,
      fetch: isHttp ? fetch : undefined,
      isMqtt: (path) => !isHttp || path === MQTT_PATH,
      isOpen: () => this.#isOpen,
      accept,
      webSocket,
    }
  }
}

// What the server answers over HTTP: the topics, whether it lives, whether it is ready. It opens no
// port: net/http does.

import { Hono } from 'hono'
import { Reason } from '../../base/reason.ts'
import type { Access } from '../../core/ports.ts'
import type { Asked, Reply } from './exchange.ts'
import type { TopicsParts } from './parts.ts'
import { problem } from './problem.ts'
import { isTopics } from './topic-path.ts'
import { Topics } from './topics.ts'

export interface HttpFrontParts extends TopicsParts {
  /** True while every listener is open and clients are taken. */
  readonly isReady: () => boolean
}

/** Why the server takes clients, but nothing that must be kept. */
const DISK_TROUBLES: ReadonlyMap<Reason | undefined, string> = new Map([
  [Reason.quotaExceeded, 'the disk is full'],
  [Reason.implementationSpecificError, 'the disk cannot be written'],
])

/** A request of somebody who was not let in yet. */
export type Unadmitted = Omit<Asked, 'access'>

export class HttpFront {
  readonly #access: Access
  readonly #topics: Topics
  readonly #app: Hono

  constructor(parts: HttpFrontParts) {
    this.#access = parts.access
    this.#topics = new Topics(parts)
    this.#app = createApp(parts)
  }

  /**
   * Answers what is asked about topics; undefined for all else, which is {@link fetch}'s. `access`:
   * who may come in by that listener, where not as for the whole server.
   */
  answer(request: Unadmitted, access: Access = this.#access): Promise<Reply> | undefined {
    if (!isTopics(request.target)) return undefined
    const { method, target, address, field, content } = request
    return this.#topics.answer({ method, target, address, field, content, access })
  }

  /** Ends the streams of those who may be here no longer. */
  checkLogins(): void {
    this.#topics.checkLogins()
  }

  /** Ends all streams: they would keep the listeners from closing. */
  close(): void {
    this.#topics.close()
  }

  fetch(request: Request): Response | Promise<Response> {
    return this.#app.fetch(request)
  }
}

function createApp({ isReady, store }: HttpFrontParts): Hono {
  const app = new Hono()
  // An answer about this moment; one that a cache kept would be a lie.
  const now = { 'cache-control': 'no-store' }
  app.get('/livez', (context) => context.text('ok\n', 200, now))
  app.get('/readyz', (context) => {
    const trouble = isReady() ? DISK_TROUBLES.get(store.refusal()) : 'not ready'
    return trouble === undefined
      ? context.text('ok\n', 200, now)
      : context.text(`${trouble}\n`, 503, now)
  })
  // The upgrade never comes here; this is who opens the address in a browser.
  app.get('/mqtt', () =>
    problem(426, 'Upgrade Required', 'MQTT over WebSocket', {
      upgrade: 'websocket',
      connection: 'Upgrade',
    }),
  )
  app.notFound((context) => problem(404, 'Not Found', `nothing at ${context.req.path}`))
  app.onError(() => problem(500, 'Internal Server Error', 'the server made a mistake'))
  return app
}

// What the server answers over HTTP: the topics, whether it lives, whether it is ready. It turns
// the requests of `fetch` into those of its parts; it opens no port: net/http does.

import { Hono } from 'hono'
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

/** What a request does not say of itself in the form of `fetch`. */
export interface Origin {
  /** The request target as it was sent. */
  readonly target: string
  readonly address: string
}

export class HttpFront {
  readonly #access: Access
  readonly #topics: Topics
  readonly #app: Hono

  constructor(parts: HttpFrontParts) {
    this.#access = parts.access
    this.#topics = new Topics(parts)
    this.#app = createApp(parts.isReady)
  }

  /**
   * Answers as `fetch` would. `access`: who may come in by that listener, where not as for the
   * whole server.
   */
  answer(
    request: Request,
    origin: Origin,
    access: Access = this.#access,
  ): Response | Promise<Response> {
    if (!isTopics(origin.target)) return this.#app.fetch(request)
    const { method, headers } = request
    const asked: Asked = {
      ...{ method, target: origin.target, address: origin.address, access },
      field: (name) => headers.get(name) ?? undefined,
      content: (bytesMax, take) => contentOf(request, bytesMax, take),
    }
    return this.#topics.answer(asked).then((reply) => toResponse(reply, method))
  }
}

function createApp(isReady: () => boolean): Hono {
  const app = new Hono()
  // An answer about this moment; one that a cache kept would be a lie.
  const now = { 'cache-control': 'no-store' }
  app.get('/livez', (context) => context.text('ok\n', 200, now))
  app.get('/readyz', (context) =>
    isReady() ? context.text('ok\n', 200, now) : context.text('not ready\n', 503, now),
  )
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

/** A HEAD has the fields of the GET, the length included, and no content. [H-2] */
function toResponse({ status, fields, content }: Reply, method: string): Response {
  if (content === undefined) return new Response(null, { status, headers: fields })
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const headers = { ...fields, 'content-length': `${bytes.length}` }
  return new Response(method === 'HEAD' ? null : new Uint8Array(bytes), { status, headers })
}

/** Who says how long the content is does not send more: HTTP itself sees to that. */
async function contentOf(
  request: Request,
  bytesMax: number,
  take: (bytes: number) => boolean,
): Promise<Uint8Array | undefined> {
  if (request.headers.has('content-length')) return new Uint8Array(await request.arrayBuffer())
  const pieces: Uint8Array[] = []
  let length = 0
  const content: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader()
  for (let step = await content?.read(); step?.done === false; step = await content?.read()) {
    length += step.value.length
    // It is not cancelled: that would cut the connection before the client is told why.
    if (length > bytesMax || !take(step.value.length)) return undefined
    pieces.push(step.value)
  }
  return new Uint8Array(Buffer.concat(pieces))
}

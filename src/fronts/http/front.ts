// What the server answers over HTTP: whether it lives, whether it is ready, and that there is
// nothing else yet. It opens no port: net/http does.

import { Hono } from 'hono'
import { problem } from './problem.ts'

export interface HttpFrontParts {
  /** True while every listener is open and clients are taken. */
  readonly isReady: () => boolean
}

/** Answers a request, as `fetch` would. */
export type Fetch = (request: Request) => Response | Promise<Response>

export function createHttpFront({ isReady }: HttpFrontParts): Fetch {
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
  return (request) => app.fetch(request)
}

// Asks an HTTP server for one page and takes the status of its answer alone. No client: it follows
// no redirect, keeps no connection, and reads no body.

import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export interface HttpStatus {
  readonly status: number
  /** The words behind it. */
  readonly text: string
}

/** Resolves with the status; rejects where none comes in time. `ca`: trusted alone, in PEM. */
export function probeHttp(
  url: URL,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<HttpStatus> {
  const request =
    url.protocol === 'https:'
      ? requestHttps(url, { agent: false, ...(ca === undefined ? {} : { ca }) })
      : requestHttp(url, { agent: false })
  const leave = (): void => {
    request.destroy(new Error('no answer in time'))
  }
  signal.addEventListener('abort', leave)
  return new Promise<HttpStatus>((resolve, reject) => {
    request.once('error', reject)
    request.once('response', ({ statusCode = 0, statusMessage = '' }) => {
      resolve({ status: statusCode, text: statusMessage })
      request.destroy()
    })
    request.end()
  }).finally(() => signal.removeEventListener('abort', leave))
}

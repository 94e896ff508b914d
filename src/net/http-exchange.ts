// A request of HTTP as it came, and the answer to it, without the forms of `fetch`: those know no
// levels `.` and `..`, and cost several times what the rest of a short answer does.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sink, Source } from '../base/sink.ts'
import { remoteOf } from './remote.ts'

export interface HttpRequest {
  readonly method: string
  /** The request target as it was sent. */
  readonly target: string
  /** A header field, by its name in lower case; several of one name are one list. */
  readonly field: (name: string) => string | undefined
  /** The peer's address; `local` for a Unix socket, empty for who is gone already. */
  readonly address: string
  /**
   * The whole content; undefined where it has more than `bytesMax`, or where `take`, which hears of
   * the bytes as they come, has no room for them. Rejects where it does not come whole.
   */
  readonly content: (
    bytesMax: number,
    take: (bytes: number) => boolean,
  ) => Promise<Uint8Array | undefined>
}

export interface HttpReply {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly content: Uint8Array | string | undefined
  /** Begins what follows the fields and has no end of its own. */
  readonly stream?: ((sink: Sink) => Source) | undefined
}

/** `isLocal`: it came by a Unix socket. */
export function requestOf(incoming: IncomingMessage, isLocal: boolean): HttpRequest {
  const { method = '', url = '', headers, socket } = incoming
  return {
    method,
    target: url,
    field: (name) => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    address: remoteOf(socket, isLocal)?.address ?? '',
    content: (bytesMax, take) => contentOf(incoming, bytesMax, take),
  }
}

function contentOf(
  incoming: IncomingMessage,
  bytesMax: number,
  take: (bytes: number) => boolean,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= bytesMax && take(chunk.length)) chunks.push(chunk)
      else {
        // What still comes is read and thrown away: the client is told why after it has sent.
        incoming.removeAllListeners('data')
        incoming.resume()
        chunks.length = 0
        resolve(undefined)
      }
    })
    incoming.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
    incoming.on('error', reject)
    incoming.on('close', () => reject(new Error('the client is gone')))
  })
}

/** A HEAD gets the fields of the GET, the length included, and no content. */
export function sendReply(reply: HttpReply, response: ServerResponse): void {
  const { status, fields, content, stream } = reply
  if (stream !== undefined) {
    response.writeHead(status, fields)
    sendStream(stream, response)
    return
  }
  if (content === undefined) {
    response.writeHead(status, fields).end()
    return
  }
  const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length
  response.writeHead(status, { ...fields, 'content-length': length })
  // To a HEAD Node sends none of it.
  response.end(content)
}

function sendStream(stream: (sink: Sink) => Source, response: ServerResponse): void {
  if (response.socket === null) {
    // Answers to requests before it come first; until then, which may be never, it costs nothing.
    if (!response.destroyed) response.once('socket', () => sendStream(stream, response))
    return
  }
  // Whoever left while the answer was made would never be said to be gone.
  if (response.destroyed || response.socket.destroyed) return
  response.flushHeaders()
  const source = stream({
    write: (bytes) => response.write(bytes),
    end: () => response.end(),
    cut: () => response.destroy(),
  })
  response.on('drain', () => source.drained())
  response.on('close', () => source.gone())
}

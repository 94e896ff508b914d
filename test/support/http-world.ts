// The HTTP front over a whole world on a clock, a scheduler and a store that a test moves, without
// a port: requests go in as raw targets and fields, answers come out as a table can name them.

import type { Sink, Source } from '../../src/base/sink.ts'
import type { Random } from '../../src/base/random.ts'
import type { Access } from '../../src/core/ports.ts'
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from '../../src/fronts/http/settings.ts'
import { HttpFront } from '../../src/fronts/http/front.ts'
import { SessionWorld, type WorldOptions } from './session-world.ts'

/** Where a stream writes to: it takes all, or nothing more until told otherwise. */
class TestSink implements Sink {
  isFull = false
  isEnded = false
  isCut = false
  writes = 0
  #text = ''

  write(bytes: Uint8Array): boolean {
    this.writes += 1
    this.#text += Buffer.from(bytes).toString()
    return !this.isFull
  }

  end(): void {
    this.isEnded = true
  }

  cut(): void {
    this.isCut = true
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

export interface OpenStream {
  readonly sink: TestSink
  readonly source: Source
  readonly fields: Readonly<Record<string, string>>
}

/** Longer waits are the test's mistake. */
const ROUNDS_MAX = 1000

export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly text: string
}

export interface HttpWorldOptions extends WorldOptions {
  readonly qosMax?: 0 | 1 | 2
  readonly retainAvailable?: boolean
  readonly http?: Partial<HttpSettings>
  readonly isReady?: () => boolean
}

type Body = string | Uint8Array
type Headers = Readonly<Record<string, string>>

export class HttpWorld {
  readonly inner: SessionWorld
  readonly #front: HttpFront

  constructor(options: HttpWorldOptions = {}) {
    this.inner = new SessionWorld(options)
    const { world, scheduler } = this.inner
    const random: Random = { below: () => 0, id: (length) => 'b'.repeat(length) }
    const { qosMax = 2, retainAvailable = true, isReady = () => true } = options
    const offer = { qosMax, retainAvailable }
    const http = { ...DEFAULT_HTTP_SETTINGS, ...options.http }
    this.#front = new HttpFront({ ...world, random, scheduler, offer, http, isReady })
  }

  /** Sends `GET /topics/a`, and lets turns end until the answer is there. */
  async ask(line: string, headers: Headers = {}, body?: Body, access?: Access): Promise<Answer> {
    let answer: Answer | undefined
    const asked = this.begin(line, headers, body, access).then((got) => {
      answer = got
    })
    for (let round = 0; answer === undefined; round += 1) {
      if (round > ROUNDS_MAX) throw new Error(`no answer to ${line}`)
      this.inner.settle()
      // Also password hashes and streams go on meanwhile.
      await Promise.race([asked, new Promise((resolve) => setImmediate(resolve))])
    }
    return answer
  }

  /** The same where the test itself says when turns end. */
  async begin(line: string, headers: Headers, body?: Body, access?: Access): Promise<Answer> {
    const space = line.indexOf(' ')
    const method = line.slice(0, space)
    const target = line.slice(space + 1)
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
    const length = bytes === undefined ? {} : { 'content-length': `${bytes.length}` }
    const fields: Headers = { ...length, ...headers }
    const reply = await this.#front.answer(
      {
        ...{ method, target, address: '192.0.2.1' },
        field: (name) => fields[name],
        content: () => Promise.resolve(bytes ?? new Uint8Array(0)),
      },
      access,
    )
    if (reply === undefined) return this.#fetch(target)
    const content = Buffer.from(reply.content ?? '')
    const isHead = method === 'HEAD'
    return {
      status: reply.status,
      fields: { ...reply.fields, 'content-length': `${content.length}` },
      text: isHead ? '' : content.toString(),
    }
  }

  /** Opens a stream as `GET /topics/a` with this target. */
  async stream(target: string, headers: Headers = {}, access?: Access): Promise<OpenStream> {
    const fields: Headers = { accept: 'text/event-stream', ...headers }
    const reply = await this.#front.answer(
      {
        ...{ method: 'GET', target, address: '192.0.2.1' },
        field: (name) => fields[name],
        content: () => Promise.resolve(new Uint8Array(0)),
      },
      access,
    )
    if (reply?.stream === undefined) throw new Error(`no stream: ${reply?.status}`)
    const sink = new TestSink()
    const source = reply.stream(sink)
    this.inner.settle()
    return { sink, source, fields: reply.fields }
  }

  /** The server begins to end. */
  close(): void {
    this.#front.close()
  }

  checkLogins(): void {
    this.#front.checkLogins()
  }

  async #fetch(target: string): Promise<Answer> {
    const response = await this.#front.fetch(new Request(new URL(target, 'http://localhost')))
    return {
      status: response.status,
      fields: Object.fromEntries(response.headers),
      text: await response.text(),
    }
  }
}

// Tells systemd how the service is (Type=notify): up, reloading, stopping. Node has no Unix
// datagram sockets, so the program systemd-notify sends each notice. Without $NOTIFY_SOCKET nothing
// is told.

import { execFile } from 'node:child_process'
import type { Log } from '../core/ports.ts'

const PROGRAM = 'systemd-notify'
/** How long one notice may take; the program waits until systemd has read it. */
const NOTICE_MS_MAX = 5000
/** How long the end of the process waits for the last notice. */
const SETTLE_MS_MAX = 1000

/** The assignments of one notice, such as `READY=1`. */
type Notice = readonly string[]
type Env = Readonly<Record<string, string | undefined>>

/**
 * One notice is on its way at any time, and one waits at most: a newer one takes the place of that
 * which waits, since only the state that holds now matters.
 */
export class Notices {
  readonly #env: Env
  readonly #log: Log
  #isAsked: boolean
  #state: 'starting' | 'up' | 'stopping' = 'starting'
  #status = ''
  #waits: Notice | undefined
  #sending: Promise<void> | undefined
  #hasFailed = false

  constructor(env: Env, log: Log) {
    this.#env = env
    this.#log = log
    this.#isAsked = (env['NOTIFY_SOCKET'] ?? '') !== ''
  }

  /** Clients are taken. `status` is for people who ask systemd. */
  up(status: string): void {
    if (this.#state === 'stopping') return
    this.#state = 'up'
    this.#status = status
    this.reloaded()
  }

  /** Not while it starts: what follows would tell systemd that it is up. */
  reloading(): void {
    if (this.#state !== 'up') return
    // The time is what Type=notify-reload compares with: monotonic, in microseconds.
    const nowUs = process.hrtime.bigint() / 1000n
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${nowUs}`, 'STATUS=reloading'])
  }

  reloaded(): void {
    if (this.#state === 'up') this.#tell(['READY=1', `STATUS=${this.#status}`])
  }

  stopping(): void {
    this.#state = 'stopping'
    this.#tell(['STOPPING=1', 'STATUS=stopping'])
  }

  /** Resolves when all is told, or when that takes too long. */
  async settle(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SETTLE_MS_MAX)
    })
    await Promise.race([this.#sending, late])
    clearTimeout(timer)
  }

  #tell(notice: Notice): void {
    if (!this.#isAsked) return
    this.#waits = notice
    this.#sending ??= this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    while (this.#waits !== undefined) {
      const notice = this.#waits
      this.#waits = undefined
      await this.#send(notice)
    }
    this.#sending = undefined
  }

  /** Never rejects: a server that cannot tell of itself serves all the same. */
  #send(notice: Notice): Promise<void> {
    const options = { env: this.#env, timeout: NOTICE_MS_MAX }
    return new Promise((resolve) => {
      execFile(PROGRAM, notice, options, (error, _stdout, stderr) => {
        if (error !== null) this.#fail(error, stderr.trim())
        resolve()
      })
    })
  }

  /** One line, however often it fails. */
  #fail(error: Error & { code?: unknown }, said: string): void {
    const isMissing = error.code === 'ENOENT'
    if (isMissing) this.#isAsked = false
    if (this.#hasFailed) return
    this.#hasFailed = true
    const why = isMissing ? `${PROGRAM} is not installed` : said || error.message
    this.#log.warn('systemd is not told', { why })
  }
}

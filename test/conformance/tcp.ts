// Cases over TCP, to any server that listens somewhere. Time is real, so that cases which need
// much of it are skipped, and what must not come is shown by pings alone.

import { connect, type Socket } from 'node:net'

import type { Link, LinkEnd, Transport } from '../support/raw-client.ts'

/** Only what never comes waits so long: a busy machine is no fault of the server's. */
const PATIENCE_MS = 20_000

export interface TcpOptions {
  readonly host: string
  readonly port: number
  /** How long to wait for what must come. */
  readonly patienceMs?: number
  /** The most real time that a case may let pass. */
  readonly advanceMaxMs?: number
}

export class TcpTransport implements Transport {
  readonly advanceMaxMs: number
  readonly #options: TcpOptions
  readonly #sockets = new Set<Socket>()
  #changed: (() => void)[] = []

  constructor(options: TcpOptions) {
    this.#options = options
    this.advanceMaxMs = options.advanceMaxMs ?? 2500
  }

  async open(end: LinkEnd): Promise<Link> {
    const socket = connect({ host: this.#options.host, port: this.#options.port, noDelay: true })
    this.#sockets.add(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject)
    })
    socket.on('data', (chunk) => {
      end.receive(chunk)
      this.#notify()
    })
    // A reset is a way of closing.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      end.closed()
      this.#notify()
    })
    return {
      send: (content) => void socket.write(content),
      cut: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
    }
  }

  async until(condition: () => boolean): Promise<boolean> {
    const deadlineMs = performance.now() + (this.#options.patienceMs ?? PATIENCE_MS)
    while (!condition()) {
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) return false
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, leftMs)
        this.#changed.push(() => {
          clearTimeout(timeout)
          resolve()
        })
      })
    }
    return true
  }

  async advance(milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await this.until(() => this.#sockets.size === 0)
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }
}

// A server that loses nothing, to judge the judges by: a Rameau in memory behind a relay, and what
// is killed is the relay. Every connection breaks, as in a crash, and all state stays.

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { NO_BOUNDS, type Life, rameau, type Target } from './target.ts'

export function cuts(): Target {
  const inner = rameau({ settings: NO_BOUNDS, isMemory: true })
  let server: Life | undefined
  return {
    name: 'rameau --memory, connections cut instead of kills',
    start: async (folder) => {
      server ??= await inner.start(folder)
      return new Relay(server)
    },
    close: async () => {
      await server?.kill()
    },
  }
}

class Relay implements Life {
  readonly startedMs: number = performance.now()
  readonly port: Promise<number | undefined>
  readonly #server: Life
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()

  constructor(server: Life) {
    this.#server = server
    this.#listener = createServer((socket) => void this.#relay(socket))
    this.port = this.#listen()
  }

  get hasEnded(): boolean {
    return this.#server.hasEnded
  }

  get tail(): string {
    return this.#server.tail
  }

  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#listener.listening) return
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  async #listen(): Promise<number | undefined> {
    if ((await this.#server.port) === undefined) return undefined
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
    const address = this.#listener.address()
    return address === null || typeof address === 'string' ? undefined : address.port
  }

  async #relay(socket: Socket): Promise<void> {
    const port = (await this.#server.port) ?? 0
    const beyond = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#join(socket, beyond)
    this.#join(beyond, socket)
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('error', () => undefined)
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.pipe(to)
  }
}

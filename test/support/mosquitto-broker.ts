// Debian's Mosquitto as a server with a configuration of the test's, on a free port of the
// loopback; ended with the test that started it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

const START_MS_MAX = 5000
const LOOK_MS = 10

export class MosquittoBroker {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts it with these lines in its configuration; its files go to `folder`. */
  static async start(
    program: string,
    folder: string,
    lines: readonly string[],
  ): Promise<MosquittoBroker> {
    const port = await freePort()
    const all = [`listener ${port} 127.0.0.1`, 'log_dest none', 'sys_interval 0', ...lines]
    // Started as root it would become a user who may not read the files.
    if (process.getuid?.() === 0) all.push('user root')
    const config = join(folder, 'mosquitto.conf')
    writeFileSync(config, `${all.join('\n')}\n`)
    const child = spawn(program, ['-c', config], { stdio: 'ignore' })
    const broker = new MosquittoBroker(child, port)
    try {
      await broker.#untilListening()
      return broker
    } catch (error) {
      await broker.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  /** It says nothing when it is up, so it is asked. */
  async #untilListening(): Promise<void> {
    const deadlineMs = performance.now() + START_MS_MAX
    while (performance.now() < deadlineMs) {
      if (this.#child.exitCode !== null) {
        throw new Error(`Mosquitto ended with ${this.#child.exitCode}`)
      }
      const socket = connect({ host: '127.0.0.1', port: this.port })
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      socket.destroy()
      if (isOpen) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    throw new Error('Mosquitto does not listen')
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

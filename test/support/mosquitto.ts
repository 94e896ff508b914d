// Mosquitto's clients as child processes, ended with the test that started them. What they print is
// taken as lines; nothing here judges it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { requireProgram } from './third-party.ts'

const RUN_MS_MAX = 30_000

export type MosquittoVersion = 'mqttv31' | 'mqttv311' | 'mqttv5'
export const MOSQUITTO_VERSIONS: readonly MosquittoVersion[] = ['mqttv31', 'mqttv311', 'mqttv5']

/** Why tests with them are skipped, or false. */
export const mosquittoSkip: string | false = ['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr']
  .map((name) => requireProgram(name).skip)
  .reduce((one, other) => one || other)

/** A message as `-F` prints it for {@link FORMAT}. */
export interface Printed {
  readonly topic: string
  readonly qos: number
  readonly retain: number
  readonly payload: string
}

const FORMAT = '=%t|%q|%r|%p'

/** A process of one of Mosquitto's clients. */
export class MosquittoProcess {
  readonly child: ChildProcess
  readonly lines: string[] = []
  /** Its exit code; null where a signal ended it. */
  readonly code: Promise<number | null>
  #rest = ''
  #isClosed = false
  #changed: (() => void)[] = []

  constructor(t: TestContext, name: string, args: readonly string[], input?: Uint8Array) {
    // To a pipe they print only when a buffer is full, and -d tells when SUBACK came.
    const program = ['-oL', name, '-h', '127.0.0.1', ...args]
    this.child = spawn('stdbuf', program, { stdio: ['pipe', 'pipe', 'pipe'] })
    const late = setTimeout(() => this.child.kill('SIGKILL'), RUN_MS_MAX)
    this.code = once(this.child, 'close').then(() => {
      clearTimeout(late)
      this.#isClosed = true
      this.#notify()
      return this.child.exitCode
    })
    this.child.stdin?.on('error', () => undefined)
    this.child.stdin?.end(input)
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    }
    t.after(() => {
      this.child.kill('SIGKILL')
      return this.code
    })
  }

  /** The messages that it printed so far. */
  get messages(): Printed[] {
    return this.lines
      .filter((line) => line.startsWith('='))
      .map((line) => {
        const [topic = '', qos, retain, ...payload] = line.slice(1).split('|')
        return { topic, qos: Number(qos), retain: Number(retain), payload: payload.join('|') }
      })
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#isClosed) {
        throw new Error(`${what}: it ended with ${await this.code}: ${this.lines.join('\n')}`)
      }
      await new Promise<void>((resolve) => this.#changed.push(resolve))
    }
  }

  untilLine(part: string): Promise<void> {
    return this.until(part, () => this.lines.some((line) => line.includes(part)))
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    this.lines.push(...lines)
    this.#notify()
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }
}

/** Mosquitto's clients against one port. */
export class Mosquitto {
  readonly #t: TestContext
  readonly #port: number

  constructor(t: TestContext, port: number) {
    this.#t = t
    this.#port = port
  }

  start(name: string, args: readonly string[], input?: Uint8Array): MosquittoProcess {
    return new MosquittoProcess(this.#t, name, ['-p', String(this.#port), ...args], input)
  }

  /** A mosquitto_sub that has its SUBACK. */
  async sub(args: readonly string[]): Promise<MosquittoProcess> {
    const process = this.start('mosquitto_sub', ['-d', '-F', FORMAT, ...args])
    await process.untilLine('Subscribed (mid')
    return process
  }

  /** Runs mosquitto_pub; throws unless it ends with 0. */
  async pub(args: readonly string[], input?: Uint8Array): Promise<MosquittoProcess> {
    const process = this.start('mosquitto_pub', args, input)
    const code = await process.code
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${process.lines.join('\n')}`)
    return process
  }
}

// A whole server in a process of its own, for tests from outside: started on a free port of the
// loopback, watched through its log and through /proc, and ended with the test. Knows no MQTT.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import type { DiskOrder, JournalCounts } from './journal-hook.ts'
import type { Memory } from './memory-probe.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const START_MS_MAX = 15_000
const STOP_MS_MAX = 15_000
/** Ticks of /proc/<pid>/stat, the same on every Linux that Node runs on. */
const TICK_MS = 10
const PAGE_BYTES = 4096
const PROBE = new URL('memory-probe.ts', import.meta.url).href
const JOURNAL_HOOK = new URL('journal-hook.ts', import.meta.url).href

/** One line of the log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly seconds: number
}

/** Configuration keys and their values, as after `--set`. */
export type Settings = Readonly<Record<string, string | number | boolean>>

export interface LaunchOptions {
  readonly settings?: Settings
  readonly nodeOptions?: string
  /** The folder of the durable store; without one all is in memory. */
  readonly data?: string
  /** Listens for MQTT over WebSocket too. */
  readonly hasWebSocket?: boolean
  /** Answers HTTP too. */
  readonly hasHttp?: boolean
  /** `LiveServer.memory` can be asked. */
  readonly isProbed?: boolean
  /** `LiveServer.journal` can be asked, and its disk be told to be slow or to fail. */
  readonly isOnBadDisk?: boolean
}

export class LiveServer {
  readonly port: number
  /** 0 without one. */
  readonly webSocketPort: number
  readonly httpPort: number
  readonly pid: number
  readonly log: readonly LogLine[]
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(child: ChildProcess, ports: ReadonlyMap<string, number>, log: readonly LogLine[]) {
    this.#child = child
    this.#ended = once(child, 'exit')
    this.port = ports.get('mqtt') ?? 0
    this.webSocketPort = ports.get('ws') ?? 0
    this.httpPort = ports.get('http') ?? 0
    this.pid = child.pid ?? 0
    this.log = log
  }

  /** The lines with this text. */
  logged(msg: string): LogLine[] {
    return this.log.filter((line) => line.msg === msg)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Signals the process and waits for its end; what takes too long is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    const startMs = performance.now()
    if (this.isRunning) {
      this.#child.kill(signal)
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX)
      await this.#ended
      clearTimeout(late)
    }
    const seconds = (performance.now() - startMs) / 1000
    return { code: this.#child.exitCode, signal: this.#child.signalCode, seconds }
  }

  /** Memory that the process has in RAM. */
  get rssBytes(): number {
    const pages = readFileSync(`/proc/${this.pid}/statm`, 'utf8').split(' ')[1]
    return Number(pages) * PAGE_BYTES
  }

  /** What is really kept: measured after the garbage is gone. Only where it was launched so. */
  async memory(): Promise<Memory> {
    return parseMemory(await this.#ask('memory'))
  }

  /** What was written to the journal. Only where it was launched on a bad disk, as what follows. */
  async journal(): Promise<JournalCounts> {
    return parseJournal(await this.#ask('journal'))
  }

  /** Resolves when it is so. */
  async tellDisk(order: DiskOrder): Promise<void> {
    await this.#ask(order)
  }

  async #ask(question: string | DiskOrder): Promise<unknown> {
    const answer = once(this.#child, 'message')
    this.#child.send(question)
    const [message]: unknown[] = await Promise.race([answer, this.#ended.then(() => [])])
    if (message === undefined) throw new Error('the server ended')
    return message
  }

  /** Open file descriptors of every kind. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }
}

/** User and system time of a process. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name stands in parentheses and may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/**
 * For tests that watch memory: V8 lets garbage lie as long as it has room, and with little room it
 * cannot hide what is really kept.
 */
export const SMALL_HEAP = '--max-semi-space-size=2 --max-old-space-size=128'

/** `rameau start` in memory; ended after the test, if the test has not ended it. */
export async function startServer(
  t: TestContext,
  settings: Settings = {},
  nodeOptions: string = '',
): Promise<LiveServer> {
  return startServerWith(t, { settings, nodeOptions })
}

export async function startServerWith(t: TestContext, options: LaunchOptions): Promise<LiveServer> {
  const server = await launchServer(options)
  t.after(() => server.stop('SIGKILL'))
  return server
}

/** `rameau start`, in memory unless it is given a folder; the caller ends it. */
export async function launchServer(options: LaunchOptions): Promise<LiveServer> {
  const { settings = {}, data, isProbed = false, isOnBadDisk = false } = options
  const { hasWebSocket = false, hasHttp = false } = options
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  const place = (isOn: boolean) => (isOn ? '0' : 'off')
  const listeners = ['--mqtt', '0', '--ws', place(hasWebSocket), '--http', place(hasHttp)]
  const store = data === undefined ? ['--memory'] : ['--data', data]
  const args = ['start', ...store, ...listeners, '--log-format', 'json', ...sets]
  const hooks = [...(isProbed ? [PROBE] : []), ...(isOnBadDisk ? [JOURNAL_HOOK] : [])]
  const imports = hooks.map((hook) => ` --import=${hook}`).join('')
  const child = spawn(join(ROOT, 'bin', 'rameau.js'), args, {
    env: environment(`${options.nodeOptions ?? ''}${imports}`),
    stdio: ['ignore', 'pipe', 'inherit', ...(hooks.length > 0 ? (['ipc'] as const) : [])],
  })
  const log: LogLine[] = []
  const ports = await listening(child, log, 1 + Number(hasWebSocket) + Number(hasHttp))
  return new LiveServer(child, ports, log)
}

/** Outside the checkout's own settings: a developer's rameau.yaml must not change a test. */
function environment(nodeOptions: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RAMEAU_'))
  return { ...Object.fromEntries(own), NODE_OPTIONS: nodeOptions }
}

/** Reads the log from now on; resolves with the ports, by protocol, once there are `count`. */
function listening(
  child: ChildProcess,
  log: LogLine[],
  count: number,
): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>()
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error('the server did not come up'))
    }, START_MS_MAX)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`the server ended with ${code}: ${JSON.stringify(log)}`))
    })
    if (child.stdout === null) throw new Error('no pipe from the server')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = parseLine(line)
      log.push(entry)
      if (entry.msg !== 'listening') return
      ports.set(String(entry['protocol']), Number(entry['port']))
      if (ports.size < count) return
      clearTimeout(late)
      resolve(ports)
    })
  })
}

function parseMemory(answer: unknown): Memory {
  return answer as Memory
}

function parseJournal(answer: unknown): JournalCounts {
  return (answer as { journal: JournalCounts }).journal
}

function parseLine(line: string): LogLine {
  return JSON.parse(line) as LogLine
}

/** Waits until `condition` holds, looking again every few milliseconds; fails after `msMax`. */
export async function until(what: string, condition: () => boolean, msMax = 10_000): Promise<void> {
  const deadlineMs = performance.now() + msMax
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${msMax} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

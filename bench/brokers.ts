// The brokers that are measured, each started in its own process on a free port and ended here.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { JournalCounts } from '../test/support/journal-hook.ts'
import type { Settings } from '../test/support/live-server.ts'
import { freePort } from '../test/support/mosquitto-broker.ts'
import type { Lag } from './lag-hook.ts'

const BIN = join(import.meta.dirname, '..', 'bin', 'rameau.js')
const HOOKS = [
  new URL('lag-hook.ts', import.meta.url).href,
  new URL('../test/support/journal-hook.ts', import.meta.url).href,
]
const START_MS_MAX = 20_000

export interface Broker {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Only of a Rameau that was started `isWatched`. */
  readonly watch: Watch | undefined
  stop(): Promise<void>
}

/** What a server's process tells of itself. */
export interface Watch {
  beginLag(): void
  endLag(): Promise<Lag>
  journal(): Promise<JournalCounts>
}

export interface RameauOptions {
  readonly name?: string
  /** A folder for the store; undefined for --memory. */
  readonly data?: string | undefined
  readonly settings?: Settings
  readonly isWatched?: boolean
  /** How much longer each durable write of the journal takes, if it is watched. */
  readonly journalDelayMs?: number
  /** The port for HTTP; none unless told. */
  readonly http?: number
}

/** Rameau as users start it, but quiet; in memory unless told otherwise. */
export async function startRameau(options: RameauOptions = {}): Promise<Broker> {
  const port = await freePort()
  const child = launchRameau(port, options)
  const watch = options.isWatched === true ? watchOf(child) : undefined
  return ready({ name: options.name ?? 'Rameau', child, port, watch })
}

/** The same, without waiting for it to be up. */
export function launchRameau(port: number, options: RameauOptions): ChildProcess {
  const { data, settings = {}, isWatched = false, journalDelayMs = 0, http = 'off' } = options
  const store = data === undefined ? ['--memory'] : ['--data', data]
  const ports = ['--mqtt', `${port}`, '--ws', 'off', '--http', `${http}`]
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  const hooks = isWatched ? HOOKS.map((hook) => `--import=${hook}`).join(' ') : ''
  return spawn(BIN, ['start', ...store, ...ports, ...sets, '--log-level', 'warn'], {
    stdio: ['ignore', 'ignore', 'inherit', ...(isWatched ? (['ipc'] as const) : [])],
    env: { ...process.env, NODE_OPTIONS: hooks, JOURNAL_DELAY_MS: `${journalDelayMs}` },
  })
}

/** Mosquitto without a bound on its queues, which it would else reach at QoS 1 and 2. */
export async function startMosquitto(path: string): Promise<Broker> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'rameau-bench-'))
  const file = join(folder, 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_queued_messages 0',
    'max_inflight_messages 1024',
    'set_tcp_nodelay true',
    // Started as root it would else become another user, whose figures are not ours to read.
    `user ${userInfo().username}`,
    'log_type error',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn(path, ['-c', file], { stdio: 'ignore' })
  const clean = () => rmSync(folder, { recursive: true })
  return ready({ name: 'Mosquitto', child, port, clean })
}

interface Started {
  readonly name: string
  readonly child: ChildProcess
  readonly port: number
  readonly watch?: Watch | undefined
  readonly clean?: () => void
}

async function ready({ name, child, port, watch, clean }: Started): Promise<Broker> {
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    clean?.()
  }
  const deadlineMs = performance.now() + START_MS_MAX
  while (!(await answers(port))) {
    if (performance.now() > deadlineMs || child.exitCode !== null) {
      if (child.exitCode === null) await stop()
      throw new Error(`${name} did not come up`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { name, port, pid: child.pid ?? 0, watch, stop }
}

export async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function watchOf(child: ChildProcess): Watch {
  const ask = async (question: string): Promise<unknown> => {
    const answer = once(child, 'message')
    child.send(question)
    const messages: readonly unknown[] = await answer
    return messages[0]
  }
  return {
    beginLag: () => void child.send('lag begins'),
    endLag: async () => parseLag(await ask('lag ends')),
    journal: async () => parseJournal(await ask('journal')),
  }
}

function parseLag(message: unknown): Lag {
  return (message as { lag: Lag }).lag
}

function parseJournal(message: unknown): JournalCounts {
  return (message as { journal: JournalCounts }).journal
}

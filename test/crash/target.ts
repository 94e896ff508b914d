// The servers that can be killed: Rameau from this checkout, Debian's Mosquitto, or any command.
// Each is started on a folder of data and a free port, and told nothing else.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../support/mosquitto-broker.ts'
import type { Plant } from '../support/plants.ts'
import type { Bounds } from './plan.ts'

export interface Target {
  readonly name: string
  /** Starts it, with its own bounds by default; whether it comes up is the life's to say. */
  start(folder: string, bounds?: Bounds): Promise<Life>
  /** The folder whose changes tell that it writes its table, where it has one. */
  readonly tableFolder?: string
  /** Ends what no kill has ended. */
  close?(): Promise<void>
}

/** A server from its start to its end. */
export interface Life {
  readonly startedMs: number
  /** The port, once it listens; undefined when it ended or was too slow. */
  readonly port: Promise<number | undefined>
  readonly hasEnded: boolean
  /** What it said last. */
  readonly tail: string
  /** kill -9, at once; resolves when it is gone. */
  kill(): Promise<void>
}

const START_MS_MAX = 60_000
const LOOK_MS = 10
const TAIL_LINES = 12
const PLANT_HOOK = new URL('plant-hook.ts', import.meta.url).href
const BIN = join(import.meta.dirname, '..', '..', 'bin', 'rameau.js')

/** One process of a server. */
class Child implements Life {
  readonly port: Promise<number | undefined>
  readonly startedMs: number = performance.now()
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #tail: string[] = []

  constructor(process: ChildProcess, findPort: (child: Child) => Promise<number | undefined>) {
    this.#process = process
    this.#ended = Promise.race([once(process, 'close'), once(process, 'error')])
    for (const stream of [process.stdout, process.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => {
        this.#tail.push(line)
        if (this.#tail.length > TAIL_LINES) this.#tail.shift()
        this.onLine?.(line)
      })
    }
    this.port = findPort(this)
  }

  onLine: ((line: string) => void) | undefined

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  get ended(): Promise<unknown> {
    return this.#ended
  }

  get tail(): string {
    return this.#tail.join('\n')
  }

  async kill(): Promise<void> {
    if (!this.hasEnded) this.#process.kill('SIGKILL')
    await this.#ended
  }
}

/** Settings of `rameau start`, as after `--set`. */
export type Settings = Readonly<Record<string, string | number>>

export interface RameauOptions {
  readonly settings: Settings
  readonly isMemory?: boolean
  readonly plant?: Plant
}

/** Queues' bounds so high that no message is dropped. */
export const NO_BOUNDS: Settings = {
  'limits.sessionQueueMax': 10_000_000,
  'limits.sessionQueueBytesMax': 10_000_000_000,
}

const EPOCHS: Settings = {
  'limits.storeEpochBytes': 256 * 1024,
  'limits.storeSegmentBytes': 256 * 1024,
}
const BOUNDS: Readonly<Record<Bounds, Settings>> = {
  own: {},
  epochs: EPOCHS,
  windows: { ...EPOCHS, 'limits.queueWindowMax': 8 },
}

export function rameau(options: RameauOptions): Target {
  const { settings, isMemory = false, plant } = options
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RAMEAU_'))
  const hook = plant === undefined ? {} : { CRASH_PLANT: JSON.stringify(plant) }
  const env = {
    ...Object.fromEntries(own),
    ...hook,
    NODE_OPTIONS: plant === undefined ? '' : `--import=${PLANT_HOOK}`,
  }
  return {
    name: `rameau${isMemory ? ' --memory' : ''}${plant === undefined ? '' : `, ${plant.name}`}`,
    tableFolder: 'table',
    start: (folder, bounds = 'own') => {
      const all = Object.entries({ ...BOUNDS[bounds], ...settings })
      const sets = all.flatMap(([key, value]) => ['--set', `${key}=${value}`])
      const store = isMemory ? ['--memory'] : ['--data', folder]
      const listeners = ['--mqtt', '0', '--ws', 'off', '--http', 'off']
      const args = ['start', ...store, ...listeners, '--log-format', 'json', ...sets]
      return Promise.resolve(new Child(launch(BIN, args, env), portFromLog))
    },
  }
}

export function mosquitto(program: string): Target {
  const lines = [
    'allow_anonymous true',
    'persistence true',
    'max_queued_messages 0',
    'log_dest stderr',
    'log_type error',
    'sys_interval 0',
  ]
  // Started as root it would become a user who may not write to the folder.
  if (process.getuid?.() === 0) lines.push('user root')
  return {
    name: 'mosquitto',
    start: async (folder) => {
      const port = await freePort()
      const config = join(folder, 'mosquitto.conf')
      const all = [...lines, `listener ${port} 127.0.0.1`, `persistence_location ${folder}/`]
      writeFileSync(config, `${all.join('\n')}\n`)
      return new Child(launch(program, ['-c', config]), (child) => portByAsking(child, port))
    },
  }
}

/** A command line in which `{port}` and `{data}` are filled in. */
export function command(line: string): Target {
  return {
    name: line,
    start: async (folder) => {
      const port = await freePort()
      const filled = line.replaceAll('{port}', String(port)).replaceAll('{data}', folder)
      // One process, so that killing it leaves nothing behind.
      const child = launch('/bin/sh', ['-c', `exec ${filled}`])
      return new Child(child, (started) => portByAsking(started, port))
    },
  }
}

function launch(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  return spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Rameau says in its log where it listens. */
function portFromLog(child: Child): Promise<number | undefined> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, START_MS_MAX, undefined)
    const end = (port: number | undefined): void => {
      clearTimeout(late)
      child.onLine = undefined
      resolve(port)
    }
    void child.ended.then(() => end(undefined))
    child.onLine = (line) => {
      const found = /"msg":"listening".*"port":(\d+)|"port":(\d+).*"msg":"listening"/.exec(line)
      if (found !== null) end(Number(found[1] ?? found[2]))
    }
  })
}

/** Others are asked until they accept. */
async function portByAsking(child: Child, port: number): Promise<number | undefined> {
  const deadlineMs = performance.now() + START_MS_MAX
  while (performance.now() < deadlineMs && !child.hasEnded) {
    const socket = connect({ host: '127.0.0.1', port })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return port
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return undefined
}

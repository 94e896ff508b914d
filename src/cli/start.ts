// `rameau start`: from flags to a server that listens, until a signal ends it. What the server does
// with a stream is not seen here.

import { systemClock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/layer.ts'
import { loadConfig } from '../config/load.ts'
import type { Log } from '../core/ports.ts'
import { createServer, type Server } from '../server.ts'
import { announce } from './announce.ts'
import { type StartFlags, tlsFlags, toSources } from './flags.ts'
import {
  isLoopback,
  isSpoken,
  ListenerError,
  type OpenListener,
  openListeners,
} from './listeners.ts'
import { openOutput, openStdout, type Output } from './log.ts'
import { Signals } from './signals.ts'
import { VERSION } from '../base/version.ts'

/** How long clients may take to be told and to go. Then the rest is cut off: exit code 1. */
const DRAIN_MS_MAX = 10_000

export const Exit = { fine: 0, failure: 1, usage: 2 } as const
export type Exit = (typeof Exit)[keyof typeof Exit]

/** Runs until a signal, and resolves with the exit code; everything is written by then. */
export async function start(flags: StartFlags): Promise<Exit> {
  let config: Config
  try {
    config = loadConfig(toSources(flags, process.env))
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems, Exit.usage)
    throw error
  }
  const problems = unusable(config)
  if (problems.length > 0) return refuse(problems, Exit.usage)

  const output = openOutput(config.log.level, config.log.format, openStdout())
  try {
    return await run(flags, config, output)
  } finally {
    await output.close()
  }
}

async function run(flags: StartFlags, config: Config, output: Output): Promise<Exit> {
  // Before the first listener: who sees the start-up lines may send a signal at once.
  const reload = () => output.log.info('nothing to reload in this version')
  const signals = new Signals(process, systemClock, reload)
  const server = createServer({
    limits: config.limits,
    mqtt: config.mqtt,
    sysIntervalS: config.sys.intervalS,
    presence: config.presence.enabled,
    log: output.log,
  })
  let open: OpenListener[]
  try {
    open = await openListeners(config.listeners.filter(isSpoken), server, output.log)
  } catch (error) {
    await server.close()
    if (error instanceof ListenerError) return refuse([error.message], Exit.failure)
    throw error
  }

  announce(
    {
      version: VERSION,
      pid: process.pid,
      config,
      open,
      missing: config.listeners.filter((listener) => !isSpoken(listener)),
      tlsFlags: tlsFlags(flags),
    },
    output,
  )
  output.log.info('stopping', { signal: await signals.stop })
  return drain(server, signals, output.log)
}

async function drain(server: Server, signals: Signals, log: Log): Promise<Exit> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'time is up'>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS_MAX, 'time is up')
  })
  const outcome = await Promise.race([server.close(), late, signals.stopNow])
  clearTimeout(timer)
  if (outcome === undefined) {
    log.info('stopped')
    return Exit.fine
  }
  log.warn('stopped before every client had gone', { why: outcome })
  return Exit.failure
}

/** What a valid configuration cannot be started with, and the lines that fix it. */
export function unusable({ listeners, allowAnonymous }: Config): string[] {
  if (listeners.length === 0) return ['every listener is off: turn one on, such as --mqtt 1883']
  const exposed = listeners.filter(isSpoken).find(({ place }) => !isLoopback(place))
  if (exposed === undefined || allowAnonymous || 'path' in exposed.place) return []
  const { host } = exposed.place
  return [
    `${host} can be reached from other machines, and nothing asks who comes in. Either of`,
    `  rameau start --host ${host} --allow-anonymous    # lets everybody in, to do everything`,
    '  rameau start --host 127.0.0.1    # lets in this machine only',
  ]
}

/** To standard error, and at once: the process ends after it. */
export function refuse(problems: readonly string[], code: Exit): Exit {
  const [first = '', ...more] = problems
  console.error([`rameau: ${first}`, ...more].join('\n'))
  return code
}

// `rameau start`: from flags to a server that listens, until a signal ends it. What the server does
// with a stream is not seen here.

import { AccessFileError } from '../access/file-error.ts'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/layer.ts'
import { loadConfig } from '../config/load.ts'
import type { Log } from '../core/ports.ts'
import { createServer, type Server } from '../server.ts'
import { accessProblems, type OpenAccess, openAccess, watchAccess } from './access.ts'
import { announce } from './announce.ts'
import { type StartFlags, toSources } from './flags.ts'
import {
  isHttp,
  isSpoken,
  ListenerError,
  type OpenListener,
  openListeners,
  type PreparedListener,
  prepareListeners,
  toUrl,
} from './listeners.ts'
import { StoreOpenError } from '../base/errors.ts'
import { openOutput, openStdout, type Output } from './log.ts'
import { Notices } from './notices.ts'
import { Signals } from './signals.ts'
import { TlsFileError } from './tls-files.ts'
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

  let prepared: PreparedListener[]
  let access: OpenAccess
  try {
    prepared = prepareListeners(config.listeners)
    access = await openAccess(config)
  } catch (error) {
    if (error instanceof TlsFileError || error instanceof AccessFileError) {
      return refuse([error.message], Exit.usage)
    }
    throw error
  }
  prepared = prepared.map((one) => ({ ...one, access: access.of(one.listener) }))

  const output = openOutput(config.log, openStdout())
  try {
    return await run(config, prepared, access, output)
  } finally {
    await output.close()
  }
}

async function run(
  config: Config,
  prepared: readonly PreparedListener[],
  access: OpenAccess,
  output: Output,
): Promise<Exit> {
  // Before the first listener: who sees the start-up lines may send a signal at once.
  let open: OpenListener[] = []
  const notices = new Notices(process.env, output.log)
  const reload = () => {
    notices.reloading()
    for (const { renew } of open) renew?.()
    void refresh().then(() => {
      output.log.info('reloaded')
      notices.reloaded()
    })
  }
  const refresh = () => access.reload(output.log).then(() => server.checkLogins())
  const signals = new Signals(process, systemClock, reload)
  const stop = async (signal: string): Promise<Exit> => {
    output.log.info('stopping', { signal })
    watch?.close()
    notices.stopping()
    const code = await drain(server, signals, output.log)
    await notices.settle()
    return code
  }
  const server = createServer({
    limits: config.limits,
    mqtt: config.mqtt,
    http: config.http,
    ...(access.server === undefined ? {} : { access: access.server }),
    sysIntervalS: config.sys.intervalS,
    presence: config.presence.enabled,
    ...(config.memory ? {} : { data: config.data, durability: config.durability }),
    log: output.log,
  })
  const watch = await watchAccess(config, access, output.log, () => void refresh())
  try {
    // HTTP first, which says that the server is not ready until its data has been read.
    const asked = await openListeners(prepared.filter(isHttp), server, output.log)
    const early = await Promise.race([server.ready, signals.stop])
    if (early !== undefined) return await stop(early)
    const others = prepared.filter((one) => !isHttp(one))
    open = [...(await openListeners(others, server, output.log)), ...asked]
  } catch (error) {
    await server.close()
    if (error instanceof TlsFileError) return refuse([error.message], Exit.usage)
    if (error instanceof ListenerError || error instanceof StoreOpenError) {
      return refuse([error.message], Exit.failure)
    }
    throw error
  }

  announce(
    {
      version: VERSION,
      pid: process.pid,
      config,
      open,
      missing: config.listeners.filter((listener) => !isSpoken(listener)),
    },
    output,
  )
  notices.up(open.map(({ protocol, place }) => toUrl(protocol, place)).join(', '))
  return stop(await signals.stop)
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
export function unusable(config: Config): string[] {
  const { listeners } = config
  if (listeners.some(isSpoken)) return accessProblems(config)
  const names = listeners.map(({ protocol }) => protocol).join(', ')
  const why = names === '' ? 'every listener is off' : `not in this version yet: ${names}`
  return [`nothing would listen, ${why}: turn a listener on, such as --mqtt 1883`]
}

/** To standard error, and at once: the process ends after it. */
export function refuse(problems: readonly string[], code: Exit): Exit {
  const [first = '', ...more] = problems
  console.error([`rameau: ${first}`, ...more].join('\n'))
  return code
}

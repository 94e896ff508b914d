// What `rameau start` says when it is up: what listens where, what is kept, who may come in, and
// two lines to copy. Text only; nothing here decides anything.

import type { Config, Listener, Place } from '../config/config.ts'
import { accessText, isAnonymousAllowed } from './access.ts'
import { isLoopback, type OpenListener, toUrl } from './listeners.ts'
import type { Output } from './log.ts'

export interface Start {
  readonly version: string
  readonly pid: number
  readonly config: Config
  readonly open: readonly OpenListener[]
  /** Listeners that were asked for and that this version does not have. */
  readonly missing: readonly Listener[]
}

/** Says it in the format of the log: lines for people, or events for machines. */
export function announce(start: Start, output: Output): void {
  if (start.config.log.format === 'human') for (const line of toLines(start)) output.print(line)
  else logEvents(start, output)
}

function toLines({ version, pid, config, open, missing }: Start): string[] {
  const rows: Row[] = [
    ...open.map(({ protocol, place }): Row => [protocol, toUrl(protocol, place)]),
    ...missing.map(({ protocol }): Row => [protocol, NOT_YET]),
    ['data', dataOf(config)],
    ...accessOf(config, open),
  ]
  const lines = rows.map(([name, text]) => `  ${name.padEnd(12)}${text}`)
  return [`Rameau ${version} is up, pid ${pid}`, ...lines, ...toTry(config, open)]
}

/** A name, and what is said of it. */
type Row = readonly [name: string, text: string]

const NOT_YET = 'not in this version yet, does not listen'

function dataOf({ memory, data, durability }: Config): string {
  if (memory) return 'in memory, gone at the end'
  return durability === 'commit' ? data : `${data}, acknowledged before it is on disk (relaxed)`
}

/** One row for the whole server, and one for each listener that is not as the others. */
function accessOf({ access, listeners }: Config, open: readonly OpenListener[]): Row[] {
  const isLocal = open.every(({ place }) => isLoopback(place))
  const own = listeners.flatMap(({ protocol, place, access: files }): Row[] =>
    files === undefined
      ? []
      : [['access', `${toUrl(protocol, place)}: ${accessText(files, isLoopback(place))}`]],
  )
  const isAllOwn = own.length === listeners.length
  return isAllOwn ? own : [['access', accessText(access, isLocal)], ...own]
}

function toTry({ access, listeners }: Config, open: readonly OpenListener[]): string[] {
  const mqtt = open.find(({ protocol }) => protocol === 'mqtt')
  if (mqtt === undefined) return []
  const files = listeners.find(({ protocol }) => protocol === 'mqtt')?.access ?? access
  const login = isAnonymousAllowed(files) ? '' : ' -u USER -P PASSWORD'
  const where = toOptions(mqtt.place) + login
  return [
    'Try it, in two terminals:',
    `  mosquitto_sub ${where} -v -t 'hello/#'`,
    `  mosquitto_pub ${where} -t hello/world -m Bonjour`,
  ]
}

/** Mosquitto's options for a place. What listens everywhere is also here. */
function toOptions(place: Place): string {
  if ('path' in place) return `--unix ${place.path}`
  const { host, port } = place
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `-h ${here} -p ${port}`
}

function logEvents({ version, pid, config, open, missing }: Start, output: Output): void {
  for (const { protocol, place } of open) {
    output.log.info('listening', { protocol, url: toUrl(protocol, place), ...place })
  }
  for (const { protocol } of missing) output.log.warn('listener not in this version', { protocol })
  const { memory, data, durability } = config
  if (memory) output.log.info('data is kept in memory only')
  else output.log.info('data is kept', { data, durability })
  output.log.info('up', { version, pid })
}

// What `rameau start` says when it is up: what listens where, what is kept, who may come in, and
// two lines to copy. Text only; nothing here decides anything.

import type { Config, Listener, Place } from '../config/config.ts'
import { isLoopback, type OpenListener, toUrl } from './listeners.ts'
import type { Output } from './log.ts'

export interface Start {
  readonly version: string
  readonly pid: number
  readonly config: Config
  readonly open: readonly OpenListener[]
  /** Listeners that were asked for and that this version does not have. */
  readonly missing: readonly Listener[]
  readonly tlsFlags: readonly string[]
}

/** Says it in the format of the log: lines for people, or events for machines. */
export function announce(start: Start, output: Output): void {
  if (start.config.log.format === 'human') for (const line of toLines(start)) output.print(line)
  else logEvents(start, output)
}

function toLines({ version, pid, config, open, missing, tlsFlags }: Start): string[] {
  const rows: [string, string][] = [
    ...open.map(({ protocol, place }): [string, string] => [protocol, toUrl(protocol, place)]),
    ...missing.map(({ protocol }): [string, string] => [protocol, NOT_YET]),
    ...tlsFlags.map((flag): [string, string] => [flag, NOT_YET]),
    ['data', dataOf(config)],
    ['access', accessOf(open)],
  ]
  const lines = rows.map(([name, text]) => `  ${name.padEnd(12)}${text}`)
  return [`Rameau ${version} is up, pid ${pid}`, ...lines, ...toTry(open)]
}

const NOT_YET = 'not in this version yet, does not listen'

function dataOf(config: Config): string {
  const memory = 'in memory, gone at the end'
  return config.memory ? memory : `${memory}: this version does not write to ${config.data} yet`
}

function accessOf(open: readonly OpenListener[]): string {
  const isLocal = open.every(({ place }) => isLoopback(place))
  return `anonymous, everything allowed${isLocal ? ', from this machine only' : ', from anywhere'}`
}

function toTry(open: readonly OpenListener[]): string[] {
  const mqtt = open.find(({ protocol }) => protocol === 'mqtt')
  if (mqtt === undefined) return []
  const where = toOptions(mqtt.place)
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

function logEvents({ version, pid, config, open, missing, tlsFlags }: Start, output: Output): void {
  for (const { protocol, place } of open) {
    output.log.info('listening', { protocol, url: toUrl(protocol, place), ...place })
  }
  for (const { protocol } of missing) output.log.warn('listener not in this version', { protocol })
  for (const flag of tlsFlags) output.log.warn('flag not in this version', { flag })
  if (!config.memory) output.log.warn('data is kept in memory only', { data: config.data })
  output.log.info('up', { version, pid })
}

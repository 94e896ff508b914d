// Keeps one misbehaving client from filling the log: of lines that say the same of the same client
// or address only the first few of each window are written, the others counted, and the count is
// written when the window ends. How a line looks is log's.

import { hash } from 'node:crypto'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log, LogFields } from '../core/ports.ts'

export const WINDOW_MS = 10_000

/**
 * Whoever is counted for himself in a window. Above: all others count together for each event, so
 * that the first of them are written and the rest still counted.
 */
const KEYS_MAX = 10_000

/** Of a longer name the beginning is kept and a hash: a client id may have 64 KiB. */
const NAME_LENGTH_MAX = 64

/** Whom a line is about, the first of these that it has. */
const NAMES = ['address', 'client', 'queue', 'subscriber', 'url', 'protocol', 'name'] as const
type Name = (typeof NAMES)[number]

/** Many clients may come and go from one address, and each is worth a line. */
const PER_CLIENT: ReadonlySet<string> = new Set(['client connected', 'client disconnected'])

type Level = 'info' | 'warn' | 'error'

interface Tally {
  readonly level: Level
  readonly event: string
  /** Whom it is about, as the line has it; nothing where many are counted together. */
  readonly about: LogFields
  lines: number
  suppressed: number
}

export interface RepeatLimits {
  /** Lines of one event and name in a window. 0: all are written. */
  readonly repeatsMax: number
  readonly keysMax?: number
}

export interface LimitedLog extends Log {
  /** Writes what is counted so far; for the end. */
  flush(): void
}

/** Lines of level debug pass as they are: who asks for them wants all. */
export function limitRepeats(log: Log, clock: Clock, limits: RepeatLimits): LimitedLog {
  const { repeatsMax, keysMax = KEYS_MAX } = limits
  const tallies = new Map<string, Tally>()
  let timer: Timer | undefined
  let startedMs = 0

  const flush = (): void => {
    timer?.cancel()
    timer = undefined
    const seconds = Math.round((clock.now() - startedMs) / 1000)
    const repeated = [...tallies.values()].filter(({ suppressed }) => suppressed > 0)
    tallies.clear()
    for (const { level, event, about, suppressed } of repeated) {
      log[level](`${event}, repeated`, { ...about, times: suppressed, seconds })
    }
  }
  const tallyOf = (level: Level, event: string, fields: LogFields): Tally => {
    if (timer === undefined) {
      startedMs = clock.now()
      timer = clock.after(WINDOW_MS, flush)
    }
    const name = PER_CLIENT.has(event) ? 'client' : NAMES.find((each) => each in fields)
    const key = keyOf(level, event, name, fields)
    const known = tallies.get(key)
    if (known !== undefined) return known
    const isFull = tallies.size >= keysMax
    const shared = isFull ? tallies.get(keyOf(level, event, undefined, {})) : undefined
    if (shared !== undefined) return shared
    const about = isFull || name === undefined ? {} : { [name]: shortOf(fields[name]) }
    const tally: Tally = { level, event, about, lines: 0, suppressed: 0 }
    tallies.set(isFull ? keyOf(level, event, undefined, {}) : key, tally)
    return tally
  }
  const at =
    (level: Level) =>
    (event: string, fields: LogFields = {}): void => {
      if (repeatsMax > 0) {
        const tally = tallyOf(level, event, fields)
        if (tally.lines >= repeatsMax) {
          tally.suppressed += 1
          return
        }
        tally.lines += 1
      }
      log[level](event, fields)
    }
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    flush,
  }
}

/** The events are few and fixed, so only the name needs a bound. */
function keyOf(level: Level, event: string, name: Name | undefined, fields: LogFields): string {
  return `${level} ${event} ${name} ${name === undefined ? '' : shortOf(fields[name])}`
}

function shortOf(value: unknown): string {
  const text = String(value)
  if (text.length <= NAME_LENGTH_MAX) return text
  // Through bytes, since a part of a string keeps the whole one in memory.
  const start = Buffer.from(text.slice(0, NAME_LENGTH_MAX / 2)).toString()
  return `${start}… ${hash('sha256', text).slice(0, NAME_LENGTH_MAX / 4)}`
}

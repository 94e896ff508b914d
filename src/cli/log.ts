// The log of the program: pino behind core's `Log` port, as lines of JSON or as text for people,
// and the start-up lines through the same stream, so that all of it keeps its order.

import { destination, pino } from 'pino'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import type { Log, LogFields } from '../core/ports.ts'
import { limitRepeats } from './log-repeats.ts'

/**
 * Bytes of log that wait for whoever reads standard output. Above: newer lines are dropped, for a
 * stuck reader must not hold up the server or fill its memory.
 */
const PENDING_BYTES_MAX = 1024 * 1024

/** How long a reader that is stuck may hold up the end of the process. */
const FLUSH_MS_MAX = 1000

/** Where lines go: standard output, or a test's list. */
export interface Sink {
  write(text: string): void
  /** Ends it; later lines are dropped. Resolves when all is written, or the reader is stuck. */
  close(): Promise<void>
}

export interface Output {
  readonly log: Log
  /** A line for people as it is; nothing in the JSON format. */
  print(line: string): void
  /** Everything is written when this resolves: wait for it before the process exits. */
  close(): Promise<void>
}

/** Standard output, written in the background and in order. */
export function openStdout(): Sink {
  const stdout = destination({ fd: 1, sync: false, maxLength: PENDING_BYTES_MAX })
  let isClosed = false
  return {
    write: (text) => {
      if (!isClosed) stdout.write(text)
    },
    close: () =>
      new Promise((resolve) => {
        isClosed = true
        // Not flushSync: it writes at once what a write under way should precede.
        const timer = setTimeout(resolve, FLUSH_MS_MAX)
        stdout.once('finish', () => {
          clearTimeout(timer)
          resolve()
        })
        stdout.end()
      }),
  }
}

export function openOutput({ level, format, repeatsMax }: Config['log'], sink: Sink): Output {
  const isHuman = format === 'human'
  const logger = pino(
    {
      level,
      base: null, // No pid and host name in every line: what collects the lines knows them.
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    isHuman ? { write: (line: string) => sink.write(toHuman(line)) } : sink,
  )
  const every: Log = {
    debug: (event, fields) => logger.debug(fields, event),
    info: (event, fields) => logger.info(fields, event),
    warn: (event, fields) => logger.warn(fields, event),
    error: (event, fields) => logger.error(fields, event),
  }
  const log = limitRepeats(every, systemClock, { repeatsMax })
  return {
    log,
    print: (line) => {
      if (isHuman) sink.write(`${line}\n`)
    },
    close: () => {
      log.flush()
      return sink.close()
    },
  }
}

/** A line of pino's as `2026-01-31T12:00:00.000Z info  client connected clientId=kitchen`. */
function toHuman(line: string): string {
  const { time, level, msg, ...fields } = parseLine(line)
  const words = Object.entries(fields).map(([name, value]) => `${name}=${quote(value)}`)
  return `${[String(time), String(level).padEnd(5), String(msg), ...words].join(' ')}\n`
}

function parseLine(line: string): LogFields {
  return JSON.parse(line) as LogFields
}

/**
 * Peers choose client ids, topics and reasons. Whatever is not plainly printable is escaped, so
 * that none of them can forge a line or send control codes to a terminal.
 */
function quote(value: string | number | boolean | undefined): string {
  const text = String(value)
  if (/^[\w.:/@+#$*-]+$/.test(text)) return text
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

// Loaded into a server's process before the program (`node --import`), it counts what is written to
// the journal, answers the parent's message `journal` with the counts, and makes the journal's disk
// slow or failing as the parent, or JOURNAL_DELAY_MS in the environment, says.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Since the start of the process. */
export interface JournalCounts {
  /** Writes of commits; the zeros that are written ahead are none. */
  readonly commits: number
  readonly commitBytes: number
}

/** What the disk is from now on: what is left out is as it should be. Answered when it is so. */
export interface DiskOrder {
  /** How much longer each durable write takes. */
  readonly delayMs?: number
  /** The code with which each write fails, such as EROFS. */
  readonly failure?: string
}

type Call = (...args: unknown[]) => unknown
type Name = 'open' | 'write' | 'writev' | 'fdatasync'
/** Gets what the function gets but for its callback, the callback, and the function. */
type Around = (args: unknown[], done: Call, call: Call) => void

let disk: DiskOrder = { delayMs: Number(process.env['JOURNAL_DELAY_MS'] ?? 0) }
/** Open files of the journal, and whether each write is durable at once. */
const files = new Map<unknown, boolean>()
/** What is delayed: done at once when the disk becomes another. */
const late = new Set<() => void>()
const counts = { commits: 0, commitBytes: 0 }

function wrap(name: Name, around: Around): void {
  const original = fs[name]
  const call: Call = (...args) => Reflect.apply(original, fs, args)
  Reflect.set(fs, name, (...args: unknown[]) => {
    const done: unknown = args.at(-1)
    if (typeof done !== 'function') call(...args)
    else around(args.slice(0, -1), (...results) => Reflect.apply(done, undefined, results), call)
  })
}

function later(done: Call): Call {
  const { delayMs = 0 } = disk
  if (delayMs === 0) return done
  return (...results) => {
    const finish = (): void => {
      clearTimeout(timer)
      late.delete(finish)
      done(...results)
    }
    const timer = setTimeout(finish, delayMs)
    late.add(finish)
  }
}

/** True: it has failed. */
function fails(done: Call): boolean {
  const { failure } = disk
  if (failure === undefined) return false
  setImmediate(() => done(Object.assign(new Error(`${failure}: as ordered`), { code: failure }), 0))
  return true
}

wrap('open', ([path, flags, ...more], done, call) => {
  call(path, flags, ...more, (error: unknown, fd: unknown) => {
    if (error === null) files.delete(fd)
    if (error === null && /[\\/]journal[\\/]/.test(String(path))) {
      files.set(fd, (Number(flags) & fs.constants.O_DSYNC) !== 0)
    }
    done(error, fd)
  })
})

function writing(firstOf: (content: unknown) => unknown): Around {
  return ([fd, content, ...more], done, call) => {
    const isDurable = files.get(fd)
    if (isDurable === undefined) {
      call(fd, content, ...more, done)
      return
    }
    if (fails(done)) return
    const chunk = firstOf(content)
    const isCommit = chunk instanceof Uint8Array && chunk[0] !== 0
    const finish = isDurable ? later(done) : done
    call(fd, content, ...more, (error: unknown, written: unknown, ...results: unknown[]) => {
      if (isCommit) {
        counts.commits++
        counts.commitBytes += Number(written)
      }
      finish(error, written, ...results)
    })
  }
}

wrap(
  'write',
  writing((chunk) => chunk),
)
wrap(
  'writev',
  writing((chunks) => (Array.isArray(chunks) ? chunks[0] : undefined)),
)
wrap('fdatasync', ([fd], done, call) => {
  if (!files.has(fd)) call(fd, done)
  else if (!fails(done)) call(fd, later(done))
})
syncBuiltinESMExports()

process.on('message', (message) => {
  if (message === 'journal') process.send?.({ journal: counts satisfies JournalCounts })
  else if (isOrder(message)) {
    disk = message
    for (const finish of late) finish()
    process.send?.({ disk })
  }
})
// The program ends by itself, as without this.
process.channel?.unref()

function isOrder(message: unknown): message is DiskOrder {
  return typeof message === 'object' && message !== null
}

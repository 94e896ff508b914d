// `rameau store export|import`: a store as lines of JSON, and a store of such lines. What the lines
// say is the storage's.

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { whyUnreadable } from '../base/errors.ts'
import { exportDirectory, importDirectory } from '../storage/offline.ts'
import { Exit, refuse } from './start.ts'
import { type StoreFlags, withDirectory } from './store-place.ts'

/** The name of the standard input and output. */
const STANDARD = '-'
/** An export holds messages and principals of everybody. */
const PRIVATE_FILE = 0o600
/** Lines that are wrong and told; then the import ends. */
const WRONG_MAX = 20

/** Resolves with 1 where something could not be read and is missing in what was written. */
export function exportStore(file: string, flags: StoreFlags): Promise<Exit> {
  return withDirectory(flags, async (place) => {
    let isWhole = true
    const onDamage = (text: string): void => {
      isWhole = false
      console.error(`rameau: left out: ${text}`)
    }
    await withOutput(file, (output) => {
      return exportDirectory(place, onDamage, (text) => writeTo(output, text))
    })
    return isWhole ? Exit.fine : Exit.failure
  })
}

/** Fills an empty directory; with one wrong line or more it stays empty. */
export function importStore(file: string, flags: StoreFlags): Promise<Exit> {
  return withDirectory(flags, async (place) => {
    const input = file === STANDARD ? process.stdin : createReadStream(file)
    const name = file === STANDARD ? 'standard input' : file
    try {
      if (input !== process.stdin) await once(input, 'open')
    } catch (error) {
      return refuse([`${file}: cannot be read: ${whyUnreadable(error)}`], Exit.usage)
    }
    const problems: { readonly line: number; readonly what: string }[] = []
    const lines = await importDirectory(place, input, (line, what) => {
      problems.push({ line, what })
      return problems.length < WRONG_MAX
    }).finally(() => input.destroy())
    if (lines === undefined) {
      // Some are found only later.
      problems.sort((one, other) => one.line - other.line)
      const told = problems.slice(0, WRONG_MAX).map(({ line, what }) => `${name}:${line}: ${what}`)
      return refuse([...told, 'nothing was imported'], Exit.failure)
    }
    console.log(`imported ${lines} lines into ${place.directory}`)
    return Exit.fine
  })
}

/** A file is there as a whole or not at all; what is none, such as a pipe, is written as it is. */
async function withOutput(file: string, use: (output: Writable) => Promise<void>): Promise<void> {
  if (file === STANDARD) {
    // The write that fails tells of it.
    process.stdout.on('error', () => undefined)
    return use(process.stdout)
  }
  const found = await stat(file).catch(() => undefined)
  const isFile = found === undefined || found.isFile()
  const draft = isFile ? `${file}.${process.pid}.part` : file
  const output = createWriteStream(draft, { mode: PRIVATE_FILE, flush: isFile })
  try {
    await once(output, 'open')
    output.on('error', () => undefined)
    await use(output)
    output.end()
    await once(output, 'close')
    if (isFile) await rename(draft, file)
  } finally {
    output.destroy()
    if (isFile) await rm(draft, { force: true })
  }
}

function writeTo(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })
}

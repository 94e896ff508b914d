// Opens the store of a data directory: the lock first, then the format, then the store itself,
// which is still to be recovered.

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Scheduler } from '../base/scheduler.ts'
import type { Log } from '../core/ports.ts'
import type { StoreBounds } from './bounds.ts'
import { asked, type Disk, type DiskFile } from './disk.ts'
import { DurableStore } from './durable.ts'
import { FORMAT, FORMAT_FILE, formatError, formatText } from './format.ts'
import { openLevel } from './kv-level.ts'
import { createNodeDisk } from './node-disk.ts'
import { StoreOpenError } from '../base/errors.ts'

export const TABLE_FOLDER = 'table'
/** The state has messages and principals of everybody. */
export const PRIVATE_FOLDER = 0o700

export interface DataDirectoryOptions {
  /** Created if its parent exists. */
  readonly directory: string
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly log: Log
  readonly durability?: 'commit' | 'relaxed'
  readonly segmentBytes?: number
  readonly bounds?: Partial<StoreBounds>
}

/** Fails with a {@link StoreOpenError} that tells the operator what to do. */
export async function openDurableStore(options: DataDirectoryOptions): Promise<DurableStore> {
  const { directory } = options
  await makeDirectory(directory)
  const hasFormat = await checkFormat(directory)
  const kv = await openLevel(join(directory, TABLE_FOLDER), directory, options.scheduler)
  const disk = createNodeDisk(directory)
  try {
    if (!hasFormat) await writeFormat(disk)
  } catch (error) {
    await kv.close()
    throw unusable(directory, error)
  }
  return new DurableStore({ ...options, disk, kv })
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: PRIVATE_FOLDER })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(directory, error)
  }
}

/** Whether the file is there; one that is there and tells of another format is refused. */
export async function checkFormat(directory: string): Promise<boolean> {
  let text: string
  try {
    text = await readFile(join(directory, FORMAT_FILE), 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw unusable(directory, error)
  }
  const found = /"format":\s*([^,}\s]+)/.exec(text)?.[1]
  if (found === String(FORMAT)) return true
  throw formatError(directory, found ?? 'unknown')
}

export async function writeFormat(disk: Disk): Promise<void> {
  const file = await asked<DiskFile>((done) => disk.open(FORMAT_FILE, 'synced', done))
  const bytes = new TextEncoder().encode(formatText())
  await asked<undefined>((done) => file.write([bytes], 0, (error) => done(error, undefined)))
  await asked<undefined>((done) => file.close((error) => done(error, undefined)))
}

export function unusable(directory: string, error: unknown): StoreOpenError {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `the data directory ${directory} cannot be used: ${reason}`
  return new StoreOpenError('ERR_STORE_UNREADABLE', message, error)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

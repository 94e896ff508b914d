// The data directory that an import fills. Until all is there it holds nothing that a server would
// take for a store: the table is filled in another folder, which gets its name at the end.

import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreOpenError } from '../base/errors.ts'
import type { Scheduler } from '../base/scheduler.ts'
import { asked } from './disk.ts'
import type { Kv } from './kv.ts'
import { openLevel } from './kv-level.ts'
import { createNodeDisk } from './node-disk.ts'
import { PRIVATE_FOLDER, TABLE_FOLDER, unusable, writeFormat } from './open-durable.ts'

const DRAFT_FOLDER = 'import'
/** What an empty file system has in it. */
const LOST_AND_FOUND = 'lost+found'

export interface ImportDirectory {
  /** To be filled. */
  readonly kv: Kv
  /** Makes a store of it. */
  finish(): Promise<void>
  /** Instead: leaves the directory as it was. */
  discard(): Promise<void>
}

/** Makes the directory where it is missing. Fails with a {@link StoreOpenError}. */
export async function openImport(
  directory: string,
  scheduler: Scheduler,
): Promise<ImportDirectory> {
  const isMade = await makeDirectory(directory)
  const draft = join(directory, DRAFT_FOLDER)
  try {
    await mkdir(draft, { mode: PRIVATE_FOLDER })
  } catch (error) {
    throw unusable(directory, error)
  }
  const discardFiles = async (): Promise<void> => {
    await rm(draft, { recursive: true, force: true })
    // Somebody may have put something there.
    if (isMade) await rmdir(directory).catch(() => undefined)
  }
  const kv = await openLevel(draft, directory, scheduler).catch(async (error: unknown) => {
    await discardFiles()
    throw error
  })
  return {
    kv,
    async finish() {
      await kv.close()
      const disk = createNodeDisk(directory)
      const synced = () =>
        asked<undefined>((done) => disk.syncFolder('', (error) => done(error, undefined)))
      await rename(draft, join(directory, TABLE_FOLDER))
      await synced()
      await writeFormat(disk)
      await synced()
    },
    async discard() {
      await kv.close()
      await discardFiles()
    },
  }
}

/** Whether it was missing. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: PRIVATE_FOLDER })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw unusable(directory, error)
    }
  }
  const names = await readdir(directory).catch((error: unknown) => {
    throw unusable(directory, error)
  })
  const others = names.filter((name) => name !== LOST_AND_FOUND)
  if (others.length === 0) return false
  const why = others.includes(DRAFT_FOLDER)
    ? `: '${DRAFT_FOLDER}' is what an import leaves that is cut off, remove it`
    : ', and an import needs an empty directory or a new one'
  const message = `the data directory ${directory} is not empty${why}`
  throw new StoreOpenError('ERR_STORE_NOT_EMPTY', message)
}

// A table to be read, and even written, without the files of the data directory being changed: the
// engine works in a folder of its own, where the files of the directory appear as links. The lock
// of the directory is held meanwhile, so that no server changes them either.

import { copyFile, link, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Scheduler } from '../base/scheduler.ts'
import type { Kv } from './kv.ts'
import { openLevel } from './kv-level.ts'

const LOCK_FILE = 'LOCK'
/** Names the file that says which files count. The engine replaces it, and never the others. */
const CURRENT_FILE = 'CURRENT'
const KEPT = /^(MANIFEST-\d+|\d+\.log)$/
const SORTED = /^(\d+)\.(ldb|sst)$/

export interface TableView {
  readonly kv: Kv
  /** Goes with the view. */
  readonly folder: string
  close(): Promise<void>
}

/** Fails with a StoreOpenError, as `openLevel` does. `table` is the folder of the table. */
export async function openTableView(
  table: string,
  directory: string,
  scheduler: Scheduler,
): Promise<TableView> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-store-'))
  const opened: Kv[] = []
  const close = async (): Promise<void> => {
    for (const kv of opened.toReversed()) await kv.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // First: what is listed after it is changed by nobody.
    const guard = join(folder, 'guard')
    await mkdir(guard)
    const names = await readdir(table)
    // A link to nothing would create the file.
    if (names.includes(LOCK_FILE)) await linkTo(join(table, LOCK_FILE), join(guard, LOCK_FILE))
    opened.push(await openLevel(guard, directory, scheduler))
    const view = join(folder, 'table')
    await mkdir(view)
    await linkAll(table, view)
    const kv = await openLevel(view, directory, scheduler)
    opened.push(kv)
    return { kv, folder, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function linkAll(table: string, view: string): Promise<void> {
  for (const name of await readdir(table)) {
    const [, number] = SORTED.exec(name) ?? []
    // The engine reads files of both endings and writes `.ldb` alone: so what it writes never
    // goes through a link, even where a crash left a file of a number that is given anew.
    if (number !== undefined) await linkTo(join(table, name), join(view, `${number}.sst`))
    else if (KEPT.test(name)) await linkTo(join(table, name), join(view, name))
    else if (name === CURRENT_FILE) await copyFile(join(table, name), join(view, name))
  }
}

async function linkTo(file: string, place: string): Promise<void> {
  try {
    await symlink(resolve(file), place)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // Windows lets few people make links by name.
    if (code !== 'EPERM') throw error
    await link(file, place)
  }
}

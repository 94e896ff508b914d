// Replaces a file as a whole, or leaves it as it was: whoever reads it meanwhile, and whatever
// fails, sees the old one or the new one.

import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Readable and writable by its owner alone. */
const PRIVATE = 0o600
/** Readable by everybody. */
export const PUBLIC = 0o644

/** A file could not be read or written. The message names it. */
export class FileError extends Error {
  readonly code = 'ERR_FILE'
}

/** The text of the file; undefined where there is none. Throws {@link FileError}. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new FileError(`${file}: cannot be read: ${codeOf(error)}`, { cause: error })
  }
}

/**
 * Writes it on disk, for its owner alone unless `mode` says otherwise, then puts it in place.
 * Throws {@link FileError}.
 */
export async function replaceFile(
  file: string,
  text: string,
  mode: number = PRIVATE,
): Promise<void> {
  try {
    // A link stays one.
    const target = await realpath(file).catch(() => file)
    const draft = join(dirname(target), `.${basename(target)}.${process.pid}`)
    try {
      await writeDraft(draft, text, mode, await ownerOf(target))
      await rename(draft, target)
    } finally {
      await rm(draft, { force: true })
    }
  } catch (error) {
    throw new FileError(`${file}: cannot be written: ${codeOf(error)}`, { cause: error })
  }
}

async function writeDraft(
  draft: string,
  text: string,
  mode: number,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  const handle = await open(draft, 'wx', mode)
  try {
    await handle.writeFile(text)
    // So that the server can still read what root has changed.
    if (owner !== undefined && process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function ownerOf(file: string): Promise<{ uid: number; gid: number } | undefined> {
  return stat(file).catch(() => undefined)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

// The real file system below the data directory. The only file of the storage that reads and writes
// it; everything else asks through the port.

import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type Answer,
  type Disk,
  DiskError,
  type DiskFile,
  type Done,
  type FileEntry,
  type FileMode,
} from './disk.ts'

// A flag that makes each write durable saves a system call for each commit. macOS has it and does
// not empty the drive's own cache for it, as its fsync does when Node calls it; Windows has none.
const { O_DSYNC, O_RDWR, O_CREAT, O_RDONLY } = fs.constants
const WRITES_THROUGH = O_DSYNC !== undefined && process.platform !== 'darwin'

const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700

export interface NodeDiskOptions {
  /** False makes `synced` files use fdatasync, as where the platform knows no O_DSYNC. */
  readonly writesThrough?: boolean
}

/** The disk whose data directory is `root`; it is made when the first file is. */
export function createNodeDisk(root: string, options: NodeDiskOptions = {}): Disk {
  const writesThrough = WRITES_THROUGH && (options.writesThrough ?? true)
  const full = (path: string): string => join(root, path)
  return {
    list: (folder, done) => void listFolder(full(folder), done),
    open(path, mode, done) {
      const open = (): void => {
        fs.open(full(path), flagsOf(mode, writesThrough), PRIVATE_FILE, (error, fd) => {
          if (error !== null) return done(diskError(`cannot open ${path}`, error), undefined)
          done(undefined, new NodeFile(fd, path, mode === 'synced' && !writesThrough))
        })
      }
      if (mode === 'read') open()
      else makeFolderOf(full(path), path, done, open)
    },
    rename(path, newPath, done) {
      makeFolderOf(full(newPath), newPath, done, () => {
        fs.rename(full(path), full(newPath), settle(`cannot rename ${path} to ${newPath}`, done))
      })
    },
    remove(path, done) {
      fs.unlink(full(path), (error) => {
        const isGone = error === null || error.code === 'ENOENT'
        done(isGone ? undefined : diskError(`cannot remove ${path}`, error))
      })
    },
    syncFolder: (folder, done) => syncFolder(full(folder), folder, done),
    room(done) {
      fs.statfs(root, (error, stats) => {
        // A bound that cannot be asked for is found out by writing.
        done(undefined, error === null ? stats.bavail * stats.bsize : Number.POSITIVE_INFINITY)
      })
    },
  }
}

/** One open file. */
class NodeFile implements DiskFile {
  readonly #fd: number
  readonly #path: string
  readonly #syncsWrites: boolean

  constructor(fd: number, path: string, syncsWrites: boolean) {
    this.#fd = fd
    this.#path = path
    this.#syncsWrites = syncsWrites
  }

  write(chunks: readonly Uint8Array[], at: number, done: Done): void {
    const [first] = chunks
    if (first !== undefined && chunks.length === 1) this.#writeOne(first, at, done)
    else this.#writeAll(chunks, at, done)
  }

  #writeOne(chunk: Uint8Array, at: number, done: Done): void {
    fs.write(this.#fd, chunk, 0, chunk.length, at, (error, written) => {
      if (error === null && written === chunk.length) return this.#finish(done)
      if (error === null && written > 0) {
        return this.#writeOne(chunk.subarray(written), at + written, done)
      }
      done(this.#failed('write', error))
    })
  }

  #writeAll(chunks: readonly Uint8Array[], at: number, done: Done): void {
    fs.writev(this.#fd, chunks, at, (error, written) => {
      if (error !== null) return done(this.#failed('write', error))
      const rest = restOf(chunks, written)
      if (rest.length === 0) return this.#finish(done)
      if (written === 0) return done(this.#failed('write', null))
      this.#writeAll(rest, at + written, done)
    })
  }

  #finish(done: Done): void {
    if (this.#syncsWrites) this.sync(done)
    else done(undefined)
  }

  read(into: Uint8Array, at: number, done: Answer<number>): void {
    this.#readOn(into, 0, at, done)
  }

  #readOn(into: Uint8Array, filled: number, at: number, done: Answer<number>): void {
    fs.read(this.#fd, into, filled, into.length - filled, at + filled, (error, count) => {
      if (error !== null) return done(this.#failed('read', error), undefined)
      const now = filled + count
      if (count === 0 || now === into.length) return done(undefined, now)
      this.#readOn(into, now, at, done)
    })
  }

  sync(done: Done): void {
    fs.fdatasync(this.#fd, settle(`cannot sync ${this.#path}`, done))
  }

  close(done: Done): void {
    fs.close(this.#fd, settle(`cannot close ${this.#path}`, done))
  }

  #failed(verb: string, error: NodeJS.ErrnoException | null): DiskError {
    const message = `cannot ${verb} ${this.#path}`
    return error === null
      ? new DiskError(`${message}: nothing done`, 'EIO')
      : diskError(message, error)
  }
}

function flagsOf(mode: FileMode, writesThrough: boolean): number {
  if (mode === 'read') return O_RDONLY
  return O_RDWR | O_CREAT | (mode === 'synced' && writesThrough ? O_DSYNC : 0)
}

/** What is left of `chunks` after `written` bytes of them. */
function restOf(chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skipped = 0
  for (const [index, chunk] of chunks.entries()) {
    if (skipped + chunk.length > written) {
      return [chunk.subarray(written - skipped), ...chunks.slice(index + 1)]
    }
    skipped += chunk.length
  }
  return []
}

async function listFolder(folder: string, done: Answer<readonly FileEntry[]>): Promise<void> {
  let entries: readonly FileEntry[]
  try {
    entries = await listAll(folder)
  } catch (error) {
    const { code = 'EIO', message } = parseError(error)
    if (code === 'ENOENT') return done(undefined, [])
    return done(new DiskError(`cannot list ${folder}: ${message}`, code, error), undefined)
  }
  done(undefined, entries)
}

function parseError(error: unknown): NodeJS.ErrnoException {
  return error as NodeJS.ErrnoException
}

async function listAll(folder: string): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = []
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const { size } = await fs.promises.stat(join(folder, entry.name))
    entries.push({ name: entry.name, bytes: size })
  }
  return entries
}

/**
 * Makes the folder that `path` lies in, then calls `next`. A folder that is made is durable in its
 * parent before anything within is.
 */
function makeFolderOf(
  path: string,
  name: string,
  done: (error: DiskError, answer: undefined) => void,
  next: () => void,
): void {
  const folder = dirname(path)
  fs.mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER }, (error, made) => {
    if (error !== null)
      return done(diskError(`cannot make the folder of ${name}`, error), undefined)
    if (made === undefined) return next()
    syncFolder(dirname(made), name, (failed) => {
      if (failed === undefined) next()
      else done(failed, undefined)
    })
  })
}

function syncFolder(folder: string, name: string, done: Done): void {
  fs.open(folder, O_RDONLY, (error, fd) => {
    if (error !== null)
      return done(isNoFile(error) ? undefined : diskError(`cannot sync ${name}`, error))
    fs.fsync(fd, (failed) => {
      const isFine = failed === null || isNoFile(failed)
      fs.close(fd, () => done(isFine ? undefined : diskError(`cannot sync ${name}`, failed)))
    })
  })
}

/** Windows does not open folders as files, and keeps names safe by itself. */
function isNoFile(error: NodeJS.ErrnoException): boolean {
  return process.platform === 'win32' && ['EPERM', 'EISDIR', 'EACCES'].includes(error.code ?? '')
}

function settle(message: string, done: Done): (error: NodeJS.ErrnoException | null) => void {
  return (error) => done(error === null ? undefined : diskError(message, error))
}

function diskError(message: string, error: NodeJS.ErrnoException): DiskError {
  return new DiskError(`${message}: ${error.message}`, error.code ?? 'EIO', error)
}

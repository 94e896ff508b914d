// The port of the file system below the data directory: the few operations that the journal needs,
// each with a callback, so that the simulation supplies a disk that is slow, full, failing or cut
// off. The real one is node-disk. Nothing here knows what the files hold.

/**
 * A disk operation failed. `kind` is `full` where room is what lacks (ENOSPC, EDQUOT), `missing`
 * where the file does not exist, else `failed`. `code` is the system's, such as EIO or EROFS.
 */
export class DiskError extends Error {
  readonly kind: 'full' | 'missing' | 'failed'
  readonly code: string

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.kind =
      code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : code === 'ENOENT' ? 'missing' : 'failed'
  }
}

/** Called once, never before the operation's call has returned. */
export type Done = (error: DiskError | undefined) => void

/** As {@link Done}, with what was asked for where there is no error. */
export type Answer<T> = (error: DiskError | undefined, answer: T | undefined) => void

export interface FileEntry {
  /** Within its folder. */
  readonly name: string
  readonly bytes: number
}

/**
 * How a file is opened. `synced`: for reading and writing, each write is durable when it is done.
 * `cached`: likewise, but what is written is durable only after a `sync`. `read`: for reading.
 */
export type FileMode = 'synced' | 'cached' | 'read'

/**
 * All paths are relative to the data directory, `/` between folder and name; folders are made as
 * they are needed. That a file was created, renamed or removed is durable after `syncFolder`.
 */
export interface Disk {
  /** The files of a folder, in no order; none where the folder does not exist. */
  list(folder: string, done: Answer<readonly FileEntry[]>): void
  /** Opens a file, which is created empty where it does not exist unless `mode` is `read`. */
  open(path: string, mode: FileMode, done: Answer<DiskFile>): void
  /** What is open under the old path stays so. A file that had the new path is gone. */
  rename(path: string, newPath: string, done: Done): void
  /** What does not exist counts as removed. */
  remove(path: string, done: Done): void
  syncFolder(folder: string, done: Done): void
  /** Bytes that may still be written, about; Infinity where nobody knows. */
  room(done: Answer<number>): void
}

export interface DiskFile {
  /**
   * Writes all bytes of `chunks`, one after another, from byte `at` on; nobody changes them until
   * it is done. After an error any part of them may have been written. One write at a time, but a
   * `sync` and a write elsewhere in the file may go on meanwhile.
   */
  write(chunks: readonly Uint8Array[], at: number, done: Done): void
  /** Fills `into` from byte `at` on; the answer is the number of bytes, less only at the end. */
  read(into: Uint8Array, at: number, done: Answer<number>): void
  /** Makes durable what was written before the call. */
  sync(done: Done): void
  close(done: Done): void
}

/** Asks the disk for something, with a promise: for opening and closing, not for commits. */
export function asked<T>(start: (done: Answer<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, answer) => {
      if (error === undefined) resolve(answer as T)
      else reject(error)
    })
  })
}

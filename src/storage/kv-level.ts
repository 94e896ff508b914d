// The table's engine: LevelDB. Its LOCK, which the system takes back when the process dies, is the
// lock of the whole data directory.

import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import type { Scheduler } from '../base/scheduler.ts'
import type { Kv, KvAnswer, KvBatch, KvDone, KvEntry, KvRange, KvSnapshot } from './kv.ts'
import { StoreOpenError } from '../base/errors.ts'
import { toError } from './storage-errors.ts'

/** About what one page of a range comes to at most. */
const PAGE_BYTES = 256 * 1024
/** Two of these may be in memory. Larger ones write less often to the disk. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024
const CACHE_BYTES = 16 * 1024 * 1024
const FILE_BYTES_MAX = 8 * 1024 * 1024

const ENCODINGS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

type Level = ClassicLevel<Buffer, Buffer>

/** Opens the table at `path`, whose last folder alone may be missing; `directory` is for errors. */
export async function openLevel(
  path: string,
  directory: string,
  scheduler: Scheduler,
): Promise<Kv> {
  const level: Level = new ClassicLevel(path, {
    ...ENCODINGS,
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: CACHE_BYTES,
    maxFileSize: FILE_BYTES_MAX,
  })
  try {
    // LevelDB would let everybody read it.
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
    await level.open()
  } catch (error) {
    throw openError(error, directory)
  }
  return new LevelKv(level, scheduler)
}

function openError(error: unknown, directory: string): StoreOpenError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (codeOf(cause) === 'LEVEL_LOCKED') {
    return new StoreOpenError(
      'ERR_STORE_IN_USE',
      `the data directory ${directory} is in use by another process: end that one, or choose ` +
        'another directory',
      cause,
    )
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreOpenError(
    'ERR_STORE_UNREADABLE',
    `the table in the data directory ${directory} cannot be opened: ${reason}`,
    cause,
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** Tells of what was awaited in a turn of its own: what hears of it is no part of the promise. */
type Settle = <T>(awaited: Promise<T>, done: KvAnswer<T>, none: T) => void

class LevelKv implements Kv {
  readonly #level: Level
  readonly #settle: Settle

  constructor(level: Level, scheduler: Scheduler) {
    this.#level = level
    this.#settle = (awaited, tell, none) => {
      awaited.then(
        (answer) => scheduler.defer(() => tell(undefined, answer)),
        (error: unknown) => scheduler.defer(() => tell(toError(error), none)),
      )
    }
  }

  snapshot(): KvSnapshot {
    // The engine would throw, and in the midst of whatever a session is about.
    return this.#level.status === 'open'
      ? new LevelSnapshot(this.#level, this.#settle)
      : new ClosedSnapshot(this.#settle)
  }

  batch(): KvBatch {
    return new LevelBatch(this.#level, this.#settle)
  }

  reopen(done: KvDone): void {
    const reopened = async (): Promise<void> => {
      await this.#level.close()
      await this.#level.open()
    }
    this.#settle(reopened(), (error) => done(error), undefined)
  }

  close(): Promise<void> {
    return this.#level.close()
  }
}

class LevelSnapshot implements KvSnapshot {
  readonly #level: Level
  readonly #snapshot: ReturnType<Level['snapshot']>

  readonly #settle: Settle

  constructor(level: Level, settle: Settle) {
    this.#level = level
    this.#settle = settle
    this.#snapshot = level.snapshot()
  }

  get(keys: readonly Uint8Array[], done: KvAnswer<readonly (Uint8Array | undefined)[]>): void {
    const values = this.#level.getMany(keys.map(toBuffer), {
      ...ENCODINGS,
      snapshot: this.#snapshot,
    })
    this.#settle(values, done, [])
  }

  range(from: Uint8Array, to: Uint8Array): KvRange {
    if (this.#level.status !== 'open') return new ClosedSnapshot(this.#settle).range()
    const iterator = this.#level.iterator({
      gte: toBuffer(from),
      lt: toBuffer(to),
      snapshot: this.#snapshot,
      highWaterMarkBytes: PAGE_BYTES,
    })
    return {
      next: (countMax, done: KvAnswer<readonly KvEntry[]>) => {
        this.#settle(iterator.nextv(countMax), done, [])
      },
      close: () => ignore(iterator.close()),
    }
  }

  close(): void {
    ignore(this.#snapshot.close())
  }
}

/** One that was taken while the engine is reopened, or after that failed: all of it fails. */
class ClosedSnapshot implements KvSnapshot {
  readonly #settle: Settle

  constructor(settle: Settle) {
    this.#settle = settle
  }

  get(_keys: readonly Uint8Array[], done: KvAnswer<readonly (Uint8Array | undefined)[]>): void {
    this.#settle(closed(), done, [])
  }

  range(): KvRange {
    return {
      next: (_countMax, done) => this.#settle(closed(), done, []),
      close: () => undefined,
    }
  }

  close(): void {}
}

function closed(): Promise<never> {
  return Promise.reject(new Error('the table is not open at present'))
}

class LevelBatch implements KvBatch {
  readonly #batch: ReturnType<Level['batch']>

  readonly #settle: Settle

  constructor(level: Level, settle: Settle) {
    this.#settle = settle
    this.#batch = level.batch()
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#batch.put(toBuffer(key), toBuffer(value))
  }

  del(key: Uint8Array): void {
    this.#batch.del(toBuffer(key))
  }

  write(done: KvDone): void {
    this.#settle(this.#batch.write({ sync: true }), (error) => done(error), undefined)
  }

  discard(): void {
    ignore(this.#batch.close())
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function ignore(promise: Promise<void>): void {
  promise.catch(() => {})
}

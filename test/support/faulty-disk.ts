// A disk in memory that is slow, full, failing or cut off, on a clock and a seed of the test's: it
// never touches a real timer or file. What was not made durable is lost by a crash, wholly, in part
// or not at all, sector by sector.

import type { Clock } from '../../src/base/clock.ts'
import type { Random } from '../../src/base/random.ts'
import {
  type Answer,
  type Disk,
  DiskError,
  type DiskFile,
  type Done,
  type FileEntry,
  type FileMode,
} from '../../src/storage/disk.ts'

/** What may fail; `sync` is of files and folders. */
export type DiskAct = 'list' | 'open' | 'rename' | 'remove' | 'write' | 'read' | 'sync' | 'close'

export interface FaultyDiskOptions {
  readonly clock: Clock
  readonly random: Random
  /** How long an operation takes, ms: at least, and at most. Default 0 to 3. */
  readonly delayMs?: readonly [number, number]
  /** Beyond so many bytes of files ENOSPC. Default: endless. */
  readonly capacityBytes?: number
  /** Out of a thousand writes so many fail with EIO, by chance. Default 0. */
  readonly writeFailuresPerMille?: number
  /** Likewise of syncs, of files and folders. */
  readonly syncFailuresPerMille?: number
}

export const SECTOR_BYTES = 512

interface UnsyncedWrite {
  readonly at: number
  readonly bytes: Uint8Array
}

interface Inode {
  /** What a reader sees. */
  bytes: Uint8Array
  /** What a crash leaves, before chance adds of what is on its way. */
  durable: Uint8Array
  unsynced: UnsyncedWrite[]
  /** Byte ranges that cannot be read. */
  readonly bad: { readonly at: number; readonly endAt: number }[]
}

/** A change of names that is not durable yet. */
type NameChange = (names: Map<string, Inode>) => void

export class FaultyDisk {
  /** May be changed at any time. */
  capacityBytes: number
  writeFailuresPerMille: number
  syncFailuresPerMille: number
  delayMs: readonly [number, number]
  readonly #clock: Clock
  readonly #random: Random
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #nameChanges: { readonly folders: readonly string[]; readonly change: NameChange }[] = []
  /** Counts lives: what was asked for in an earlier one is never answered. */
  #life = 0
  #failing = new Map<DiskAct, { count: number; code: string }>()
  #acts = 0
  #isDown = false
  #crashAt = Number.POSITIVE_INFINITY
  #onCrash: (() => void) | undefined

  constructor(options: FaultyDiskOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.delayMs = options.delayMs ?? [0, 3]
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.writeFailuresPerMille = options.writeFailuresPerMille ?? 0
    this.syncFailuresPerMille = options.syncFailuresPerMille ?? 0
  }

  /** Operations that were begun so far: a point in time for {@link crashAt}. */
  get acts(): number {
    return this.#acts
  }

  /** Bytes of all files. */
  get usedBytes(): number {
    let bytes = 0
    for (const inode of new Set(this.#names.values())) bytes += inode.bytes.length
    return bytes
  }

  /** The disk for one life of a program; after a crash the next one mounts it anew. */
  mount(): Disk {
    this.#life++
    this.#isDown = false
    const life = this.#life
    return {
      list: (folder, done) => this.#answer('list', life, done, () => this.#list(folder)),
      open: (path, mode, done) =>
        this.#answer('open', life, done, () => this.#open(path, mode, life)),
      rename: (path, newPath, done) =>
        this.#answer('rename', life, done, () => this.#rename(path, newPath)),
      remove: (path, done) => this.#answer('remove', life, done, () => this.#remove(path)),
      syncFolder: (folder, done) =>
        this.#answer('sync', life, done, () => this.#syncFolder(folder)),
      room: (done) =>
        this.#answer('list', life, done, () => Math.max(0, this.capacityBytes - this.usedBytes)),
    }
  }

  /** The next `count` operations of that kind fail, then it is as before. */
  failNext(act: DiskAct, count = 1, code = 'EIO'): void {
    this.#failing.set(act, { count, code })
  }

  /**
   * Cuts the power: nothing that is under way is answered, and what was not durable may be gone.
   */
  crash(): void {
    this.#life++
    this.#isDown = true
    this.#crashAt = Number.POSITIVE_INFINITY
    const changes = this.#nameChanges.splice(0)
    // Names change in order, so that what a crash keeps of them is the beginning.
    const kept = this.#random.below(changes.length + 1)
    for (const { change } of changes.slice(0, kept)) change(this.#durableNames)
    this.#names = new Map(this.#durableNames)
    for (const inode of new Set(this.#names.values())) this.#tear(inode)
  }

  /** Crashes when operation number `act` has begun, then calls `onCrash`. */
  crashAt(act: number, onCrash: () => void): void {
    this.#crashAt = act
    this.#onCrash = onCrash
  }

  /** The files and their sizes, by path. */
  files(): ReadonlyMap<string, number> {
    return new Map([...this.#names].map(([path, { bytes }]) => [path, bytes.length]))
  }

  /** What a file holds, or undefined where it does not exist. Not a copy. */
  contents(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.bytes
  }

  /** Changes bytes of a file behind everybody's back, as rot does: each is inverted. */
  rot(path: string, at: number, bytes = 1): void {
    const inode = this.#inode(path)
    for (let index = at; index < at + bytes; index++) {
      inode.bytes[index] = ~(inode.bytes[index] ?? 0)
      inode.durable[index] = inode.bytes[index] ?? 0
    }
  }

  /** Those bytes of a file cannot be read any more: EIO. */
  spoil(path: string, at: number, bytes: number): void {
    this.#inode(path).bad.push({ at, endAt: at + bytes })
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new DiskError(`${path} does not exist`, 'ENOENT')
    return inode
  }

  /**
   * Begins an operation that takes its time; `run` is its effect, at its end, and throws what it
   * fails with. `cut` is what a crash meanwhile may leave.
   */
  #answer<T>(act: DiskAct, life: number, done: Answer<T>, run: () => T): void {
    if (life !== this.#life) return
    this.#begin()
    if (life !== this.#life) return
    const [atLeast, atMost] = this.delayMs
    const delayMs = atLeast + this.#random.below(Math.max(1, Math.ceil(atMost - atLeast) + 1))
    this.#clock.after(delayMs, () => {
      if (life !== this.#life) return
      let answer: T
      try {
        this.#fail(act)
        answer = run()
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        return done(error, undefined)
      }
      done(undefined, answer)
    })
  }

  #begin(): void {
    this.#acts++
    if (this.#acts < this.#crashAt || this.#isDown) return
    const onCrash = this.#onCrash
    this.crash()
    onCrash?.()
  }

  #fail(act: DiskAct): void {
    const failing = this.#failing.get(act)
    if (failing !== undefined && failing.count > 0) {
      failing.count--
      throw new DiskError(`a planned failure to ${act}`, failing.code)
    }
    const perMille =
      act === 'write' ? this.writeFailuresPerMille : act === 'sync' ? this.syncFailuresPerMille : 0
    if (perMille > 0 && this.#random.below(1000) < perMille) {
      throw new DiskError(`a failure to ${act} by chance`, 'EIO')
    }
  }

  #list(folder: string): readonly FileEntry[] {
    const entries: FileEntry[] = []
    for (const [path, { bytes }] of this.#names) {
      if (folderOf(path) !== folder) continue
      entries.push({ name: path.slice(folder.length + 1), bytes: bytes.length })
    }
    return entries
  }

  #open(path: string, mode: FileMode, life: number): DiskFile {
    let inode = this.#names.get(path)
    if (inode === undefined && mode !== 'read') {
      const created: Inode = { bytes: EMPTY, durable: EMPTY, unsynced: [], bad: [] }
      this.#change([path], (names) => names.set(path, created))
      inode = created
    }
    const opened = inode ?? this.#inode(path)
    return {
      write: (chunks, at, done) => this.#write(opened, mode, life, chunks, at, done),
      read: (into, at, done) => this.#answer('read', life, done, () => readInto(opened, into, at)),
      sync: (done) => this.#sync(opened, life, done),
      close: (done) => this.#answer('close', life, done, () => undefined),
    }
  }

  /** In flight it may already have come to the disk, in part; at its end readers see it. */
  #write(
    inode: Inode,
    mode: FileMode,
    life: number,
    chunks: readonly Uint8Array[],
    at: number,
    done: Done,
  ): void {
    if (life !== this.#life) return
    const bytes = joined(chunks)
    const write = { at, bytes }
    // From here on a crash may leave parts of it.
    inode.unsynced.push(write)
    this.#answer<void>(
      'write',
      life,
      (error) => {
        if (error !== undefined) {
          // A write that failed came to the disk in part, and what did is there to stay.
          inode.unsynced = inode.unsynced.filter((other) => other !== write)
          this.#scatter(inode, write, (part, partAt) => {
            inode.bytes = withBytes(inode.bytes, part, partAt)
            inode.durable = withBytes(inode.durable, part, partAt)
          })
        }
        done(error)
      },
      () => {
        const growth = Math.max(0, at + bytes.length - inode.bytes.length)
        if (growth > 0 && this.usedBytes + growth > this.capacityBytes) {
          throw new DiskError('no room', 'ENOSPC')
        }
        inode.bytes = withBytes(inode.bytes, bytes, at)
        if (mode !== 'synced') return
        inode.unsynced = inode.unsynced.filter((other) => other !== write)
        inode.durable = withBytes(inode.durable, bytes, at)
      },
    )
  }

  /** What a failed sync was to make durable may never be, though readers go on seeing it. */
  #sync(inode: Inode, life: number, done: Done): void {
    const waiting = new Set(inode.unsynced)
    const isWaiting = (write: UnsyncedWrite): boolean => waiting.has(write)
    this.#answer<void>(
      'sync',
      life,
      (error) => {
        const writes = inode.unsynced.filter(isWaiting)
        inode.unsynced = inode.unsynced.filter((write) => !isWaiting(write))
        for (const write of writes) {
          const keep = (part: Uint8Array, at: number): void => {
            inode.durable = withBytes(inode.durable, part, at)
          }
          if (error === undefined) keep(write.bytes, write.at)
          else this.#scatter(inode, write, keep)
        }
        done(error)
      },
      () => {},
    )
  }

  #rename(path: string, newPath: string): void {
    const inode = this.#inode(path)
    this.#change([path, newPath], (names) => {
      names.delete(path)
      names.set(newPath, inode)
    })
  }

  #remove(path: string): void {
    if (this.#names.has(path)) this.#change([path], (names) => names.delete(path))
  }

  #change(paths: readonly string[], change: NameChange): void {
    change(this.#names)
    this.#nameChanges.push({ folders: paths.map(folderOf), change })
  }

  /** What one folder waits for is durable after it, and all that came before. */
  #syncFolder(folder: string): void {
    const last = this.#nameChanges.findLastIndex(({ folders }) => folders.includes(folder))
    for (const { change } of this.#nameChanges.splice(0, last + 1)) change(this.#durableNames)
  }

  /** Each sector of what was not durable is there or not. */
  #tear(inode: Inode): void {
    let bytes = inode.durable
    for (const write of inode.unsynced) {
      this.#scatter(inode, write, (part, at) => {
        bytes = withBytes(bytes, part, at)
      })
    }
    inode.bytes = bytes
    inode.durable = bytes.slice()
    inode.unsynced = []
  }

  /** Any sectors of a write: none, all, a beginning or any of them. */
  #scatter(
    inode: Inode,
    { at, bytes }: UnsyncedWrite,
    keep: (part: Uint8Array, at: number) => void,
  ): void {
    const kind = this.#random.below(4)
    const first = Math.floor(at / SECTOR_BYTES)
    const count = Math.ceil((at + bytes.length) / SECTOR_BYTES) - first
    const kept = this.#random.below(count + 1)
    const bound = this.capacityBytes - this.usedBytes + inode.bytes.length
    for (let index = 0; index < count; index++) {
      if (kind === 0 || (kind === 1 && index >= kept)) continue
      if (kind === 2 && this.#random.below(2) === 0) continue
      const from = Math.max(at, (first + index) * SECTOR_BYTES)
      const to = Math.min(at + bytes.length, (first + index + 1) * SECTOR_BYTES)
      if (to <= bound) keep(bytes.subarray(from - at, to - at), from)
    }
  }
}

const EMPTY = new Uint8Array(0)

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The bytes with `part` written over them, longer where it takes that. */
function withBytes(bytes: Uint8Array, part: Uint8Array, at: number): Uint8Array {
  let target = bytes
  if (at + part.length > bytes.length) {
    target = new Uint8Array(at + part.length)
    target.set(bytes)
  }
  target.set(part, at)
  return target
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function readInto(inode: Inode, into: Uint8Array, at: number): number {
  const endAt = Math.min(at + into.length, inode.bytes.length)
  if (inode.bad.some((bad) => bad.at < endAt && at < bad.endAt)) {
    throw new DiskError('unreadable', 'EIO')
  }
  if (at >= endAt) return 0
  into.set(inode.bytes.subarray(at, endAt))
  return endAt - at
}

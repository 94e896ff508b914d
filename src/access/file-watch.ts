// Watches files for changes, however an editor or a tool writes them: in place, by renaming a new
// file over the old one, by swapping a link. What a change means is the caller's.

import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Clock, Timer } from '../base/clock.ts'

/** A change counts once two looks so far apart see the same: half a file is no file. */
const SETTLE_MS = 200

export interface FileWatchParts {
  readonly clock: Clock
  /** The files are not any more what they were at the last call, and have stopped changing. */
  readonly changed: () => void
  /** A folder cannot be watched: changes in it are not seen. */
  readonly failed: (folder: string, error: Error) => void
}

/** Folders are watched, since a file that is replaced takes its watch with it. */
export class FileWatch {
  readonly #files: readonly string[]
  readonly #parts: FileWatchParts
  readonly #watchers: FSWatcher[] = []
  /** What the caller knows of; undefined until the first look. */
  #known: string | undefined
  /** What the last look saw, while it is not known yet whether that was all. */
  #seen: string | undefined
  #timer: Timer | undefined
  #isLooking = false
  #isClosed = false

  constructor(files: readonly string[], parts: FileWatchParts) {
    this.#files = files
    this.#parts = parts
  }

  /** Resolves when changes from now on are seen. */
  async start(): Promise<void> {
    for (const folder of new Set(this.#files.map((file) => dirname(file)))) this.#watch(folder)
    this.#known = await this.#look()
  }

  /** Harmless when it is closed already. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    for (const watcher of this.#watchers) watcher.close()
  }

  #watch(folder: string): void {
    const failed = (error: Error) => this.#parts.failed(folder, error)
    try {
      // Another name may be what changed, such as a link that the file is reached by.
      const watcher = watch(folder, { persistent: false }, () => this.#stir())
      watcher.on('error', failed)
      this.#watchers.push(watcher)
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Looks in a while, whatever else happens until then. */
  #stir(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#isLooking) return
    this.#timer = this.#parts.clock.after(SETTLE_MS, () => {
      this.#timer = undefined
      void this.#compare()
    })
  }

  async #compare(): Promise<void> {
    this.#isLooking = true
    const state = await this.#look()
    this.#isLooking = false
    if (this.#isClosed) return
    const isSettled = state === this.#seen
    this.#seen = state
    if (state === this.#known) return
    if (!isSettled) return this.#stir()
    this.#known = state
    this.#parts.changed()
  }

  /** What tells one content of the files from another. */
  async #look(): Promise<string> {
    const states = this.#files.map(async (file) => {
      try {
        const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
        return `${basename(file)} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
      } catch {
        return `${basename(file)} is not there`
      }
    })
    return (await Promise.all(states)).join('\n')
  }
}

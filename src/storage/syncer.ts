// With `durability: relaxed`: makes durable in the background what was written, at an interval and
// in the order of writing. Knows files and positions, not what they hold.

import type { Clock, Timer } from '../base/clock.ts'
import type { DiskError, DiskFile } from './disk.ts'

export class Syncer {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #failed: () => void
  /** Ended files that may hold what is not durable, then the one that is written. */
  readonly #ended: DiskFile[] = []
  #file: DiskFile | undefined
  #position: number
  #written: number
  #timer: Timer | undefined
  #isSyncing = false
  #trouble: DiskError | undefined
  #idle: (() => void) | undefined

  constructor(clock: Clock, intervalMs: number, position: number, failed: () => void) {
    this.#clock = clock
    this.#failed = failed
    this.#intervalMs = intervalMs
    this.#position = position
    this.#written = position
  }

  /** The last position that is durable. */
  get position(): number {
    return this.#position
  }

  /** Why the last sync failed, until one succeeds. */
  get trouble(): DiskError | undefined {
    return this.#trouble
  }

  /** What is written goes to this file from now on. */
  begin(file: DiskFile): void {
    this.#file = file
  }

  /** Nothing more is written to the file; it is closed once it is synced. */
  end(file: DiskFile): void {
    this.#ended.push(file)
    this.#file = undefined
  }

  wrote(position: number): void {
    this.#written = position
    if (!this.#isSyncing) this.#timer ??= this.#clock.after(this.#intervalMs, () => this.#sync())
  }

  /** Syncs what is left. The file that was written stays open. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    if (!this.#isSyncing) this.#sync()
    while (this.#isSyncing) await new Promise<void>((resolve) => (this.#idle = resolve))
    if (this.#trouble === undefined && this.#position < this.#written) return this.close()
  }

  #sync(): void {
    this.#timer = undefined
    this.#isSyncing = true
    this.#syncNext(this.#written)
  }

  /** One file after another: what is durable has no gaps. */
  #syncNext(position: number): void {
    const ended = this.#ended[0]
    const file = ended ?? this.#file
    if (file === undefined) return this.#endSync(undefined, position)
    file.sync((error) => {
      // What a failed sync leaves of a file is unknown, and another would not tell either.
      if (ended !== undefined) {
        this.#ended.shift()
        ended.close(() => {})
      }
      if (error !== undefined || ended === undefined) this.#endSync(error, position)
      else this.#syncNext(position)
    })
  }

  #endSync(error: DiskError | undefined, position: number): void {
    this.#isSyncing = false
    this.#trouble = error
    if (error === undefined) this.#position = Math.max(this.#position, position)
    else this.#failed()
    const idle = this.#idle
    this.#idle = undefined
    if (idle !== undefined) idle()
    else if (this.#position < this.#written) this.wrote(this.#written)
  }
}

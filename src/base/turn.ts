// The turn is the batch: what one turn of the event loop appended is committed once, and what it
// wrote leaves once per socket. Knows nothing of what is stored or sent.
//
// Two lanes leave a turn. What needs no commit leaves with its flush; what must not be seen before
// it is on disk waits, in order, for the commit that its ticket names.

import type { Clock, Timer } from './clock.ts'
import type { Scheduler } from './scheduler.ts'

/** The part of a store that a turn drives. */
export interface Batch<R> {
  append(record: R): void
  commit(done: (error: Error | undefined) => void): void
}

/** Somebody with bytes to write at the end of the turn. */
export interface Flushable {
  flush(): void
}

/** Somebody who waits for a commit. */
export interface Waiter {
  /** All up to `ticket` is durable. */
  durable(ticket: number): void
}

/** An attempt failed, the how manieth of one commit says `attempt`. */
export type CommitFailed = (error: Error, attempt: number) => void
/** A commit that had failed is done: after so many attempts, so long after the first one failed. */
export type CommitAgain = (attempts: number, forMs: number) => void

/**
 * After a failed commit the next attempt waits this long, twice as long each time, up to the max.
 */
export const COMMIT_RETRY_MS = 50
export const COMMIT_RETRY_MS_MAX = 5000
/** What was appended and nobody waits for is committed after so long at the latest. */
export const LAZY_COMMIT_MS = 100

export class Turn<R> {
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #batch: Batch<R>
  readonly #onCommitFailed: CommitFailed
  readonly #onCommitAgain: CommitAgain

  /** Monotonic and wall time of this turn, read once; valid from `open` to its end. */
  nowMs = 0
  wallMs = 0

  #isOpen = false
  #late: (() => void)[] = []
  #flushables: Flushable[] = []

  /** The ticket of the commit that will cover what is appended now. */
  #next = 1
  /** All tickets up to this one are durable. */
  #durable = 0
  #hasAppended = false
  #isWanted = false
  #isCommitting = false
  #isStopped = false
  /** Set while something is appended that nobody waits for. */
  #lazy: Timer | undefined
  /** Who waits for the commit that is under way, and for the one after it. */
  #waiters: Waiter[] = []
  #waitersNext: Waiter[] = []
  #retryMs = COMMIT_RETRY_MS
  /** Of the commit under way, and when its first attempt failed. */
  #failures = 0
  #failingSinceMs = 0

  constructor(
    scheduler: Scheduler,
    clock: Clock,
    batch: Batch<R>,
    onCommitFailed: CommitFailed,
    onCommitAgain: CommitAgain = () => {},
  ) {
    this.#scheduler = scheduler
    this.#clock = clock
    this.#batch = batch
    this.#onCommitFailed = onCommitFailed
    this.#onCommitAgain = onCommitAgain
  }

  /** Called first by whatever brings work in: bytes, a timer, a call from an embedding program. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.nowMs = this.#clock.now()
    this.wallMs = this.#clock.wall()
    this.#scheduler.defer(() => this.#end())
  }

  /** Calls `task` at the end of this turn, before its commit and flush. */
  atEnd(task: () => void): void {
    this.open()
    this.#late.push(task)
  }

  /** `flushable` has bytes to write: it is flushed once at the end. */
  wrote(flushable: Flushable): void {
    this.open()
    this.#flushables.push(flushable)
  }

  /** Adds a durable change to this turn's commit; nobody waits for it until he takes a ticket. */
  append(record: R): void {
    this.open()
    this.#hasAppended = true
    this.#batch.append(record)
  }

  /**
   * The ticket of all that was appended up to now, or 0 where there is nothing to wait for. Taking
   * one makes the turn commit; what nobody waits for is committed a little later.
   */
  ticket(): number {
    if (!this.#hasAppended) return 0
    this.#isWanted = true
    return this.#next
  }

  /**
   * The ticket of the newest change, also where its commit is under way, or 0 where all that was
   * appended is durable. It makes the turn commit as {@link ticket} does.
   */
  newestTicket(): number {
    if (this.#hasAppended) return this.ticket()
    return this.#isCommitting ? this.#next - 1 : 0
  }

  isDurable(ticket: number): boolean {
    return ticket <= this.#durable
  }

  /** Calls `waiter.durable` when `ticket`, which is not durable yet, is; in the order of asking. */
  whenDurable(ticket: number, waiter: Waiter): void {
    if (ticket === this.#next) this.#waitersNext.push(waiter)
    else this.#waiters.push(waiter)
  }

  /** Commits no more: what was appended is left to whoever closes the store. */
  stop(): void {
    this.#isStopped = true
    this.#lazy?.cancel()
    this.#lazy = undefined
  }

  #end(): void {
    // A late task may set another one: a subscriber that publishes, a replay that makes room.
    for (let tasks = this.#late; tasks.length > 0; tasks = this.#late) {
      this.#late = []
      for (const task of tasks) task()
    }
    if (this.#isWanted && !this.#isCommitting) this.#commit()
    this.#isOpen = false
    const flushables = this.#flushables
    this.#flushables = []
    for (const flushable of flushables) flushable.flush()
    if (this.#isStopped) return
    const mayCommit = !this.#isCommitting
    // A commit that was done at once had waiters, and what they began belongs to no turn yet.
    if (this.#late.length > 0 || (this.#isWanted && mayCommit)) this.open()
    else if (this.#hasAppended && mayCommit) this.#commitLater()
  }

  #commitLater(): void {
    this.#lazy ??= this.#clock.after(LAZY_COMMIT_MS, () => {
      this.#lazy = undefined
      this.open()
      this.ticket()
    })
  }

  #commit(): void {
    if (this.#isStopped) return
    const ticket = this.#next++
    this.#lazy?.cancel()
    this.#lazy = undefined
    this.#hasAppended = false
    this.#isWanted = false
    this.#isCommitting = true
    this.#waiters = this.#waitersNext
    this.#waitersNext = []
    this.#attempt(ticket)
  }

  #attempt(ticket: number): void {
    if (this.#isStopped) return
    this.#batch.commit((error) => {
      if (error === undefined) this.#committed(ticket)
      else this.#failed(ticket, error)
    })
  }

  #committed(ticket: number): void {
    this.open()
    this.#durable = ticket
    this.#isCommitting = false
    this.#retryMs = COMMIT_RETRY_MS
    if (this.#failures > 0) {
      this.#onCommitAgain(this.#failures + 1, this.#clock.now() - this.#failingSinceMs)
      this.#failures = 0
    }
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.durable(ticket)
  }

  // A turn is never rolled back, since memory has changed: what waits goes on waiting, the commit
  // is tried again, and meanwhile the store refuses new durable work.
  #failed(ticket: number, error: Error): void {
    if (this.#failures === 0) this.#failingSinceMs = this.#clock.now()
    this.#failures += 1
    this.#onCommitFailed(error, this.#failures)
    this.#clock.after(this.#retryMs, () => this.#attempt(ticket))
    this.#retryMs = Math.min(this.#retryMs * 2, COMMIT_RETRY_MS_MAX)
  }
}

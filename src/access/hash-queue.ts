// Lets one password be hashed at a time, for all listeners together: libuv has four threads, and
// commits to disk need theirs while a thousand clients log in. What waits is bounded.

/**
 * Passwords that wait to be hashed. Above: refused as busy, for who waits longer than the connect
 * time-out is gone by then.
 */
export const HASHES_WAITING_MAX = 256

export class HashQueue {
  readonly #waiting: (() => Promise<void>)[] = []
  #isBusy = false

  /** Runs `hash` when its turn comes; undefined where too many wait. */
  run<T>(hash: () => Promise<T>): Promise<T> | undefined {
    if (this.#isBusy && this.#waiting.length >= HASHES_WAITING_MAX) return undefined
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => hash().then(resolve, reject))
      if (!this.#isBusy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await next()
    }
    this.#isBusy = false
  }
}

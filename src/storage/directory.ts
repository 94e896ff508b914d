// The store of a data directory that is opened only when it is recovered, so that a server can be
// made at once, and so that a server in memory never loads the table's engine.

import { assert } from '../base/assert.ts'
import type { Reason } from '../base/reason.ts'
import type {
  QueueName,
  Recovery,
  Store,
  StoredDelivery,
  StoreFigures,
  StoreRecord,
} from '../core/store.ts'
import type { DataDirectoryOptions } from './open-durable.ts'
import { toError } from './storage-errors.ts'

export class DirectoryStore implements Store {
  readonly holdsQueues: boolean = true
  readonly #options: DataDirectoryOptions
  #store: Store | undefined

  constructor(options: DataDirectoryOptions) {
    this.#options = options
  }

  /** With a StoreOpenError where the directory cannot be used. */
  recover(into: Recovery, done: (error: Error | undefined) => void): void {
    const refuse = (error: unknown): void => {
      this.#options.scheduler.defer(() => done(toError(error)))
    }
    this.#open().then((store) => store.recover(into, done), refuse)
  }

  append(record: StoreRecord): void {
    this.#opened.append(record)
  }

  commit(done: (error: Error | undefined) => void): void {
    this.#opened.commit(done)
  }

  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: (error: Error | undefined, found: readonly StoredDelivery[], isEnd: boolean) => void,
  ): void {
    this.#opened.read(queue, after, countMax, bytesMax, done)
  }

  refusal(): Reason | undefined {
    return this.#opened.refusal()
  }

  get isCongested(): boolean {
    return this.#store?.isCongested === true
  }

  get figures(): StoreFigures | undefined {
    return this.#store?.figures
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }

  get #opened(): Store {
    assert(this.#store !== undefined, 'the store was not recovered')
    return this.#store
  }

  async #open(): Promise<Store> {
    const { openDurableStore } = await import('./open-durable.ts')
    this.#store = await openDurableStore(this.#options)
    return this.#store
  }
}

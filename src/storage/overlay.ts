// What one epoch changed, by what it changed: the last word on each, not the way there. What came
// and went within the epoch is gone from here without ever having been in the table.

import type { Topic } from '../core/topic.ts'
import {
  GONE,
  QueueChanges,
  type QueueState,
  SessionChanges,
  type SessionState,
  UNSAID,
} from './changes.ts'
import { EpochBytes } from './epoch-bytes.ts'
import type { Registry } from './registry.ts'

/** Bodies that are found again for the next record of the same message; a power of two. */
const BODIES_FOUND = 1024

export class Overlay {
  readonly number: number
  readonly bytes: EpochBytes
  /** Each one that something was said about, once; those that are dead by now as well. */
  readonly sessions: SessionChanges[] = []
  readonly queues: QueueChanges[] = []
  /** The place of the body, or GONE. */
  readonly retained: Map<Topic, number> = new Map()
  readonly deadSessions: number[] = []
  readonly deadQueues: number[] = []
  /** As the last `reserved` said, or 0. */
  reservedBound = 0
  readonly #registry: Registry
  readonly #bodyOffsets = new Float64Array(BODIES_FOUND).fill(-1)
  readonly #bodyPlaces = new Float64Array(BODIES_FOUND)

  constructor(number: number, registry: Registry) {
    this.number = number
    this.bytes = new EpochBytes(number)
    this.#registry = registry
  }

  /** Whether nothing was said in it. */
  get isEmpty(): boolean {
    const { sessions, queues, retained, deadSessions, deadQueues } = this
    const changed = sessions.length + queues.length + retained.size
    return changed + deadSessions.length + deadQueues.length + this.reservedBound === 0
  }

  /** Where the body of the message was written in this epoch, or UNSAID: write it again. */
  bodyPlace(offset: number): number {
    const index = offset & (BODIES_FOUND - 1)
    return this.#bodyOffsets[index] === offset ? (this.#bodyPlaces[index] ?? UNSAID) : UNSAID
  }

  setBodyPlace(offset: number, place: number): void {
    const index = offset & (BODIES_FOUND - 1)
    this.#bodyOffsets[index] = offset
    this.#bodyPlaces[index] = place
  }

  session(state: SessionState): SessionChanges {
    const { changes } = state
    if (changes !== undefined && changes.epoch === this.number) return changes
    if (changes !== undefined) state.frozen = changes
    const fresh = new SessionChanges(state, this.number)
    state.changes = fresh
    this.sessions.push(fresh)
    return fresh
  }

  queue(state: QueueState): QueueChanges {
    const { changes } = state
    if (changes !== undefined && changes.epoch === this.number) return changes
    if (changes !== undefined) state.frozen = changes
    const fresh = new QueueChanges(state, this.number)
    state.changes = fresh
    this.queues.push(fresh)
    return fresh
  }

  opened(state: SessionState, place: number): void {
    const changes = this.session(state)
    changes.opened = place
    changes.closed = GONE
  }

  /** The session, but not its queue. */
  ended(state: SessionState): void {
    const changes = this.session(state)
    changes.isDead = true
    changes.subscriptions = undefined
    changes.flights = undefined
    changes.received = undefined
    if (state.bornIn < this.number) this.deadSessions.push(state.id)
    this.#registry.removeSession(state)
  }

  emptied(state: QueueState): void {
    this.queue(state).isDead = true
    if (state.bornIn < this.number) this.deadQueues.push(state.id)
    this.#registry.removeQueue(state)
  }

  subscribed(state: SessionState, key: string, value: number): void {
    const changes = this.session(state)
    changes.subscriptions ??= new Map()
    changes.subscriptions.set(key, value)
  }
}

// Which session and which queue goes by which number. A number is given once, so that what is left
// of one that ended can be cleared away in peace.

import { QueueState, SessionState } from './changes.ts'

export class Registry {
  readonly sessions: Map<string, SessionState> = new Map()
  readonly queues: Map<string, QueueState> = new Map()
  /** The next number to be given. */
  nextId = 1
  /** By number, only while the store is opened. */
  #sessionsById: Map<number, SessionState> | undefined = new Map()
  #queuesById: Map<number, QueueState> | undefined = new Map()

  addSession(id: number, clientId: string, bornIn: number): SessionState {
    const state = new SessionState(id, clientId, bornIn)
    this.sessions.set(clientId, state)
    this.#sessionsById?.set(id, state)
    if (id >= this.nextId) this.nextId = id + 1
    return state
  }

  addQueue(id: number, name: string, bornIn: number): QueueState {
    const state = new QueueState(id, name, bornIn)
    this.queues.set(name, state)
    this.#queuesById?.set(id, state)
    if (id >= this.nextId) this.nextId = id + 1
    return state
  }

  removeSession(state: SessionState): void {
    if (this.sessions.get(state.clientId) === state) this.sessions.delete(state.clientId)
    this.#sessionsById?.delete(state.id)
  }

  removeQueue(state: QueueState): void {
    if (this.queues.get(state.name) === state) this.queues.delete(state.name)
    this.#queuesById?.delete(state.id)
  }

  sessionOf(id: number): SessionState | undefined {
    return this.#sessionsById?.get(id)
  }

  queueOf(id: number): QueueState | undefined {
    return this.#queuesById?.get(id)
  }

  /** From now on nothing is asked for by its number. */
  forgetIds(): void {
    this.#sessionsById = undefined
    this.#queuesById = undefined
  }
}

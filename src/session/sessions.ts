// All sessions by client id: who gets which at CONNECT, takeover, when one ends, and when a will is
// due. What a session holds is session's.

import type { Timer } from '../base/clock.ts'
import { Reason } from '../base/reason.ts'
import type { Principal } from '../core/ports.ts'
import { explain } from '../core/refusal.ts'
import type { Backlog } from './backlog.ts'
import type { Peer } from './peer.ts'
import { Session } from './session.ts'
import { type SharedGroup, SharedGroups } from './shared-group.ts'
import { StoredSweep } from './stored-sweep.ts'
import { toMessage, type Will } from './will.ts'
import type { World } from './world.ts'

/** Expired messages of sessions that nobody asks are taken out of the counts so often. */
export const SWEEP_INTERVAL_MS = 60_000
/** Retained messages taken out in one sweep at most; the rest waits for the next. */
export const SWEEP_TOPICS_MAX = 10_000

/** What a CONNECT, in MQTT 5's terms, asks for. */
export interface OpenRequest {
  readonly principal: Principal
  readonly cleanStart: boolean
  /** Seconds, capped already; Infinity for ever. */
  readonly expiryS: number
  readonly will: Will | undefined
}

export type Opened =
  | {
      readonly reason: typeof Reason.success
      readonly session: Session
      readonly isPresent: boolean
    }
  | { readonly reason: Reason; readonly session: undefined; readonly isPresent: false }

/** How a connection ended. */
export interface Ending {
  /** DISCONNECT asked for no will, or none is to be published [MQTT-3.14.4-3]. */
  readonly dropsWill: boolean
}

interface Absence {
  expiry: Timer
  will: Timer | undefined
}

export interface SessionTotals {
  /** Messages in queues and in flight. */
  readonly waiting: number
  /** Those in flight alone. */
  readonly inflight: number
  readonly waitingBytes: number
  readonly connected: number
  /** Subscriptions that are shared, each member's counted. */
  readonly members: number
}

export class Sessions {
  readonly #world: World
  readonly #groups: SharedGroups
  readonly #sessions = new Map<string, Session>()
  /** The timers of sessions without a connection. */
  readonly #absences = new Map<Session, Absence>()
  readonly #storedSweep: StoredSweep
  #sweep: Timer | undefined

  constructor(world: World) {
    this.#world = world
    this.#storedSweep = new StoredSweep(world.deadlines)
    this.#groups = new SharedGroups(world)
  }

  /** Sessions, connected or not. */
  get size(): number {
    return this.#sessions.size
  }

  /** Shared subscriptions, each counted once. */
  get groups(): number {
    return this.#groups.size
  }

  /** What all sessions hold; looks at each one, and at each group. */
  totals(): SessionTotals {
    const { members } = this.#groups
    const totals = { waiting: 0, inflight: 0, waitingBytes: 0, connected: 0, members }
    for (const session of this.#sessions.values()) {
      totals.waiting += session.waiting + session.inflight
      totals.inflight += session.inflight
      totals.waitingBytes += session.bytes
      if (session.peer !== undefined) totals.connected += 1
    }
    return totals
  }

  /** True while a session of that id lives, connected or not [U5-24]. */
  has(clientId: string): boolean {
    return this.#sessions.has(clientId)
  }

  find(clientId: string): Session | undefined {
    return this.#sessions.get(clientId)
  }

  /**
   * Finds or makes the session of an authenticated CONNECT, in one synchronous step: ends the old
   * connection [MQTT-3.1.4-3], settles its will, then keeps or ends the old session
   * [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6]. The caller attaches its connection once it has
   * said so to the client. A session belongs to its principal: nobody else may take it over.
   */
  open(request: OpenRequest): Opened {
    const { principal, cleanStart, expiryS, will } = request
    const { clientId } = principal
    const existing = this.#sessions.get(clientId)
    if (existing !== undefined && existing.principal.user !== principal.user) {
      return { reason: Reason.notAuthorized, session: undefined, isPresent: false }
    }
    if (existing === undefined && this.#sessions.size >= this.#world.limits.sessionsMax) {
      return { reason: Reason.quotaExceeded, session: undefined, isPresent: false }
    }
    if (existing !== undefined) this.#takeOver(existing, cleanStart)
    const present = this.#sessions.get(clientId)
    const session = present ?? this.#create(principal)
    session.principal = principal
    session.expiryS = expiryS
    session.will = will // [MQTT-3.1.2-7]
    if (expiryS > 0) session.makeDurable() // [MQTT-3.1.2-23]
    // Every will must outlive the server, that of a session without a future as well.
    if (session.isDurable || will !== undefined) this.#recordOpened(session)
    return { reason: Reason.success, session, isPresent: present !== undefined }
  }

  /** The connection of `session` is gone; harmless where another one has taken over. */
  close(session: Session, peer: Peer | undefined, ending: Ending): void {
    if (session.peer !== peer || this.#sessions.get(session.clientId) !== session) return
    this.#world.turn.open()
    if (ending.dropsWill) this.#setWill(session, undefined) // [MQTT-3.1.2-10]
    session.detach()
    if (session.expiryS === 0) {
      this.#end(session)
      return
    }
    this.#leave(session)
  }

  /** Ends a session by decision of the server. */
  remove(session: Session): void {
    session.peer?.close(Reason.administrativeAction)
    if (this.#sessions.get(session.clientId) === session) this.#end(session)
  }

  /**
   * Takes expired messages out of all counts, once; what stands in the store alone a little later,
   * page by page, and only where something there has expired.
   */
  sweep(): void {
    const { turn, retained, observer } = this.#world
    turn.open()
    const due: Backlog[] = []
    for (const session of this.#sessions.values()) {
      const backlog = session.sweep()
      if (backlog !== undefined) due.push(backlog)
    }
    this.#storedSweep.begin([...due, ...this.#groups.sweep()])
    retained.sweep(turn.wallMs, SWEEP_TOPICS_MAX, (message) => {
      const { topic } = message
      if (!topic.startsWith('$')) turn.append({ kind: 'cleared', topic })
      if (observer.stateExpired.isHeard) observer.stateExpired.emit(message)
    })
  }

  /**
   * Rules changed: removes the subscriptions that they allow no more, also of those who are away.
   * Who has to log in anew keeps his until then; nothing is delivered meanwhile.
   */
  checkSubscriptions(): void {
    const { turn, access, log } = this.#world
    turn.open()
    for (const session of this.#sessions.values()) {
      const { principal, subscriptions } = session
      if (access.mayStay?.(principal) === false) continue
      for (const subscription of subscriptions.list()) {
        const { filter, share } = subscription
        if (access.maySubscribe(principal, filter) === Reason.success) continue
        subscriptions.remove(subscription)
        const { clientId: client } = session
        const { by: rule } = explain(access, principal, { act: 'subscribe', filter }) ?? {}
        log.info('subscription removed', { client, filter, share, user: principal.user, rule })
      }
    }
  }

  /** Begins to sweep at intervals. */
  start(): void {
    this.#sweep = this.#world.deadlines.after(SWEEP_INTERVAL_MS, () => {
      this.sweep()
      this.start()
    })
  }

  stop(): void {
    this.#sweep?.cancel()
    this.#storedSweep.stop()
  }

  /** The session that an earlier run left, without a connection; `resume` is due once all are. */
  restore(principal: Principal): Session {
    const session = this.#create(principal)
    session.isDurable = true
    session.isRecorded = true
    return session
  }

  /** A shared subscription that some session has. */
  group(name: string): SharedGroup | undefined {
    return this.#groups.find(name)
  }

  /** Lets a session that was restored go on: it ends in `expiryMs`, its will is due in `willMs`. */
  resume(session: Session, expiryMs: number, willMs: number): void {
    session.detach()
    this.#absent(session, expiryMs, willMs)
  }

  #create(principal: Principal): Session {
    const session = new Session(this.#world, this.#groups, principal)
    this.#sessions.set(principal.clientId, session)
    return session
  }

  #takeOver(session: Session, cleanStart: boolean): void {
    session.peer?.close(Reason.sessionTakenOver) // Which calls `close`, and that may end it.
    if (this.#sessions.get(session.clientId) !== session) return
    const absence = this.#absences.get(session)
    this.#absences.delete(session)
    absence?.expiry.cancel()
    absence?.will?.cancel()
    // One that should have ended with its connection is here for its will, after a restart.
    const isOver = cleanStart || session.expiryS === 0
    if (isOver) this.#end(session)
    else this.#setWill(session, undefined) // [MQTT-3.1.3-9]
  }

  #leave(session: Session): void {
    const expiryMs = session.expiryS * 1000
    if (session.isDurable) {
      this.#world.turn.append({
        kind: 'closed',
        clientId: session.clientId,
        atMs: this.#world.turn.wallMs,
        endsAtMs: this.#world.turn.wallMs + expiryMs,
      })
    }
    const delayMs = (session.will?.delayS ?? 0) * 1000
    if (delayMs === 0) this.#publishWill(session)
    this.#absent(session, expiryMs, delayMs)
  }

  #absent(session: Session, expiryMs: number, willMs: number): void {
    const { will } = session
    // The session's end publishes the will as well, whichever comes first [MQTT-3.1.2-8].
    this.#absences.set(session, {
      expiry: this.#world.deadlines.after(expiryMs, () => {
        this.#world.counters.sessionsExpired += 1
        this.#end(session)
      }),
      will:
        will === undefined
          ? undefined
          : this.#world.deadlines.after(willMs, () => this.#publishWill(session)),
    })
  }

  /**
   * The session ends: its will is published [MQTT-3.1.2-8], all else is forgotten [MQTT-4.1.0-2].
   */
  #end(session: Session): void {
    this.#world.turn.open()
    const absence = this.#absences.get(session)
    this.#absences.delete(session)
    absence?.expiry.cancel()
    absence?.will?.cancel()
    this.#sessions.delete(session.clientId)
    const { will } = session
    session.will = undefined // The record of the session's end covers it.
    session.end()
    if (session.isRecorded) {
      this.#world.turn.append({ kind: 'ended', clientId: session.clientId })
    }
    const { sessionEnd } = this.#world.observer
    if (sessionEnd.isHeard) sessionEnd.emit(session.clientId)
    if (will !== undefined) this.#publish(will)
  }

  #publishWill(session: Session): void {
    const { will } = session
    if (will === undefined) return
    this.#world.turn.open()
    this.#setWill(session, undefined) // [MQTT-3.1.2-10]
    this.#publish(will)
  }

  #publish(will: Will): void {
    const { principal, topic, qos, retain } = will
    const message = toMessage(will, this.#world.turn.wallMs)
    const { reason } = this.#world.hub.publishPromised(message, principal)
    if (reason < 0x80) return
    const act = { act: 'publish', topic, qos, retain } as const
    const { by: rule } = explain(this.#world.access, principal, act) ?? {}
    this.#world.log.warn('will refused', { client: principal.clientId, topic, reason, rule })
  }

  #setWill(session: Session, will: Will | undefined): void {
    if (session.will === undefined && will === undefined) return
    session.will = will
    if (session.isDurable) {
      this.#world.turn.append({ kind: 'will', clientId: session.clientId, will })
    }
  }

  #recordOpened(session: Session): void {
    const { clientId, expiryS, principal, will } = session
    session.isRecorded = true
    this.#world.turn.append({ kind: 'opened', clientId, expiryS, principal })
    if (will !== undefined) this.#world.turn.append({ kind: 'will', clientId, will })
  }
}

// Takes what a store brings back, and makes it live again: sessions, their subscriptions, what was
// in flight and what waits, groups, retained state. All of it at first as it was left; time goes
// on, and what is due is done, in `finish`.

import { bytesOf, type Message } from '../core/message.ts'
import {
  groupQueue,
  type Recovery,
  type StoredFlight,
  type StoredQueue,
  type StoredSession,
  sessionQueue,
} from '../core/store.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { World } from './world.ts'

/**
 * Who was connected when the server ended has so long to come back before his will is published, or
 * the will's own delay where that is longer; also where the server ends again meanwhile.
 */
export const WILL_GRACE_MS = 30_000

interface Restored {
  readonly session: Session
  readonly closedAtMs: number | undefined
  readonly endsAtMs: number | undefined
}

export class SessionRecovery implements Recovery {
  readonly #world: World
  readonly #sessions: Sessions
  readonly #isBack: (session: StoredSession) => void
  #restored: Restored[] = []
  /** In flight, and standing in the queue of a group that may not be known yet. */
  #flights: { readonly session: Session; readonly delivery: Delivery }[] = []
  #wallMs = 0
  #beganMs = 0
  #statesLost = 0

  /** `isBack` hears of each session, which has no connection yet. */
  constructor(world: World, sessions: Sessions, isBack: (session: StoredSession) => void) {
    this.#world = world
    this.#sessions = sessions
    this.#isBack = isBack
  }

  begin(firstOffset: number, wallMs: number): void {
    this.#world.turn.open()
    this.#wallMs = wallMs
    this.#beganMs = this.#world.turn.nowMs
    this.#world.hub.begin(firstOffset)
  }

  retained(message: Message): void {
    if (!this.#world.retained.set(message)) this.#statesLost += 1
  }

  session(stored: StoredSession): void {
    const { principal, expiryS, will, closedAtMs, endsAtMs } = stored
    this.#world.turn.open()
    const session = this.#sessions.restore(principal)
    session.expiryS = expiryS
    session.will = will
    for (const subscription of stored.subscriptions) session.subscriptions.restore(subscription)
    for (const packetId of stored.received) session.receiver.add(packetId)
    this.#restoreQueue(session, stored)
    this.#restored.push({ session, closedAtMs, endsAtMs })
    this.#isBack(stored)
  }

  group(name: string, queue: StoredQueue): void {
    const group = this.#sessions.group(name)
    if (group !== undefined) return group.restore(queue)
    // Its members ended with the server; what was in flight from it goes on without it.
    const gone = groupQueue(name)
    for (const { session, delivery } of this.#flights) {
      if (delivery.queue === gone) session.own(delivery)
    }
    this.#world.turn.append({ kind: 'emptied', queue: gone })
  }

  /**
   * All is back: time passes from here on, what was in flight from groups returns to them, and
   * clients are taken.
   */
  finish(): void {
    const { turn, log } = this.#world
    turn.open()
    for (const { session, delivery } of this.#flights) {
      const { group = '' } = delivery
      this.#sessions.group(group)?.restoreFlight(session, delivery)
    }
    const wallMs = this.#wallMs + (turn.nowMs - this.#beganMs)
    for (const restored of this.#restored) this.#resume(restored, wallMs)
    if (this.#statesLost > 0) {
      log.warn('retained messages beyond the limit were left out', { messages: this.#statesLost })
    }
    this.#flights = []
    this.#restored = []
    this.#world.gate.open()
  }

  #restoreQueue(session: Session, { clientId, flights, queue }: StoredSession): void {
    const own = sessionQueue(clientId)
    let { count, bytes } = queue
    let after = 0
    for (const flight of flights) {
      const delivery = restoredFlight(flight)
      session.restoreFlight(delivery)
      if (flight.queue === own) {
        count -= 1
        bytes -= bytesOf(flight.message)
        after = Math.max(after, flight.message.offset)
      } else if (flight.queue !== undefined) this.#flights.push({ session, delivery })
    }
    const { expiresAtMs } = queue
    // Also where nothing waits: what is in flight stands there, and must not be read as new.
    if (count > 0 || after > 0) session.restoreQueue({ count, bytes, expiresAtMs }, after)
  }

  #resume({ session, closedAtMs, endsAtMs }: Restored, wallMs: number): void {
    const delayMs = (session.will?.delayS ?? 0) * 1000
    const willMs = Math.max(delayMs, WILL_GRACE_MS)
    if (closedAtMs !== undefined && endsAtMs !== undefined) {
      const expiryMs = Math.max(0, endsAtMs - wallMs)
      // The start before this one may have closed it, and that was too short a time to come back.
      this.#sessions.resume(session, expiryMs, Math.max(0, closedAtMs + willMs - wallMs))
      return
    }
    const { clientId, expiryS } = session
    // One that would have ended with its connection stays for its will alone.
    const graceMs = expiryS === 0 && session.will !== undefined ? WILL_GRACE_MS : 0
    const expiryMs = Math.max(expiryS * 1000, graceMs)
    const ends = { atMs: wallMs, endsAtMs: wallMs + expiryMs }
    this.#world.turn.append({ kind: 'closed', clientId, ...ends })
    this.#sessions.resume(session, expiryMs, willMs)
  }
}

function restoredFlight(flight: StoredFlight): Delivery {
  const { message, qos, retain, ids, group, queue, isOwn, packetId, isReleased } = flight
  const delivery = createDelivery(message, qos, retain, ids, group)
  delivery.queue = queue
  delivery.isOwn = isOwn
  delivery.packetId = packetId
  delivery.isReleased = isReleased
  return delivery
}

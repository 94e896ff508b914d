// Looks at the state of topics as a newcomer does: subscribes, and takes what comes before the
// answer to a PINGREQ.

import { Caller } from './caller.ts'
import type { Ledger } from './ledger.ts'

const ANSWER_MS_MAX = 30_000
let count = 0

/** Holds every topic's state against the book; false when the connection was lost meanwhile. */
export async function checkStates(
  port: number,
  topics: readonly string[],
  ledger: Ledger,
): Promise<boolean> {
  const states = new Map<string, Uint8Array>()
  let subacks = 0
  let hasPong = false
  const caller = new Caller({ clientId: `onlooker-${++count}`, expiryS: 0 }, ledger, {
    accepted: () => undefined,
    received: ({ type, topic, payload }) => {
      // The first is the state; later ones are on their way to be.
      if (type === 'PUBLISH' && !states.has(topic)) states.set(topic, payload)
      if (type === 'SUBACK') subacks += 1
      if (type === 'PINGRESP') hasPong = true
    },
  })
  if (!(await caller.connect(port))) return false
  const least = topics.map((topic) => ledger.ackedAt(topic))
  caller.send({
    type: 'SUBSCRIBE',
    id: 1,
    filters: topics.map((filter) => ({ filter, options: 0 })),
  })
  await ledger.bell.until(() => subacks > 0 || caller.isGone, ANSWER_MS_MAX)
  caller.send({ type: 'PINGREQ' })
  await ledger.bell.until(() => hasPong || caller.isGone, ANSWER_MS_MAX)
  if (!hasPong) return false
  caller.leave(0)
  topics.forEach((topic, at) => {
    const payload = states.get(topic)
    // An empty message says that the state has just been cleared.
    ledger.checkState(topic, payload?.length === 0 ? undefined : payload, least[at] ?? -1)
  })
  return true
}

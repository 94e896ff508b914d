// What only the end of a run can tell: nothing that the server took is missing, every state is the
// last one written, wills came when they were due, nothing is left over anywhere.

import { sessionQueue } from '../../src/core/store.ts'
import type { Holdings } from '../../src/server.ts'
import { WILL_GRACE_MS } from '../../src/session/recovery.ts'
import { naiveMatches } from '../support/naive-matcher.ts'
import type { SimClient, SimWill } from './client.ts'
import type { HeldSubscription, Ledger, Letter } from './ledger.ts'
import type { Line } from './line.ts'
import type { Scenario } from './scenario.ts'
import type { Outage } from './lives.ts'
import type { StoreBook } from './store.ts'
import type { World } from './world.ts'

/** A will or a time-out may be late by so much: intervals at which the server looks. */
const LATE_MS_MAX = 2500
/** A connection that ends may wait for a commit and then for its peer. */
const CLOSING_MS_MAX = 30_000

export interface AuditParts {
  readonly world: World
  readonly ledger: Ledger
  readonly store: StoreBook
  /** Whether work may have been refused for a while. */
  readonly mayRefuse: boolean
  readonly outages: readonly Outage[]
  readonly scenario: Scenario
  readonly clients: readonly SimClient[]
  readonly endedGroups: ReadonlySet<string>
  /** Messages that the server says it dropped at a full queue. */
  readonly dropped: number
  readonly holdings: Holdings
  /** The states of all topics, as a client got them at the end. */
  readonly states: ReadonlyMap<string, string>
}

export function audit(parts: AuditParts): void {
  for (const client of parts.clients) if (client.isOnline) auditClient(parts, client)
  auditGroups(parts)
  auditStates(parts)
  for (const { name, ackedMs, takenMs } of parts.ledger.letters.values()) {
    if (ackedMs !== undefined && takenMs.length === 0) {
      parts.world.violation(`${name} was acknowledged but never taken`)
    }
  }
  for (const client of parts.clients) {
    for (const will of client.wills) auditWill(parts, will)
    for (const line of client.lines) auditKeepAlive(parts, line)
  }
  auditRecords(parts)
  auditHoldings(parts)
}

function auditClient(parts: AuditParts, client: SimClient): void {
  const { world, ledger } = parts
  const { session, profile } = client
  const { mailbox } = session
  if (session.outgoing.size > 0) world.violation(`${profile.id}: a message is not acknowledged`)
  if (session.incoming.size > 0) world.violation(`${profile.id}: a message is not released`)
  if (profile.group !== undefined) return
  const held = [...mailbox.subscriptions.values()]
  const due = [...ledger.letters.values()].filter((letter) => isDue(letter, held))
  const missing = due.filter(({ name }) => !mailbox.firstMs.has(name))
  if (missing.length > parts.dropped) {
    const names = missing.slice(0, 5).map(({ name }) => name)
    world.violation(`${profile.id} lacks ${missing.length} messages: ${names.join(', ')}`)
  }
  for (const letter of ledger.retained.values()) {
    if (letter.expiryS !== undefined || mailbox.firstMs.has(letter.name)) continue
    if (isOwedState(letter, held, parts.outages))
      world.violation(`${profile.id} lacks the state ${letter.name}`)
  }
}

/** Whether the session must have got the letter: it was subscribed before the server took it. */
function isDue(letter: Letter, held: readonly HeldSubscription[]): boolean {
  const takenMs = letter.takenMs[0]
  if (takenMs === undefined || letter.qos === 0 || letter.expiryS !== undefined) return false
  return held.some(
    ({ filter, qos, sinceMs }) =>
      qos > 0 && sinceMs !== undefined && sinceMs < takenMs && naiveMatches(filter, letter.topic),
  )
}

/** What a server that dies had not yet begun to send of the states, nobody owes any more. */
function isOwedState(
  letter: Letter,
  held: readonly HeldSubscription[],
  outages: readonly Outage[],
): boolean {
  return held.some(
    ({ filter, qos, askedMs, sinceMs }) =>
      sinceMs !== undefined &&
      outages.every(({ crashMs }) => crashMs < askedMs) &&
      Math.min(qos, letter.qos) > 0 &&
      lastTaken(letter) < askedMs &&
      naiveMatches(filter, letter.topic),
  )
}

function lastTaken(letter: Letter): number {
  return letter.takenMs.at(-1) ?? 0
}

function auditGroups({ world, ledger, clients, scenario, endedGroups }: AuditParts): void {
  if (scenario.isTight) return
  for (const client of clients) {
    const { group } = client.profile
    if (group === undefined || !client.isOnline) continue
    // A QoS 2 message that was begun with a member ends with its session [MQTT-4.8.2-5].
    if (group === 'g2' && endedGroups.has(group)) continue
    const held = [...client.session.mailbox.subscriptions.values()]
    for (const letter of ledger.letters.values()) {
      if (!isDue(letter, held) || ledger.shared.has(`${group} ${letter.name}`)) continue
      world.violation(`no member of ${group} got ${letter.name}`)
    }
  }
}

function auditStates({ world, ledger, states }: AuditParts): void {
  for (const letter of ledger.retained.values()) {
    const found = states.get(letter.topic)
    if (letter.expiryS !== undefined) {
      const expiredMs = lastTaken(letter) + letter.expiryS * 1000
      if (world.nowMs > expiredMs && found !== undefined) {
        world.violation(`the state of ${letter.topic} is ${found}, which expired`)
      }
      continue
    }
    if (found === letter.name) continue
    world.violation(`the state of ${letter.topic} is ${found ?? 'none'}, not ${letter.name}`)
  }
  for (const [topic, name] of states) {
    if (!ledger.retained.has(topic)) world.violation(`the state of ${topic} is ${name}, not none`)
  }
}

function auditWill(
  { world, mayRefuse, outages }: AuditParts,
  { letter, delayS, line }: SimWill,
): void {
  // Who is refused without a word is closed before that can be seen from outside.
  if (line.version < 5 && mayRefuse) return
  const wrong = (what: string): void => world.violation(`${letter.name} ${what}`)
  const takenMs = letter.takenMs[0]
  if (letter.takenMs.length > 1) wrong('was published twice')
  if (line.connectReachedMs === undefined || line.dropsWill) {
    if (takenMs !== undefined) wrong('was published though its client left in peace')
    return
  }
  const next = line.client.lines.find(
    ({ connectReachedMs }) =>
      connectReachedMs !== undefined && connectReachedMs > line.connectReachedMs!,
  )
  const nextMs = next?.connectReachedMs ?? Number.POSITIVE_INFINITY
  const latestMs = Math.min(line.link.serverClosedMs ?? Number.POSITIVE_INFINITY, nextMs)
  const dueMs = Math.min(delayS, line.expiryS) * 1000
  const earliestMs = Math.min(line.link.lastDeliveredMs, latestMs) + dueMs
  const endsMs = next?.isClean === true ? Math.min(nextMs, latestMs + dueMs) : latestMs + dueMs
  const lastMs = lastWillMs(endsMs, line.connectReachedMs, dueMs, outages)
  if (takenMs !== undefined) {
    if (takenMs < Math.min(earliestMs, endsMs)) wrong('was published too early')
    if (takenMs > lastMs + LATE_MS_MAX) wrong('was published too late')
    if (next?.isClean === false && dueMs > 0 && nextMs < earliestMs) {
      wrong('was published though its client came back in time')
    }
    return
  }
  const mayResume = dueMs > 0 || lastMs > endsMs
  const isResumed = next?.isClean === false && nextMs < lastMs + LATE_MS_MAX && mayResume
  if (!isResumed && world.nowMs > lastMs + LATE_MS_MAX) {
    wrong(`was never published, though due at ${endsMs} (connection ${line.link.id})`)
  }
}

/** After a start clients have a while to come back before their wills are published. */
function lastWillMs(
  endsMs: number,
  connectMs: number,
  dueMs: number,
  outages: readonly Outage[],
): number {
  let lastMs = endsMs
  for (const { crashMs, openMs } of outages) {
    if (crashMs < connectMs || crashMs > lastMs + LATE_MS_MAX) continue
    lastMs = Math.max(lastMs, openMs + Math.max(dueMs, WILL_GRACE_MS))
  }
  return lastMs
}

function auditKeepAlive({ world }: AuditParts, line: Line): void {
  const { link, client } = line
  const { keepAliveS } = client.profile
  if (!link.isVanished || link.isKilled || keepAliveS === 0 || line.connectReachedMs === undefined)
    return
  const endMs = link.lastDeliveredMs + keepAliveS * 1500 + LATE_MS_MAX + CLOSING_MS_MAX
  if ((link.serverClosedMs ?? world.nowMs) > endMs) {
    world.violation(`${line.name}: a silent connection was kept`)
  }
}

/** The server holds no connection and no session that nobody has; the auditor has one of each. */
function auditHoldings({ world, store, clients, holdings }: AuditParts): void {
  const online = clients.filter(({ isOnline }) => isOnline)
  const passing = online.filter(({ line }) => line?.isDurable !== true)
  // The others are known to the records for their wills alone.
  const lasting = [...store.model.state.sessions.values()].filter(({ expiryS }) => expiryS > 0)
  const sessions = lasting.length + passing.length + 1
  if (holdings.connections !== online.length + 1) {
    world.violation(`${holdings.connections} connections, ${online.length + 1} are in use`)
  }
  if (holdings.sessions !== sessions) {
    world.violation(`${holdings.sessions} sessions, ${sessions} by clients and records`)
  }
}

/** The records tell what the clients tell: who is subscribed to what, and that nothing is owed. */
function auditRecords({ world, store, clients }: AuditParts): void {
  const { model } = store
  for (const client of clients) {
    const { id } = client.profile
    const session = model.state.sessions.get(id)
    if (!client.isOnline || client.line?.isDurable !== true) continue
    if (session === undefined) {
      world.violation(`${id}: the records know no session`)
      continue
    }
    const { subscriptions, unsure } = client.session.mailbox
    for (const [name, { sinceMs }] of subscriptions) {
      const isStored = session.subscriptions.has(name)
      if (sinceMs !== undefined && !isStored) world.violation(`${id}: no record of ${name}`)
    }
    for (const name of session.subscriptions.keys()) {
      if (subscriptions.has(name) || unsure.has(name)) continue
      world.violation(`${id}: still subscribed to ${name} by the records`)
    }
    if (session.flights.size > 0) world.violation(`${id}: by the records, messages are in flight`)
    if (session.received.size > 0) world.violation(`${id}: by the records, an id is not released`)
    const waiting = model.waiting(sessionQueue(id))
    if (waiting > 0) world.violation(`${id}: by the records, ${waiting} messages wait`)
  }
  for (const queue of model.state.queues.keys()) {
    const left = model.state.waiting(queue).length
    if (left > 0) world.violation(`${queue}: by the records, ${left} messages stand there`)
  }
}

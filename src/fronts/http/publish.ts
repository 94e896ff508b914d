// The one step in which a request changes the world: the message, the conditions on the topic's
// state, and what comes of both, in one synchronous call of the hub.

import { FAILURE, Reason } from '../../base/reason.ts'
import { bytesOf, type Message, NEVER } from '../../core/message.ts'
import { explain } from '../../core/refusal.ts'
import type { Topic } from '../../core/topic.ts'
import { type Conditions, etagOf, mayWrite } from './conditions.ts'
import type { Durability } from './durability.ts'
import type { Admitted } from './exchange.ts'
import type { TopicsParts } from './parts.ts'
import { propertiesOf, type Said } from './properties.ts'
import { kindOf, Refusal } from './refusal.ts'

/** What a request wants to happen on its topic. */
export interface Act {
  readonly topic: Topic
  readonly retain: boolean
  readonly said: Said
  readonly conditions: Conditions
}

export interface Written {
  readonly message: Message
  /** Whether the topic had a state before. */
  readonly existed: boolean
  readonly ticket: number
}

/** The state is another one than the conditions name. */
interface Stale {
  readonly stale: Message | undefined
}

export type Outcome = Written | Stale | Refusal

/** Publishes `payload`, or says why not. Synchronous: nothing comes between check and write. */
export function publish(
  parts: TopicsParts,
  asked: Admitted,
  act: Act,
  payload: Uint8Array,
): Outcome {
  const { turn, hub, limits } = parts
  const { topic, said } = act
  const properties = propertiesOf(said, payload)
  if (properties instanceof Refusal) return properties
  turn.open()
  const message: Message = {
    ...{ offset: 0, topic, payload, isKept: true, qos: said.qos, retain: act.retain, properties },
    publisher: undefined,
    arrivedAtMs: turn.wallMs,
    expiresAtMs: said.expiryS === undefined ? NEVER : turn.wallMs + said.expiryS * 1000,
  }
  if (bytesOf(message) + topic.length > limits.packetBytesMax)
    return tooLarge(limits.packetBytesMax)
  let former: Message | undefined
  let isFitting = true
  const { reason, ticket } = hub.publish(message, asked.principal, (state) => {
    former = state
    isFitting = mayWrite(act.conditions, state)
    return isFitting ? Reason.success : Reason.implementationSpecificError
  })
  if (!isFitting) return { stale: former }
  if (reason >= FAILURE) return refusalOf(parts, asked, act, reason)
  return { message, existed: former !== undefined, ticket }
}

/** Resolves when the outcome may be told: when what it rests on is on disk. */
export async function settled(
  durability: Durability,
  outcome: Outcome,
): Promise<Written | Refusal> {
  if (outcome instanceof Refusal) return outcome
  if ('ticket' in outcome) {
    await durability.of(outcome.ticket)
    return outcome
  }
  const { stale: state } = outcome
  if (state === undefined) return new Refusal('precondition', 'there is no state')
  await durability.ofVersion(state)
  return new Refusal('precondition', `its version is ${etagOf(state.offset)}`, state.topic)
}

export function tooLarge(bytesMax: number): Refusal {
  // What is still coming is not read, so the connection cannot be used again.
  const fields = { connection: 'close' }
  return new Refusal('payload-too-large', `more than ${bytesMax} bytes`, undefined, fields)
}

/** Why it cannot be published, whatever its content: asked before that is read. */
export function refusalOfAct(parts: TopicsParts, asked: Admitted, act: Act): Refusal | undefined {
  const { access, offer } = parts
  const { topic, retain, said } = act
  let reason: Reason = Reason.success
  if (topic.startsWith('$'))
    reason = Reason.notAuthorized // [U5-18]
  else if (said.qos > offer.qosMax) reason = Reason.qosNotSupported
  else if (retain && !offer.retainAvailable) reason = Reason.retainNotSupported
  else reason = access.mayPublish(asked.principal, topic, said.qos, retain)
  return reason === Reason.success ? undefined : refusalOf(parts, asked, act, reason)
}

function refusalOf(
  { access, log, store }: TopicsParts,
  { principal, address }: Admitted,
  { topic, retain, said }: Act,
  reason: Reason,
): Refusal {
  const { qos } = said
  const isDenied = reason === Reason.notAuthorized
  const explanation = isDenied
    ? explain(access, principal, { act: 'publish', topic, qos, retain })
    : undefined
  const fields = { address, user: principal.user, topic, reason, rule: explanation?.by }
  if (isDenied) log.info('publish refused', fields)
  else log.debug('publish refused', fields)
  // No credentials open what is the server's own.
  const isAnonymous = principal.user === undefined && !topic.startsWith('$')
  const isDiskFull = store.refusal() === Reason.quotaExceeded
  const kind = kindOf(reason, { isAnonymous, isDiskFull })
  return new Refusal(kind, explanation?.told ?? TOLD[kind] ?? 'it was refused', topic)
}

const TOLD: Readonly<Record<string, string>> = {
  'not-authenticated': 'log in by Basic',
  'not-authorized': 'it may not be published there',
  quota: 'too much is retained',
  'disk-full': 'nothing can be kept at present',
  'qos-not-supported': 'the QoS is above the one that the server takes',
}

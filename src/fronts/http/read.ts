// GET and HEAD of a topic: its state, as it came.

import { Reason } from '../../base/reason.ts'
import type { Message } from '../../core/message.ts'
import { explain } from '../../core/refusal.ts'
import { parseTopicFilter, type Topic } from '../../core/topic.ts'
import { parseMediaType } from './accept.ts'
import {
  etagOf,
  httpDate,
  isSameForRange,
  lastModifiedOf,
  parseConditions,
  readOutcome,
} from './conditions.ts'
import type { Durability } from './durability.ts'
import type { Admitted, Reply } from './exchange.ts'
import type { TopicsParts } from './parts.ts'
import { propertyFields, remainingS } from './properties.ts'
import { type Query, unknownOf } from './query.ts'
import { rangedReply } from './ranges.ts'
import { kindOf, Refusal } from './refusal.ts'
import { type Representation, representationOf } from './representations.ts'

export interface ReadParts extends TopicsParts {
  readonly durability: Durability
}

export async function read(
  parts: ReadParts,
  asked: Admitted,
  topic: Topic,
  query: Query,
): Promise<Reply | Refusal> {
  const { turn, hub } = parts
  const unknown = unknownOf(query, []) ?? refusalToRead(parts, asked, topic)
  if (unknown !== undefined) return unknown
  turn.open()
  const state = hub.state(topic)
  if (state === undefined) return new Refusal('no-state', 'nothing is retained there', topic)
  const { wallMs } = turn
  const conditions = parseConditions(asked)
  if (conditions instanceof Refusal) return conditions
  const representation = representationOf(state, asked.field('accept'))
  if (representation instanceof Refusal) return representation
  await parts.durability.ofVersion(state)

  const tag = etagOf(state.offset, representation.form)
  const outcome = readOutcome(conditions, state, tag, wallMs)
  if (outcome === 412) return new Refusal('precondition', `its version is ${tag}`, topic)
  const fields = stateFields(state, wallMs, representation)
  if (outcome === 304) return { status: 304, fields: notModified(fields), content: undefined }
  const mayRange = asked.method === 'GET' && isSameForRange(asked.field('if-range'), tag)
  const range = mayRange ? asked.field('range') : undefined
  return rangedReply(range, representation.content, fields, () => parts.random.id(24))
}

/** Why the topic may not be read, if so: both rights that a subscriber of MQTT needs. */
export function refusalToRead(
  { access, log }: TopicsParts,
  { principal, address }: Admitted,
  topic: Topic,
): Refusal | undefined {
  const filter = parseTopicFilter(topic, Number.POSITIVE_INFINITY)
  const reason = filter === undefined ? Reason.success : access.maySubscribe(principal, filter)
  if (reason === Reason.success && access.mayRead(principal, topic)) return undefined
  const explanation = explain(access, principal, { act: 'read', topic })
  log.info('read refused', { address, user: principal.user, topic, rule: explanation?.by })
  const refused = reason === Reason.success ? Reason.notAuthorized : reason
  const isAnonymous = principal.user === undefined
  const kind = kindOf(refused, { isAnonymous, isDiskFull: false })
  return new Refusal(kind, explanation?.told ?? 'the topic may not be read', topic)
}

/** Types that a browser shows without running anything. Others it saves. */
const SHOWN = /^(?:text\/(?:plain|csv)|application\/(?:.+\+)?json|image\/(?:png|jpeg|gif|webp))$/

/** All fields of an answer that has the state as its content. */
export function stateFields(
  state: Message,
  wallMs: number,
  { contentType, form }: Pick<Representation, 'contentType' | 'form'>,
): Record<string, string> {
  const mediaType = parseMediaType(contentType)
  const isShown = SHOWN.test(`${mediaType?.type ?? ''}/${mediaType?.subtype ?? ''}`)
  const expiryS = remainingS(state, wallMs)
  return {
    'content-type': contentType,
    etag: etagOf(state.offset, form), // [H-20]
    'last-modified': httpDate(lastModifiedOf(state, wallMs)),
    //
    'cache-control': expiryS === undefined ? 'private, no-cache' : `private, max-age=${expiryS}`,
    'accept-ranges': 'bytes',
    vary: 'Accept',
    ...RAW,
    ...(isShown ? {} : { 'content-disposition': 'attachment' }),
    ...propertyFields(state, wallMs),
  }
}

/** What a device sent must not run with the rights of this origin. [H-14] */
const RAW = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

/** [H-23] */
function notModified(fields: Readonly<Record<string, string>>): Record<string, string> {
  const told: Record<string, string> = {}
  for (const name of ['etag', 'last-modified', 'cache-control', 'vary']) {
    const value = fields[name]
    if (value !== undefined) told[name] = value
  }
  return told
}

// PUT, POST, PATCH and DELETE of a topic: from a request to what is to happen, and from what came
// of it to an answer.

import type { Qos } from '../../core/message.ts'
import type { Topic } from '../../core/topic.ts'
import { etagOf, parseConditions } from './conditions.ts'
import type { Contents } from './contents.ts'
import type { Admitted, Reply } from './exchange.ts'
import type { Idempotency } from './idempotency.ts'
import { ACCEPT_PATCH, patch, patchFormOf } from './patch.ts'
import { preferenceOf } from './prefer.ts'
import { contentTypeOf, parseSaid } from './properties.ts'
import {
  type Act,
  type Outcome,
  publish,
  refusalOfAct,
  settled,
  tooLarge,
  type Written,
} from './publish.ts'
import { type Query, unknownOf } from './query.ts'
import { type ReadParts, refusalToRead, stateFields } from './read.ts'
import { Refusal } from './refusal.ts'
import { topicPath } from './topic-path.ts'

export type WriteMethod = 'PUT' | 'POST' | 'PATCH' | 'DELETE'

export interface WriteParts extends ReadParts {
  readonly contents: Contents
  readonly idempotency: Idempotency
}

const EMPTY = new Uint8Array(0)

export async function write(
  parts: WriteParts,
  asked: Admitted,
  method: WriteMethod,
  topic: Topic,
  query: Query,
): Promise<Reply | Refusal> {
  const act = actOf(asked, method, topic, query, parts.offer.qosMax)
  if (act instanceof Refusal) return act
  const refusal =
    refusalOfForm(asked, method) ??
    refusalOfAct(parts, asked, act) ??
    // Who patches learns what is there.
    (method === 'PATCH' ? refusalToRead(parts, asked, topic) : undefined)
  if (refusal !== undefined) return refusal

  const { packetBytesMax } = parts.limits
  const content = method === 'DELETE' ? EMPTY : await parts.contents.read(asked, packetBytesMax)
  if (content instanceof Refusal) return content
  if (content === undefined) return tooLarge(packetBytesMax)
  if (method === 'PUT' && content.length === 0) {
    //
    return new Refusal('empty-retained', 'DELETE takes a state away', topic)
  }
  const first = parts.idempotency.begin(asked, topic, content)
  if (first instanceof Refusal) return first
  if (first !== undefined && !('finish' in first)) return first

  const outcome = await settled(parts.durability, happen(parts, asked, method, act, content))
  const reply = outcome instanceof Refusal ? outcome : replyOf(parts, asked, method, outcome)
  first?.finish(reply instanceof Refusal ? FAILED : reply)
  return reply
}

const FAILED: Reply = { status: 500, fields: {}, content: undefined }

function actOf(
  asked: Admitted,
  method: WriteMethod,
  topic: Topic,
  query: Query,
  qosMax: Qos,
): Act | Refusal {
  const unknown = unknownOf(query, ['qos', 'expiry'])
  if (unknown !== undefined) return unknown
  const said = parseSaid(asked, query, qosMax)
  if (said instanceof Refusal) return said
  const conditions = parseConditions(asked)
  if (conditions instanceof Refusal) return conditions
  return { topic, retain: method !== 'POST', said, conditions }
}

function refusalOfForm({ field }: Admitted, method: WriteMethod): Refusal | undefined {
  if (method === 'PUT' && field('content-range') !== undefined) {
    return new Refusal('request-invalid', 'a PUT is of the whole state') // [H-3]
  }
  const coding = field('content-encoding')?.trim().toLowerCase()
  if (coding !== undefined && coding !== '' && coding !== 'identity') {
    const fields = { 'accept-encoding': 'identity' } // [H-13]
    return new Refusal('unsupported', 'content is taken as it is', undefined, fields)
  }
  if (method !== 'PATCH' || patchFormOf(field('content-type')) !== undefined) return undefined
  const fields = { 'accept-patch': ACCEPT_PATCH } // [H-8]
  return new Refusal('unsupported', `a patch is ${ACCEPT_PATCH}`, undefined, fields)
}

function happen(
  parts: WriteParts,
  asked: Admitted,
  method: WriteMethod,
  act: Act,
  content: Uint8Array,
): Outcome {
  // A patch sees the state and replaces it in this same step.
  return method === 'PATCH'
    ? patch(parts, asked, act, content)
    : publish(parts, asked, act, content)
}

function replyOf(
  parts: WriteParts,
  asked: Admitted,
  method: WriteMethod,
  { message, existed }: Written,
): Reply {
  if (method === 'POST') {
    // At QoS 0 nothing was promised.
    return { status: message.qos === 0 ? 202 : 204, fields: {}, content: undefined }
  }
  if (method === 'DELETE') return { status: 204, fields: {}, content: undefined } // [H-5]
  const fields: Record<string, string> = { etag: etagOf(message.offset) }
  if (!existed) fields['location'] = topicPath(message.topic) // [H-4]
  const preferred = preferenceOf(asked.field('prefer'), 'return')
  if (preferred === 'minimal') fields['preference-applied'] = 'return=minimal'
  // An answer that is kept for repetitions is kept without content.
  if (preferred !== 'representation' || asked.field('idempotency-key') !== undefined) {
    return { status: existed ? 204 : 201, fields, content: undefined }
  }
  parts.turn.open()
  const contentType = contentTypeOf(message)
  const shown = stateFields(message, parts.turn.wallMs, { contentType, form: undefined })
  return {
    status: existed ? 200 : 201,
    fields: { ...fields, ...shown, 'preference-applied': 'return=representation' },
    content: message.payload,
  }
}

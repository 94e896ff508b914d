// Why a request is refused: one catalogue of problem type, HTTP status and MQTT reason, and the
// form in which all of them are told (problem details, RFC 9457).

import { Reason } from '../../base/reason.ts'
import { qualityOf } from './accept.ts'
import type { Asked, Fields, Reply } from './exchange.ts'

type Entry = readonly [status: number, title: string, reason?: Reason]

/** The last part of a problem's type. */
export type ProblemKind =
  | 'request-invalid'
  | 'topic-invalid'
  | 'filter-invalid'
  | 'empty-retained'
  | 'credentials-wrong'
  | 'not-authenticated'
  | 'not-authorized'
  | 'banned'
  | 'no-state'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'conflict'
  | 'still-running'
  | 'precondition'
  | 'payload-too-large'
  | 'unsupported'
  | 'range'
  | 'payload-format'
  | 'retain-not-supported'
  | 'qos-not-supported'
  | 'key-used'
  | 'quota'
  | 'rate'
  | 'failure'
  | 'unavailable'
  | 'busy'
  | 'disk-full'

const CATALOGUE: Readonly<Record<ProblemKind, Entry>> = {
  'request-invalid': [400, 'The request is not valid', Reason.malformedPacket],
  'topic-invalid': [400, 'The topic is not valid', Reason.topicNameInvalid],
  'filter-invalid': [400, 'The filter is not valid', Reason.topicFilterInvalid],
  'empty-retained': [400, 'A state cannot be empty', Reason.implementationSpecificError],
  'credentials-wrong': [401, 'The credentials are wrong', Reason.badUserNameOrPassword],
  'not-authenticated': [401, 'Not allowed without credentials', Reason.notAuthorized],
  'not-authorized': [403, 'Not allowed', Reason.notAuthorized],
  banned: [403, 'Not allowed', Reason.banned],
  'no-state': [404, 'The topic has no state'],
  'method-not-allowed': [405, 'The method is not for this resource'],
  'not-acceptable': [406, 'There is no acceptable form of it'],
  conflict: [409, 'The state does not allow it'],
  'still-running': [409, 'The first request with this key is still running'],
  precondition: [412, 'The state is another one'],
  'payload-too-large': [413, 'The message is too large', Reason.packetTooLarge],
  unsupported: [415, 'The form of the content is not supported', Reason.payloadFormatInvalid],
  range: [416, 'The content has no such range'],
  'payload-format': [422, 'The payload is not what it says', Reason.payloadFormatInvalid],
  'retain-not-supported': [422, 'There are no states here', Reason.retainNotSupported],
  'qos-not-supported': [422, 'The QoS is not supported here', Reason.qosNotSupported],
  'key-used': [422, 'The key was used for another request'],
  quota: [429, 'There is no room for it', Reason.quotaExceeded],
  rate: [429, 'Too many requests', Reason.messageRateTooHigh],
  failure: [500, 'The server failed', Reason.implementationSpecificError],
  unavailable: [503, 'The server takes no requests now', Reason.serverUnavailable],
  busy: [503, 'The server is busy', Reason.serverBusy],
  'disk-full': [507, 'The disk is full', Reason.quotaExceeded],
}

/** After so many seconds whoever was refused for want of room may ask again. */
const RETRY_AFTER_S = '1'

const CHALLENGE = 'Basic realm="rameau", charset="UTF-8"'

/** A value, never thrown: functions return it in the place of what was asked for. */
export class Refusal {
  readonly kind: ProblemKind
  readonly detail: string
  readonly topic: string | undefined
  readonly fields: Fields

  constructor(kind: ProblemKind, detail: string, topic?: string, fields: Fields = {}) {
    this.kind = kind
    this.detail = detail
    this.topic = topic
    this.fields = fields
  }
}

/** What the one who is refused is, and what the server lacks: the same reason, other statuses. */
export interface Circumstances {
  readonly isAnonymous: boolean
  readonly isDiskFull: boolean
}

/** The problem that a reason is told as. */
export function kindOf(reason: Reason, { isAnonymous, isDiskFull }: Circumstances): ProblemKind {
  switch (reason) {
    case Reason.badUserNameOrPassword:
      return 'credentials-wrong'
    case Reason.notAuthorized:
      return isAnonymous ? 'not-authenticated' : 'not-authorized'
    case Reason.quotaExceeded:
      return isDiskFull ? 'disk-full' : 'quota'
    case Reason.banned:
      return 'banned'
    case Reason.topicNameInvalid:
      return 'topic-invalid'
    case Reason.topicFilterInvalid:
      return 'filter-invalid'
    case Reason.packetTooLarge:
      return 'payload-too-large'
    case Reason.payloadFormatInvalid:
      return 'payload-format'
    case Reason.retainNotSupported:
      return 'retain-not-supported'
    case Reason.qosNotSupported:
      return 'qos-not-supported'
    case Reason.messageRateTooHigh:
      return 'rate'
    case Reason.serverBusy:
      return 'busy'
    case Reason.serverUnavailable:
    case Reason.serverShuttingDown:
      return 'unavailable'
    default:
      return 'failure'
  }
}

/** [H-41] */
export function toReply(refusal: Refusal, asked: Pick<Asked, 'field'>): Reply {
  const [status, title, reason] = CATALOGUE[refusal.kind]
  const fields: Record<string, string> = { 'cache-control': 'no-store', ...refusal.fields }
  if (status === 401) fields['www-authenticate'] = CHALLENGE // [H-100]
  if (status === 429 || status === 503 || status === 507) fields['retry-after'] = RETRY_AFTER_S
  const accept = asked.field('accept')
  const isPlain =
    qualityOf(accept, 'application/problem+json') === 0 &&
    qualityOf(accept, 'application/json') === 0 &&
    qualityOf(accept, 'text/plain') > 0
  if (isPlain) {
    fields['content-type'] = 'text/plain; charset=utf-8'
    return { status, fields, content: `${title}: ${refusal.detail}\n` }
  }
  fields['content-type'] = 'application/problem+json'
  const type = `urn:rameau:problem:${refusal.kind}`
  const { detail, topic } = refusal
  const content = `${JSON.stringify({ type, title, status, detail, reason, topic })}\n`
  return { status, fields, content }
}

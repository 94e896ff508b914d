// Decisions of an embedding program, as plain functions, made into an Access. Each one takes the
// place of the Access's own answer to the same question.

import { Reason } from '../base/reason.ts'
import { principalOf } from './access.ts'
import type {
  Access,
  Act,
  Authentication,
  Credentials,
  Explanation,
  Log,
  Principal,
} from './ports.ts'

/** True, or `Reason.success`, is yes; false is no, and any other reason says why not. */
export type Verdict = boolean | Reason

/** `user` is who he is from now on, whatever he called himself; rules know roles and claims. */
export type LoginVerdict =
  | Verdict
  | ({ readonly user: string } & Pick<Principal, 'roles' | 'claims'>)

export interface Policies {
  /** Who may come in, at once or later. */
  readonly authenticate?: (credentials: Credentials) => LoginVerdict | Promise<LoginVerdict>
  readonly mayPublish?: (
    principal: Principal,
    topic: string,
    qos: 0 | 1 | 2,
    retain: boolean,
  ) => Verdict
  /** `filter` is without its `$share/…/` prefix. */
  readonly maySubscribe?: (principal: Principal, filter: string) => Verdict
  /** Asked for each message and receiver; false: he does not get it. */
  readonly mayRead?: (principal: Principal, topic: string) => boolean
}

/** A function that throws decides as if it had said no, and the log says what it threw. */
export function accessOf(policies: Policies, access: Access, log: Log): Access {
  const { authenticate, mayPublish, maySubscribe, mayRead } = policies
  function ask<A>(name: string, question: () => A, otherwise: A): A {
    try {
      return question()
    } catch (error) {
      log.error('a policy function failed', { name, error: String(error) })
      return otherwise
    }
  }
  return {
    // Methods and logins of the Access would be ways around `authenticate`.
    ...(authenticate === undefined
      ? loginsOf(access)
      : { authenticate: loginBy(authenticate, log) }),
    mayPublish: (principal, topic, qos, retain) =>
      mayPublish === undefined
        ? access.mayPublish(principal, topic, qos, retain)
        : ask('mayPublish', () => toReason(mayPublish(principal, topic, qos, retain)), FAILED),
    maySubscribe: (principal, filter) =>
      maySubscribe === undefined
        ? access.maySubscribe(principal, filter)
        : ask('maySubscribe', () => toReason(maySubscribe(principal, filter)), FAILED),
    mayRead: (principal, topic) =>
      mayRead === undefined
        ? access.mayRead(principal, topic)
        : ask('mayRead', () => mayRead(principal, topic) === true, false),
    explain: (principal, act) =>
      isOwn(policies, act) || access.explain === undefined
        ? BY_PROGRAM
        : access.explain(principal, act),
  }
}

const BY_PROGRAM: Explanation = { isAllowed: false, by: 'the program' }

/** Whether a function of the program decides about it. */
function isOwn(policies: Policies, { act }: Act): boolean {
  switch (act) {
    case 'connect':
      return policies.authenticate !== undefined
    case 'publish':
      return policies.mayPublish !== undefined
    case 'subscribe':
      return policies.maySubscribe !== undefined
    case 'read':
      return policies.mayRead !== undefined
  }
}

const FAILED: Reason = Reason.notAuthorized

type Logins = Pick<Access, 'authenticate' | 'methods' | 'mayStay'>

function loginsOf(access: Access): Logins {
  return {
    authenticate: (credentials) => access.authenticate(credentials),
    ...(access.methods === undefined ? {} : { methods: access.methods }),
    ...(access.mayStay === undefined
      ? {}
      : { mayStay: (principal: Principal) => access.mayStay?.(principal) !== false }),
  }
}

function loginBy(
  authenticate: NonNullable<Policies['authenticate']>,
  log: Log,
): Access['authenticate'] {
  const failed = (error: unknown): Authentication => {
    log.error('a policy function failed', { name: 'authenticate', error: String(error) })
    return { reason: Reason.serverUnavailable, principal: undefined, text: 'no answer' }
  }
  return (credentials) => {
    try {
      const verdict = authenticate(credentials)
      if (!(verdict instanceof Promise)) return toAuthentication(verdict, credentials)
      return verdict.then((settled) => toAuthentication(settled, credentials)).catch(failed)
    } catch (error) {
      return failed(error)
    }
  }
}

function toAuthentication(verdict: LoginVerdict, credentials: Credentials): Authentication {
  const principal = principalOf(credentials)
  if (typeof verdict === 'object') {
    const { user, roles, claims } = verdict
    return {
      reason: Reason.success,
      principal: {
        ...{ ...principal, user },
        ...(roles === undefined ? {} : { roles }),
        ...(claims === undefined ? {} : { claims }),
      },
    }
  }
  if (verdict === true || verdict === Reason.success) {
    return { reason: Reason.success, principal }
  }
  const isPlainNo = typeof verdict !== 'number'
  const reason = isPlainNo ? Reason.badUserNameOrPassword : verdict
  return { reason, principal: undefined, text: 'refused by the program' }
}

function toReason(verdict: Verdict): Reason {
  if (typeof verdict === 'number') return verdict
  return verdict ? Reason.success : Reason.notAuthorized
}

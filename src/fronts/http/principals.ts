// Who asks, by his `Authorization`: the same passwords as everywhere. What he may do is asked for
// each request; that he is who he says is remembered for a while, so that a login is not one
// per request.

import { createHmac } from 'node:crypto'
import { Reason } from '../../base/reason.ts'
import type { Random } from '../../base/random.ts'
import type { Access, Authentication, Credentials, Log, Principal } from '../../core/ports.ts'
import type { Asked } from './exchange.ts'
import { kindOf, Refusal } from './refusal.ts'

/** How long a login counts, unless its Access says before that it does not. */
const LOGIN_MS = 60_000
/** Logins that are remembered. Above: the oldest are forgotten, and asked for again. */
const LOGINS_MAX = 4096

interface Login {
  readonly principal: Principal
  readonly untilMs: number
}

interface PrincipalsParts {
  readonly random: Random
  readonly log: Log
  /** Monotonic. */
  readonly nowMs: () => number
}

interface Claimed {
  readonly user: string
  readonly password: Uint8Array
}

export class Principals {
  readonly #parts: PrincipalsParts
  readonly #secret: string
  readonly #logins = new WeakMap<Access, Map<string, Login>>()

  constructor(parts: PrincipalsParts) {
    this.#parts = parts
    this.#secret = parts.random.id(32)
  }

  /** The one who asks, or why he may not come in. */
  async of(asked: Asked): Promise<Principal | Refusal> {
    const { access, address } = asked
    const authorization = asked.field('authorization')
    const logins = this.#loginsOf(access)
    const key = this.#key(address, authorization)
    const login = logins.get(key)
    if (login !== undefined && login.untilMs > this.#parts.nowMs()) {
      if (access.mayStay?.(login.principal) !== false) return login.principal
    }
    logins.delete(key)
    const claimed = authorization === undefined ? undefined : parseBasic(authorization)
    if (authorization !== undefined && claimed === undefined) {
      return new Refusal('credentials-wrong', 'the Authorization is not of the form Basic')
    }
    const outcome = await this.#authenticate(access, {
      // Not a client of MQTT, and rules for clients are not for it.
      clientId: '',
      user: claimed?.user,
      password: claimed?.password,
      address,
      front: 'http',
    })
    if (outcome.principal === undefined) return refusalOf(outcome, claimed === undefined)
    const untilMs = this.#parts.nowMs() + LOGIN_MS
    remember(logins, key, { principal: outcome.principal, untilMs })
    return outcome.principal
  }

  async #authenticate(access: Access, credentials: Credentials): Promise<Authentication> {
    try {
      return await access.authenticate(credentials)
    } catch (error) {
      this.#parts.log.error('authentication failed', { error: String(error) })
      return { reason: Reason.serverUnavailable, principal: undefined, text: 'no answer' }
    }
  }

  #loginsOf(access: Access): Map<string, Login> {
    const logins = this.#logins.get(access) ?? new Map<string, Login>()
    this.#logins.set(access, logins)
    return logins
  }

  /** Passwords are not kept. */
  #key(address: string, authorization: string | undefined): string {
    if (authorization === undefined) return address
    const digest = createHmac('sha256', this.#secret).update(authorization).digest('base64')
    return `${address} ${digest}`
  }
}

function remember(logins: Map<string, Login>, key: string, login: Login): void {
  logins.set(key, login)
  if (logins.size <= LOGINS_MAX) return
  for (const oldest of logins.keys()) {
    logins.delete(oldest)
    return
  }
}

function refusalOf(outcome: Authentication, isAnonymous: boolean): Refusal {
  // Without credentials whatever is lacking are credentials.
  const isLacking =
    isAnonymous &&
    (outcome.reason === Reason.badUserNameOrPassword || outcome.reason === Reason.notAuthorized)
  const kind = isLacking
    ? 'not-authenticated'
    : kindOf(outcome.reason, { isAnonymous, isDiskFull: false })
  return new Refusal(kind, isLacking ? 'log in by Basic' : 'the login was refused')
}

/** RFC 7617, in UTF-8. */
function parseBasic(authorization: string): Claimed | undefined {
  const [, base64] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization) ?? []
  if (base64 === undefined) return undefined
  const bytes = Buffer.from(base64, 'base64')
  const colon = bytes.indexOf(':')
  if (colon < 0) return undefined
  return {
    user: bytes.subarray(0, colon).toString('utf8'),
    password: new Uint8Array(bytes.subarray(colon + 1)),
  }
}

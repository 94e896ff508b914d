// Who may come in and what he may do, from password files and rule files: the port Access for a
// server and for each of its listeners. Reading, hashing and matching are the other files' of this
// part.

import { type Clock, systemClock } from '../base/clock.ts'
import { Reason } from '../base/reason.ts'
import { principalOf } from '../core/access.ts'
import type { Qos } from '../core/message.ts'
import type {
  Access,
  Act,
  Authentication,
  AuthenticationMethod,
  AuthenticationStep,
  Credentials,
  Explanation,
  Principal,
} from '../core/ports.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import type { Accounts } from './accounts.ts'
import { loadArgon2 } from './hash-argon2.ts'
import { HashQueue } from './hash-queue.ts'
import { PUBLISH_BITS, publishBit, READ_BIT, type Rights } from './rights.ts'
import { type AccessSettings, loadRuleSet, type RuleSet } from './rule-set.ts'
import { SCRAM_SHA_256, ScramExchange } from './scram.ts'

/** What a principal's login came to. */
interface Login {
  /** His stored password at that time; undefined where nobody asked for one. */
  readonly stored: string | undefined
  /** False where nobody remembers it, such as of a will after a restart. */
  readonly isKnown: boolean
  rights: Rights
  /** The rules that `rights` were compiled from. */
  generation: number
}

/** What was decided last: whoever is asked about is mostly asked about again. */
interface Last {
  principal: Principal | undefined
  topic: Topic | undefined
  bits: number
}

/** The rules of the server itself, and of listeners that have none of their own. */
export const SERVER_RULES = ''

const EVERYTHING: Rights = {
  mayConnect: true,
  bitsOf: () => PUBLISH_BITS | READ_BIT,
  maySubscribe: () => true,
  ruling: () => ({ isAllowed: true, file: '' }),
}
const NOTHING: Rights = {
  mayConnect: false,
  bitsOf: () => 0,
  maySubscribe: () => false,
  ruling: () => ({ isAllowed: false, file: '' }),
}
/** Before the first question. */
const UNKNOWN = -1
const NOTHING_YET: Last = { principal: undefined, topic: undefined, bits: 0 }

/**
 * Reads all files. Rejects with an {@link AccessFileError} that says what is wrong. With a map: a
 * set of rules for each name, that of the server itself being {@link SERVER_RULES}.
 */
export async function openRules(
  settings: AccessSettings | ReadonlyMap<string, AccessSettings>,
  clock: Clock = systemClock,
  options: RulesOptions = {},
): Promise<Rules> {
  const isNamed = settings instanceof Map
  const sets = isNamed ? settings : new Map([[SERVER_RULES, settings]])
  const rules = new Rules(sets, clock, options)
  await rules.reload()
  return rules
}

export interface RulesOptions {
  /** Whether a client is told which rule refused him; true by default. */
  readonly reasonStrings?: boolean
}

export class Rules implements Access {
  readonly #settings: ReadonlyMap<string, AccessSettings>
  readonly #clock: Clock
  readonly #isAnyNameChecked: boolean
  readonly #queue = new HashQueue()
  /** Weak: a principal lives as long as his connection, his session and his will. */
  readonly #logins = new WeakMap<Principal, Login>()
  /** By the name of the rules; each stays the same one and follows the files. */
  readonly #methods = new Map<string, Map<string, AuthenticationMethod>>()
  readonly #tellsClients: boolean
  readonly #lastPublished: Last = { ...NOTHING_YET }
  readonly #lastRead: Last = { ...NOTHING_YET }
  #sets: ReadonlyMap<string, RuleSet> = new Map()
  #generation = 0
  #reloading: Promise<void> = Promise.resolve()

  constructor(
    settings: ReadonlyMap<string, AccessSettings>,
    clock: Clock,
    { reasonStrings = true }: RulesOptions,
  ) {
    this.#settings = settings
    this.#clock = clock
    this.#tellsClients = reasonStrings
    this.#isAnyNameChecked = [...settings.values()].some((one) => one.passwordFile !== undefined)
  }

  /**
   * Reads all files again and puts them in force at once. Throws {@link AccessFileError} where one
   * is broken; then what was in force stays. One after the other, so that the last one read is the
   * one that holds.
   */
  reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload())
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  async #reload(): Promise<void> {
    const parts = { queue: this.#queue, clock: this.#clock, argon2: await loadArgon2() }
    const sets = new Map<string, RuleSet>()
    for (const [name, settings] of this.#settings) {
      sets.set(name, await loadRuleSet(settings, parts))
    }
    this.#sets = sets
    this.#generation += 1
    for (const last of [this.#lastPublished, this.#lastRead]) Object.assign(last, NOTHING_YET)
    for (const [name, { accounts }] of sets) {
      const live = this.#methodsOf(name)
      live.clear()
      if (accounts?.hasScram === true) live.set(SCRAM_SHA_256, this.#scram(name, accounts))
    }
  }

  /** What a listener with rules of that name asks. */
  at(name: string): Access {
    return {
      authenticate: (credentials) => this.#authenticate(name, credentials),
      methods: this.#methodsOf(this.#settings.has(name) ? name : SERVER_RULES),
      mayStay: (principal) => this.mayStay(principal),
      mayPublish: (principal, topic, qos, retain) => this.mayPublish(principal, topic, qos, retain),
      maySubscribe: (principal, filter) => this.maySubscribe(principal, filter),
      mayRead: (principal, topic) => this.mayRead(principal, topic),
      explain: (principal, act) => this.explain(principal, act),
    }
  }

  get methods(): ReadonlyMap<string, AuthenticationMethod> {
    return this.#methodsOf(SERVER_RULES)
  }

  authenticate(credentials: Credentials): Authentication | Promise<Authentication> {
    return this.#authenticate(SERVER_RULES, credentials)
  }

  mayStay(principal: Principal): boolean {
    return this.#rightsOf(principal).mayConnect
  }

  mayPublish(principal: Principal, topic: Topic, qos: Qos, retain: boolean): Reason {
    const bits = this.#bitsOf(this.#lastPublished, principal, topic)
    return (bits & publishBit(qos, retain)) === 0 ? Reason.notAuthorized : Reason.success
  }

  maySubscribe(principal: Principal, filter: TopicFilter): Reason {
    const isAllowed = this.#rightsOf(principal).maySubscribe(filter)
    return isAllowed ? Reason.success : Reason.notAuthorized
  }

  mayRead(principal: Principal, topic: Topic): boolean {
    return (this.#bitsOf(this.#lastRead, principal, topic) & READ_BIT) !== 0
  }

  explain(principal: Principal, act: Act): Explanation {
    const login = this.#loginRefusal(principal)
    if (login !== undefined) return this.#refusedBy(login)
    const rights = this.#set(principal.rules)?.rightsOf?.(principal)
    if (rights === undefined) return { isAllowed: true, by: 'no rules: everything is allowed' }
    // Who may not connect may do nothing.
    const { isAllowed, file, line, text } = rights.ruling(rights.mayConnect ? act : CONNECT)
    if (isAllowed)
      return { isAllowed, by: line === undefined ? file : `${file}:${line}`, rule: text }
    if (line === undefined) return this.#refusedBy(`no rule of ${file} allows it`, nameOf(file))
    const by = `${file}:${line}`
    const told = this.#tellsClients ? `denied by ${nameOf(by)}` : undefined
    return { isAllowed, by, rule: text, told }
  }

  #refusedBy(by: string, file?: string): Explanation {
    const told = file === undefined ? by : `no rule of ${file} allows it`
    return { isAllowed: false, by, told: this.#tellsClients ? told : undefined }
  }

  #authenticate(name: string, credentials: Credentials): Authentication | Promise<Authentication> {
    const set = this.#set(name)
    const { password } = credentials
    // An empty name is none, as for Mosquitto.
    const user = credentials.user === '' ? undefined : credentials.user
    if (set?.accounts !== undefined && user !== undefined) {
      if (password === undefined) return refusal(Reason.badUserNameOrPassword, 'no password')
      return this.#checkPassword(name, set.accounts, user, password, credentials)
    }
    if (set?.isAnonymousAllowed !== true) {
      return refusal(Reason.notAuthorized, NO_ANONYMOUS)
    }
    // Where some listener checks names, one that nobody checked here counts for nothing: it would
    // get the rights and the session of whoever bears it there.
    const told = this.#isAnyNameChecked ? undefined : user
    return this.#mayEnter(this.#admit(name, { ...credentials, user: told }, undefined))
  }

  /** Whether somebody who is who he says may come in. */
  #mayEnter(principal: Principal): Authentication {
    if (this.mayStay(principal)) return { reason: Reason.success, principal }
    const text = this.#loginRefusal(principal)
    if (text !== undefined) return refusal(Reason.badUserNameOrPassword, text)
    const explanation = this.explain(principal, CONNECT)
    return { ...refusal(Reason.notAuthorized, 'not allowed to connect'), explanation }
  }

  async #checkPassword(
    name: string,
    accounts: Accounts,
    user: string,
    password: Uint8Array,
    credentials: Credentials,
  ): Promise<Authentication> {
    const reason = await accounts.verify(user, password)
    if (reason === Reason.serverBusy) return refusal(reason, 'too many log in at once')
    if (reason !== Reason.success) return refusal(reason, 'user or password is wrong')
    // By the file that was asked, also if another has come in force meanwhile.
    return this.#mayEnter(this.#admit(name, credentials, accounts.stored(user)))
  }

  #admit(name: string, credentials: Credentials, stored: string | undefined): Principal {
    const plain = principalOf(credentials)
    const principal = name === SERVER_RULES ? plain : { ...plain, rules: name }
    this.#logins.set(principal, {
      ...{ stored, isKnown: true },
      ...{ rights: NOTHING, generation: UNKNOWN },
    })
    return principal
  }

  #rightsOf(principal: Principal): Rights {
    const login = this.#logins.get(principal)
    return login?.generation === this.#generation ? login.rights : this.#compile(principal, login)
  }

  #bitsOf(last: Last, principal: Principal, topic: Topic): number {
    if (last.principal === principal && last.topic === topic) return last.bits
    last.bits = this.#rightsOf(principal).bitsOf(topic)
    last.principal = principal
    last.topic = topic
    return last.bits
  }

  #compile(principal: Principal, login: Login | undefined): Rights {
    const set = this.#set(principal.rules)
    const stands = this.#loginRefusal(principal) === undefined
    const compiled = stands ? (set?.rightsOf?.(principal) ?? EVERYTHING) : NOTHING
    const rights = compiled.mayConnect ? compiled : NOTHING
    if (login === undefined) {
      const generation = this.#generation
      this.#logins.set(principal, { stored: undefined, isKnown: false, rights, generation })
    } else {
      login.rights = rights
      login.generation = this.#generation
    }
    return rights
  }

  /** Why his login does not stand (any more), whatever the rules. */
  #loginRefusal(principal: Principal): string | undefined {
    const set = this.#set(principal.rules)
    const { user } = principal
    if (user === undefined || set?.accounts === undefined) {
      return set?.isAnonymousAllowed === true ? undefined : NO_ANONYMOUS
    }
    const login = this.#logins.get(principal)
    const stored = set.accounts.stored(user)
    if (stored === undefined) return 'there is no such user'
    // Whose login nobody remembers must at least still exist.
    return login?.isKnown !== true || login.stored === stored ? undefined : 'password changed'
  }

  #set(name: string = SERVER_RULES): RuleSet | undefined {
    return this.#sets.get(name) ?? this.#sets.get(SERVER_RULES)
  }

  #methodsOf(name: string): Map<string, AuthenticationMethod> {
    const methods = this.#methods.get(name) ?? new Map<string, AuthenticationMethod>()
    this.#methods.set(name, methods)
    return methods
  }

  #scram(name: string, accounts: Accounts): AuthenticationMethod {
    const start = (credentials: Credentials) =>
      new ScramExchange({
        find: (user) => accounts.verifier(user),
        admit: (user, data) => this.#admitScram(name, accounts, credentials, user, data),
      })
    return { start }
  }

  #admitScram(
    name: string,
    accounts: Accounts,
    credentials: Credentials,
    user: string,
    data: Uint8Array,
  ): AuthenticationStep {
    if (credentials.user !== undefined && credentials.user !== user) {
      const text = 'the User Name is another than that of the method'
      return { outcome: 'refused', reason: Reason.notAuthorized, text }
    }
    const principal = this.#admit(name, { ...credentials, user }, accounts.stored(user))
    const entry = this.#mayEnter(principal)
    if (entry.principal !== undefined) return { outcome: 'success', principal, data }
    const { reason, text, explanation } = entry
    return { outcome: 'refused', reason, text, explanation }
  }
}

type Refused = Extract<Authentication, { readonly principal: undefined }>

const CONNECT: Act = { act: 'connect' }
const NO_ANONYMOUS = 'anonymous clients are not let in'

/** The file alone: its folder is nobody else's matter. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function refusal(reason: Reason, text: string): Refused {
  return { reason, principal: undefined, text }
}

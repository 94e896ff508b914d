// Who may come in and what he may do, from password files and ACL files: the port Access for a
// server and for each of its listeners. Reading, hashing and matching are the other files' of this
// part.

import { type Clock, systemClock } from '../base/clock.ts'
import { Reason } from '../base/reason.ts'
import { principalOf } from '../core/access.ts'
import type {
  Access,
  Authentication,
  AuthenticationMethod,
  AuthenticationStep,
  Credentials,
  Principal,
} from '../core/ports.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import { Accounts } from './accounts.ts'
import { Acl, type Rights } from './acl.ts'
import { parseAclFile } from './acl-file.ts'
import { readLines } from './file-text.ts'
import { type Argon2, loadArgon2 } from './hash-argon2.ts'
import { HashQueue } from './hash-queue.ts'
import { parsePasswordFile } from './password-file.ts'
import { SCRAM_SHA_256, ScramExchange } from './scram.ts'

/** What an operator sets: keys of the configuration under `access` and `listeners[].access`. */
export interface AccessSettings {
  /** Whether clients without a user name come in. Undefined: only where nothing else is set. */
  readonly allowAnonymous?: boolean | undefined
  /** Who has an account; undefined: nobody is asked for a password. */
  readonly passwordFile?: string | undefined
  /** What is allowed; undefined: everything. */
  readonly aclFile?: string | undefined
}

/** One set of rules as it is in force. */
interface RuleSet {
  readonly isAnonymousAllowed: boolean
  readonly accounts: Accounts | undefined
  readonly acl: Acl | undefined
  readonly methods: ReadonlyMap<string, AuthenticationMethod>
}

/** What a principal's login came to. */
interface Login {
  /** His stored password at that time; undefined where nobody asked for one. */
  readonly stored: string | undefined
  rights: Rights | undefined
  /** The rules that `rights` were compiled from. */
  generation: number
}

/** The rules of the server itself, and of listeners that have none of their own. */
export const SERVER_RULES = ''

const EVERYTHING: Rights = { mayRead: () => true, mayWrite: () => true }
const NOTHING: Rights = { mayRead: () => false, mayWrite: () => false }

/** Whether these settings ask nobody for anything and allow everything. */
export function isOpen(settings: AccessSettings): boolean {
  const { allowAnonymous, passwordFile, aclFile } = settings
  return allowAnonymous !== false && passwordFile === undefined && aclFile === undefined
}

/**
 * Reads all files. Rejects with an {@link AccessFileError} that says what is wrong. With a map: a
 * set of rules for each name, that of the server itself being {@link SERVER_RULES}.
 */
export async function openRules(
  settings: AccessSettings | ReadonlyMap<string, AccessSettings>,
  clock: Clock = systemClock,
): Promise<Rules> {
  const isNamed = settings instanceof Map
  const rules = new Rules(isNamed ? settings : new Map([[SERVER_RULES, settings]]), clock)
  await rules.reload()
  return rules
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
  #sets: ReadonlyMap<string, RuleSet> = new Map()
  #generation = 0

  constructor(settings: ReadonlyMap<string, AccessSettings>, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#isAnyNameChecked = [...settings.values()].some((one) => one.passwordFile !== undefined)
  }

  /**
   * Reads all files again and puts them in force at once. Throws {@link AccessFileError} where one
   * is broken; then what was in force stays.
   */
  async reload(): Promise<void> {
    const argon2 = await loadArgon2()
    const sets = new Map<string, RuleSet>()
    for (const [name, settings] of this.#settings) {
      sets.set(name, await this.#load(name, settings, argon2))
    }
    this.#sets = sets
    this.#generation += 1
    for (const [name, { methods }] of sets) {
      const live = this.#methodsOf(name)
      live.clear()
      for (const [method, how] of methods) live.set(method, how)
    }
  }

  /** What a listener with rules of that name asks. */
  at(name: string): Access {
    return {
      authenticate: (credentials) => this.#authenticate(name, credentials),
      methods: this.#methodsOf(this.#settings.has(name) ? name : SERVER_RULES),
      mayStay: (principal) => this.mayStay(principal),
      mayPublish: (principal, topic) => this.mayPublish(principal, topic),
      maySubscribe: (principal, filter) => this.maySubscribe(principal, filter),
      mayRead: (principal, topic) => this.mayRead(principal, topic),
    }
  }

  get methods(): ReadonlyMap<string, AuthenticationMethod> {
    return this.#methodsOf(SERVER_RULES)
  }

  authenticate(credentials: Credentials): Authentication | Promise<Authentication> {
    return this.#authenticate(SERVER_RULES, credentials)
  }

  mayStay(principal: Principal): boolean {
    const set = this.#set(principal.rules)
    const { user } = principal
    if (set === undefined) return false
    if (user === undefined || set.accounts === undefined) return set.isAnonymousAllowed
    const login = this.#logins.get(principal)
    const stored = set.accounts.stored(user)
    // Whose login nobody remembers, such as a will's after a restart, must at least still exist.
    return stored !== undefined && (login === undefined || login.stored === stored)
  }

  mayPublish(principal: Principal, topic: Topic): Reason {
    return this.#rightsOf(principal).mayWrite(topic) ? Reason.success : Reason.notAuthorized
  }

  /** As in Mosquitto anything may be subscribed; what may not be read is not delivered. */
  maySubscribe(principal: Principal, _filter: TopicFilter): Reason {
    return this.#rightsOf(principal) === NOTHING ? Reason.notAuthorized : Reason.success
  }

  mayRead(principal: Principal, topic: Topic): boolean {
    return this.#rightsOf(principal).mayRead(topic)
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
      return refusal(Reason.notAuthorized, 'anonymous clients are not let in')
    }
    // Where some listener checks names, one that nobody checked here counts for nothing: it would
    // get the rights and the session of whoever bears it there.
    const told = this.#isAnyNameChecked ? undefined : user
    const principal = this.#admit(name, { ...credentials, user: told }, undefined)
    return { reason: Reason.success, principal }
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
    const principal = this.#admit(name, credentials, accounts.stored(user))
    if (!this.mayStay(principal)) return refusal(Reason.badUserNameOrPassword, 'password changed')
    return { reason: Reason.success, principal }
  }

  #admit(name: string, credentials: Credentials, stored: string | undefined): Principal {
    const plain = principalOf(credentials)
    const principal = name === SERVER_RULES ? plain : { ...plain, rules: name }
    this.#logins.set(principal, { stored, rights: undefined, generation: 0 })
    return principal
  }

  #rightsOf(principal: Principal): Rights {
    const login = this.#logins.get(principal)
    if (login?.generation === this.#generation && login.rights !== undefined) return login.rights
    const acl = this.#set(principal.rules)?.acl
    const { user, clientId } = principal
    const rights = this.mayStay(principal) ? (acl?.rightsOf(user, clientId) ?? EVERYTHING) : NOTHING
    if (login === undefined) {
      const stored = this.#set(principal.rules)?.accounts?.stored(user ?? '')
      this.#logins.set(principal, { stored, rights, generation: this.#generation })
    } else {
      login.rights = rights
      login.generation = this.#generation
    }
    return rights
  }

  #set(name: string = SERVER_RULES): RuleSet | undefined {
    return this.#sets.get(name) ?? this.#sets.get(SERVER_RULES)
  }

  #methodsOf(name: string): Map<string, AuthenticationMethod> {
    const methods = this.#methods.get(name) ?? new Map<string, AuthenticationMethod>()
    this.#methods.set(name, methods)
    return methods
  }

  async #load(
    name: string,
    settings: AccessSettings,
    argon2: Argon2 | undefined,
  ): Promise<RuleSet> {
    const { passwordFile, aclFile, allowAnonymous } = settings
    const acl = aclFile && new Acl(parseAclFile(aclFile, await readLines(aclFile)))
    const users =
      passwordFile && parsePasswordFile(passwordFile, await readLines(passwordFile), argon2)
    const accounts = users ? new Accounts(users, this.#queue, this.#clock) : undefined
    return {
      isAnonymousAllowed: allowAnonymous ?? accounts === undefined,
      accounts,
      acl: acl || undefined,
      methods: accounts?.hasScram === true ? this.#scram(name, accounts) : NO_METHODS,
    }
  }

  #scram(name: string, accounts: Accounts): ReadonlyMap<string, AuthenticationMethod> {
    const start = (credentials: Credentials) =>
      new ScramExchange({
        find: (user) => accounts.verifier(user),
        admit: (user, data) => this.#admitScram(name, accounts, credentials, user, data),
      })
    return new Map([[SCRAM_SHA_256, { start }]])
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
    if (this.mayStay(principal)) return { outcome: 'success', principal, data }
    const text = 'password changed'
    return { outcome: 'refused', reason: Reason.badUserNameOrPassword, text }
  }
}

const NO_METHODS: ReadonlyMap<string, AuthenticationMethod> = new Map()

function refusal(reason: Reason, text: string): Authentication {
  return { reason, principal: undefined, text }
}

// The files of one set of rules, read and put together: who has an account, and what each may do.
// Which set holds for whom is rules'.

import type { Principal } from '../core/ports.ts'
import type { Clock } from '../base/clock.ts'
import { Accounts } from './accounts.ts'
import { Acl } from './acl.ts'
import { parseAclFile } from './acl-file.ts'
import { readLines, readText } from './file-text.ts'
import type { Argon2 } from './hash-argon2.ts'
import type { HashQueue } from './hash-queue.ts'
import { parsePasswordFile } from './password-file.ts'
import type { Rights } from './rights.ts'
import { RuleBook } from './rule-book.ts'
import { parseRulesFile } from './rule-file.ts'

/** What an operator sets: keys of the configuration under `access` and `listeners[].access`. */
export interface AccessSettings {
  /** Whether clients without a user name come in. Undefined: only where nothing else is set. */
  readonly allowAnonymous?: boolean | undefined
  /** Who has an account; undefined: nobody is asked for a password. */
  readonly passwordFile?: string | undefined
  /** What is allowed, in Mosquitto's form; without either file: everything. */
  readonly aclFile?: string | undefined
  /** What is allowed, in Rameau's form. It goes before an ACL file. */
  readonly rulesFile?: string | undefined
}

/** One set of rules as it is in force. */
export interface RuleSet {
  readonly isAnonymousAllowed: boolean
  readonly accounts: Accounts | undefined
  /** Undefined: everybody may do everything. */
  readonly rightsOf: ((principal: Principal) => Rights) | undefined
}

/** What reading a set needs from outside. */
export interface RuleSetParts {
  readonly queue: HashQueue
  readonly clock: Clock
  readonly argon2: Argon2 | undefined
}

/** Whether these settings ask nobody for anything and allow everything. */
export function isOpen(settings: AccessSettings): boolean {
  return settings.allowAnonymous !== false && filesOf(settings).length === 0
}

/** The files that are named, each once. */
export function filesOf({ passwordFile, aclFile, rulesFile }: AccessSettings): string[] {
  const files = [passwordFile, aclFile, rulesFile].filter((file) => file !== undefined)
  return [...new Set(files)]
}

/** Reads all files. Rejects with an {@link AccessFileError} that says what is wrong. */
export async function loadRuleSet(settings: AccessSettings, parts: RuleSetParts): Promise<RuleSet> {
  const { passwordFile, allowAnonymous } = settings
  const rightsOf = await loadRights(settings)
  const users =
    passwordFile === undefined
      ? undefined
      : parsePasswordFile(passwordFile, await readLines(passwordFile), parts.argon2)
  const accounts = users && new Accounts(users, parts.queue, parts.clock)
  return { isAnonymousAllowed: allowAnonymous ?? accounts === undefined, accounts, rightsOf }
}

async function loadRights({ aclFile, rulesFile }: AccessSettings): Promise<RuleSet['rightsOf']> {
  if (rulesFile !== undefined) {
    const book = new RuleBook(parseRulesFile(rulesFile, await readText(rulesFile)))
    return (principal) => book.rightsOf(principal)
  }
  if (aclFile === undefined) return undefined
  const acl = new Acl(parseAclFile(aclFile, await readLines(aclFile)))
  return ({ user, clientId }) => acl.rightsOf(user, clientId)
}

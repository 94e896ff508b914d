// A password file: a line `user:hash` for each user, as mosquitto_passwd and `rameau passwd` write
// it. Which forms of hash there are is hash-forms'; who asks is accounts'.

import { AccessFileError } from './file-error.ts'
import type { Line } from './file-text.ts'
import { HashError, type PasswordHash } from './hash.ts'
import type { Argon2 } from './hash-argon2.ts'
import { parseHash } from './hash-forms.ts'

/** A user of the file. */
export interface Account {
  readonly hash: PasswordHash
  /** The stored password as it stands in the file: it tells whether it was changed since. */
  readonly text: string
}

const USER_BYTES_MAX = 65_535

/** The users of a file by name. Throws {@link AccessFileError} at the first bad line. */
export function parsePasswordFile(
  file: string,
  lines: readonly Line[],
  argon2: Argon2 | undefined,
): ReadonlyMap<string, Account> {
  const accounts = new Map<string, Account>()
  for (const { number, text } of lines) {
    const refuse = (why: string) => new AccessFileError(file, number, why)
    const entry = parseEntry(text)
    if (entry === undefined) throw refuse('is not user:password')
    const { user, stored } = entry
    if (new TextEncoder().encode(user).length > USER_BYTES_MAX) throw refuse('the name is too long')
    if (accounts.has(user)) throw refuse(`user ${user} is there twice`)
    try {
      accounts.set(user, { hash: parseHash(stored, argon2), text: stored })
    } catch (error) {
      if (error instanceof HashError) throw refuse(`user ${user}: ${error.message}`)
      throw error
    }
  }
  return accounts
}

/**
 * The text of a file with the user's line replaced, added, or removed where `stored` is undefined.
 * Everything else stays as it is. Undefined: there was nothing to remove.
 */
export function editPasswordFile(
  text: string,
  user: string,
  stored: string | undefined,
): string | undefined {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const isUsers = (line: string): boolean =>
    !line.startsWith('#') && parseEntry(line)?.user === user
  const at = lines.findIndex(isUsers)
  if (at === -1 && stored === undefined) return undefined
  if (stored === undefined) return join(lines.filter((line) => !isUsers(line)))
  const added = `${user}:${stored}`
  return join(at === -1 ? [...lines, added] : lines.with(at, added))
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function parseEntry(line: string): { user: string; stored: string } | undefined {
  const colon = line.indexOf(':')
  const user = line.slice(0, Math.max(colon, 0)).trim()
  const stored = line.slice(colon + 1).trim()
  return user === '' || stored === '' ? undefined : { user, stored }
}

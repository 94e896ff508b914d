// `rameau passwd`: adds, changes and removes users of a password file. The letters are those of
// mosquitto_passwd. What a stored password looks like is access's.

import { createArgon2 } from '../access/hash-argon2.ts'
import { HashError } from '../access/hash.ts'
import { createScram } from '../access/hash-scram.ts'
import { createScrypt } from '../access/hash-scrypt.ts'
import { createPbkdf2 } from '../access/hash-sha512.ts'
import { editPasswordFile } from '../access/password-file.ts'
import { askPassword, PromptError } from './ask-password.ts'
import type { Form, PasswdFlags } from './passwd-flags.ts'
import { FileError, readIfThere, replaceFile } from './replace-file.ts'

const CREATE: Readonly<Record<Form, (password: Uint8Array) => Promise<string>>> = {
  scrypt: createScrypt,
  argon2id: createArgon2,
  'scram-sha-256': createScram,
  'sha512-pbkdf2': createPbkdf2,
}
/** As much as CONNECT can carry. */
const PASSWORD_BYTES_MAX = 65_535

/** Resolves with the exit code: 0 fine, 1 it failed, 2 wrong usage. */
export async function passwd(
  file: string,
  user: string,
  argument: string | undefined,
  flags: PasswdFlags,
): Promise<number> {
  const isBatch = flags.batch === true
  if (isBatch !== (argument !== undefined)) {
    return fail(isBatch ? '-b needs the password after the user' : 'a password needs -b', 2)
  }
  try {
    const before = flags.create === true ? '' : await readIfThere(file)
    if (before === undefined) return fail(`${file}: no such file: make it with -c`, 1)
    const stored = flags.delete === true ? undefined : await create(flags, argument, user)
    const after = editPasswordFile(before, user, stored)
    if (after === undefined) return fail(`${file}: has no user ${user}`, 1)
    await replaceFile(file, after)
    return 0
  } catch (error) {
    const isTheirs =
      error instanceof FileError || error instanceof HashError || error instanceof PromptError
    if (isTheirs) return fail(error.message, 1)
    throw error
  }
}

async function create(
  flags: PasswdFlags,
  argument: string | undefined,
  user: string,
): Promise<string> {
  const form = flags.scram === true ? 'scram-sha-256' : (flags.hash ?? 'scrypt')
  const password = argument ?? (await askPassword(process.stdin, process.stderr, user))
  const bytes = new TextEncoder().encode(password)
  if (bytes.length === 0) throw new PromptError('the password must not be empty')
  if (bytes.length > PASSWORD_BYTES_MAX) {
    throw new PromptError(`the password must have at most ${PASSWORD_BYTES_MAX} bytes`)
  }
  return CREATE[form](bytes)
}

function fail(text: string, code: number): number {
  console.error(`rameau: ${text}`)
  return code
}

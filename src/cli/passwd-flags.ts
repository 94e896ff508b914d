// The flags of `rameau passwd`. What they do is passwd's, which is loaded only when it runs.

import { type Command, InvalidArgumentError, Option } from 'commander'

/** The forms of stored passwords that can be made, the default first. */
const FORMS = ['scrypt', 'argon2id', 'scram-sha-256', 'sha512-pbkdf2'] as const
export type Form = (typeof FORMS)[number]

const USER_BYTES_MAX = 65_535

export interface PasswdFlags {
  readonly create?: true
  readonly batch?: true
  readonly delete?: true
  readonly hash?: Form
  readonly scram?: true
}

export function addPasswdFlags(command: Command): Command {
  return command
    .argument('<file>', 'password file')
    .argument('<user>', 'name of the user', parseUser)
    .argument('[password]', 'with -b: the password')
    .option('-c, --create', 'make a new file, in place of one that is there')
    .option('-b, --batch', 'take the password from the command line, where others may see it')
    .addOption(
      new Option('-D, --delete', 'remove the user').conflicts(['create', 'batch', 'hash', 'scram']),
    )
    .addOption(
      new Option('-H, --hash <form>', `how the password is stored (${FORMS[0]})`).choices(FORMS),
    )
    .addOption(
      new Option('--scram', 'the same as -H scram-sha-256: SCRAM can use it').conflicts('hash'),
    )
}

/** Colons and line ends are the file's own, and a `#` in front makes a line a comment. */
function parseUser(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.')
  if (/[:\r\n\0]/.test(text)) throw new InvalidArgumentError('It must have no colon or line end.')
  if (text.startsWith('#') || text.trim() !== text) {
    throw new InvalidArgumentError('It must not begin with #, nor begin or end with a blank.')
  }
  if (Buffer.byteLength(text) <= USER_BYTES_MAX) return text
  throw new InvalidArgumentError(`It must have at most ${USER_BYTES_MAX} bytes.`)
}

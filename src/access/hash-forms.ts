// Which form a stored password has, by what its text begins with. Each form is a hash-… file.

import { ARGON2_MISSING, type Argon2 } from './hash-argon2.ts'
import { HashError, type PasswordHash } from './hash.ts'
import { parseScram } from './hash-scram.ts'
import { parseScrypt } from './hash-scrypt.ts'
import { parsePbkdf2, parseSha512 } from './hash-sha512.ts'

/** Throws {@link HashError} with what is wrong. `argon2`: undefined where nothing computes it. */
export function parseHash(text: string, argon2: Argon2 | undefined): PasswordHash {
  const [nothing, form, ...fields] = text.split('$')
  if (nothing !== '' || form === undefined) {
    throw new HashError('its password is not hashed: set it with rameau passwd')
  }
  switch (form) {
    case 'scrypt':
      return parseScrypt(fields)
    case 'scram-sha-256':
      return parseScram(fields)
    case '6':
      return parseSha512(fields)
    case '7':
      return parsePbkdf2(fields)
    case 'argon2id':
      if (argon2 === undefined) throw new HashError(ARGON2_MISSING)
      return argon2(fields)
    default:
      throw new HashError(`$${form}$ is no form of password that is known here`)
  }
}

// What a password file holds for a user, whatever its form, and what can be asked of it. The forms
// are the hash-… files; which text is which form is hash-forms.

/** A stored password: it can tell whether a password is the one, and cannot tell the password. */
export interface PasswordHash {
  /** Takes as long as its form demands, off the event loop where that is long. */
  verify(password: Uint8Array): Promise<boolean>
  /** One of the same cost that no password fits, for users who do not exist. */
  decoy(): PasswordHash
  /** What SCRAM needs; undefined for forms from which it cannot be had. */
  readonly scram: ScramVerifier | undefined
}

/** What a server keeps of a password for SCRAM-SHA-256 [RFC5802-3]. */
export interface ScramVerifier {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** What is wrong with a stored password, for a message that names file and line. */
export class HashError extends Error {
  readonly code = 'ERR_PASSWORD_HASH'
}

// The users of one password file, for as long as it is in force: is this the user's password? A
// user who does not exist costs the caller what a wrong password does.

import type { Clock } from '../base/clock.ts'
import { Reason } from '../base/reason.ts'
import type { PasswordHash, ScramVerifier } from './hash.ts'
import type { HashQueue } from './hash-queue.ts'
import { NameKey } from './hash-names.ts'
import { fakeVerifier, SCRAM_ITERATIONS } from './hash-scram.ts'
import { scryptDecoy } from './hash-scrypt.ts'
import { Verdicts } from './hash-verdicts.ts'
import type { Account } from './password-file.ts'

export class Accounts {
  readonly #accounts: ReadonlyMap<string, Account>
  readonly #queue: HashQueue
  readonly #verdicts: Verdicts
  /** Those being hashed now, so that the same question is asked once. */
  readonly #asked = new Map<string, Promise<boolean>>()
  readonly #names: NameKey
  /** One for each user, in the order of the file. */
  readonly #decoys: readonly PasswordHash[]
  /** The iterations of SCRAM that a user of this file would have. */
  readonly #iterations: readonly number[]
  readonly #hasScram: boolean

  constructor(accounts: ReadonlyMap<string, Account>, queue: HashQueue, clock: Clock) {
    this.#accounts = accounts
    const [first] = accounts.values()
    this.#names = new NameKey(first?.text)
    this.#queue = queue
    this.#verdicts = new Verdicts(clock)
    const hashes = [...accounts.values()].map(({ hash }) => hash)
    this.#decoys = hashes.length === 0 ? [scryptDecoy()] : hashes.map((hash) => hash.decoy())
    const counts = hashes.flatMap(({ scram }) => (scram === undefined ? [] : [scram.iterations]))
    this.#hasScram = counts.length > 0
    this.#iterations = counts
  }

  /** True when some user can log in by SCRAM. */
  get hasScram(): boolean {
    return this.#hasScram
  }

  /** The stored password of a user, which changes whenever it is set anew. */
  stored(user: string): string | undefined {
    return this.#accounts.get(user)?.text
  }

  /** Success, a refusal, or `serverBusy` where too many ask. */
  async verify(user: string, password: Uint8Array): Promise<Reason> {
    const key = this.#verdicts.key(user, password)
    const known = this.#verdicts.find(key)
    if (known !== undefined) return verdictOf(known)
    const asked = this.#asked.get(key) ?? this.#ask(key, user, password)
    return asked === undefined ? Reason.serverBusy : verdictOf(await asked)
  }

  /** The verifier for SCRAM; a fake one where the user has none, of which no proof is right. */
  verifier(user: string): { readonly verifier: ScramVerifier; readonly isReal: boolean } {
    const scram = this.#accounts.get(user)?.hash.scram
    if (scram !== undefined) return { verifier: scram, isReal: true }
    const iterations = this.#names.pick(this.#iterations, user) ?? SCRAM_ITERATIONS
    return { verifier: fakeVerifier(user, this.#names.secret, iterations), isReal: false }
  }

  #ask(key: string, user: string, password: Uint8Array): Promise<boolean> | undefined {
    const account = this.#accounts.get(user)
    // By his name, so that each unknown one costs what some known one does, always the same.
    const hash = account?.hash ?? this.#names.pick(this.#decoys, user)
    const own = Uint8Array.from(password) // The packet's buffer is overwritten meanwhile.
    const asked = this.#queue.run(async () => (await hash?.verify(own)) === true)
    if (asked === undefined) return undefined
    const settled = asked
      .then((isRight) => {
        const isAdmitted = isRight && account !== undefined
        this.#verdicts.add(key, isAdmitted)
        return isAdmitted
      })
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, settled)
    return settled
  }
}

function verdictOf(isRight: boolean): Reason {
  return isRight ? Reason.success : Reason.badUserNameOrPassword
}

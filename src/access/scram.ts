// SCRAM-SHA-256 as a way to log in [RFC5802] [RFC7677]: the two messages of each side, without
// channel binding. The arithmetic is hash-scram's, the users are accounts'.
//
//   client  n,,n=user,r=nonce           server  r=nonces,s=salt,i=iterations
//   client  c=biws,r=nonces,p=proof     server  v=signature

import { Reason } from '../base/reason.ts'
import type { AuthenticationExchange, AuthenticationStep } from '../core/ports.ts'
import { HashError, type ScramVerifier } from './hash.ts'
import { newNonce, parseBase64, toBase64 } from './hash-bytes.ts'
import { isProof, serverSignature } from './hash-scram.ts'

export const SCRAM_SHA_256 = 'SCRAM-SHA-256'

/** Bytes of a message. More is no SCRAM, whatever the name. */
const MESSAGE_BYTES_MAX = 4096

/** A user as SCRAM finds him; `isReal` false for one who does not exist. */
export interface ScramUser {
  readonly verifier: ScramVerifier
  readonly isReal: boolean
}

/** What the exchange needs from outside. */
export interface ScramParts {
  find(user: string): ScramUser
  /** The last step, once the user has proved himself. */
  admit(user: string, data: Uint8Array): AuthenticationStep
  /** Chosen by tests only. */
  readonly nonce?: string
}

interface Begun {
  readonly user: string
  readonly found: ScramUser
  readonly gs2Header: string
  readonly nonces: string
  /** What both sides sign, up to the client's last message. */
  readonly messages: string
}

/** One login. It asks for a proof even where the user does not exist, and refuses only then. */
export class ScramExchange implements AuthenticationExchange {
  readonly #parts: ScramParts
  #begun: Begun | undefined

  constructor(parts: ScramParts) {
    this.#parts = parts
  }

  next(data: Uint8Array | undefined): AuthenticationStep {
    const text = parseText(data)
    if (text === undefined) return refused('it is no SCRAM message')
    return this.#begun === undefined ? this.#first(text) : this.#final(text, this.#begun)
  }

  #first(text: string): AuthenticationStep {
    const match = /^([ny],,)(n=([^,]+),r=([!-+\--~]+))$/.exec(text)
    const [, gs2Header = '', bare = '', name = '', clientNonce = ''] = match ?? []
    const user = match === null ? undefined : parseName(name)
    if (user === undefined) return refused('its first message is not n,,n=…,r=…')
    const found = this.#parts.find(user)
    const nonces = clientNonce + (this.#parts.nonce ?? newNonce())
    const { salt, iterations } = found.verifier
    const answer = `r=${nonces},s=${toBase64(salt)},i=${iterations}`
    this.#begun = { user, found, gs2Header, nonces, messages: `${bare},${answer}` }
    return { outcome: 'continue', data: new TextEncoder().encode(answer) }
  }

  #final(text: string, begun: Begun): AuthenticationStep {
    const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(text)
    const [, withoutProof = '', binding = '', nonces = '', proofText = ''] = match ?? []
    const proof = match === null ? undefined : parseBytes(proofText)
    if (proof === undefined) return refused('its final message is not c=…,r=…,p=…')
    if (binding !== toBase64(new TextEncoder().encode(begun.gs2Header))) {
      return refused('its channel binding is another than at first')
    }
    if (nonces !== begun.nonces) return refused('its nonce is another than ours')
    const { verifier, isReal } = begun.found
    const message = `${begun.messages},${withoutProof}`
    // The proof of somebody who does not exist is computed all the same.
    if (!isProof(verifier, message, proof) || !isReal) {
      return refused('user or password is wrong', Reason.badUserNameOrPassword)
    }
    const signature = `v=${toBase64(serverSignature(verifier, message))}`
    return this.#parts.admit(begun.user, new TextEncoder().encode(signature))
  }
}

function refused(text: string, reason: Reason = Reason.notAuthorized): AuthenticationStep {
  return { outcome: 'refused', reason, text }
}

function parseText(data: Uint8Array | undefined): string | undefined {
  if (data === undefined || data.length > MESSAGE_BYTES_MAX) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return undefined
  }
}

/** A name, in which `=2C` is a comma and `=3D` an equals sign [RFC5802-5.1]. */
function parseName(text: string): string | undefined {
  if (text.includes('\0') || /=(?!2C|3D)/.test(text)) return undefined
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function parseBytes(text: string): Uint8Array | undefined {
  try {
    return parseBase64(text, 'proof')
  } catch (error) {
    if (error instanceof HashError) return undefined
    throw error
  }
}

// SCRAM-SHA-256: the exchange of RFC 7677 byte by byte, and what ends one early.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../base/reason.ts'
import type { AuthenticationStep, Principal } from '../core/ports.ts'
import { parseBase64 } from './hash-bytes.ts'
import { fakeVerifier, scramVerifier } from './hash-scram.ts'
import { ScramExchange, type ScramUser } from './scram.ts'

const CLIENT_FIRST = 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'
const NONCES = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const SERVER_FIRST = `r=${NONCES},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const CLIENT_FINAL = `c=biws,r=${NONCES},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

const PRINCIPAL: Principal = { user: 'user', clientId: 'c', address: 'local', front: 'mqtt' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const SALT = parseBase64('W22ZaJ0SNY7soEsUEjb6gQ==', 'salt')
const found: ScramUser = {
  verifier: await scramVerifier(bytes('pencil'), SALT, 4096),
  isReal: true,
}

function exchange(user: ScramUser = found, asked: string[] = []): ScramExchange {
  return new ScramExchange({
    find: (name) => {
      asked.push(name)
      return user
    },
    admit: (_, data) => ({ outcome: 'success', principal: PRINCIPAL, data }),
    nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  })
}

function said(step: AuthenticationStep): string {
  if (step.outcome === 'refused') return `refused ${step.reason}: ${step.text}`
  return `${step.outcome} ${new TextDecoder().decode(step.data)}`
}

test('the exchange of RFC 7677', () => {
  const login = exchange()
  assert.equal(said(login.next(bytes(CLIENT_FIRST))), `continue ${SERVER_FIRST}`)
  assert.equal(said(login.next(bytes(CLIENT_FINAL))), `success ${SERVER_FINAL}`)
})

test('a wrong proof, and any proof of a user who does not exist, get the same answer', () => {
  const wrong = exchange()
  wrong.next(bytes(CLIENT_FIRST))
  const answer = said(wrong.next(bytes(CLIENT_FINAL.replace('dHzb', 'dHzc'))))
  assert.equal(answer, `refused ${Reason.badUserNameOrPassword}: user or password is wrong`)
  const unknown = exchange({ ...found, isReal: false })
  unknown.next(bytes(CLIENT_FIRST))
  assert.equal(said(unknown.next(bytes(CLIENT_FINAL))), answer)
})

test('the fake verifier is the same for a name, others for other names and servers', () => {
  const salt = (user: string, secret: number): string =>
    Buffer.from(fakeVerifier(user, Uint8Array.of(secret), 4096).salt).toString('hex')
  assert.equal(salt('a', 1), salt('a', 1))
  assert.notEqual(salt('a', 1), salt('b', 1))
  assert.notEqual(salt('a', 1), salt('a', 2))
  assert.equal(salt('a', 1).length, 32)
})

test('a comma and an equals sign in a name are spelled out', () => {
  const asked: string[] = []
  exchange(found, asked).next(bytes('n,,n=a=2Cb=3D=2C,r=x'))
  assert.deepEqual(asked, ['a,b=,'])
})

test('what is no first message is refused', () => {
  const first = (data: Uint8Array | undefined): string => said(exchange().next(data))
  for (const text of [
    '',
    'n,,n=user',
    'p=tls-unique,,n=user,r=x', // Channel binding is not offered.
    'n,a=other,n=user,r=x', // Nobody acts for somebody else.
    'n,,n=user,r=x,m=1',
    'n,,n=us=er,r=x',
    'n,,n=,r=x',
    'n,,n=user,r=',
    'n,,n=user,r=a b',
  ]) {
    assert.match(first(bytes(text)), /^refused 135: its first message/, text)
  }
  assert.match(first(undefined), /no SCRAM message/)
  assert.match(first(Uint8Array.of(0xff)), /no SCRAM message/)
  assert.match(first(new Uint8Array(5000)), /no SCRAM message/)
})

test('what does not belong to the first message is refused', () => {
  const final = (text: string): string => {
    const login = exchange()
    login.next(bytes(CLIENT_FIRST))
    return said(login.next(bytes(text)))
  }
  assert.match(final(CLIENT_FINAL.replace('biws', 'eSws')), /channel binding/)
  assert.match(final(CLIENT_FINAL.replace('k0,p', 'k1,p')), /nonce/)
  assert.match(final(CLIENT_FINAL.replace(/,p=.*/, '')), /final message/)
  assert.match(final(CLIENT_FINAL.replace(/p=.*/, 'p=*')), /final message/)
  assert.match(final(CLIENT_FINAL.replace(/p=.*/, 'p=dHzb')), /user or password/)
})

test('a client that could bind a channel says y,, and is let in', () => {
  const login = exchange()
  login.next(bytes(CLIENT_FIRST.replace('n,,', 'y,,')))
  // Signed are both bare messages and c=, so the proof is another; the binding itself is accepted.
  assert.match(said(login.next(bytes(CLIENT_FINAL.replace('biws', 'eSws')))), /user or password/)
})

// Every form of stored password: what others wrote is read, what we write is read again, what is
// broken is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HashError } from './hash.ts'
import { createArgon2, loadArgon2 } from './hash-argon2.ts'
import { parseHash } from './hash-forms.ts'
import { createScram } from './hash-scram.ts'
import { createScrypt } from './hash-scrypt.ts'
import { createPbkdf2 } from './hash-sha512.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Written by mosquitto_passwd 2.0 for the password `secret`. */
const SHA512 =
  '$6$h/IfdtkefhgXg+1k$pLi6Pu/PRgWvvim/qkwlcPa9GcutAzH1FEKnQnmc1dlJxY4+PNGnMnyw/jYSvoBDWH/' +
  '4Up6Fo2Y/D+U1YG1laQ=='
const PBKDF2 =
  '$7$101$k/9G03PravnDS5C5$mMpuWVUyppvREARJdLHaBBAyuJJYzk0VRfeysPNCO6QGWpqGPLzIuOPG1kB/' +
  'IiWgZXrkHw5iaXI0ro5xdp+RCg=='

for (const [name, stored] of [
  ['$6$', SHA512],
  ['$7$', PBKDF2],
] as const) {
  test(`${name} of mosquitto_passwd is read as it is`, async () => {
    const hash = parseHash(stored, undefined)
    assert.equal(await hash.verify(bytes('secret')), true)
    assert.equal(await hash.verify(bytes('secrets')), false)
    assert.equal(await hash.verify(bytes('')), false)
    assert.equal(await hash.decoy().verify(bytes('secret')), false)
    assert.equal(hash.scram, undefined)
  })
}

const CREATED = [
  ['scrypt', createScrypt],
  ['sha512-pbkdf2', createPbkdf2],
  ['scram-sha-256', createScram],
] as const
for (const [name, create] of CREATED) {
  test(`${name}: what is written is read again, salted anew each time`, async () => {
    const stored = await create(bytes('pass word ü'))
    assert.notEqual(stored, await create(bytes('pass word ü')))
    const hash = parseHash(stored, undefined)
    assert.equal(await hash.verify(bytes('pass word ü')), true)
    assert.equal(await hash.verify(bytes('pass word u')), false)
    assert.equal(await hash.decoy().verify(bytes('pass word ü')), false)
    assert.equal(hash.scram !== undefined, name === 'scram-sha-256')
  })
}

test('argon2id: a hash of the reference implementation is read, and one of ours', async (t) => {
  const argon2 = await loadArgon2()
  if (argon2 === undefined) return t.skip('this Node cannot compute argon2id')
  // From the tests of the reference implementation: version 19, 2 passes, 256 KiB, 1 lane.
  const known =
    '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  assert.equal(await parseHash(known, argon2).verify(bytes('password')), true)
  assert.equal(await parseHash(known, argon2).verify(bytes('passwort')), false)
  const created = parseHash(await createArgon2(bytes('mine')), argon2)
  assert.equal(await created.verify(bytes('mine')), true)
  assert.equal(await created.decoy().verify(bytes('mine')), false)
})

test('argon2id without a way to compute it: says what to install', () => {
  assert.throws(() => parseHash('$argon2id$v=19$m=256,t=2,p=1$c2FsdA$aGFzaA', undefined), {
    message: 'argon2id needs Node 24.7, or: npm install @node-rs/argon2',
  })
})

test('what is broken is refused with a reason', () => {
  const broken: readonly (readonly [stored: string, message: RegExp])[] = [
    ['secret', /not hashed: set it with rameau passwd/],
    ['$5$salt$hash', /\$5\$ is no form/],
    ['$6$c2FsdA$', /hash is no base64/],
    ['$6$c2FsdA$aGFzaA==', /has not 64 bytes/],
    ['$6$sa*t$aGFzaA==', /salt is no base64/],
    [`${SHA512}$more`, /not \$6\$salt\$hash/],
    [PBKDF2.replace('101', '0'), /iterations must be from 1 to/],
    [PBKDF2.replace('101', '99999999'), /iterations must be from 1 to/],
    ['$scrypt$v=2$ln=14,r=8,p=1$c2FsdA$aGFzaA', /version is not v=1/],
    ['$scrypt$v=1$ln=14,r=8$c2FsdA$aGFzaA', /it is not \$scrypt\$v=1/],
    ['$scrypt$v=1$ln=24,r=64,p=1$c2FsdA$aGFzaA', /too much memory/],
    ['$scram-sha-256$v=1$i=4095$c2FsdA$aGFzaA$aGFzaA', /i must be from 4096/],
    ['$scram-sha-256$v=1$i=4096$c2FsdA$aGFzaA$aGFzaA', /StoredKey has not 32 bytes/],
    ['$scram-sha-256$v=1$4096$c2FsdA$aGFzaA$aGFzaA', /it is not \$scram-sha-256/],
  ]
  for (const [stored, message] of broken) {
    assert.throws(
      () => parseHash(stored, undefined),
      (error: unknown) => error instanceof HashError && message.test(error.message),
      stored,
    )
  }
})

// The judges of the crash harness: each kind of fault is found, and what is allowed is none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, type Letter, payloadOf } from '../crash/ledger.ts'
import { Mailbox } from '../crash/mailbox.ts'

function fixture(isShared: boolean = false): { ledger: Ledger; mailbox: Mailbox } {
  const ledger = new Ledger()
  const mailbox = new Mailbox('reader', ledger, isShared)
  mailbox.asked('t/#', 2)
  mailbox.granted('t/#')
  return { ledger, mailbox }
}

/** Written and acknowledged. */
function publish(ledger: Ledger, topic: string, qos: 1 | 2): Letter {
  const letter = ledger.write('writer', topic, qos, false, false)
  ledger.acknowledged(letter)
  return letter
}

test('what was acknowledged and did not come is missing, and nothing else', () => {
  const { ledger, mailbox } = fixture()
  const lost = publish(ledger, 't/a', 1)
  const came = publish(ledger, 't/a', 2)
  ledger.write('writer', 't/a', 1, false, false)
  publish(ledger, 'u/a', 1)
  mailbox.got(came, 2)
  assert.deepEqual([...mailbox.missing], [lost])
  assert.equal(mailbox.isComplete, false)
  mailbox.got(lost, 1)
  assert.equal(mailbox.isComplete, true)
})

test('only a second delivery at QoS 2 is a duplicate', () => {
  const { ledger, mailbox } = fixture()
  const one = publish(ledger, 't/a', 1)
  const two = publish(ledger, 't/a', 2)
  for (const _ of [1, 2]) mailbox.got(one, 1)
  assert.equal(ledger.faults.total, 0)
  for (const _ of [1, 2]) mailbox.got(two, 2)
  assert.equal(ledger.faults.count('duplicate'), 1)
  assert.equal(ledger.faults.total, 1)
})

test('the order of first deliveries counts, by topic and QoS, and not in a group', () => {
  for (const isShared of [false, true]) {
    const { ledger, mailbox } = fixture(isShared)
    const letters = [1, 1, 1, 2].map((qos) => publish(ledger, 't/a', qos === 1 ? 1 : 2))
    const [first, second, third, other] = letters as [Letter, Letter, Letter, Letter]
    mailbox.got(other, 2)
    mailbox.got(first, 1)
    mailbox.got(third, 1)
    mailbox.got(first, 1)
    assert.equal(ledger.faults.total, 0)
    mailbox.got(second, 1)
    assert.equal(ledger.faults.count('order'), isShared ? 0 : 1)
  }
})

test('after UNSUBSCRIBE nothing is owed, and after UNSUBACK nothing may come', () => {
  const { ledger, mailbox } = fixture()
  const owed = publish(ledger, 't/a', 1)
  const open = ledger.write('writer', 't/a', 1, false, false)
  mailbox.leaving('t/#')
  ledger.acknowledged(open)
  const between = publish(ledger, 't/a', 1)
  mailbox.left('t/#')
  const after = publish(ledger, 't/a', 1)
  assert.deepEqual([...mailbox.missing], [owed])
  mailbox.got(between, 1)
  assert.equal(ledger.faults.total, 0)
  mailbox.got(after, 1)
  assert.equal(ledger.faults.count('subscription'), 1)
})

test('a subscription that brings nothing of what is owed is silent', () => {
  const { ledger, mailbox } = fixture()
  mailbox.asked('u/#', 1)
  mailbox.granted('u/#')
  const heard = publish(ledger, 't/a', 1)
  publish(ledger, 't/b', 1)
  publish(ledger, 'u/a', 1)
  mailbox.got(heard, 1)
  assert.deepEqual(mailbox.silent(0), ['u/#'])
})

test('a state is that of the last acknowledgement or a later one', () => {
  const { ledger } = fixture()
  const letters = [0, 1, 2, 3].map((at) => ledger.write('writer', 'r/a', 1, true, at === 3))
  const [old, acked, later] = letters as [Letter, Letter, Letter]
  const look = (letter: Letter | undefined): number => {
    const payload = letter === undefined ? undefined : payloadOf(letter, 10)
    ledger.checkState('r/a', payload, ledger.ackedAt('r/a'))
    return ledger.faults.count('retained')
  }
  assert.equal(look(undefined), 0)
  ledger.acknowledged(acked)
  assert.equal(look(acked), 0)
  assert.equal(look(later), 0)
  assert.equal(look(undefined), 0)
  assert.equal(look(old), 1)
  const next = ledger.write('writer', 'r/a', 1, true, false)
  ledger.acknowledged(next)
  assert.equal(look(undefined), 2)
})

test('a payload that was changed, moved or never sent is told', () => {
  const { ledger } = fixture()
  const payload = payloadOf(publish(ledger, 't/a', 1), 10)
  assert.ok(ledger.read(payload, 't/a'))
  assert.equal(ledger.read(payload, 't/b'), undefined)
  assert.equal(
    ledger.read(
      payload.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
      't/a',
    ),
    undefined,
  )
  assert.equal(ledger.read(new Uint8Array([0, 0, 0, 9]), 't/a'), undefined)
  assert.equal(ledger.read(new Uint8Array(0), 't/a'), undefined)
  assert.equal(ledger.faults.count('protocol'), 4)
})

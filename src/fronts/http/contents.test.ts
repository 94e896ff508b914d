// The room that contents have together while they are being read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALLOW_ALL } from '../../core/access.ts'
import { Contents, CONTENTS_BYTES_MAX } from './contents.ts'
import type { Asked } from './exchange.ts'
import { Refusal } from './refusal.ts'

const CONTENT = new Uint8Array(1)

/** A request whose content comes when `arrive` is called; without a length it comes in pieces. */
function ask(length: number | undefined) {
  let arrive = (_bytes: number): void => {}
  const asked: Asked = {
    ...{ method: 'PUT', target: '/topics/a', address: '', access: ALLOW_ALL },
    field: (name) => (name === 'content-length' ? length?.toString() : undefined),
    content: (_bytesMax, take) =>
      new Promise((resolve) => {
        arrive = (bytes) => resolve(take(bytes) ? CONTENT : undefined)
      }),
  }
  return { asked, arrive: (bytes = 0) => arrive(bytes) }
}

const kindOf = (outcome: unknown) => (outcome instanceof Refusal ? outcome.kind : outcome)
const MOST = CONTENTS_BYTES_MAX - 10

for (const length of [11, undefined]) {
  const how = length === undefined ? 'as they come' : 'at once'
  test(`contents have room together, counted ${how}, and leave it`, async () => {
    const contents = new Contents()
    const first = ask(MOST)
    const reading = contents.read(first.asked, MOST)
    const second = ask(length)
    const refused = contents.read(second.asked, MOST)
    second.arrive(11)
    assert.equal(kindOf(await refused), 'quota')
    const small = ask(10)
    const fitting = contents.read(small.asked, MOST)
    small.arrive()
    assert.equal(await fitting, CONTENT)
    first.arrive()
    assert.equal(await reading, CONTENT)

    const third = ask(length)
    const after = contents.read(third.asked, MOST)
    third.arrive(11)
    assert.equal(await after, CONTENT)
  })
}

test('one alone always has room, and says before that it is too large', async () => {
  const contents = new Contents()
  const large = ask(CONTENTS_BYTES_MAX + 1)
  const reading = contents.read(large.asked, Number.POSITIVE_INFINITY)
  large.arrive()
  assert.equal(await reading, CONTENT)
  assert.equal(await contents.read(large.asked, 100), undefined)
})

test('what does not come whole is refused, and leaves its room', async () => {
  const contents = new Contents()
  const broken = { ...ask(MOST).asked, content: () => Promise.reject(new Error('gone')) }
  assert.equal(kindOf(await contents.read(broken, MOST)), 'request-invalid')
  const next = ask(MOST)
  const reading = contents.read(next.asked, MOST)
  next.arrive()
  assert.equal(await reading, CONTENT)
})

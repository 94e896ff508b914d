// Deadlines against a clock that the test moves, and against a sorted array.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { Deadlines } from './deadlines.ts'

function setUp() {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const ran: string[] = []
  const set = (name: string, delayMs: number) =>
    deadlines.after(delayMs, () => ran.push(`${name}@${clock.now()}`))
  return { clock, deadlines, ran, set }
}

test('deadlines run at their time, ties in the order of setting', () => {
  const { clock, deadlines, ran, set } = setUp()
  set('c', 30)
  set('a', 10)
  set('b1', 20)
  set('b2', 20)
  set('b3', 20)
  assert.equal(deadlines.size, 5)
  assert.equal(clock.pending, 1)
  clock.advance(9)
  assert.deepEqual(ran, [])
  clock.advance(100)
  assert.deepEqual(ran, ['a@10', 'b1@20', 'b2@20', 'b3@20', 'c@30'])
  assert.equal(deadlines.size, 0)
  assert.equal(clock.pending, 0)
})

test('never synchronously: no delay and a negative one are due at once, by the timer', () => {
  const { clock, ran, set } = setUp()
  set('now', 0)
  set('past', -5)
  assert.deepEqual(ran, [])
  clock.advance(0)
  assert.deepEqual(ran, ['now@0', 'past@0'])
})

test('an infinite delay sets nothing', () => {
  const { clock, deadlines, ran, set } = setUp()
  const timer = set('never', Number.POSITIVE_INFINITY)
  assert.equal(deadlines.size, 0)
  assert.equal(clock.pending, 0)
  timer.cancel()
  clock.advance(1e12)
  assert.deepEqual(ran, [])
})

test('a delay beyond what one timer can run takes several', () => {
  const { clock, ran, set } = setUp()
  const days50 = 50 * 86_400_000
  assert.ok(days50 > 2 ** 31)
  set('far', days50)
  set('farthest', 0xffff_ffff * 1000)
  clock.advance(days50 - 1)
  assert.deepEqual(ran, [])
  clock.advance(1)
  assert.deepEqual(ran, [`far@${days50}`])
})

test('one is cancelled in whichever place it stands, and only it', () => {
  for (let cancelled = 0; cancelled < 15; cancelled++) {
    const { clock, deadlines, ran, set } = setUp()
    // Seven, then eight: the heap's last level is full once and begun once.
    const delays = [7, 3, 11, 1, 5, 9, 13, 0, 2, 4, 6, 8, 10, 12, 14]
    const timers = delays.map((delayMs) => set(String(delayMs), delayMs))
    timers[cancelled]!.cancel()
    timers[cancelled]!.cancel()
    assert.equal(deadlines.size, 14)
    clock.advance(20)
    const expected = delays
      .filter((_, index) => index !== cancelled)
      .sort((one, other) => one - other)
      .map((delayMs) => `${delayMs}@${delayMs}`)
    assert.deepEqual(ran, expected)
    timers[cancelled]!.cancel()
  }
})

test('what has run cannot be cancelled, and takes no other with it', () => {
  const { clock, deadlines, ran, set } = setUp()
  const first = set('first', 1)
  set('second', 2)
  clock.advance(1)
  first.cancel()
  assert.equal(deadlines.size, 1)
  clock.advance(1)
  assert.deepEqual(ran, ['first@1', 'second@2'])
})

test('a deadline may set and cancel others', () => {
  const { clock, deadlines, ran, set } = setUp()
  const doomed = set('doomed', 10)
  deadlines.after(10, () => ran.push('too late'))
  deadlines.after(5, () => {
    doomed.cancel()
    set('child', 2)
    set('soon', 0)
  })
  clock.advance(20)
  assert.deepEqual(ran, ['soon@5', 'child@7', 'too late'])
})

test('clearing forgets all, and new ones may come', () => {
  const { clock, deadlines, ran, set } = setUp()
  const forgotten = set('forgotten', 5)
  set('too', 6)
  deadlines.clear()
  assert.equal(deadlines.size, 0)
  assert.equal(clock.pending, 0)
  set('new', 7)
  forgotten.cancel()
  clock.advance(10)
  assert.deepEqual(ran, ['new@7'])
})

test('a timer that rings too early is set again', () => {
  const { clock, ran, set } = setUp()
  let early = 0
  const hasty = new Deadlines({
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (delayMs, callback) => {
      early += 1
      return clock.after(Math.ceil(delayMs / 2), callback)
    },
  })
  hasty.after(8, () => ran.push(`hasty@${clock.now()}`))
  set('other', 100)
  clock.advance(8)
  assert.deepEqual(ran, ['hasty@8'])
  assert.ok(early > 1)
})

test('many deadlines need one timer', () => {
  const { clock, deadlines, ran, set } = setUp()
  for (let index = 0; index < 20_000; index++) set(String(index), (index * 7919) % 10_007)
  assert.equal(clock.pending, 1)
  clock.advance(10_007)
  assert.equal(ran.length, 20_000)
  assert.equal(deadlines.size, 0)
  const times = ran.map((text) => Number(text.split('@')[1]))
  assert.ok(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0)))
})

test('deadlines do what a sorted array does', () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant('set'), value: fc.nat(20) }),
    fc.record({ kind: fc.constant('set'), value: fc.nat(20) }),
    fc.record({ kind: fc.constant('cancel'), value: fc.nat(50) }),
    fc.record({ kind: fc.constant('advance'), value: fc.nat(10) }),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
      const clock = new VirtualClock()
      const deadlines = new Deadlines(clock)
      const ran: number[] = []
      const expected: number[] = []
      const timers: { cancel(): void }[] = []
      let model: { id: number; dueMs: number }[] = []
      for (const { kind, value } of commands) {
        if (kind === 'set') {
          const id = timers.length
          timers.push(deadlines.after(value, () => ran.push(id)))
          model.push({ id, dueMs: clock.now() + value })
        } else if (kind === 'cancel') {
          if (timers.length === 0) continue
          const id = value % timers.length
          timers[id]!.cancel()
          model = model.filter((deadline) => deadline.id !== id)
        } else {
          clock.advance(value)
          const due = model.filter(({ dueMs }) => dueMs <= clock.now())
          due.sort((one, other) => one.dueMs - other.dueMs || one.id - other.id)
          expected.push(...due.map(({ id }) => id))
          model = model.filter(({ dueMs }) => dueMs > clock.now())
        }
        assert.deepEqual(ran, expected)
        assert.equal(deadlines.size, model.length)
        assert.equal(clock.pending, model.length > 0 ? 1 : 0)
      }
    }),
    { numRuns: 300 },
  )
})

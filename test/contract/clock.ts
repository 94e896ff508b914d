// What every Clock must do. Real clocks are asked for no more than a few milliseconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'

export interface ClockUnderTest {
  readonly clock: Clock
  /** Lets at least so much time pass, and all timers that are due by then run. */
  readonly pass: (milliseconds: number) => Promise<void>
}

export function clockContract(name: string, create: () => ClockUnderTest): void {
  test(`${name}: time never goes back, and passes`, async () => {
    const { clock, pass } = create()
    const [now, wall] = [clock.now(), clock.wall()]
    assert.ok(clock.now() >= now)
    await pass(3)
    assert.ok(clock.now() >= now + 2.5)
    assert.ok(clock.wall() >= wall + 1)
    assert.ok(wall > Date.UTC(2020, 0, 1))
    assert.ok(wall < Date.UTC(2200, 0, 1))
  })

  test(`${name}: a callback comes once, later, and not before its time`, async () => {
    const { clock, pass } = create()
    const start = clock.now()
    const calls: number[] = []
    clock.after(0, () => calls.push(clock.now() - start))
    clock.after(2, () => calls.push(clock.now() - start))
    clock.after(2 ** 31 - 1, () => calls.push(-1))
    assert.deepEqual(calls, [])
    await pass(8)
    assert.equal(calls.length, 2)
    // An event loop may round by one millisecond.
    assert.ok((calls[1] ?? 0) >= 1)
  })

  test(`${name}: callbacks come in the order in which they are due`, async () => {
    const { clock, pass } = create()
    const calls: string[] = []
    clock.after(6, () => calls.push('late'))
    clock.after(2, () => calls.push('first'))
    clock.after(2, () => calls.push('second'))
    await pass(12)
    assert.deepEqual(calls, ['first', 'second', 'late'])
  })

  test(`${name}: what is cancelled does not come, and cancelling later is harmless`, async () => {
    const { clock, pass } = create()
    const calls: string[] = []
    const cancelled = clock.after(1, () => calls.push('cancelled'))
    const other = clock.after(1, () => calls.push('other'))
    cancelled.cancel()
    cancelled.cancel()
    await pass(5)
    assert.deepEqual(calls, ['other'])
    other.cancel()
  })
}

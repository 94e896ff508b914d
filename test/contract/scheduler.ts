// What every Scheduler must do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scheduler } from '../../src/base/scheduler.ts'

export interface SchedulerUnderTest {
  readonly scheduler: Scheduler
  /** Lets all that is deferred run. */
  readonly settle: () => Promise<void>
}

export function schedulerContract(name: string, create: () => SchedulerUnderTest): void {
  test(`${name}: what is deferred runs later, once, in order`, async () => {
    const { scheduler, settle } = create()
    const ran: string[] = []
    scheduler.defer(() => ran.push('first'))
    scheduler.defer(() => ran.push('second'))
    assert.deepEqual(ran, [])
    await settle()
    assert.deepEqual(ran, ['first', 'second'])
    await settle()
    assert.deepEqual(ran, ['first', 'second'])
  })

  test(`${name}: what is deferred meanwhile runs after, not within`, async () => {
    const { scheduler, settle } = create()
    const ran: string[] = []
    scheduler.defer(() => {
      scheduler.defer(() => ran.push('inner'))
      ran.push('outer')
    })
    scheduler.defer(() => ran.push('other'))
    await settle()
    assert.deepEqual(ran, ['outer', 'other', 'inner'])
  })
}

// What every Log must bear: any event with any fields, at any level, whoever chose the texts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../src/core/ports.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export interface LogUnderTest {
  readonly log: Log
  /** The lines written so far, if it can tell. */
  readonly lines?: () => readonly string[]
}

export function logContract(name: string, create: () => LogUnderTest): void {
  test(`${name}: every level takes an event, with and without fields`, () => {
    const { log, lines } = create()
    for (const level of LEVELS) {
      log[level](`${level} alone`)
      log[level](`${level} with fields`, { client: 'a', count: 3, isGood: true, absent: undefined })
    }
    const written = lines?.().join('') ?? ''
    if (lines === undefined) return
    assert.ok(written.includes('error alone'))
    assert.ok(written.includes('error with fields'))
  })

  test(`${name}: texts of a peer's choice forge no line`, () => {
    const { log, lines } = create()
    log.error('refused', { client: 'x\nerror forged\r\u001B[2Jy' })
    if (lines === undefined) return
    const written = lines().join('').trimEnd()
    assert.equal(written.split(/[\n\r]/).length, 1)
    assert.ok(!written.includes('\u001B'))
  })
}

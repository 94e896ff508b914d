// What is left out of a log, and that nothing is left out without a count.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import type { Log, LogFields } from '../core/ports.ts'
import { type LimitedLog, limitRepeats, type RepeatLimits, WINDOW_MS } from './log-repeats.ts'

interface Line {
  readonly level: string
  readonly event: string
  readonly fields: LogFields | undefined
}

function open(limits: Partial<RepeatLimits> = {}): {
  log: LimitedLog
  lines: Line[]
  clock: VirtualClock
} {
  const lines: Line[] = []
  const at = (level: string) => (event: string, fields?: LogFields) => {
    lines.push({ level, event, fields })
  }
  const clock = new VirtualClock()
  const inner: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { log: limitRepeats(inner, clock, { repeatsMax: 2, ...limits }), lines, clock }
}

test('the first few of an address pass, the rest is counted when the window ends', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 1236; count++) {
    log.info('client refused', { client: `c${count}`, address: '10.0.0.7', why: 'no such user' })
  }
  assert.deepEqual(
    lines.map(({ fields }) => fields?.['client']),
    ['c0', 'c1'],
  )
  clock.advance(WINDOW_MS - 1)
  assert.equal(lines.length, 2)
  clock.advance(1)
  assert.deepEqual(lines.slice(2), [
    {
      level: 'info',
      event: 'client refused, repeated',
      fields: { address: '10.0.0.7', times: 1234, seconds: 10 },
    },
  ])
})

test('each window begins anew, with a line and not with a timer', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 5; count++) log.warn('queue full', { queue: 'a' })
  clock.advance(WINDOW_MS)
  assert.equal(clock.pending, 0)
  lines.length = 0
  clock.advance(WINDOW_MS)
  assert.deepEqual(lines, [])
  log.warn('queue full', { queue: 'a' })
  assert.equal(lines.length, 1)
  clock.advance(WINDOW_MS)
  assert.equal(lines.length, 1)
})

test('another address, event or level is another matter', () => {
  const { log, lines } = open()
  for (let count = 0; count < 10; count++) {
    log.info('client refused', { address: 'a' })
    log.info('client refused', { address: 'b' })
    log.info('client made a mistake', { address: 'a' })
    log.error('client refused', { address: 'a' })
  }
  assert.equal(lines.length, 8)
})

test('clients of one address have a line each when they come and go', () => {
  const { log, lines } = open()
  for (let count = 0; count < 50; count++) {
    log.info('client connected', { client: `c${count}`, address: 'a' })
    log.info('client disconnected', { client: `c${count}`, address: 'a' })
  }
  assert.equal(lines.length, 100)
})

test('two devices with one client id fill no log', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 50; count++) {
    log.info('client connected', { client: 'twin', address: `10.0.0.${count % 2}` })
  }
  assert.equal(lines.length, 2)
  clock.advance(WINDOW_MS)
  assert.deepEqual(lines[2]?.fields, { client: 'twin', times: 48, seconds: 10 })
})

test('errors without a name are limited too, and never lost wholly', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 100; count++) log.error('commit failed, trying again', { error: 'x' })
  clock.advance(WINDOW_MS)
  assert.deepEqual(
    lines.map(({ level, event, fields }) => [level, event, fields?.['times']]),
    [
      ['error', 'commit failed, trying again', undefined],
      ['error', 'commit failed, trying again', undefined],
      ['error', 'commit failed, trying again, repeated', 98],
    ],
  )
})

test('more names than are kept are counted together, for each event', () => {
  const { log, lines, clock } = open({ keysMax: 3 })
  for (let count = 0; count < 100; count++) log.info('client refused', { address: `a${count}` })
  for (let count = 0; count < 10; count++) log.error('accept failed', { protocol: `p${count}` })
  assert.equal(lines.length, 3 + 2 + 2)
  clock.advance(WINDOW_MS)
  const repeated = lines.slice(7)
  assert.deepEqual(repeated, [
    { level: 'info', event: 'client refused, repeated', fields: { times: 95, seconds: 10 } },
    { level: 'error', event: 'accept failed, repeated', fields: { times: 8, seconds: 10 } },
  ])
})

test('a long client id is told from another one, and is not kept', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 3; count++) {
    for (const last of ['x', 'y']) {
      log.info('client connected', { client: 'c'.repeat(60_000) + last, address: 'a' })
    }
  }
  assert.equal(lines.length, 4)
  clock.advance(WINDOW_MS)
  assert.match(String(lines[4]?.fields?.['client']), /^c{32}… [0-9a-f]{16}$/)
})

test('flush writes what is counted so far, once', () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 3; count++) log.info('client refused', { address: 'a' })
  clock.advance(4000)
  log.flush()
  assert.deepEqual(lines[2]?.fields, { address: 'a', times: 1, seconds: 4 })
  log.flush()
  clock.advance(WINDOW_MS)
  assert.equal(lines.length, 3)
})

test('debug lines pass, and so do all where there is no limit', () => {
  const { log, lines } = open()
  for (let count = 0; count < 10; count++) log.debug('subscribed', { client: 'a' })
  assert.equal(lines.length, 10)
  const unlimited = open({ repeatsMax: 0 })
  for (let count = 0; count < 10; count++) unlimited.log.info('client refused', { address: 'a' })
  assert.equal(unlimited.lines.length, 10)
  assert.equal(unlimited.clock.pending, 0)
})

// What a first, a second and a doubled signal mean. No signal is sent.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Signals } from './signals.ts'

/** A process and a clock of the test's own. */
function open() {
  const source = new EventEmitter()
  const clock = { nowMs: 1000, now: () => clock.nowMs }
  const calls = { reloads: 0 }
  const signals = new Signals(source, clock, () => {
    calls.reloads++
  })
  const send = (name: NodeJS.Signals) => source.emit(name, name)
  return { signals, clock, calls, send }
}

/** Whether a second signal has been taken as one. */
async function isStoppedNow(signals: Signals): Promise<boolean> {
  return (await Promise.race([signals.stopNow.then(() => true), turn(false)])) === true
}

test('the first SIGTERM or SIGINT stops, the second stops now', async () => {
  const { signals, send } = open()
  send('SIGINT')
  assert.equal(await signals.stop, 'SIGINT')
  assert.equal(await isStoppedNow(signals), false)
  send('SIGTERM')
  assert.equal(await signals.stopNow, 'SIGTERM')
})

test('one Ctrl-C that arrives twice is one', async () => {
  const { signals, clock, send } = open()
  send('SIGINT')
  clock.nowMs += 50
  send('SIGINT')
  assert.equal(await isStoppedNow(signals), false)
  clock.nowMs += 1000
  send('SIGINT')
  assert.equal(await signals.stopNow, 'SIGINT')
})

test('SIGHUP reloads, and stops nothing', async () => {
  const { signals, calls, send } = open()
  send('SIGHUP')
  assert.equal(calls.reloads, 1)
  assert.equal(await Promise.race([signals.stop, turn('still up')]), 'still up')
})

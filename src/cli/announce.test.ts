// The start-up lines for places that the end-to-end tests do not open.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Place } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { announce } from './announce.ts'
import { openOutput } from './log.ts'

function linesFor(...places: Place[]): string[] {
  const lines: string[] = []
  const write = (text: string) => {
    lines.push(text.trimEnd())
  }
  const sources = { flags: {}, ports: new Map(), settings: [], file: undefined, env: {} }
  const start = {
    version: '1.2.3',
    pid: 42,
    config: loadConfig({ ...sources, folders: [] }),
    open: places.map((place) => ({ protocol: 'mqtt', place }) as const),
    missing: [],
  }
  announce(start, openOutput(start.config.log, { write, close: () => Promise.resolve() }))
  return lines
}

test('lists every listener and gives commands for the first', () => {
  assert.deepEqual(linesFor({ host: '127.0.0.1', port: 1883 }, { host: '::1', port: 1884 }), [
    'Rameau 1.2.3 is up, pid 42',
    '  mqtt        mqtt://127.0.0.1:1883',
    '  mqtt        mqtt://[::1]:1884',
    '  data        ./rameau-data',
    '  access      anonymous, everything allowed, from this machine only',
    'Try it, in two terminals:',
    "  mosquitto_sub -h 127.0.0.1 -p 1883 -v -t 'hello/#'",
    '  mosquitto_pub -h 127.0.0.1 -p 1883 -t hello/world -m Bonjour',
  ])
})

test('commands reach what listens everywhere, on one address, or at a path', () => {
  const subscribe = (place: Place) => linesFor(place).find((line) => line.includes('_sub'))
  assert.match(subscribe({ host: '0.0.0.0', port: 1 })!, /-h 127\.0\.0\.1 -p 1 /)
  assert.match(subscribe({ host: '::', port: 1 })!, /-h ::1 -p 1 /)
  assert.match(subscribe({ host: '10.0.0.5', port: 1 })!, /-h 10\.0\.0\.5 -p 1 /)
  assert.match(subscribe({ path: '/run/a' })!, /--unix \/run\/a /)
})

test('says so when one of the listeners can be reached from elsewhere', () => {
  const lines = linesFor({ host: '127.0.0.1', port: 1 }, { host: '::', port: 2 })
  assert.ok(lines.includes('  access      anonymous, everything allowed, from anywhere'))
})

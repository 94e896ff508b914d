// The log in both formats, and what peers cannot do to it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFormat, LogLevel } from '../config/config.ts'
import { openOutput, type Output } from './log.ts'

function open(level: LogLevel, format: LogFormat): { output: Output; lines: string[] } {
  const lines: string[] = []
  const write = (text: string) => {
    lines.push(text)
  }
  const sink = { write, close: () => Promise.resolve() }
  return { output: openOutput({ level, format, repeatsMax: 10 }, sink), lines }
}

test('JSON: a line per event with level, time and fields, nothing else', () => {
  const { output, lines } = open('info', 'json')
  output.print('for people')
  output.log.info('client connected', { client: 'a', port: 5 })
  assert.equal(lines.length, 1)
  const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(rest, { level: 'info', client: 'a', port: 5, msg: 'client connected' })
})

test('human: time, level, event, fields; and lines for people as they are', () => {
  const { output, lines } = open('debug', 'human')
  output.print('Rameau is up')
  output.log.warn('queue full', { client: 'kitchen', dropped: 3, why: 'too slow', isNew: true })
  output.log.debug('quiet')
  assert.equal(lines[0], 'Rameau is up\n')
  assert.match(
    lines[1]!,
    /^\S+Z warn {2}queue full client=kitchen dropped=3 why="too slow" isNew=true\n$/,
  )
  assert.match(lines[2]!, /^\S+Z debug quiet\n$/)
})

test('what is below the level is not written', () => {
  for (const [level, count] of [
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ] as const) {
    const { output, lines } = open(level, 'human')
    output.log.debug('a')
    output.log.info('a')
    output.log.warn('a')
    output.log.error('a')
    assert.equal(lines.length, count, level)
  }
})

test('a peer’s text forges no line and sends no control code', () => {
  const { output, lines } = open('info', 'human')
  output.log.info('client connected', { client: 'a\n2026 error fake\u001b[2J\u009b\u202e"' })
  const text = lines[0]!
  assert.match(text, /^[^\n]*\n$/)
  assert.match(text, /client="a\\n2026 error fake\\u001b\[2J\\u\{9b\}\\u\{202e\}\\""\n$/)
})

// Which requests may be a web page's: same name, listed origins, and names that lead to loopback.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { refusalOf } from './origin.ts'

const HERE = { host: '127.0.0.1', origins: [] }
const OPEN = { host: '0.0.0.0', origins: [] }

test('a program without an origin comes in', () => {
  assert.equal(refusalOf({ host: '127.0.0.1:8083' }, HERE), undefined)
  assert.equal(refusalOf({}, HERE), undefined)
  assert.equal(refusalOf({ host: 'example.org' }, OPEN), undefined)
})

test('a page of the name that was asked for comes in, whatever its port', () => {
  for (const [host, origin] of [
    ['localhost:8083', 'http://localhost:3000'],
    ['127.0.0.1:8083', 'http://127.0.0.1'],
    ['[::1]:8083', 'https://[::1]:8443'],
    ['LOCALHOST:8083', 'http://localhost'],
  ]) {
    assert.equal(refusalOf({ host, origin }, HERE), undefined, origin)
  }
  assert.equal(
    refusalOf({ host: 'mqtt.example.org', origin: 'https://mqtt.example.org' }, OPEN),
    undefined,
  )
})

test('a page of another name does not, nor one that hides its name', () => {
  for (const origin of [
    'http://evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://localhost@evil.example',
    'null',
    '',
    'file://',
    'localhost',
  ]) {
    assert.match(
      refusalOf({ host: 'localhost:8083', origin }, HERE) ?? '',
      /may not connect/,
      origin,
    )
  }
  assert.match(refusalOf({ origin: 'http://localhost' }, HERE) ?? '', /may not connect/)
  // Two names of one machine are two names.
  const two = { host: '127.0.0.1:8083', origin: 'http://localhost:8080' }
  assert.match(refusalOf(two, HERE) ?? '', /may not connect/)
})

test('listed origins come in, exactly as listed; `*` lets all in', () => {
  const rules = { host: '127.0.0.1', origins: ['https://app.example'] }
  const host = 'localhost:8083'
  assert.equal(refusalOf({ host, origin: 'https://app.example' }, rules), undefined)
  assert.match(refusalOf({ host, origin: 'http://app.example' }, rules) ?? '', /may not connect/)
  assert.match(refusalOf({ host, origin: 'https://app.example:444' }, rules) ?? '', /may not/)
  const all = { host: '127.0.0.1', origins: ['*'] }
  assert.equal(refusalOf({ host: 'evil.example', origin: 'http://evil.example' }, all), undefined)
})

test('on loopback a foreign name is refused although it leads here', () => {
  const rebound = { host: 'evil.example:8083', origin: 'http://evil.example:8083' }
  assert.match(refusalOf(rebound, HERE) ?? '', /the host evil\.example:8083 is not this listener's/)
  assert.match(refusalOf({ host: 'evil.example:8083' }, HERE) ?? '', /is not this listener's/)
  assert.match(refusalOf({ host: 'not a host' }, HERE) ?? '', /is not this listener's/)
  assert.equal(refusalOf(rebound, OPEN), undefined)
})

test('own names: loopback, the machine’s, the listener’s, those of listed origins', () => {
  const rules = { host: 'localhost', origins: ['https://mqtt.example'] }
  for (const host of ['localhost:1', '127.0.0.9', '[::1]:1', `${hostname()}:1`, 'mqtt.example']) {
    assert.equal(refusalOf({ host }, rules), undefined, host)
  }
})

test('a Unix socket has no name to hold the host against', () => {
  const rules = { host: undefined, origins: [] }
  assert.equal(
    refusalOf({ host: 'mqtt.example', origin: 'https://mqtt.example' }, rules),
    undefined,
  )
  assert.match(
    refusalOf({ host: 'a.example', origin: 'https://b.example' }, rules) ?? '',
    /may not/,
  )
})

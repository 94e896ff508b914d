// Which places are this machine's own, how places are written, and what is said of a failure.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListenError } from '../base/errors.ts'
import type { Listener, Place } from '../config/config.ts'
import type { Log } from '../core/ports.ts'
import { isLoopback, ListenerError, openListeners, prepareListeners, toUrl } from './listeners.ts'

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

test('loopback: 127.0.0.0/8, ::1, localhost and Unix sockets, nothing else', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1']) {
    assert.ok(isLoopback({ host, port: 1 }), host)
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example.org',
    'example.org',
    '1::1',
  ]) {
    assert.ok(!isLoopback({ host, port: 1 }), host)
  }
  assert.ok(isLoopback({ path: '/a' }))
})

test('URLs put IPv6 in brackets', () => {
  assert.equal(toUrl('mqtt', { host: '::1', port: 5 }), 'mqtt://[::1]:5')
  assert.equal(toUrl('ws', { host: '10.0.0.1', port: 5 }), 'ws://10.0.0.1:5')
  assert.equal(toUrl('mqtt', { path: '/run/a' }), 'unix:/run/a')
})

test('opens in order and gives the actual port', async () => {
  const listeners: Listener[] = [
    { protocol: 'mqtt', place: { host: '127.0.0.1', port: 0 } },
    { protocol: 'mqtt', place: { path: '/a' } },
  ]
  const close = () => Promise.resolve()
  const server = {
    listen: (options: object) =>
      Promise.resolve({ host: '127.0.0.1', port: 'path' in options ? 0 : 4711, close }),
  }
  assert.deepEqual(await openListeners(prepareListeners(listeners), server, SILENT), [
    { protocol: 'mqtt', place: { host: '127.0.0.1', port: 4711 } },
    { protocol: 'mqtt', place: { path: '/a' } },
  ])
})

test('a failure names the place, the listener and the flag', async () => {
  const explain = async (code: string, place: Place) => {
    const error = new ListenError(code, 'x', 1, undefined)
    const server = { listen: () => Promise.reject(error) }
    const opening = openListeners(
      [{ listener: { protocol: 'mqtt', place }, tls: undefined }],
      server,
      SILENT,
    )
    return opening.then(
      () => assert.fail('it was opened'),
      (reason: unknown) => {
        assert.ok(reason instanceof ListenerError)
        return reason.message
      },
    )
  }
  const here = { host: '127.0.0.1', port: 80 }
  const advice = '(listener mqtt): choose another with'
  assert.equal(
    await explain('EADDRINUSE', here),
    `port 80 on 127.0.0.1 is taken ${advice} --mqtt PORT`,
  )
  assert.equal(
    await explain('EACCES', here),
    `port 80 on 127.0.0.1 is not allowed to this user ${advice} --mqtt PORT`,
  )
  assert.equal(
    await explain('EADDRNOTAVAIL', { host: '10.9.9.9', port: 80 }),
    `10.9.9.9 is no address of this machine ${advice} --host ADDR`,
  )
  assert.equal(
    await explain('ENOENT', { path: '/no/a' }),
    `/no/a is in a folder that does not exist ${advice} --mqtt unix:PATH`,
  )
})

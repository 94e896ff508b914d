// Listeners from list, sections and flags: which certificate each has, and what is missing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listener, Protocol } from './config.ts'
import { ConfigError } from './layer.ts'
import type { PortFlag } from './listeners.ts'
import { loadConfig, type Sources } from './load.ts'

const NOTHING: Sources = {
  flags: {},
  ports: new Map(),
  settings: [],
  file: undefined,
  env: {},
  folders: [],
}
const TLS = { cert: 'c.pem', key: 'k.pem' }
const FILES = { ...TLS, ca: undefined, requireClientCertificate: false }

const listenersOf = (sources: Partial<Sources>): readonly Listener[] =>
  loadConfig({ ...NOTHING, ...sources }).listeners

/** The listeners of a list, as `--set listeners=…` gives it. */
const listed = (list: unknown, sources: Partial<Sources> = {}): readonly Listener[] =>
  listenersOf({ settings: [`listeners=${JSON.stringify(list)}`], ...sources })

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  return assert.fail('it was accepted')
}

test('a certificate turns the ports for TLS on, each with it', () => {
  const listeners = listenersOf({ flags: { tls: TLS } })
  assert.deepEqual(
    listeners.map(({ protocol, place, tls }) => [protocol, 'port' in place && place.port, tls]),
    [
      ['mqtt', 1883, undefined],
      ['ws', 8083, undefined],
      ['http', 8080, undefined],
      ['mqtts', 8883, FILES],
      ['wss', 8084, FILES],
      ['https', 8443, FILES],
    ],
  )
  const env = { RAMEAU_TLS_CERT: 'c.pem', RAMEAU_TLS_KEY: 'k.pem' }
  assert.deepEqual(listenersOf({ env }), listeners)
})

test('a flag moves or ends such a port, and a list is all there is', () => {
  const protocols = (listeners: readonly Listener[]) => listeners.map(({ protocol }) => protocol)
  const ports = new Map<Protocol, PortFlag>([
    ['mqtts', { port: 0 }],
    ['wss', 'off'],
    ['ws', 'off'],
  ])
  const listeners = listenersOf({ flags: { tls: TLS }, ports })
  assert.deepEqual(protocols(listeners), ['mqtt', 'http', 'https', 'mqtts'])
  assert.deepEqual(listeners[3], {
    protocol: 'mqtts',
    place: { host: '127.0.0.1', port: 0 },
    tls: FILES,
  })
  assert.deepEqual(protocols(listed([{ protocol: 'mqtt' }], { flags: { tls: TLS } })), ['mqtt'])
})

test('certificate and key are a pair, the rest is the listener’s own or that of all', () => {
  const flags = { tls: { ...TLS, ca: 'ca.pem' } }
  const tlsOf = (tls: object) => listed([{ protocol: 'mqtts', tls }], { flags })[0]?.tls
  const all = { ...FILES, ca: 'ca.pem' }
  assert.deepEqual(tlsOf({}), all)
  const required = { requireClientCertificate: true }
  assert.deepEqual(tlsOf(required), { ...all, ...required })
  const own = { cert: 'own.pem', key: 'own.key' }
  assert.deepEqual(tlsOf(own), { ...all, ...own })
  assert.deepEqual(tlsOf({ ca: 'other.pem' }), { ...all, ca: 'other.pem' })
  assert.deepEqual(
    problemsOf(() => tlsOf({ cert: 'own.pem' })),
    ['--set: a certificate without its key: --tls-key FILE'],
  )
})

test('what is missing is one line', () => {
  const ports: Sources['ports'] = new Map([['mqtts', { port: 0 }]])
  assert.deepEqual(
    problemsOf(() => listenersOf({ ports })),
    ['mqtts needs a certificate: --tls-cert FILE --tls-key FILE'],
  )
  assert.deepEqual(
    problemsOf(() => listenersOf({ flags: { tls: { cert: 'c' } } })),
    ['--tls-cert: a certificate without its key: --tls-key FILE'],
  )
  assert.deepEqual(
    problemsOf(() => listenersOf({ ports, flags: { tls: { key: 'k' } } })),
    ['--tls-key: a key without its certificate: --tls-cert FILE'],
  )
  assert.deepEqual(
    problemsOf(() => {
      return listenersOf({ flags: { tls: TLS }, settings: ['tls.requireClientCertificate=true'] })
    }),
    ['--set: client certificates are required, but not who signs them: --tls-ca FILE'],
  )
})

test('a key without a certificate is no mistake where nothing needs them', () => {
  assert.equal(listenersOf({ flags: { tls: { key: 'k' } } }).length, 3)
})

test('origins: the listener’s own or those of all, for what pages can speak', () => {
  const list = [
    { protocol: 'mqtt' },
    { protocol: 'ws' },
    { protocol: 'http', origins: ['https://b.example'] },
  ]
  const origins = listed(list, { env: { RAMEAU_ORIGINS: 'https://a.example' } })
  assert.deepEqual(
    origins.map((listener) => listener.origins),
    [undefined, ['https://a.example'], ['https://b.example']],
  )
  const many = { settings: ['origins=[https://a.example:8443, "*"]'] }
  assert.deepEqual(listenersOf(many)[1]?.origins, ['https://a.example:8443', '*'])
  for (const wrong of ['a.example', 'https://a.example/', 'https://a.example/path', '**']) {
    assert.match(
      problemsOf(() => listenersOf({ settings: [`origins=${wrong}`] })).join(),
      /origins/,
    )
  }
})

test('tls and origins are refused where they mean nothing', () => {
  assert.deepEqual(
    problemsOf(() => listed([{ protocol: 'mqtt', tls: TLS }])),
    ['--set: listeners.0.tls is only for mqtts, wss, https, coaps'],
  )
  assert.deepEqual(
    problemsOf(() => listed([{ protocol: 'mqtts', origins: ['*'] }], { flags: { tls: TLS } })),
    ['--set: listeners.0.origins is only for ws, wss, http, https'],
  )
})

test('the PROXY header is off unless a listener turns it on', () => {
  const list = [
    { protocol: 'mqtt', proxyProtocol: true },
    { protocol: 'ws', proxyProtocol: false },
  ]
  const expected = [true, undefined]
  assert.deepEqual(
    listed(list).map(({ proxyProtocol }) => proxyProtocol),
    expected,
  )
})

// The flags of `rameau start`, from the command line to the sources of a configuration.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addStartFlags, parsePort, type StartFlags, toSources } from './flags.ts'

function parse(args: string[]): StartFlags {
  const command = addStartFlags(new Command()).exitOverride()
  command.configureOutput({ writeErr: () => undefined })
  return command.parse(args, { from: 'user' }).opts()
}

test('a port, a free port, a Unix socket, off; and nothing else', () => {
  assert.deepEqual(parsePort('1883'), { port: 1883 })
  assert.deepEqual(parsePort('0'), { port: 0 })
  assert.deepEqual(parsePort('unix:/run/a:b'), { path: '/run/a:b' })
  assert.equal(parsePort('off'), 'off')
  for (const text of ['', 'on', '-1', '65536', '1.5', '1e3', 'unix:', '0x10', ' 1']) {
    assert.throws(() => parsePort(text), /must be a port/, text)
  }
})

test('every flag becomes a source', () => {
  const flags = parse([
    ...['--config', 'c', '--host', '::', '--data', 'd', '--allow-anonymous'],
    ...['--mqtt', '1', '--mqtts', 'off', '--ws', '2', '--wss', '3', '--http', '4', '--https', '5'],
    ...['--coap', '6', '--coaps', '7', '--tls-cert', 'x', '--tls-key', 'y', '--tls-ca', 'z'],
    ...['--log-level', 'debug', '--log-format', 'json', '--set', 'a=1', '--set', 'b=2'],
  ])
  const sources = toSources(flags, { A: 'b' })
  assert.deepEqual(sources.flags, {
    host: '::',
    data: 'd',
    memory: undefined,
    access: { allowAnonymous: true },
    log: { level: 'debug', format: 'json' },
    tls: { cert: 'x', key: 'y', ca: 'z' },
  })
  assert.deepEqual(Object.fromEntries(sources.ports), {
    mqtt: { port: 1 },
    mqtts: 'off',
    ws: { port: 2 },
    wss: { port: 3 },
    http: { port: 4 },
    https: { port: 5 },
    coap: { port: 6 },
    coaps: { port: 7 },
  })
  assert.deepEqual(sources.settings, ['a=1', 'b=2'])
  assert.equal(sources.file, 'c')
})

test('no flags, no sources', () => {
  const flags = parse([])
  const sources = toSources(flags, {})
  assert.equal(sources.ports.size, 0)
  assert.equal(sources.file, undefined)
  assert.deepEqual(sources.settings, [])
})

test('--data and --memory exclude each other', () => {
  assert.throws(() => parse(['--data', 'd', '--memory']), /cannot be used with/)
})

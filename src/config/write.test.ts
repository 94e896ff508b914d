// What `config show` and `config init` write can be read back, and says what it should.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Config, DEFAULTS, type Protocol } from './config.ts'
import { EXAMPLES, EXPLAINED } from './explained.ts'
import { parseLayer } from './file.ts'
import { isTree, type Layer } from './layer.ts'
import type { PortFlag } from './listeners.ts'
import { loadConfig, type Sources, toConfig, toLayers } from './load.ts'
import { writeEffective, writeInitial } from './write.ts'

const NOTHING: Sources = {
  flags: {},
  ports: new Map(),
  settings: [],
  file: undefined,
  env: {},
  folders: [],
}

/** The configuration that a file of this text makes. */
function configOf(text: string): Config {
  const layers: Layer[] = [{ values: DEFAULTS, where: () => 'default' }, parseLayer('a.yaml', text)]
  return toConfig(layers, new Map())
}

function effective(sources: Partial<Sources>): string {
  const all = { ...NOTHING, ...sources }
  const layers = toLayers(all)
  return writeEffective(toConfig(layers, all.ports), layers, all.ports)
}

test('every key is explained, and nothing else is', () => {
  const keys = Object.entries(DEFAULTS).flatMap(([key, value]) => [
    key,
    ...(isTree(value) ? Object.keys(value).map((name) => `${key}.${name}`) : []),
  ])
  const expected = [...new Set([...keys, ...Object.keys(EXAMPLES)])]
  assert.deepEqual(Object.keys(EXPLAINED).sort(), expected.sort())
})

test('the first file changes nothing, as it is and with every line taken in', () => {
  const text = writeInitial()
  assert.deepEqual(configOf(text), loadConfig(NOTHING))

  const everything = text.replaceAll(/^( *)#(\w+: )/gm, '$1$2')
  assert.ok(everything.includes('\n  packetBytesMax: 16777216\n'))
  const access = {
    allowAnonymous: false,
    passwordFile: '/etc/rameau/passwords',
    aclFile: undefined,
    rulesFile: '/etc/rameau/rules.yaml',
    watch: true,
    reasonStrings: true,
  }
  assert.deepEqual(configOf(everything), { ...loadConfig(NOTHING), access })
  assert.deepEqual(
    text.split('\n').filter((line) => line.length > 100),
    [],
  )
})

test('the effective configuration says where each value comes from', () => {
  const env = { RAMEAU_LOG_LEVEL: 'warn', RAMEAU_MQTT_SESSION_EXPIRY_MAX: '60' }
  const settings = ['limits.inflightMax=5']
  const ports: Sources['ports'] = new Map([['mqtt', { port: 0 }]])
  const lines = effective({ env, settings, ports, flags: { data: 'elsewhere' } }).split('\n')
  const has = (pattern: RegExp): void => {
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in\n${lines.join('\n')}`,
    )
  }
  has(/^host: 127\.0\.0\.1 +# default$/)
  has(/^ {2}level: warn +# RAMEAU_LOG_LEVEL$/)
  has(/^ {2}format: human +# default$/)
  has(/^ {2}inflightMax: 5 +# --set$/)
  has(/^ {2}sessionExpiryMax: 60 +# RAMEAU_MQTT_SESSION_EXPIRY_MAX$/)
  has(/^data: elsewhere +# --data$/)
  has(/^ {2}- \{protocol: mqtt, host: 127\.0\.0\.1, port: 0\} +# --mqtt$/)
  has(/^ {2}- \{protocol: ws, host: 127\.0\.0\.1, port: 8083\} +# default$/)
})

test('read back, the effective configuration is the same', () => {
  const sources: Sources = {
    ...NOTHING,
    flags: { tls: { cert: 'c.pem', key: 'k.pem' }, host: '::1' },
    settings: ['origins=[https://a.example]', 'mqtt.responseInformation="a: #b"'],
    ports: new Map<Protocol, PortFlag>([
      ['mqtt', { path: '/run/a b' }],
      ['ws', 'off'],
    ]),
  }
  assert.deepEqual(configOf(effective(sources)), loadConfig(sources))
  assert.deepEqual(configOf(effective({})), loadConfig(NOTHING))
  const off: Sources['ports'] = new Map([
    ['mqtt', 'off'],
    ['ws', 'off'],
    ['http', 'off'],
  ])
  assert.deepEqual(configOf(effective({ ports: off })).listeners, [])
})

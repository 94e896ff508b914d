// The configuration from all its sources: which one wins, and what a mistake in each is told.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '../core/limits.ts'
import { DEFAULT_MQTT_SETTINGS } from '../fronts/mqtt/settings.ts'
import { PROTOCOLS } from './config.ts'
import { ConfigError } from './layer.ts'
import { loadConfig, type Sources } from './load.ts'

const NOTHING: Sources = {
  flags: {},
  ports: new Map(),
  settings: [],
  file: undefined,
  env: {},
  folders: [],
}

/** Runs `use` with the name of a file that holds `text`. */
function withFile<T>(text: string, use: (file: string, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
  const file = join(folder, 'rameau.yaml')
  writeFileSync(file, text)
  try {
    return use(file, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function problemsOf(sources: Partial<Sources>): readonly string[] {
  try {
    loadConfig({ ...NOTHING, ...sources })
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  return assert.fail('it was accepted')
}

/** The problems of a file, without the folder that it lies in. */
function fileProblems(text: string): string[] {
  return withFile(text, (file, folder) =>
    problemsOf({ file }).map((line) => line.replace(`${folder}/`, '')),
  )
}

test('nothing given: MQTT, WebSocket and HTTP on this machine, every default', () => {
  const config = loadConfig(NOTHING)
  assert.deepEqual(config.listeners, [
    { protocol: 'mqtt', place: { host: '127.0.0.1', port: 1883 } },
    { protocol: 'ws', place: { host: '127.0.0.1', port: 8083 } },
    { protocol: 'http', place: { host: '127.0.0.1', port: 8080 } },
  ])
  assert.deepEqual(config.limits, DEFAULT_LIMITS)
  assert.deepEqual(config.mqtt, DEFAULT_MQTT_SETTINGS)
  assert.deepEqual(config.log, { level: 'info', format: 'human', repeatsMax: 10 })
  assert.equal(config.durability, 'commit')
  assert.deepEqual(config.access, NO_ACCESS)
  assert.equal(config.sys.intervalS, 10)
  assert.equal(config.http.replayEventsMax, 10_000)
  assert.equal(config.data, './rameau-data')
})

const NO_FILES = {
  ...{ allowAnonymous: undefined, passwordFile: undefined },
  ...{ aclFile: undefined, rulesFile: undefined },
}
const NO_ACCESS = { ...NO_FILES, watch: true, reasonStrings: true }

test('access: of the whole server, and of a listener over it, key by key', () => {
  const text = `
access: { passwordFile: users, aclFile: rules }
listeners:
  - { protocol: mqtt }
  - { protocol: mqtt, port: 2, access: { allowAnonymous: true, aclFile: guests } }
  - { protocol: mqtt, port: 3, access: { allowAnonymous: true, passwordFile: none } }
  - { protocol: mqtt, port: 4, access: { rulesFile: own } }
  - { protocol: mqtt, port: 5, access: { aclFile: none } }
`
  withFile(text, (file) => {
    const { access, listeners } = loadConfig({ ...NOTHING, file })
    assert.deepEqual(access, { ...NO_ACCESS, passwordFile: 'users', aclFile: 'rules' })
    assert.deepEqual(
      listeners.map((listener) => listener.access),
      [
        undefined,
        { ...NO_FILES, allowAnonymous: true, passwordFile: 'users', aclFile: 'guests' },
        { ...NO_FILES, allowAnonymous: true, aclFile: 'rules' },
        { ...NO_FILES, passwordFile: 'users', rulesFile: 'own' },
        { ...NO_FILES, passwordFile: 'users' },
      ],
    )
  })
  const env = { RAMEAU_ACCESS_PASSWORD_FILE: 'from-env', RAMEAU_ACCESS_ALLOW_ANONYMOUS: 'false' }
  assert.deepEqual(loadConfig({ ...NOTHING, env }).access, {
    ...NO_ACCESS,
    allowAnonymous: false,
    passwordFile: 'from-env',
  })
  assert.deepEqual(problemsOf({ settings: ['access.aclFile=x', 'access.rulesFile=y'] }), [
    '--set: access.rulesFile goes not together with aclFile: one of the two',
  ])
  assert.deepEqual(problemsOf({ settings: ['access.passwordfile=x'] }), [
    '--set: access.passwordfile is not a key, did you mean access.passwordFile?',
  ])
})

test('flags over environment over file over defaults', () => {
  const text = 'limits: { sessionQueueMax: 1, inflightMax: 1 }\nlog: { level: warn }\ndata: one\n'
  withFile(text, (file) => {
    const config = loadConfig({
      ...NOTHING,
      file,
      env: { RAMEAU_LIMITS_SESSION_QUEUE_MAX: '2', RAMEAU_LOG_LEVEL: 'error', RAMEAU_DATA: '2' },
      flags: { log: { level: 'debug' } },
    })
    assert.equal(config.limits.sessionQueueMax, 2)
    assert.equal(config.limits.inflightMax, 1)
    assert.equal(config.limits.topicLevelsMax, 128)
    assert.deepEqual(config.log, { level: 'debug', format: 'human', repeatsMax: 10 })
    assert.equal(config.data, '2')
  })
})

test('--set takes any key, and lies over the environment', () => {
  const config = loadConfig({
    ...NOTHING,
    env: { RAMEAU_LIMITS_PACKET_BYTES_MAX: '100' },
    settings: [
      'limits.packetBytesMax=65536',
      'mqtt.retainAvailable=false',
      'data=123',
      'listeners=[{protocol: mqtt, port: 1}, {protocol: mqtt, path: /tmp/a=b}]',
    ],
  })
  assert.equal(config.limits.packetBytesMax, 65_536)
  assert.equal(config.mqtt.retainAvailable, false)
  assert.equal(config.data, '123')
  assert.deepEqual(config.listeners, [
    { protocol: 'mqtt', place: { host: '127.0.0.1', port: 1 } },
    { protocol: 'mqtt', place: { path: '/tmp/a=b' } },
  ])
})

test('every value of the mqtt section can be set', () => {
  const values = {
    qosMax: 1,
    retainAvailable: false,
    wildcardSubscriptions: false,
    subscriptionIds: false,
    sharedSubscriptions: false,
    topicAliasMax: 0,
    receiveMax: 1,
    keepAliveMax: 60,
    sessionExpiryMax: 0,
    connectTimeoutMs: 5,
    responseInformation: 'answers/',
    strictSubprotocol: true,
  }
  withFile(JSON.stringify({ mqtt: values }), (file) => {
    assert.deepEqual(loadConfig({ ...NOTHING, file }).mqtt, values)
  })
})

test('a session expiry of none, or of 4294967295, is no cap', () => {
  for (const value of ['none', '4294967295', '.inf']) {
    const config = loadConfig({ ...NOTHING, settings: [`mqtt.sessionExpiryMax=${value}`] })
    assert.equal(config.mqtt.sessionExpiryMax, Number.POSITIVE_INFINITY)
  }
})

test('the file: --config, else RAMEAU_CONFIG, else the first rameau.yaml of the folders', () => {
  withFile('data: from-flag', (flagged) => {
    withFile('data: from-env', (named, folder) => {
      const env = { RAMEAU_CONFIG: named }
      assert.equal(loadConfig({ ...NOTHING, file: flagged, env }).data, 'from-flag')
      assert.equal(loadConfig({ ...NOTHING, env }).data, 'from-env')
      const folders = [join(folder, 'missing'), folder]
      assert.equal(loadConfig({ ...NOTHING, folders }).data, 'from-env')
    })
  })
})

test('a file that somebody named must exist', () => {
  assert.deepEqual(problemsOf({ file: '/nowhere/x.yaml' }), [
    '/nowhere/x.yaml: cannot be read: no such file',
  ])
  assert.equal(problemsOf({ env: { RAMEAU_CONFIG: '/nowhere/x.yaml' } }).length, 1)
})

test('an unknown key of the file: position of the key, and what was meant', () => {
  assert.deepEqual(fileProblems('# ours\nlimits:\n  packetByteMax: 5\n  inflightMax: 7\n'), [
    'rameau.yaml:3:3: limits.packetByteMax is not a key, did you mean limits.packetBytesMax?',
  ])
  assert.deepEqual(fileProblems('receiveMax: 5\n'), [
    'rameau.yaml:1:1: receiveMax is not a key, did you mean mqtt.receiveMax?',
  ])
  assert.deepEqual(fileProblems('log: {level: info}\nlimit: {}\n'), [
    'rameau.yaml:2:1: limit is not a key, did you mean limits?',
  ])
  assert.deepEqual(fileProblems('colour: blue\n'), ['rameau.yaml:1:1: colour is not a key'])
})

test('a bad value of the file: position of the value, and what is allowed', () => {
  assert.deepEqual(fileProblems('mqtt:\n  qosMax: 3\n  receiveMax: many\nlimits: 5\n'), [
    'rameau.yaml:2:11: mqtt.qosMax must be 0, 1 or 2',
    'rameau.yaml:3:15: mqtt.receiveMax must be a whole number from 1 to 65535',
    'rameau.yaml:4:9: limits must be a section with keys',
  ])
  assert.deepEqual(fileProblems('listeners:\n  - protocol: mqtt\n  - protocol: amqp\n'), [
    `rameau.yaml:3:15: listeners.1.protocol must be one of ${PROTOCOLS.join(', ')}`,
  ])
  assert.deepEqual(fileProblems('listeners: [{protocol: mqtt, port: 1, path: /a}]\n'), [
    'rameau.yaml:1:13: listeners.0 has either path, or host and port',
  ])
  assert.deepEqual(fileProblems('listeners: [{port: 1}]\n').length, 1)
})

test('what is no YAML, or holds a key twice, is told with its position', () => {
  assert.match(fileProblems('limits: {\n').join(), /^rameau\.yaml:2:1: /)
  assert.match(fileProblems('data: a\ndata: b\n').join(), /^rameau\.yaml:2:1: .*unique/)
  assert.match(fileProblems('- a\n').join(), /^rameau\.yaml:1:1: must hold keys/)
})

test('an empty file, and an empty section, say nothing', () => {
  for (const text of ['', '# only a comment\n', 'limits:\n  # inflightMax: 5\nmqtt:\n']) {
    withFile(text, (file) => {
      assert.deepEqual(loadConfig({ ...NOTHING, file }), loadConfig(NOTHING))
    })
  }
})

test('keys of parts that do not exist yet are refused, never ignored', () => {
  assert.deepEqual(problemsOf({ settings: ['coap.observersMax=5'] }), [
    '--set: coap is for CoAP, which this version does not have yet',
  ])
})

test('the environment: unknown names are errors, what Kubernetes adds is not', () => {
  assert.deepEqual(problemsOf({ env: { RAMEAU_LIMITS_PACKET_BYTE_MAX: '5' } }), [
    'RAMEAU_LIMITS_PACKET_BYTE_MAX is not a key, did you mean RAMEAU_LIMITS_PACKET_BYTES_MAX?',
  ])
  assert.deepEqual(problemsOf({ env: { RAMEAU_MQTT_QOS_MAX: 'two' } }), [
    'RAMEAU_MQTT_QOS_MAX: mqtt.qosMax must be 0, 1 or 2',
  ])
  const env = {
    RAMEAU_SERVICE_HOST: '10.0.0.1',
    RAMEAU_SERVICE_PORT_MQTT: '1883',
    RAMEAU_PORT: 'tcp://10.0.0.1:1883',
    RAMEAU_PORT_1883_TCP_ADDR: '10.0.0.1',
    RAMEAU_MQTT_PORT_1883_TCP: 'tcp://10.0.0.1:1883',
    PATH: '/bin',
  }
  assert.deepEqual(loadConfig({ ...NOTHING, env }), loadConfig(NOTHING))
})

test('--set: a bad form, key or value', () => {
  assert.deepEqual(problemsOf({ settings: ['limits'] }), ['--set limits: must be KEY=VALUE'])
  assert.deepEqual(problemsOf({ settings: ['mqtt.qosmax=1'] }), [
    '--set: mqtt.qosmax is not a key, did you mean mqtt.qosMax?',
  ])
  assert.deepEqual(problemsOf({ settings: ['limits.inflightMax=[1'] }), [
    '--set: limits.inflightMax must be a whole number from 1 to 65535',
  ])
})

test('a bad value of a flag names the flag', () => {
  assert.deepEqual(problemsOf({ flags: { log: { level: 'loud' } } }), [
    '--log-level: log.level must be one of debug, info, warn, error, silent',
  ])
})

test('a listener’s flag stands for all of its protocol, and only for those', () => {
  const text = 'listeners:\n- {protocol: mqtt}\n- {protocol: mqtt, port: 2}\n- {protocol: ws}\n'
  withFile(text, (file) => {
    const listeners = (ports: Sources['ports']) => loadConfig({ ...NOTHING, file, ports }).listeners
    const ws = { protocol: 'ws', place: { host: '127.0.0.1', port: 8083 } }
    assert.deepEqual(listeners(new Map([['mqtt', 'off']])), [ws])
    assert.deepEqual(listeners(new Map([['mqtt', { port: 0 }]])), [
      ws,
      { protocol: 'mqtt', place: { host: '127.0.0.1', port: 0 } },
    ])
    assert.deepEqual(listeners(new Map([['mqtt', { path: '/s' }]])), [
      ws,
      { protocol: 'mqtt', place: { path: '/s' } },
    ])
    assert.equal(listeners(new Map([['http', 'off']])).length, 3)
  })
})

test('host: the list’s own over the file’s default, a flag or variable over both', () => {
  const text =
    'host: 10.0.0.1\nlisteners: [{protocol: mqtt, host: 10.0.0.2}, {protocol: mqtt, port: 5}]\n'
  withFile(text, (file) => {
    const hosts = (sources: Partial<Sources>) =>
      loadConfig({ ...NOTHING, file, ...sources }).listeners.map(({ place }) =>
        'host' in place ? place.host : '',
      )
    assert.deepEqual(hosts({}), ['10.0.0.2', '10.0.0.1'])
    assert.deepEqual(hosts({ env: { RAMEAU_HOST: '::1' } }), ['::1', '::1'])
    assert.deepEqual(hosts({ flags: { host: '::' } }), ['::', '::'])
  })
})

// What the program is given wrongly, one case a line: it says in one line what is wrong and what to
// do, writes nothing else, and ends with 2 for what was asked wrongly, 1 for what cannot be done.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AccessFiles } from '../support/access-files.ts'
import { certificates, certificatesSkip } from '../support/certificates.ts'
import { Rameau } from '../support/rameau.ts'

const BOUNDED = { timeout: 200_000 }
const RUN_MS_MAX = 20_000
/** Cases under way at once. */
const concurrency = 3
const QUIET = ['--ws', 'off', '--http', 'off']
const START = ['start', '--memory', '--mqtt', '0', ...QUIET]
const EXPOSED = [
  '0.0.0.0 can be reached from other machines, and nothing asks who comes in. Ask for passwords:',
  '  rameau passwd -c passwords me',
  '  rameau start --host 0.0.0.0 --set access.passwordFile=passwords',
  'or let everybody in, to do everything, with --allow-anonymous',
]

interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** All of standard error, without `rameau: `; or what it begins with. */
  readonly says: string | readonly string[] | RegExp
  readonly code: 1 | 2
}

async function check({ args, env = {}, says, code }: Case): Promise<void> {
  await using rameau = new Rameau(args, env)
  // Whoever starts all the same is ended, so that what it says is seen.
  const late = setTimeout(() => rameau.signal('SIGTERM'), RUN_MS_MAX)
  const ended = await rameau.ended()
  clearTimeout(late)
  const { stdout, stderr } = ended
  if (says instanceof RegExp) assert.match(stderr, says)
  else assert.equal(stderr, `rameau: ${[says].flat().join('\n')}\n`)
  assert.equal(stdout, '')
  assert.equal(ended.code, code, stderr)
}

function checkAll(cases: readonly Case[]): void {
  for (const one of cases) test(one.name, BOUNDED, () => check(one))
}

const usage = (name: string, args: readonly string[], says: string | readonly string[]): Case => ({
  ...{ name, args, says, code: 2 },
})

describe('flags and commands', { concurrency }, () => {
  const start = (...more: string[]): string[] => [...START, ...more]
  checkAll([
    usage('an unknown flag', start('--log-levl', 'warn'), [
      "unknown option '--log-levl'",
      '(Did you mean --log-level?)',
    ]),
    usage('a flag like none', start('--quux'), "unknown option '--quux'"),
    usage('a flag without its value', start('--mqtts'), "option '--mqtts <port>' argument missing"),
    usage(
      'a port that is none',
      start('--ws', '70000'),
      "option '--ws <port>' argument '70000' is invalid. " +
        'It must be a port from 0 to 65535, unix:/path, or off.',
    ),
    usage(
      'a word too many',
      start('now'),
      "too many arguments for 'start'. Expected 0 arguments but got 1.",
    ),
    usage('an unknown command', ['strat'], ["unknown command 'strat'", '(Did you mean start?)']),
    usage(
      'config with an unknown word',
      ['config', 'shw'],
      ["unknown command 'shw'", '(Did you mean show?)'],
    ),
    usage('passwd without a file', ['passwd'], "missing required argument 'file'"),
    usage('passwd without a user', ['passwd', 'file'], "missing required argument 'user'"),
    usage('passwd with an unknown flag', ['passwd', '-x', 'a', 'b'], "unknown option '-x'"),
    {
      ...{
        name: 'passwd on a file that is not there',
        args: ['passwd', '-b', '/nowhere', 'me', 'pw'],
      },
      ...{ says: '/nowhere: no such file: make it with -c', code: 1 },
    },
    {
      ...{ name: 'health of what is no URL', args: ['health', 'nonsense'], code: 1 },
      says: 'nonsense: must be http://, https://, mqtt://, mqtts:// or unix:/path',
    },
    usage(
      'every listener off',
      ['start', '--mqtt', 'off', ...QUIET],
      ['nothing would listen, every listener is off: turn a listener on, such as --mqtt 1883'],
    ),
    usage(
      'nothing on but what does not exist yet',
      ['start', '--mqtt', 'off', ...QUIET, '--coap', '0'],
      [
        'nothing would listen, not in this version yet: coap: ' +
          'turn a listener on, such as --mqtt 1883',
      ],
    ),
    usage('a host for others without rules', start('--host', '0.0.0.0'), EXPOSED),
  ])
})

describe('settings', { concurrency }, () => {
  const setting = (name: string, text: string, says: string): Case =>
    usage(name, [...START, '--set', text], says)
  const variable = (name: string, env: Record<string, string>, says: string): Case => ({
    ...{ name, args: START, env, says, code: 2 },
  })
  checkAll([
    setting(
      'an unknown key',
      'limits.packetBytesMx=1',
      '--set: limits.packetBytesMx is not a key, did you mean limits.packetBytesMax?',
    ),
    setting('no value', 'mqtt.qosMax', '--set mqtt.qosMax: must be KEY=VALUE'),
    setting('out of range', 'mqtt.qosMax=3', '--set: mqtt.qosMax must be 0, 1 or 2'),
    setting(
      'a text for a number',
      'limits.connectionsMax=many',
      '--set: limits.connectionsMax must be a whole number, at least 1',
    ),
    setting('no boolean', 'presence.enabled=1', '--set: presence.enabled must be true or false'),
    variable(
      'an unknown variable',
      { RAMEAU_LIMITS_PACKET_BYTE_MAX: '1' },
      'RAMEAU_LIMITS_PACKET_BYTE_MAX is not a key, did you mean RAMEAU_LIMITS_PACKET_BYTES_MAX?',
    ),
    variable(
      'a variable out of range',
      { RAMEAU_MQTT_RECEIVE_MAX: '0' },
      'RAMEAU_MQTT_RECEIVE_MAX: mqtt.receiveMax must be a whole number from 1 to 65535',
    ),
    variable(
      'a configuration that is not there',
      { RAMEAU_CONFIG: '/nowhere.yaml' },
      '/nowhere.yaml: cannot be read: no such file',
    ),
  ])
})

describe('files', { concurrency }, () => {
  /** What `says` after the file's name, with its line and column. */
  const file = (name: string, text: string, says: string): void => {
    test(name, BOUNDED, async (t) => {
      const path = new AccessFiles(t).write('rameau.yaml', text)
      const args = [...START, '--config', path]
      await check({ name, args, says: `${path}:${says}`, code: 2 })
    })
  }
  file(
    'an unknown key',
    'limits:\n  conectionsMax: 5\n',
    '2:3: limits.conectionsMax is not a key, did you mean limits.connectionsMax?',
  )
  file(
    'a key in the wrong section',
    'mqtt:\n  connectionsMax: 5\n',
    '2:3: mqtt.connectionsMax is not a key, did you mean limits.connectionsMax?',
  )
  file(
    'an unknown key of a listener',
    'listeners:\n  - protocol: mqtt\n    prot: 0\n',
    '3:5: listeners.0.prot is not a key, did you mean port?',
  )
  file(
    'an unknown key of a listener’s certificate',
    'listeners:\n  - protocol: mqtts\n    tls: { crt: a, key: b }\n',
    '3:12: listeners.0.tls.crt is not a key, did you mean tls.cert?',
  )
  file(
    'a wrong type',
    'sys:\n  intervalS: soon\n',
    '2:14: sys.intervalS must be a whole number from 0 to 2147483',
  )
  file('a value for a section', 'limits: 5\n', '1:9: limits must be a section with keys')
  file('no keys', '- 1\n', '1:1: must hold keys, such as limits:')
  file('a key twice', 'data: a\ndata: b\n', '2:1: Map keys must be unique')

  const other = (name: string, make: (files: AccessFiles) => Omit<Case, 'name' | 'code'>): void => {
    test(name, BOUNDED, (t) => check({ name, code: 2, ...make(new AccessFiles(t)) }))
  }
  other('no YAML', (files) => {
    const path = files.write('rameau.yaml', 'mqtt: [1\n')
    return {
      args: [...START, '--config', path],
      says: /^rameau: \S*rameau\.yaml:\d+:\d+: [^\n]*\n$/,
    }
  })
  other('a folder for a file', ({ folder }) => ({
    args: [...START, '--config', folder],
    says: `${folder}: cannot be read: it is a folder`,
  }))
  other('passwords that cannot be read', ({ folder }) => ({
    args: [...START, '--set', `access.passwordFile=${folder}`],
    says: `${folder}: cannot be read: it is a folder`,
  }))
  other('rules that are not there', () => ({
    args: [...START, '--set', 'access.aclFile=/nowhere'],
    says: '/nowhere: cannot be read: no such file',
  }))
  other('a line of the passwords', (files) => {
    const path = files.write('passwords', '# ours\n\nno colon\n')
    return {
      args: [...START, '--set', `access.passwordFile=${path}`],
      says: new RegExp(`^rameau: ${path}:3: [^\\n]*\\n$`),
    }
  })
  other('a line of the rules', (files) => {
    const path = files.write('acl', 'user al\ntopics a\n')
    return {
      args: [...START, '--set', `access.aclFile=${path}`],
      says: new RegExp(`^rameau: ${path}:2: [^\\n]*\\n$`),
    }
  })
})

describe('places', { concurrency }, () => {
  const advice = '(listener mqtt): choose another with --mqtt'
  const at = (path: string): string[] => ['start', '--memory', '--mqtt', `unix:${path}`, ...QUIET]
  let taken: Server
  let port = 0
  before(async () => {
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    if (typeof address === 'object' && address !== null) port = address.port
  })
  after(() => taken.close())

  test('a taken port', BOUNDED, async () => {
    for (const flag of ['mqtt', 'ws', 'http']) {
      const others = ['mqtt', 'ws', 'http'].filter((name) => name !== flag)
      const off = others.flatMap((name) => [`--${name}`, 'off'])
      await check({
        name: flag,
        args: ['start', '--memory', `--${flag}`, `${port}`, ...off],
        says:
          `port ${port} on 127.0.0.1 is taken (listener ${flag}): ` +
          `choose another with --${flag} PORT`,
        code: 1,
      })
    }
  })

  test('no address of this machine', BOUNDED, () =>
    check({
      name: 'host',
      args: [...START, '--host', '203.0.113.1', '--allow-anonymous'],
      says:
        '203.0.113.1 is no address of this machine (listener mqtt): ' +
        'choose another with --host ADDR',
      code: 1,
    }),
  )

  test('paths of Unix sockets', BOUNDED, async (t) => {
    const files = new AccessFiles(t)
    const refused = (path: string, why: string): Promise<void> =>
      check({ name: why, args: at(path), says: `${path} ${why} ${advice} unix:PATH`, code: 1 })
    const diary = files.write('diary', 'dear diary')
    await refused(diary, 'is there already and is no socket')
    assert.equal(readFileSync(diary, 'utf8'), 'dear diary')
    await refused(files.folder, 'is there already and is no socket')
    await refused(join(files.folder, 'missing', 'mqtt.sock'), 'is in a folder that does not exist')
    await refused(join(files.folder, 'x'.repeat(120)), 'is too long for a socket')
    const socket = join(files.folder, 'mqtt.sock')
    const server = createServer().listen(socket)
    await once(server, 'listening')
    await refused(socket, 'is taken')
    assert.ok(existsSync(socket))
    server.close()
  })
})

describe('certificates', { concurrency, skip: certificatesSkip }, () => {
  test('each mistake names its file', BOUNDED, async (t) => {
    const { server, ca, folder } = certificates()
    const files = new AccessFiles(t)
    const text = files.write('text.pem', 'hello')
    const missing = join(folder, 'missing.pem')
    const locked = join(files.folder, 'locked.key')
    const lock = ['-topk8', '-v2', 'aes256', '-passout', 'pass:x']
    execFileSync('openssl', ['pkcs8', ...lock, '-in', server.keyFile, '-out', locked])
    mkdirSync(join(files.folder, 'ca'))
    const refused = (
      certFile: string,
      keyFile: string,
      says: string,
      more: readonly string[] = [],
    ): Promise<void> => {
      const args = [...START, '--mqtts', '0', '--tls-cert', certFile, '--tls-key', keyFile, ...more]
      return check({ name: says, args, says, code: 2 })
    }
    const [cert, key] = [server.certFile, server.keyFile]
    await refused(missing, key, `${missing}: cannot be read: no such file`)
    await refused(text, key, `${text}: holds no certificate (PEM)`)
    await refused(cert, missing, `${missing}: cannot be read: no such file`)
    await refused(cert, text, `${text}: holds no private key (PEM)`)
    await refused(cert, locked, `${locked}: the key has a passphrase, take it off`)
    const other = `${ca.keyFile}: the key does not fit the certificate in ${cert}`
    await refused(cert, ca.keyFile, other)
    const authority = join(files.folder, 'ca')
    const folderRead = `${authority}: cannot be read: it is a folder`
    await refused(cert, key, folderRead, ['--tls-ca', authority])
    await refused(cert, key, `${text}: holds no certificate (PEM)`, ['--tls-ca', text])
  })

  checkAll([
    usage(
      'a certificate without its key',
      [...START, '--tls-cert', 'a.pem'],
      '--tls-cert: a certificate without its key: --tls-key FILE',
    ),
    usage(
      'TLS without a certificate',
      [...START, '--mqtts', '0'],
      'mqtts needs a certificate: --tls-cert FILE --tls-key FILE',
    ),
  ])
})

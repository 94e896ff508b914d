// The published package: packed, installed from the registry into a fresh folder, typed, and
// started on plain Node 20 and on the pinned Node. What the program does then is start.test's.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cp,
  glob,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import mqtt from 'mqtt'

const ROOT = join(import.meta.dirname, '..', '..')
/** What `npm pack` reads: to build in the checkout itself would meet whoever else builds there. */
const PACKED = ['bin', 'man', 'src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
const INSTALL_MS_MAX = 90_000
const PING_MS_MAX = 10_000
const RUN_MS_MAX = 30_000

const run = promisify(execFile)

/** Why the registry cannot be used; in CI it must be. */
async function whyNoRegistry(): Promise<string | false> {
  if (process.env['CI'] === 'true') return false
  try {
    await run('npm', ['ping'], { timeout: PING_MS_MAX })
    return false
  } catch {
    return 'the package registry does not answer'
  }
}

/** The first `node` of that major version in the path. */
async function findNode(major: number): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    const version = await run(node, ['--version']).then(
      ({ stdout }) => stdout,
      () => '',
    )
    if (version.startsWith(`v${major}.`)) return node
  }
  if (process.env['CI'] === 'true') throw new Error(`no Node ${major} in the path`)
  return undefined
}

async function pack(folder: string): Promise<string> {
  const copy = join(folder, 'copy')
  for (const name of PACKED) await cp(join(ROOT, name), join(copy, name), { recursive: true })
  for (const name of ['CHANGELOG.md', 'LICENSE', 'README.md']) {
    await cp(join(ROOT, name), join(copy, name))
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const args = ['pack', '--json', '--pack-destination', folder]
  await run('npm', args, { cwd: copy, timeout: INSTALL_MS_MAX })
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'))
  assert.ok(name !== undefined, 'npm pack made a tarball')
  return join(folder, name)
}

/** Starts the installed program with that Node, sends itself a message, and stops it. */
async function exchange(user: string, node: string): Promise<void> {
  const program = join(user, 'node_modules', '.bin', 'rameau')
  const data = join(await mkdtemp(join(user, 'data-')), 'data')
  const args = ['start', '--mqtt', '0', '--ws', 'off', '--http', 'off', '--data', data]
  const child = spawn(program, args, {
    cwd: user,
    env: { PATH: [dirname(node), '/usr/bin', '/bin'].join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: RUN_MS_MAX,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'exit')
  try {
    let url: string | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      url = /mqtt:\/\/\S+/.exec(line)?.[0]
      if (url !== undefined) break
    }
    assert.ok(url !== undefined, 'it says where it listens')
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
    const received = new Promise<[string, string]>((resolve) => {
      client.once('message', (topic, payload) => resolve([topic, payload.toString()]))
    })
    await client.subscribeAsync('hello/#', { qos: 2 })
    await client.publishAsync('hello/world', 'Bonjour', { qos: 2 })
    assert.deepEqual(await received, ['hello/world', 'Bonjour'])
    await client.endAsync()
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  } finally {
    child.kill('SIGKILL')
  }
}

const noRegistry = await whyNoRegistry()
const node20 = await findNode(20)

describe('the packed tarball', { timeout: 2 * INSTALL_MS_MAX, skip: noRegistry }, () => {
  let folder = ''
  let user = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rameau-'))
    const tarball = await pack(folder)
    user = join(folder, 'user')
    await mkdir(user)
    await writeFile(join(user, 'package.json'), '{ "private": true, "type": "module" }\n')
    const args = ['install', '--omit=dev', '--no-audit', '--no-fund', '--ignore-scripts', tarball]
    await run('npm', args, { cwd: user, timeout: INSTALL_MS_MAX })
  })
  after(() => rm(folder, { recursive: true, force: true }))

  // It was installed without scripts, and all that follows works.
  test('nothing in it, or that it needs, must run at install', async () => {
    const manifests = glob('node_modules/{*,@*/*}/package.json', { cwd: user })
    let count = 0
    for await (const path of manifests) {
      count++
      const manifest = JSON.parse(await readFile(join(user, path), 'utf8')) as {
        scripts?: Record<string, string>
      }
      for (const name of ['preinstall', 'install', 'postinstall']) {
        const script = manifest.scripts?.[name]
        // classic-level brings its binaries along; this only looks whether one fits.
        if (script === 'node-gyp-build' && path.includes('classic-level')) continue
        assert.equal(script, undefined, `${path}: ${name}`)
      }
    }
    assert.ok(count > 5, 'the dependencies were looked at')
  })

  test('it brings its manual page, and neither tests nor sources', async () => {
    const installed = join(user, 'node_modules', 'rameau')
    assert.match(await readFile(join(installed, 'man', 'rameau.1'), 'utf8'), /^\.TH RAMEAU 1/m)
    const all = await readdir(installed, { recursive: true })
    const files = all.filter((file) => file.endsWith('.ts'))
    assert.deepEqual(
      files.filter((file) => !file.endsWith('.d.ts') || file.includes('.test.')),
      [],
    )
  })

  test('a strict TypeScript program finds its types', async () => {
    const program = [
      "import { createServer, Reason, type Server, type ServerOptions } from 'rameau'",
      'const options: ServerOptions = { limits: { connectionsMax: 5 } }',
      'export const server: Server = createServer(options)',
      'export const ended: Promise<void> = server.close()',
      '// @ts-expect-error: the types are there, and not `any`.',
      'export const wrong: string = Reason',
      '',
    ]
    await writeFile(join(user, 'program.ts'), program.join('\n'))
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--noEmit']
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')]
    // What tsc finds wrong is in the error that this rejects with.
    await run(tsc, [...options, ...types, 'program.ts'], { cwd: user })
  })

  test('it starts on Node 20', { skip: node20 === undefined && 'no Node 20 here' }, async () => {
    assert.ok(node20 !== undefined)
    await exchange(user, node20)
  })

  test('it starts on the pinned Node', async () => {
    await exchange(user, process.execPath)
  })
})

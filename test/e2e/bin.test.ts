// bin/rameau.js as it is started by people: directly, through a symlink, by an older Node, and as
// published. Each test lays out a small package of its own around the real file, with a program
// that says who it is, so that nothing here depends on the server.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'rameau.js')

/** Prints itself as one line, then stays until told otherwise; SIGTERM makes it exit with 7. */
const PROGRAM = `
process.on('SIGTERM', () => process.exit(7))
const { pid, version, execPath } = process
const args = process.argv.slice(2)
console.log(JSON.stringify({ pid, version, execPath, args, cwd: process.cwd() }))
if (process.argv[2] === 'stay') setInterval(() => {}, 1000)
else process.exitCode = 3
`

interface Report {
  pid: number
  version: string
  execPath: string
  args: string[]
  cwd: string
}

let folder = ''
/** A package whose program is TypeScript and which has a pinned Node: a checkout. */
let checkout = ''
/** A package whose program is JavaScript: what is published. */
let published = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rameau bin-'))
  checkout = join(folder, 'check out')
  published = join(folder, 'published')
  await lay(
    checkout,
    'src/cli',
    'main.ts',
    `const typed: string = ''\n${PROGRAM}export { typed }\n`,
  )
  await mkdir(join(checkout, 'node_modules', '.bin'), { recursive: true })
  await symlink(process.execPath, join(checkout, 'node_modules', '.bin', 'node'))
  await lay(published, 'dist/cli', 'main.js', PROGRAM)
})

after(() => rm(folder, { recursive: true }))

test('a checkout becomes the pinned Node with the same pid', async () => {
  const run = start(join(checkout, 'bin', 'rameau.js'), ['a b', '', '$x'])
  const report = await run.report
  assert.equal(report.pid, run.child.pid)
  assert.equal(report.version, process.version)
  assert.deepEqual(report.args, ['a b', '', '$x'])
  assert.equal(await run.code, 3)
})

test('a checkout runs through chained symlinks, from another folder', async () => {
  await symlink(join('..', '..', 'bin', 'rameau.js'), join(checkout, 'node_modules', '.bin', 'one'))
  await symlink(join(checkout, 'node_modules', '.bin', 'one'), join(folder, 'two'))
  const run = start('./two', [], { cwd: folder })
  const report = await run.report
  assert.equal(report.pid, run.child.pid)
  assert.equal(report.cwd, folder)
  assert.equal(await run.code, 3)
})

test('a checkout runs by name through PATH, whatever CDPATH says', async () => {
  await symlink(join(checkout, 'bin', 'rameau.js'), join(folder, 'rameau'))
  const PATH = `${folder}${delimiter}${process.env['PATH'] ?? ''}`
  const run = start('rameau', [], { cwd: checkout, env: { PATH, CDPATH: folder } })
  assert.equal((await run.report).pid, run.child.pid)
  assert.equal(await run.code, 3)
})

test('the pinned Node runs the file as JavaScript in its own process', async () => {
  const run = start(process.execPath, [join(checkout, 'bin', 'rameau.js'), 'x'])
  const report = await run.report
  assert.equal(report.pid, run.child.pid)
  assert.deepEqual(report.args, ['x'])
  assert.equal(await run.code, 3)
})

test('another Node that has execve becomes the pinned one with the same pid', async () => {
  const other = join(folder, 'execve')
  await lay(other, 'src/cli', 'main.ts', PROGRAM)
  const pinned = join(other, 'node_modules', '.bin', 'node')
  await mkdir(join(other, 'node_modules', '.bin'), { recursive: true })
  await writeFile(pinned, `#!/bin/sh\nexec '${process.execPath}' "$@" wrapped\n`)
  await chmod(pinned, 0o755)
  const run = start(process.execPath, [join(other, 'bin', 'rameau.js'), 'x'])
  const report = await run.report
  assert.equal(report.pid, run.child.pid)
  assert.deepEqual(report.args, ['x', 'wrapped'])
  assert.equal(await run.code, 3)
})

test('killing the one process leaves nothing behind', async () => {
  const run = start(join(checkout, 'bin', 'rameau.js'), ['stay'])
  await run.report
  run.child.kill('SIGKILL')
  // Comes only when nobody holds its output any more.
  await once(run.child, 'close', { signal: AbortSignal.timeout(10_000) })
  assert.equal(run.child.signalCode, 'SIGKILL')
})

test('the published package runs on the Node of the user', async () => {
  const run = start(join(published, 'bin', 'rameau.js'), ['x'])
  const report = await run.report
  assert.equal(report.pid, run.child.pid)
  assert.deepEqual(report.args, ['x'])
  assert.equal(await run.code, 3)
})

test('a checkout without a pinned Node says what to do', async (t) => {
  const old = oldNode()
  if (old === undefined) return t.skip('no Node before 22.15 in the path')
  const bare = join(folder, 'bare')
  await lay(bare, 'src/cli', 'main.ts', PROGRAM)
  const child = spawn(old, [join(bare, 'bin', 'rameau.js')])
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child, 'close')
  assert.equal(child.exitCode, 1)
  assert.match(text, /run npm ci first/)
})

test('a Node without execve starts the pinned one and passes on code and SIGTERM', async (t) => {
  const old = oldNode()
  if (old === undefined) return t.skip('no Node before 22.15 in the path')
  const brief = start(old, [join(checkout, 'bin', 'rameau.js'), 'x'])
  const report = await brief.report
  assert.equal(report.version, process.version)
  assert.deepEqual(report.args, ['x'])
  assert.equal(await brief.code, 3)

  const long = start(old, [join(checkout, 'bin', 'rameau.js'), 'stay'])
  await long.report
  long.child.kill('SIGTERM')
  assert.equal(await long.code, 7)
})

test('a Node without execve takes its child along when it is killed', async (t) => {
  const old = oldNode()
  if (old === undefined) return t.skip('no Node before 22.15 in the path')
  const run = start(old, [join(checkout, 'bin', 'rameau.js'), 'stay'])
  const report = await run.report
  assert.notEqual(report.pid, run.child.pid)
  run.child.kill('SIGKILL')
  try {
    // The child holds the same output, so the end of that is the end of both.
    await once(run.child, 'close', { signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    process.kill(report.pid, 'SIGKILL')
    throw error
  }
})

/** Lays out a package with the real executable and `text` as its program. */
async function lay(root: string, part: string, name: string, text: string): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true })
  await mkdir(join(root, part), { recursive: true })
  await copyFile(BIN, join(root, 'bin', 'rameau.js'))
  await chmod(join(root, 'bin', 'rameau.js'), 0o755)
  await writeFile(join(root, 'package.json'), '{ "type": "module" }\n')
  await writeFile(join(root, part, name), text)
}

interface Run {
  child: ChildProcess
  report: Promise<Report>
  code: Promise<number | null>
}

interface Place {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

function start(program: string, args: string[], place: Place = {}): Run {
  const env = place.env ?? process.env
  const child = spawn(program, args, { ...place, env, stdio: ['ignore', 'pipe', 'inherit'] })
  // A child that never answers must not outlive the test that waits for it.
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const code = once(child, 'close').then(() => child.exitCode)
  void code.then(() => clearTimeout(limit))
  return { child, report: firstLine(child), code }
}

async function firstLine(child: ChildProcess): Promise<Report> {
  assert.ok(child.stdout)
  // Reading goes on after the line: a destroyed pipe would be closed whoever still holds it.
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return JSON.parse(line) as Report
}

/** A Node in the path that lacks process.execve, if the machine has one. */
function oldNode(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    try {
      const answer = execFileSync(node, ['-p', 'typeof process.execve'], { encoding: 'utf8' })
      if (answer.trim() === 'undefined') return node
    } catch {
      // No Node in this folder.
    }
  }
  return undefined
}

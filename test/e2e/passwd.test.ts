// `rameau passwd` as a process: what it writes, what it refuses, and that nobody sees a password.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseHash } from '../../src/access/hash-forms.ts'
import { AccessFiles } from '../support/access-files.ts'
import { type Ended, runRameau } from '../support/rameau.ts'
import { requireProgram } from '../support/third-party.ts'

const BOUNDED = { timeout: 200_000 }
const BIN = join(import.meta.dirname, '..', '..', 'bin', 'rameau.js')

const passwd = (...args: string[]): Promise<Ended> => runRameau(['passwd', ...args])

/** Whether the file's line of the user has this password. */
async function has(file: string, user: string, password: string): Promise<boolean> {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${user}:`))
  assert.ok(line !== undefined, `no line of ${user}`)
  const hash = parseHash(line.slice(user.length + 1), undefined)
  return hash.verify(new TextEncoder().encode(password))
}

test('creates, adds, changes and removes; the file is for its owner alone', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const file = join(files.folder, 'passwords')
  assert.deepEqual(await passwd('-c', '-b', file, 'al', 'one'), { code: 0, stdout: '', stderr: '' })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal((await passwd('-b', file, 'bo', 'two', '-H', 'sha512-pbkdf2')).code, 0)
  assert.equal((await passwd('-b', file, 'cy', 'three', '--scram')).code, 0)
  assert.ok(await has(file, 'al', 'one'))
  assert.ok(await has(file, 'bo', 'two'))
  assert.ok(await has(file, 'cy', 'three'))
  assert.match(
    readFileSync(file, 'utf8'),
    /^al:\$scrypt\$.*\nbo:\$7\$.*\ncy:\$scram-sha-256\$.*\n$/,
  )

  assert.equal((await passwd('-b', file, 'al', 'other')).code, 0)
  assert.ok(await has(file, 'al', 'other'))
  assert.equal((await passwd('-D', file, 'bo')).code, 0)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /^bo:/m)
  assert.equal((await passwd('-c', '-b', file, 'new', 'x')).code, 0)
  assert.match(readFileSync(file, 'utf8'), /^new:.*\n$/)
  assert.deepEqual(readdirSync(files.folder), ['passwords'], 'no draft stays behind')
})

test('reads the password from what is piped in', BOUNDED, async (t) => {
  const file = join(new AccessFiles(t).folder, 'passwords')
  const child = spawn(BIN, ['passwd', '-c', file, 'al'], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end('pass word ü\r\nmore\n')
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.ok(await has(file, 'al', 'pass word ü'))
})

test('asks twice at a terminal, and shows nothing', BOUNDED, async (t) => {
  const program = requireProgram('script')
  if (program.skip !== false) return t.skip(program.skip)
  const files = new AccessFiles(t)
  const ask = async (name: string, answers: readonly string[]) => {
    const file = join(files.folder, name)
    const command = `${BIN} passwd -c ${file} al`
    const child = spawn(program.path, ['-qec', command, '/dev/null'], { stdio: 'pipe' })
    let seen = ''
    let asked = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text
      const questions = seen.match(/: /g)?.length ?? 0
      for (; asked < questions; asked++) child.stdin.write(answers[asked] ?? '')
    })
    const [code] = (await once(child, 'close')) as [number]
    return { code, seen: seen.replaceAll('\r', ''), file }
  }
  const same = await ask('same', ['geheim\n', 'geheim\n'])
  assert.deepEqual([same.code, same.seen], [0, 'Password of al: \nAgain: \n'])
  assert.ok(await has(same.file, 'al', 'geheim'))
  const other = await ask('other', ['geheim\n', 'gehein\n'])
  assert.equal(other.code, 1)
  assert.match(other.seen, /Again: \nrameau: the two passwords differ\n$/)
  const stopped = await ask('stopped', ['\x03'])
  assert.equal(stopped.code, 1)
  assert.match(stopped.seen, /rameau: stopped\n$/)
  assert.equal(existsSync(other.file) || existsSync(stopped.file), false)
})

test('what cannot be done is one line and 1, what is wrong usage 2', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const file = files.write('passwords', '# ours\n')
  const refused = async (code: number, message: RegExp, ...args: string[]) => {
    const ended = await passwd(...args)
    assert.match(ended.stderr, message)
    assert.equal(ended.stderr.split('\n').length, 2, ended.stderr)
    assert.equal(ended.code, code)
  }
  await refused(
    1,
    /none: no such file: make it with -c\n/,
    '-b',
    join(files.folder, 'none'),
    'a',
    'b',
  )
  await refused(1, /passwords: has no user al\n/, '-D', file, 'al')
  await refused(1, /no password on standard input\n/, file, 'al')
  await refused(1, /must not be empty\n/, '-b', file, 'al', '')
  await refused(1, /cannot be written: ENOENT\n/, '-c', '-b', '/nowhere/x', 'al', 'x')
  await refused(2, /-b needs the password/, '-b', file, 'al')
  await refused(2, /a password needs -b/, file, 'al', 'x')
  await refused(2, /no colon/, '-b', file, 'a:b', 'x')
  await refused(2, /must not begin with #/, '-b', file, '#a', 'x')
  await refused(2, /Allowed choices are scrypt, argon2id/, '-b', file, 'al', 'x', '-H', 'sha512')
  await refused(2, /cannot be used with/, '-D', '-c', file, 'al')
  await refused(2, /missing required argument 'user'/, file)
  assert.equal(readFileSync(file, 'utf8'), '# ours\n')
})

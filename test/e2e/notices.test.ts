// What systemd hears from a service of Type=notify: the program as it is, the real systemd-notify,
// and a datagram socket in systemd's place. The unit itself is not started.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Rameau, runRameau } from '../support/rameau.ts'
import { requireProgram } from '../support/third-party.ts'

const BOUNDED = { timeout: 200_000 }
const START = ['start', '--memory', '--mqtt', '0', '--ws', 'off', '--http', 'off']
const UNIT = join(import.meta.dirname, '..', '..', 'packaging', 'rameau.service')

/** Prints every datagram that comes as a line. Node has no Unix datagram sockets. */
const RECEIVE = `
  use Socket;
  $| = 1;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
  bind($socket, sockaddr_un($ARGV[0])) or die;
  print "bound\\n";
  while (defined recv($socket, my $text, 65536, 0)) { $text =~ s/\\n/ /g; print "$text\\n"; }
`

async function listen(t: TestContext): Promise<{ path: string; next: () => Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  const path = join(folder, 'notify')
  const child = spawn('perl', ['-e', RECEIVE, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value } = await lines.next()
    assert.ok(value !== undefined, 'the socket is open')
    // systemd-notify asks with it whether what came before has been read.
    return value === 'BARRIER=1' ? next() : value
  }
  assert.equal(await next(), 'bound')
  return { path, next }
}

const programs = ['perl', 'systemd-notify'].map((name) => requireProgram(name).skip)
const skip = programs.find((why) => why !== false) ?? false

test('systemd hears when it is up, reloads and stops', { ...BOUNDED, skip }, async (t) => {
  const { path, next } = await listen(t)
  await using rameau = new Rameau(START, { NOTIFY_SOCKET: path })
  const port = await rameau.port()
  assert.equal(await next(), `READY=1 STATUS=mqtt://127.0.0.1:${port}`)
  rameau.signal('SIGHUP')
  // A reload may be over before its first notice could go; then only its end is told.
  const first = await next()
  const second = first.startsWith('RELOADING') ? await next() : first
  if (first !== second) assert.match(first, /^RELOADING=1 MONOTONIC_USEC=\d+ STATUS=reloading$/)
  assert.equal(second, `READY=1 STATUS=mqtt://127.0.0.1:${port}`)
  rameau.signal('SIGTERM')
  assert.equal(await next(), 'STOPPING=1 STATUS=stopping')
  assert.equal((await rameau.ended()).code, 0)
})

test('a server that cannot tell systemd starts and stops all the same', BOUNDED, async () => {
  // Nobody listens there, whether the program is installed or not.
  await using rameau = new Rameau(START, { NOTIFY_SOCKET: '/nowhere/notify' })
  await rameau.port()
  await rameau.until(/warn {2}systemd is not told why=/)
  const { code, stdout } = await rameau.stop()
  assert.equal(code, 0)
  assert.equal(stdout.match(/systemd is not told/g)?.length, 1)
})

test('the unit asks for these notices, and its lines are commands that exist', async (t) => {
  const unit = await readFile(UNIT, 'utf8')
  assert.match(unit, /^Type=notify$/m)
  assert.match(unit, /^NotifyAccess=all$/m)
  const commands = [...unit.matchAll(/^Exec\w+=\/usr\/bin\/env rameau (.*)$/gm)]
  assert.equal(commands.length, 2)
  for (const [, args = ''] of commands) {
    const { code, stdout } = await runRameau([...args.split(' '), '--help'])
    assert.equal(code, 0)
    assert.match(stdout, /--config <file>/)
  }
  const { path: analyze } = requireProgram('systemd-analyze', {})
  if (analyze === undefined) return t.diagnostic('systemd-analyze is not installed')
  // It knows every key; a user or program that is missing here is no mistake of the unit's.
  const { stderr } = await promisify(execFile)(analyze, ['verify', '--man=no', UNIT]).catch(
    (error: unknown) => error as { stderr: string },
  )
  assert.doesNotMatch(stderr, /rameau\.service:\d+:/)
})

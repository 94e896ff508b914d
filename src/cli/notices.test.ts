// The notices to systemd with a stand-in for systemd-notify, which writes down its arguments. The
// real program and a real socket are in test/e2e/notices.test.ts.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Log } from '../core/ports.ts'
import { Notices } from './notices.ts'

interface StandIn {
  readonly notices: Notices
  readonly folder: string
  /** Events and reasons of the warnings. */
  readonly warnings: unknown[]
  readonly told: () => Promise<string[]>
}

/** `script` is what stands for systemd-notify; undefined for none. */
async function open(
  t: TestContext,
  script: string | undefined,
  env: Record<string, string> = { NOTIFY_SOCKET: '/none' },
): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const out = join(folder, 'out')
  await writeFile(out, '')
  if (script !== undefined) {
    const text = `#!/bin/sh\ncd '${folder}' || exit\n${script}\n`
    await writeFile(join(folder, 'systemd-notify'), text, { mode: 0o755 })
  }
  const warnings: unknown[] = []
  const none = (): void => undefined
  const warn: Log['warn'] = (event, fields) => warnings.push([event, fields?.['why']])
  const log: Log = { debug: none, info: none, warn, error: none }
  return {
    notices: new Notices({ PATH: `${folder}:/bin:/usr/bin`, ...env }, log),
    folder,
    warnings,
    told: async () => (await readFile(out, 'utf8')).split('\n').filter((line) => line !== ''),
  }
}

const BOUNDED = { timeout: 20_000 }
const WRITE = 'echo "$*" >>out'

test('up, reloading, up again, stopping: each with its status', BOUNDED, async (t) => {
  const { notices, told, warnings } = await open(t, WRITE)
  notices.reloading() // A SIGHUP before it is up says nothing.
  notices.reloaded()
  notices.up('mqtt://127.0.0.1:1883')
  await notices.settle()
  notices.reloading()
  await notices.settle()
  notices.reloaded()
  await notices.settle()
  notices.stopping()
  notices.reloaded() // What was under way ends too late to matter.
  await notices.settle()
  const lines = (await told()).map((line) => line.replace(/(USEC=)\d+/, '$1…'))
  assert.deepEqual(lines, [
    'READY=1 STATUS=mqtt://127.0.0.1:1883',
    'RELOADING=1 MONOTONIC_USEC=… STATUS=reloading',
    'READY=1 STATUS=mqtt://127.0.0.1:1883',
    'STOPPING=1 STATUS=stopping',
  ])
  assert.deepEqual(warnings, [])
})

test('a slow systemd hears in the end what holds then', BOUNDED, async (t) => {
  const { notices, told, folder } = await open(t, `${WRITE}; cat gate$(wc -l <out) >/dev/null`)
  const gates = [join(folder, 'gate1'), join(folder, 'gate2')]
  execFileSync('mkfifo', gates)
  notices.up('here')
  for (let count = 0; count < 100; count++) {
    notices.reloading()
    notices.reloaded()
  }
  notices.stopping()
  for (const gate of gates) await writeFile(gate, '') // Lets the first one go, and the second.
  await notices.settle()
  assert.deepEqual(await told(), ['READY=1 STATUS=here', 'STOPPING=1 STATUS=stopping'])
})

test('without a socket nothing is started', BOUNDED, async (t) => {
  for (const env of [{}, { NOTIFY_SOCKET: '' }]) {
    const { notices, told } = await open(t, WRITE, env)
    notices.up('here')
    notices.stopping()
    await notices.settle()
    assert.deepEqual(await told(), [])
  }
})

test('a missing program is one line', BOUNDED, async (t) => {
  const { notices, warnings } = await open(t, undefined, { NOTIFY_SOCKET: '/none', PATH: '/none' })
  notices.up('here')
  await notices.settle()
  notices.stopping()
  await notices.settle()
  assert.deepEqual(warnings, [['systemd is not told', 'systemd-notify is not installed']])
})

test('a program that fails is one line with what it says', BOUNDED, async (t) => {
  const { notices, warnings, told } = await open(t, `${WRITE}; echo no such socket >&2; exit 1`)
  notices.up('here')
  await notices.settle()
  notices.stopping()
  await notices.settle()
  assert.deepEqual(warnings, [['systemd is not told', 'no such socket']])
  assert.equal((await told()).length, 2)
})

test('the end does not wait for a program that hangs', BOUNDED, async (t) => {
  const { notices, told } = await open(t, `${WRITE}; exec sleep 3`)
  notices.stopping()
  await notices.settle()
  assert.ok((await told()).length <= 1)
})

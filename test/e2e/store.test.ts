// `rameau store` as a process: what it prints, how it ends, and a server on an imported directory.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PacketType } from '../../src/codec/mqtt/packets.ts'
import { makeProperties } from '../../src/codec/mqtt/properties.ts'
import { temporaryFolder } from '../support/data-directory.ts'
import { connectClient } from '../support/live-client.ts'
import { type Ended, Rameau, runRameau } from '../support/rameau.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'rameau.js')
const BOUNDED = { timeout: 60_000 }
const SILENT = ['--mqtt', '0', '--ws', 'off', '--http', 'off']

function store(...args: string[]): Promise<Ended> {
  return runRameau(['store', ...args])
}

test('a server goes on with what was exported and imported', BOUNDED, async (t) => {
  const folder = await temporaryFolder(t)
  const [first, second, file] = ['one', 'two', 'all.jsonl'].map((name) => join(folder, name))
  assert.ok(first !== undefined && second !== undefined && file !== undefined)
  const lasting = { cleanStart: false, properties: { sessionExpiry: 1e6 } }
  {
    await using rameau = new Rameau(['start', '--data', first, ...SILENT])
    const port = await rameau.port()
    for (const clientId of ['away', 'other']) {
      const client = await connectClient({ port, clientId, ...lasting })
      await client.subscribe('a/#', 1)
      await client.disconnect()
    }
    const publisher = await connectClient({ port })
    publisher.sendPacket({
      ...{ type: PacketType.publish, qos: 1, dup: false, retain: true, topic: 'a/b' },
      ...{ packetId: 1000, payload: Buffer.from('kept') },
      properties: makeProperties({ messageExpiry: 1000, contentType: 'text/plain' }),
    })
    // Acknowledgements come in order.
    await publisher.publish('a/c', Uint8Array.of(0xff, 0), 1)
    await publisher.disconnect()

    const refused = await store('check', '--data', first)
    assert.equal(refused.code, 2)
    assert.match(
      refused.stderr,
      /^rameau: the data directory \S+ is in use by another process.*\n$/,
    )
    // As after a power cut, with most of it in the journal alone.
    rameau.signal('SIGKILL')
    await rameau.ended()
  }
  const checked = await store('check', '--data', first)
  assert.match(checked.stdout, /^2 sessions, 2 subscriptions, 1 retained message\n/)
  assert.match(checked.stdout, /\n4 messages in queues, 2 stored once for several queues/)
  assert.equal(checked.code, 0)
  const { stdout } = await store('stat', '--json', '--data', first)
  const figures = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(figures['retained'], { topics: 1, bytes: 'kept'.length + 'text/plain'.length })
  assert.match((await store('stat', '--data', first)).stdout, /\n {2}away: 2 messages, \d+ B\n/)

  const exported = await store('export', '--data', first)
  assert.equal(exported.code, 0)
  assert.equal((await store('export', '--data', first, file)).code, 0)
  assert.equal(await readFile(file, 'utf8'), exported.stdout)
  const times = /"endsAtMs":\d+|"expiresAtMs":\d+/g
  assert.equal(exported.stdout.match(times)?.length, 4)
  const imported = await store('import', '--data', second, file)
  assert.deepEqual(imported, {
    ...{ code: 0, stderr: '' },
    stdout: `imported ${exported.stdout.split('\n').length - 1} lines into ${second}\n`,
  })
  assert.equal((await store('export', '--data', second)).stdout, exported.stdout)

  await using rameau = new Rameau(['start', '--data', second, ...SILENT])
  const port = await rameau.port()
  const away = await connectClient({ port, clientId: 'away', ...lasting })
  assert.equal(away.connack?.sessionPresent, true)
  await away.until('what waited', () => away.messages.length === 2)
  assert.deepEqual(
    away.messages.map(({ topic }) => topic),
    ['a/b', 'a/c'],
  )
  const left = away.messages[0]?.properties.messageExpiry ?? 0
  assert.ok(left > 0 && left <= 1000)
  await away.subscribe('a/b', 0)
  await away.until('what is retained', () => away.messages.length === 3)
  assert.equal(Buffer.from(away.messages[2]!.payload).toString(), 'kept')
})

test('what cannot be done is said in one line', BOUNDED, async (t) => {
  const folder = await temporaryFolder(t)
  const nowhere = join(folder, 'nowhere')
  const other = join(folder, 'other')
  await mkdir(other)
  await writeFile(join(other, 'format.json'), '{ "format": 99 }')
  // [arguments, the code, the line]
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['check', '--data', nowhere], 2, /there is no store in \S+nowhere$/],
    [['stat', '--data', nowhere], 2, /there is no store in \S+nowhere$/],
    [['export', '--data', nowhere], 2, /there is no store in \S+nowhere$/],
    [['check', '--data', folder], 2, /there is no store in /],
    [['check', '--data', other], 2, /has format 99, and this version of rameau reads format 1; /],
    [['import', '--data', other, '/dev/null'], 2, /is not empty, and an import needs an empty /],
    [['import', '--data', nowhere, join(folder, 'no')], 2, /no: cannot be read: no such file$/],
    [['export', '--data', nowhere, '--config', nowhere], 2, /nowhere: /],
    [['check', '--no-such-flag'], 2, /unknown option/],
  ]
  for (const [args, code, line] of cases) {
    const ended = await store(...args)
    assert.deepEqual([ended.code, ended.stdout], [code, ''], args.join(' '))
    assert.match(ended.stderr, /^rameau: .*\n$/)
    assert.match(ended.stderr.trimEnd(), line)
  }
  assert.deepEqual((await readdir(folder)).sort(), ['other'])
})

test('a line that is wrong leaves nothing, and a cut export is none', BOUNDED, async (t) => {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'data')
  const file = join(folder, 'all.jsonl')
  const head = '{"kind":"rameau-store","version":1,"offset":10,"wallMs":0}'
  await writeFile(file, `${head}\n{"kind":"retained"}\n{"kind":"end","lines":2}\n`)
  const refused = await store('import', '--data', data, file)
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.equal(refused.stderr, `rameau: ${file}:2: 'message' is missing\nnothing was imported\n`)
  await writeFile(file, `${head}\n`)
  const cut = await store('import', '--data', data, file)
  assert.match(cut.stderr, /:2: it is cut off: the last line must be its end\nnothing was imported/)
  assert.deepEqual(await readdir(folder), ['all.jsonl'])
  await mkdir(data)
  await writeFile(file, `${head}\n{"kind":"end","lines":1}\n`)
  assert.equal((await store('import', '--data', data, file)).code, 0)
  assert.match((await store('stat', '--data', data)).stdout, /^sessions +0\n/)
})

test('the directory is the one that start would take', BOUNDED, async (t) => {
  const folder = await temporaryFolder(t)
  const [named, configured] = ['named', 'configured'].map((name) => join(folder, name))
  assert.ok(named !== undefined && configured !== undefined)
  const says = (args: string[], env: Record<string, string>): string => {
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('RAMEAU_'))
    const options = { cwd: folder, env: { ...Object.fromEntries(others), ...env } }
    return spawnSync(BIN, ['store', 'check', ...args], options)
      .stderr.toString()
      .trimEnd()
  }
  assert.match(says([], {}), /no store in \.\/rameau-data$/)
  await writeFile(join(folder, 'rameau.yaml'), `data: ${configured}\n`)
  assert.match(says([], {}), /configured$/)
  assert.match(says([], { RAMEAU_DATA: named }), /named$/)
  assert.match(says(['--data', named], { RAMEAU_DATA: configured }), /named$/)
  const elsewhere = join(folder, 'elsewhere.yaml')
  await writeFile(elsewhere, 'data: there\n')
  assert.match(says(['--config', elsewhere], {}), /there$/)
})

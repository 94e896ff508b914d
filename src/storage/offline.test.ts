// A data directory without a server: what a check finds, what an import refuses.

import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { StoreOpenError } from '../base/errors.ts'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import { groupQueue, sessionQueue } from '../core/store.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import {
  commitOf,
  damagesOf,
  exportOf,
  importInto,
  openedStore,
  temporaryFolder,
} from '../../test/support/data-directory.ts'
import { bodyKey, queueEntryKey, retainedKey, SessionPart, sessionKey } from './table-keys.ts'

const GROUP = '$share/g/a/#'

function messageOf(offset: number, text: string): Message {
  return {
    ...{ offset, topic: 'a/b' as Topic, payload: Buffer.from(text), isKept: true, qos: 1 },
    ...{ retain: false, properties: NO_MESSAGE_PROPERTIES, publisher: undefined },
    ...{ arrivedAtMs: 1, expiresAtMs: NEVER },
  }
}

/** Session 1 with queue 2; a message of the queue is in flight, another one is shared. */
async function madeStore(t: TestContext): Promise<{ directory: string; first: number }> {
  const directory = join(await temporaryFolder(t), 'data')
  const { store, recovered } = await openedStore(directory)
  const first = recovered.firstOffset
  const principal = { user: 'u', clientId: 'ann', address: '::1', front: 'mqtt' } as const
  const clientId = 'ann'
  const [shared, lone] = [messageOf(first, 'shared'), messageOf(first + 1, 'lone')]
  const common = { qos: 1, retain: false, ids: [] } as const
  store.append({ kind: 'reserved', bound: first + 100 })
  store.append({ kind: 'opened', clientId, expiryS: 60, principal })
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, id: 0 }
  const filter = 'a/#' as TopicFilter
  store.append({
    ...{ kind: 'subscribed', clientId, filter, share: undefined },
    options: { ...options, qos: 1, retainHandling: 0 },
  })
  store.append({ kind: 'retained', message: shared })
  const own = sessionQueue(clientId)
  store.append({ kind: 'queued', queue: own, message: shared, ...common, isOwn: false })
  const group = groupQueue(GROUP)
  store.append({ kind: 'queued', queue: group, message: shared, ...common, isOwn: false })
  store.append({ kind: 'queued', queue: own, message: lone, ...common, isOwn: false })
  await commitOf(store)
  const flight = { message: lone, ...common, queue: own, isOwn: false, group: undefined }
  store.append({ kind: 'sent', clientId, packetId: 7, ...flight })
  await store.close()
  return { directory, first }
}

async function changeTable(
  directory: string,
  change: (table: ClassicLevel<Buffer, Buffer>) => Promise<void>,
): Promise<void> {
  const encoding = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
  const table = new ClassicLevel<Buffer, Buffer>(join(directory, 'table'), encoding)
  await change(table)
  await table.close()
}

/** Every file of the directory with what is in it. */
async function filesOf(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path, (await readFile(path)).toString('base64'))
  }
  return files
}

const KEYS: Readonly<Record<string, (first: number) => Uint8Array>> = {
  'a retained message': () => retainedKey('a/b'),
  'a message of a queue': (first) => queueEntryKey(2, first + 1),
  'a shared message': (first) => bodyKey(first),
  'a session': () => sessionKey(1, SessionPart.opened),
}

// [of what, what is found where it is changed, what is found where it is gone]
const DAMAGES: readonly (readonly [string, RegExp, RegExp | undefined])[] = [
  ['a retained message', /^retained a\/b: its checksum is wrong$/m, undefined],
  [
    'a message of a queue',
    /^message \d+ in the queue of ann: its checksum is wrong$/m,
    /^session ann: its message is missing$/m,
  ],
  [
    'a shared message',
    /^message \d+: its checksum is wrong$/m,
    /^message \d+ in the queue of ann: its message is missing\n.*\$share\/g\/a\/#: its message/m,
  ],
  ['a session', /^session 1: its checksum is wrong$/m, /^session 1: its session is missing$/m],
]

for (const [what, changed, gone] of DAMAGES) {
  test(`a check finds ${what} that is changed, or gone`, async (t) => {
    for (const expected of [changed, gone]) {
      const { directory, first } = await madeStore(t)
      const key = Buffer.from(KEYS[what]!(first))
      await changeTable(directory, async (table) => {
        const value = await table.get(key)
        assert.ok(value !== undefined)
        value[value.length - 1]! ^= 1
        if (expected === changed) await table.put(key, value)
        else await table.del(key)
      })
      const before = await filesOf(directory)
      const damages = await damagesOf(directory)
      if (expected === undefined) assert.deepEqual(damages, [])
      else assert.match(damages.join('\n'), expected)
      assert.deepEqual(await filesOf(directory), before)
    }
  })
}

test('a check finds a message that no queue refers to', async (t) => {
  const { directory, first } = await madeStore(t)
  await changeTable(directory, async (table) => {
    await table.del(Buffer.from(queueEntryKey(2, first)))
    await table.del(Buffer.from(queueEntryKey(3, first)))
  })
  assert.deepEqual(await damagesOf(directory), [`message ${first}: no queue refers to it`])
})

test('a check finds commits that are lost', async (t) => {
  const directory = join(await temporaryFolder(t), 'data')
  const { store, recovered } = await openedStore(directory)
  for (let turn = 1; turn <= 5; turn++) {
    store.append({ kind: 'reserved', bound: recovered.firstOffset + turn })
    await commitOf(store)
  }
  const [segment = ''] = (await readdir(join(directory, 'journal'))).sort()
  // As a crash leaves it: a close brings it into the table.
  const bytes = await readFile(join(directory, 'journal', segment))
  await store.close()
  const copy = join(await temporaryFolder(t), 'copy')
  await openedStore(copy).then((empty) => empty.store.close())
  const second = bytes.indexOf('RJF1', bytes.indexOf('RJF1') + 4)
  bytes[second + 50]! ^= 1
  for (const name of await readdir(join(copy, 'journal'))) await rm(join(copy, 'journal', name))
  await writeFile(join(copy, 'journal', segment), bytes)
  const damages = await damagesOf(copy)
  assert.equal(damages.length, 1)
  assert.match(damages[0] ?? '', /^journal\/\d+\.seg, bytes \d+ to \d+: commits 2 to 2 are lost$/)
})

test('a line that is wrong is told by its number, and nothing is left', async (t) => {
  const { directory } = await madeStore(t)
  const text = await exportOf(directory)
  const lines = text.split('\n').slice(0, -1)
  const folder = await temporaryFolder(t)
  const line = (kind: string): number => {
    return lines.findIndex((one) => one.startsWith(`{"kind":"${kind}"`))
  }
  // [of what kind, what is put for what, what is said]
  const wrong: readonly (readonly [string, RegExp, string, RegExp])[] = [
    ['rameau-store', /"version":1/, '"version":2', /has version 2, and .* reads 1$/],
    ['rameau-store', /rameau-store/, 'other', /it is no export of a store$/],
    ['retained', /^{/, '', /it is no JSON$/],
    ['retained', /"topic":"a\/b"/, '"topic":"a/#"', /'message.topic' is no topic$/],
    ['retained', /"topic"/, '"topics"', /'message.topic' is missing$/],
    ['retained', /"qos":1/, '"qos":1,"qoss":1', /'message.qoss' is no known name$/],
    ['retained', /"offset":\d+/, '"offset":9007199254740991', /'message.offset' is no integer/],
    ['session', /"front":"mqtt"/, '"front":"amqp"', /'principal.front' is none of mqtt,/],
    ['session', /"filter":"a\/#"/, '"filter":"a#"', /'subscriptions\[0\].filter' is no topic fil/],
    ['session', /"expiryS":60/, '"expiryS":"long"', /'expiryS' is no time$/],
    ['message', /"payload":"shared"/, '"payloadBase64":"="', /'message.payloadBase64' is no base/],
    ['queued', /"session":"ann"/, '"session":"eve"', /there is no session 'eve'$/],
    ['queued', /"offset":\d+/, '"offset":5', /there is no message 5$/],
    ['queued', /^(.*)$/, '$1\n$1', /it was said before$/],
    ['flight', /"offset":\d+/, '"offset":5', /what is in flight stands in no such queue$/],
    ['flight', /^(.*)$/, '$1\n$1', /it was said before$/],
    ['end', /"lines":\d+/, '"lines":3', /3 lines come before it, it says$/],
    ['end', /^.*$/, '{"kind":"flight"}', /'qos' is missing$/],
    ['end', /^(.*)$/, '$1\n{"kind":"end","lines":1}', /it comes after the end$/],
  ]
  for (const [kind, from, to, said] of wrong) {
    const at = line(kind)
    const changed = lines.with(at, lines[at]!.replace(from, to))
    const target = join(folder, 'target')
    const found = await importInto(target, `${changed.join('\n')}\n`)
    const number = at + (to.startsWith('$1\n') ? 2 : 1)
    const isTold = found.some((one) => one.startsWith(`${number}: `) && said.test(one))
    assert.ok(isTold, `${kind} ${to}: ${found.join('\n')}`)
    assert.deepEqual(await readdir(folder), [])
  }
  const cut = `${lines.slice(0, -1).join('\n')}\n`
  const [said = ''] = await importInto(join(folder, 'target'), cut)
  assert.equal(said, `${lines.length}: it is cut off: the last line must be its end`)
})

test('an import fills no directory that has something in it', async (t) => {
  const { directory } = await madeStore(t)
  const text = await exportOf(directory)
  const before = await filesOf(directory)
  await assert.rejects(importInto(directory, text), (error) => {
    assert.ok(error instanceof StoreOpenError)
    assert.equal(error.code, 'ERR_STORE_NOT_EMPTY')
    return true
  })
  assert.deepEqual(await filesOf(directory), before)
})

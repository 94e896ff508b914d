// The durable store as its users meet it: what waits, what is refused, what cannot be read. What
// comes back after anything at all is test/model's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecoveredState } from '../../test/support/store-model.ts'
import { StoreWorld } from '../../test/support/store-world.ts'
import { Reason } from '../base/reason.ts'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import { groupQueue, type QueueName, sessionQueue } from '../core/store.ts'
import type { Topic, TopicFilter } from '../core/topic.ts'
import type { DurableStore } from './durable.ts'

const ANN = sessionQueue('ann')
const BOB = sessionQueue('bob')

function message(offset: number, bytes = 100): Message {
  return {
    offset,
    topic: 'a/b' as Topic,
    payload: new Uint8Array(bytes).fill(offset),
    isKept: true,
    qos: 1,
    retain: false,
    properties: NO_MESSAGE_PROPERTIES,
    publisher: undefined,
    arrivedAtMs: 1,
    expiresAtMs: NEVER,
  }
}

function queue(store: DurableStore, name: QueueName, one: Message, isOwn = false): void {
  const delivery = { message: one, qos: 1, retain: false, ids: [], isOwn } as const
  store.append({ kind: 'queued', queue: name, ...delivery })
}

function open(store: DurableStore, clientId: string): void {
  const principal = { user: undefined, clientId, address: '::1', front: 'mqtt' } as const
  store.append({ kind: 'opened', clientId, expiryS: 60, principal })
}

test('a new store begins at the wall clock, an old one where offsets were reserved', async () => {
  const world = new StoreWorld(1)
  const beganMs = world.clock.wall()
  const { store, recovered } = await world.open()
  assert.ok(recovered.firstOffset >= beganMs * 1000)
  assert.ok(recovered.firstOffset <= world.clock.wall() * 1000)
  const bound = recovered.firstOffset + 1e9
  store.append({ kind: 'reserved', bound })
  await world.commit(store)
  world.crash()
  world.setWall(0)
  const second = await world.open()
  assert.equal(second.recovered.firstOffset, bound)
})

test('offsets beyond a reservation that is not durable are not given out again', async () => {
  const world = new StoreWorld(1)
  const { store, recovered } = await world.open()
  const bound = recovered.firstOffset + 1000
  store.append({ kind: 'reserved', bound })
  await world.commit(store)
  world.crash()
  await world.passes(2000)
  const { recovered: second } = await world.open()
  // It gives out offsets from there on, and ends before any of it is written.
  world.crash()
  await world.passes(2000)
  const { recovered: third } = await world.open()
  assert.ok(second.firstOffset >= bound)
  assert.ok(third.firstOffset > second.firstOffset)
})

test('the time at opening is not before the last commit', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  store.append({ kind: 'reserved', bound: 2e15 })
  const wallMs = world.clock.wall()
  await world.commit(store)
  world.crash()
  world.setWall(wallMs - 1e6)
  const { recovered } = await world.open()
  assert.ok(recovered.wallMs >= wallMs)
})

test('the time at opening is the present, however long it took', async () => {
  const world = new StoreWorld(1, {}, { delayMs: [500, 1000] })
  const beganMs = world.clock.wall()
  const { recovered } = await world.open()
  assert.ok(recovered.wallMs >= beganMs + 500)
})

test('a clock that ran ahead for a while is forgotten with the next commit', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  const wallMs = world.clock.wall()
  world.setWall(wallMs + 1e12)
  store.append({ kind: 'reserved', bound: 2e15 })
  await world.commit(store)
  await world.settled(store.close())
  world.setWall(wallMs)
  const { store: second, recovered } = await world.open()
  assert.ok(recovered.wallMs >= wallMs + 1e12)
  second.append({ kind: 'reserved', bound: 3e15 })
  await world.commit(second)
  await world.settled(second.close())
  const { recovered: third } = await world.open()
  assert.ok(third.wallMs < wallMs + 1e6, 'sessions would end before their time')
})

test('what nobody waits for is durable after a second', async () => {
  const world = new StoreWorld(1)
  const { store, recovered } = await world.open()
  const bound = recovered.firstOffset + 1e12
  store.append({ kind: 'reserved', bound })
  await world.passes(1100)
  assert.equal(store.stat.commits, 1)
  world.crash()
  assert.equal((await world.open()).recovered.firstOffset, bound)
})

test('the tail of a queue is read at once, what is in the table later', async () => {
  const world = new StoreWorld(1, { bounds: { epochBytes: 1000 } })
  const { store } = await world.open()
  open(store, 'ann')
  const counts: number[] = []
  const read = (after: number): void => {
    store.read(ANN, after, 100, 1e6, (error, found, isEnd) => {
      assert.equal(error, undefined)
      assert.equal(isEnd, true)
      counts.push(found.length)
    })
  }
  for (let offset = 1; offset <= 20; offset++) queue(store, ANN, message(offset))
  read(5)
  assert.deepEqual(counts, [15])
  await world.commit(store)
  await world.until(() => store.stat.tableBatches === 1 && store.stat.unappliedBytes === 0)
  queue(store, ANN, message(21))
  read(20)
  assert.deepEqual(counts, [15, 1])
  read(5)
  assert.deepEqual(counts, [15, 1])
  await world.until(() => counts.length === 3)
  assert.equal(counts[2], 16)
  await world.settled(store.close())
})

test('what the table has and the store does not know of yet is read once', async () => {
  const world = new StoreWorld(1, { bounds: { epochBytes: 1000 } })
  const { store } = await world.open()
  open(store, 'ann')
  for (let offset = 1; offset <= 20; offset++) queue(store, ANN, message(offset))
  await world.commit(store)
  await world.until(() => store.stat.tableBatches === 1 && store.stat.unappliedBytes === 0)
  const batches = world.table.batches
  for (let offset = 21; offset <= 40; offset++) queue(store, ANN, message(offset))
  await world.commit(store)
  await world.until(() => world.table.batches > batches)
  assert.equal(store.stat.tableBatches, 1)
  const found = await world.ended<readonly number[]>((done) =>
    store.read(ANN, 0, 100, 1e6, (_error, deliveries) =>
      done(deliveries.map(({ message: { offset } }) => offset)),
    ),
  )
  const all = Array.from({ length: 40 }, (_, index) => index + 1)
  assert.deepEqual(found, all)
  await world.settled(store.close())
})

test('one more copy over a shared one leaves nothing behind in the end', async () => {
  const world = new StoreWorld(1, { bounds: { epochBytes: 1 } })
  const { store } = await world.open()
  open(store, 'ann')
  open(store, 'bob')
  queue(store, ANN, message(1))
  queue(store, BOB, message(1))
  await world.commit(store)
  await world.until(() => store.stat.unappliedBytes === 0)
  queue(store, ANN, message(1), true)
  await world.commit(store)
  await world.until(() => store.stat.unappliedBytes === 0)
  assert.equal((await world.standing(store, ANN, 5)).length, 1)
  assert.equal((await world.standing(store, BOB, 5)).length, 1)
  store.append({ kind: 'unqueued', queue: ANN, offset: 1, isOwn: true })
  store.append({ kind: 'unqueued', queue: BOB, offset: 1, isOwn: false })
  await world.settled(store.close())
  const letters = world.table.entries.map(([key]) => String.fromCharCode(key[0] ?? 0))
  assert.deepEqual(letters, ['M', 'n', 'n', 's', 's'])
})

test('a disk without room refuses with 0x97, a failing one with 0x83, until it works', async () => {
  for (const [code, reason] of [
    ['ENOSPC', Reason.quotaExceeded],
    ['EIO', Reason.implementationSpecificError],
  ] as const) {
    const world = new StoreWorld(1)
    const { store } = await world.open()
    assert.equal(store.refusal(), undefined)
    world.disk.failNext('write', 1, code)
    store.append({ kind: 'reserved', bound: 2e15 })
    assert.ok(await world.commit(store))
    assert.equal(store.refusal(), reason)
    store.append({ kind: 'reserved', bound: 3e15 })
    await world.passes(3000)
    await world.commit(store)
    await world.passes(3000)
    assert.equal(store.refusal(), undefined)
    assert.ok(store.stat.commitsFailed >= 1)
    world.crash()
    assert.equal((await world.open()).recovered.firstOffset, 3e15)
  }
})

test('a table that falls behind holds commits, then publishers', async () => {
  const bounds = { epochBytes: 1000, unappliedBytesMax: 4000, congestedBytes: 8000 }
  const world = new StoreWorld(1, { bounds })
  const { store } = await world.open()
  world.table.fault = (operation) => (operation === 'write' ? 'error' : 'none')
  open(store, 'ann')
  let offset = 1
  const fill = (bytes: number): void => {
    const before = store.stat.unappliedBytes
    while (store.stat.unappliedBytes < before + bytes) queue(store, ANN, message(offset++))
  }
  fill(1000)
  await world.commit(store)
  fill(2000)
  await world.commit(store)
  fill(2000)
  let isCommitted = false
  store.commit(() => (isCommitted = true))
  await world.passes(1000)
  assert.equal(isCommitted, false)
  assert.equal(store.isCongested, false)
  assert.equal(store.refusal(), Reason.implementationSpecificError)
  fill(4000)
  assert.equal(store.isCongested, true)
  world.table.fault = () => 'none'
  await world.until(() => isCommitted)
  await world.commit(store)
  await world.until(() => !store.isCongested)
  assert.equal(store.refusal(), undefined)
  assert.deepEqual(world.logged, ['the table cannot be written, trying again'])
  await world.settled(store.close())
})

test('entries that cannot be read are kept aside, and the rest is brought back', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  open(store, 'ann')
  store.append({ kind: 'retained', message: message(7) })
  for (let offset = 1; offset <= 3; offset++) queue(store, ANN, message(offset))
  await world.settled(store.close())
  world.table.damage((key) => key[0] === 0x74 || (key[0] === 0x71 && key.at(-1) === 2))
  const { store: again, recovered } = await world.open()
  const state = await world.state(again, recovered, [ANN])
  assert.deepEqual(state.retained, [])
  assert.equal(state.sessions[0]?.queue.count, 2)
  assert.deepEqual(
    state.queues[0]?.deliveries.map((delivery) => delivery.message.offset),
    [1, 3],
  )
  assert.deepEqual(world.logged, ['entries of the table cannot be read, and are kept aside'])
  const [path = ''] = [...world.disk.files().keys()].filter((name) => name.startsWith('quar'))
  const lines = new TextDecoder().decode(world.disk.contents(path)).trimEnd().split('\n')
  assert.equal(lines.length, 2)
  for (const line of lines) assert.match(line, /"reason":"its checksum is wrong"/)
  await world.settled(again.close())
  world.logged.length = 0
  const last = await world.open()
  assert.deepEqual(world.logged, [])
  await world.settled(last.store.close())
})

test('what a lost session left is not for the next one of its name', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  const options = {
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    id: 0,
  } as const
  for (const clientId of ['ann', 'bob']) {
    open(store, clientId)
    const filter = 'a/b' as TopicFilter
    store.append({ kind: 'subscribed', clientId, filter, share: undefined, options })
    queue(store, sessionQueue(clientId), message(1))
  }
  await world.settled(store.close())
  // The first part of the first session.
  world.table.damage((key) => key[0] === 0x73 && key[8] === 1 && key[9] === 0)
  const { store: second, recovered } = await world.open()
  assert.deepEqual(
    recovered.state([]).sessions.map(({ clientId }) => clientId),
    ['bob'],
  )
  assert.deepEqual(world.logged.at(-1), 'what is left of lost sessions is dropped')
  open(second, 'ann')
  assert.deepEqual(await world.standing(second, ANN, 10), [])
  await world.settled(second.close())
  world.logged.length = 0
  const { store: third, recovered: last } = await world.open()
  const state = await world.state(third, last, [ANN, BOB])
  assert.deepEqual(
    state.sessions.map(({ clientId, subscriptions }) => [clientId, subscriptions.length]),
    [
      ['ann', 0],
      ['bob', 1],
    ],
  )
  assert.deepEqual(
    state.queues.map(({ name }) => name),
    [BOB],
  )
  assert.deepEqual(world.logged, [])
  await world.settled(third.close())
})

test('a group is brought back after the sessions, with what stands in its queue', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  const name = '$share/g/a'
  queue(store, groupQueue(name), { ...message(1, 10), expiresAtMs: 500 })
  queue(store, groupQueue(name), message(2, 20))
  await world.settled(store.close())
  const { store: again, recovered } = await world.open()
  const state = await world.state(again, recovered, [])
  assert.deepEqual(state.groups, [{ name, queue: { count: 2, bytes: 30, expiresAtMs: 500 } }])
  await world.settled(again.close())
})

test('closing on a disk that fails ends with its error', async () => {
  const world = new StoreWorld(1)
  const { store } = await world.open()
  store.append({ kind: 'reserved', bound: 2e15 })
  world.disk.failNext('write', 1000)
  await assert.rejects(world.settled(store.close()))
})

/** Counts the files of the disk that are open. */
function watchFiles(world: StoreWorld): { open: number } {
  const files = { open: 0 }
  world.wrapDisk = (disk) => ({
    ...disk,
    open: (path, mode, done) =>
      disk.open(path, mode, (error, file) => {
        if (file === undefined) return done(error, undefined)
        files.open += 1
        done(undefined, {
          write: (chunks, at, ended) => file.write(chunks, at, ended),
          read: (into, at, ended) => file.read(into, at, ended),
          sync: (ended) => file.sync(ended),
          close: (ended) => {
            files.open -= 1
            file.close(ended)
          },
        })
      }),
  })
  return files
}

const FAILURES: Record<string, (world: StoreWorld, into: RecoveredState) => void> = {
  'the journal cannot be brought to the table': (world) => {
    world.table.fault = (operation) => (operation === 'write' ? 'error' : 'none')
  },
  'who takes the recovery fails': (_world, into) => {
    into.begin = () => {
      throw new Error('no more of this')
    }
  },
}

for (const [name, fail] of Object.entries(FAILURES)) {
  test(`where ${name}, opening leaves nothing open but the engine`, async () => {
    const world = new StoreWorld(1)
    const first = await world.open()
    open(first.store, 'ann')
    await world.commit(first.store)
    world.crash()
    const files = watchFiles(world)
    const store = world.create()
    const into = new RecoveredState()
    fail(world, into)
    const error = await world.ended<Error | undefined>((done) => store.recover(into, done))
    assert.ok(error !== undefined)
    await world.passes(1000)
    assert.equal(files.open, 0)
    assert.equal(world.pending, 0)
    await world.settled(store.close())
  })
}

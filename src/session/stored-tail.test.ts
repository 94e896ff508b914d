// Queues that stand in the store: read back by pages, at the pace at which they are sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeepingOptions, KeepingStore } from '../../test/support/keeping-store.ts'
import { type Connected, SessionWorld, subscribe } from '../../test/support/session-world.ts'
import { groupQueue, sessionQueue } from '../core/store.ts'
import { SWEEP_INTERVAL_MS } from './sessions.ts'
import { READ_RETRY_MS } from './stored-tail.ts'

const READ_MS = 30
const WINDOW = 4

type Options = Partial<Omit<KeepingOptions, 'clock'>>

function setUp(options: Options = {}, limits = {}): { world: SessionWorld; store: KeepingStore } {
  let store: KeepingStore | undefined
  const world = new SessionWorld({
    limits: { queueWindowMax: WINDOW, ...limits },
    createStore: (clock) => {
      store = new KeepingStore({ clock, ...options })
      return store
    },
  })
  if (store === undefined) throw new Error('no store was asked for')
  return { world, store }
}

function publish(world: SessionWorld, from: number, to: number, expiresAtMs?: number): void {
  const fields = expiresAtMs === undefined ? {} : { expiresAtMs }
  for (let count = from; count <= to; count++) world.publish('a', String(count), fields)
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
}

/** Acknowledges all that is in flight until nothing more comes. */
function drain(world: SessionWorld, { session, peer }: Connected): void {
  for (let done = 0; done < peer.sent.length; ) {
    const sent = peer.sent.slice(done)
    done = peer.sent.length
    for (const { packetId } of sent) session.puback(packetId)
    for (let page = 0; page < 3; page++) world.advance(READ_MS)
  }
}

for (const readMs of [undefined, READ_MS]) {
  const how = readMs === undefined ? 'at once' : 'late'

  test(`what waited in the store comes in its order, and what is new behind it (${how})`, () => {
    const { world, store } = setUp({ readMs })
    const away = world.connect('c')
    subscribe(away, 'a')
    away.close()
    publish(world, 1, 25)
    assert.equal(away.session.waiting, 25)
    const back = world.connect('c', {}, 2)
    publish(world, 26, 30)
    world.advance(READ_MS)
    assert.deepEqual(back.peer.texts, ['1', '2'])
    drain(world, back)
    assert.deepEqual(back.peer.texts, numbers(1, 30))
    publish(world, 31, 31)
    assert.equal(back.peer.texts.at(-1), '31', 'it is live again')
    drain(world, back)
    assert.equal(back.session.waiting + back.session.inflight, 0)
    assert.equal(store.state.queues.size, 0)
    assert.deepEqual(world.warnings, [])
  })

  test(`a connection that ends while much waits leaves it to the next (${how})`, () => {
    const { world, store } = setUp({ readMs })
    const first = world.connect('c', {}, 3)
    subscribe(first, 'a')
    publish(world, 1, 20)
    first.session.puback(1)
    first.session.puback(2)
    first.close()
    publish(world, 21, 22)
    // The page of one connection comes while the next one is there.
    world.connect('c', {}, 3).close()
    const last = world.connect('c', {}, 3)
    world.advance(READ_MS)
    world.advance(READ_MS)
    drain(world, last)
    assert.deepEqual(last.peer.texts, numbers(3, 22))
    assert.equal(store.state.queues.size, 0)
  })

  test(`members of a group take what it has in the store, in turn (${how})`, () => {
    const { world, store } = setUp({ readMs })
    const [one, two] = [world.connect('1', {}, 3), world.connect('2', {}, 1)]
    for (const member of [one, two]) subscribe(member, '$share/g/a', { qos: 1 })
    publish(world, 1, 20)
    one.close()
    const sent = [...two.peer.sent]
    for (const { packetId } of sent) two.session.puback(packetId)
    drain(world, two)
    const got = two.peer.texts.map(Number)
    assert.deepEqual(
      got.toSorted((a, b) => a - b),
      numbers(1, 20).map(Number),
    )
    assert.equal(store.state.waiting(groupQueue('$share/g/a')).length, 0)
    assert.deepEqual(world.warnings, [])
  })

  test(`what expired in the store makes room by and by (${how})`, () => {
    const { world, store } = setUp({ readMs }, { sessionQueueMax: 2000 })
    world.sessions.start()
    const away = world.connect('c')
    subscribe(away, 'a')
    away.close()
    const soon = world.clock.wall() + 1000
    for (let count = 0; count < 600; count++) {
      publish(world, count * 2, count * 2, soon)
      publish(world, count * 2 + 1, count * 2 + 1)
    }
    const { reads } = store
    world.advance(SWEEP_INTERVAL_MS)
    for (let page = 0; page < 8; page++) world.advance(READ_MS)
    assert.equal(away.session.waiting, 600)
    assert.equal(world.counters.droppedExpired, 600)
    assert.equal(store.state.waiting(sessionQueue('c')).length, 600)
    assert.equal(store.reads - reads, 3)
    world.advance(SWEEP_INTERVAL_MS)
    for (let page = 0; page < 8; page++) world.advance(READ_MS)
    assert.equal(store.reads - reads, 3, 'nothing more can have expired')
    world.sessions.stop()
  })
}

test('no more is held in memory than the window, by messages and by bytes', () => {
  for (const limits of [{}, { queueWindowMax: 100, queueWindowBytesMax: 4 }]) {
    const { world, store } = setUp({}, limits)
    const away = world.connect('c')
    subscribe(away, 'a')
    away.close()
    for (let count = 0; count < 50; count++) world.publish('a', 'x')
    const pages: number[] = []
    const read = store.read.bind(store)
    store.read = (queue, after, countMax, bytesMax, done) =>
      read(queue, after, countMax, bytesMax, (error, found, isEnd) => {
        pages.push(found.length)
        done(error, found, isEnd)
      })
    const back = world.connect('c', {}, 1)
    assert.deepEqual(pages, [WINDOW])
    back.session.puback(1)
    assert.deepEqual(pages, [WINDOW, 2], 'the next page when half is sent')
    drain(world, back)
    assert.equal(back.peer.sent.length, 50)
    assert.ok(pages.every((page) => page <= WINDOW))
  }
})

test('what is new waits behind what is in the store though the window has room', () => {
  const { world } = setUp()
  const away = world.connect('c')
  subscribe(away, 'a')
  away.close()
  publish(world, 1, 10)
  const back = world.connect('c', {}, 1)
  publish(world, 11, 11)
  drain(world, back)
  assert.deepEqual(back.peer.texts, numbers(1, 11))
})

test('a page that cannot be read is asked for again', () => {
  let failures = 2
  const failure = (): Error | undefined => (failures-- > 0 ? new Error('no disk') : undefined)
  for (const readMs of [undefined, READ_MS]) {
    failures = 2
    const { world } = setUp({ readMs, failure })
    const away = world.connect('c')
    subscribe(away, 'a')
    away.close()
    publish(world, 1, 3)
    const back = world.connect('c')
    world.advance(READ_MS)
    publish(world, 4, 4)
    assert.deepEqual(back.peer.texts, [])
    for (let attempt = 0; attempt < 3; attempt++) world.advance(READ_RETRY_MS + READ_MS)
    assert.deepEqual(back.peer.texts, numbers(1, 4))
    assert.equal(world.counters.readsFailed, 2)
  }
})

test('a queue of which the store has less than was counted goes on', () => {
  const { world, store } = setUp()
  const away = world.connect('c')
  subscribe(away, 'a')
  away.close()
  publish(world, 1, 9)
  const entries = store.state.queues.get(sessionQueue('c'))
  const [, second] = [...(entries?.keys() ?? [])]
  if (second !== undefined) entries?.delete(second)
  const back = world.connect('c')
  assert.equal(back.peer.sent.length, 8)
  assert.equal(back.session.waiting, 0)
  publish(world, 10, 10)
  assert.equal(back.peer.texts.at(-1), '10')
  assert.deepEqual(world.warnings, ['a queue holds less than was counted'])
})

test('a queue whose owner ends while a page is read is forgotten', () => {
  const { world, store } = setUp({ readMs: READ_MS })
  const away = world.connect('c')
  subscribe(away, 'a')
  away.close()
  publish(world, 1, 9)
  world.connect('c')
  const anew = world.connect('c', { cleanStart: true })
  world.advance(READ_MS)
  assert.deepEqual(anew.peer.texts, [])
  assert.equal(store.state.queues.size, 0)
})

test('what a member gives back while a page is read is not lost and comes once', () => {
  const { world, store } = setUp({ readMs: READ_MS })
  const [one, two] = [world.connect('1', {}, 1), world.connect('2', {}, 1)]
  for (const member of [one, two]) subscribe(member, '$share/g/a', { qos: 1 })
  publish(world, 1, 12)
  two.close()
  one.close()
  const [back, other] = [world.connect('1', {}, 1), world.connect('2', {}, 1)]
  world.advance(READ_MS - 1)
  other.close()
  world.advance(1)
  drain(world, back)
  assert.deepEqual(
    [...other.peer.texts, ...back.peer.texts].map(Number).toSorted((a, b) => a - b),
    [...other.peer.texts.map(Number), ...numbers(1, 12).map(Number)].toSorted((a, b) => a - b),
  )
  assert.equal(store.state.queues.size, 0)
})

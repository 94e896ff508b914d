// What an earlier run left, made live again: who has what, what is sent again, and what is due.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeepingStore } from '../../test/support/keeping-store.ts'
import { parsed, principalOf, SessionWorld, subscribe } from '../../test/support/session-world.ts'
import { topicOf } from '../../test/support/tree-fixtures.ts'
import { Reason } from '../base/reason.ts'
import { NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import { groupQueue, sessionQueue } from '../core/store.ts'
import { WILL_GRACE_MS } from './recovery.ts'
import type { Will } from './will.ts'

interface Run {
  readonly world: SessionWorld
  readonly store: KeepingStore
}

function start(from?: KeepingStore, downMs = 0, limits = {}): Run {
  let store: KeepingStore | undefined
  const world = new SessionWorld({
    limits,
    createStore: (clock) => {
      clock.advance(downMs)
      store = from?.reopen({ clock }) ?? new KeepingStore({ clock })
      return store
    },
  })
  if (store === undefined) throw new Error('no store was asked for')
  return { world, store }
}

/** The same after a restart; `downMs` is counted from the very beginning. */
function restart({ world, store }: Run, downMs = 0): Run {
  world.settle()
  return start(store, downMs)
}

function willOf(fields: Partial<Will> = {}): Will {
  return {
    topic: topicOf('will'),
    payload: new TextEncoder().encode('will'),
    qos: 1,
    retain: false,
    properties: NO_MESSAGE_PROPERTIES,
    delayS: 0,
    expiryS: Number.POSITIVE_INFINITY,
    principal: principalOf('c'),
    ...fields,
  }
}

test('[MQTT-4.1.0-1] what waits and what is in flight goes on in its order', () => {
  const first = start()
  const client = first.world.connect('c', {}, 2)
  subscribe(client, 'a')
  for (const text of ['1', '2', '3', '4']) first.world.publish('a', text, { qos: 2 })
  client.session.pubrec(2, Reason.success)
  client.close()
  first.world.publish('a', '5', { qos: 2 })

  const { world, store } = restart(first)
  assert.deepEqual(world.restored, ['c'])
  assert.equal(world.tree.size, 1)
  const back = world.connect('c', {}, 2)
  assert.equal(back.isPresent, true)
  assert.deepEqual(
    back.peer.sent.map(({ text, packetId, dup }) => [text, packetId, dup]),
    [
      ['1', 1, true],
      ['3', 3, false],
    ],
  )
  assert.deepEqual(back.peer.released, [2])
  world.publish('a', '6', { qos: 2 })
  for (let id = 1; id <= 6; id++) {
    if (id !== 2) back.session.pubrec(id, Reason.success)
    assert.equal(back.session.pubcomp(id), true)
  }
  assert.deepEqual(back.peer.texts, ['1', '3', '4', '5', '6'])
  assert.equal(back.session.inflight + back.session.waiting, 0)
  assert.equal(store.state.waiting(sessionQueue('c')).length, 0)
  assert.deepEqual(world.warnings, [])
})

test('[MQTT-4.4.0-1] all of a queue is in flight: what comes later brings none of it again', () => {
  const first = start()
  const client = first.world.connect('c', {}, 3)
  subscribe(client, 'a')
  client.close()
  for (const text of ['1', '2', '3']) first.world.publish('a', text, { qos: 2 })
  const again = first.world.connect('c', {}, 3)
  again.session.pubrec(2, Reason.success)

  const { world, store } = restart(first)
  world.publish('a', '4', { qos: 2 })
  const back = world.connect('c', {}, 9)
  assert.deepEqual(
    back.peer.sent.map(({ text, dup }) => [text, dup]),
    [
      ['1', true],
      ['3', true],
      ['4', false],
    ],
  )
  assert.deepEqual(back.peer.released, [2])
  assert.deepEqual([back.session.inflight, back.session.waiting], [4, 0])
  for (let id = 1; id <= 4; id++) {
    if (id !== 2) back.session.pubrec(id, Reason.success)
    assert.equal(back.session.pubcomp(id), true)
  }
  assert.equal(store.state.waiting(sessionQueue('c')).length, 0)
  assert.deepEqual(world.warnings, [])
})

test('ids that were received and not released are known', () => {
  const first = start()
  first.world.connect('c').session.receive(7)
  const { world } = restart(first)
  const { session } = world.connect('c')
  assert.deepEqual([session.receiver.has(7), session.release(7)], [true, true])
})

test('subscriptions come back with their options, and nothing retained with them', () => {
  const first = start()
  const client = first.world.connect('c')
  subscribe(client, 'a', { qos: 1, id: 5, retainAsPublished: true })
  subscribe(client, 'b')
  client.session.subscriptions.remove(parsed('b'))
  const { world } = restart(first)
  world.publish('a', 'state', { retain: true, qos: 2 })
  const back = world.connect('c')
  world.settle()
  assert.deepEqual(
    back.peer.sent.map(({ text, qos, retain, ids }) => [text, qos, retain, ids]),
    [['state', 1, true, [5]]],
  )
  assert.equal(world.tree.size, 1)
})

test('states come back, and offsets go on beyond all that were given out', () => {
  const first = start()
  const { offset } = first.world.publish('s', 'state', { retain: true })
  const { world, store } = restart(first)
  assert.equal(world.hub.state(topicOf('s'))?.offset, offset)
  const next = world.publish('s', 'new', { retain: true })
  assert.ok(next.offset > offset && next.offset < store.state.bound)
})

test('[U5-35] QoS 1 of a group returns to it, a QoS 2 delivery that was begun stays', () => {
  for (const isQueued of [true, false]) {
    const first = start()
    const [one, two] = [first.world.connect('1'), first.world.connect('2')]
    const publish = (): void => {
      for (const qos of [1, 2, 1, 2] as const) first.world.publish('a', `q${qos}`, { qos })
    }
    subscribe(one, '$share/g/a')
    if (isQueued) {
      one.close()
      publish()
      first.world.connect('1')
    } else publish()
    subscribe(two, '$share/g/a')

    const { world, store } = restart(first)
    const other = world.connect('2')
    assert.deepEqual(other.peer.texts, ['q1', 'q1'])
    const owner = world.connect('1')
    assert.deepEqual(
      owner.peer.sent.map(({ text, dup }) => [text, dup]),
      [
        ['q2', true],
        ['q2', true],
      ],
    )
    for (const { packetId } of other.peer.sent) other.session.puback(packetId)
    for (const { packetId } of owner.peer.sent) {
      owner.session.pubrec(packetId, Reason.success)
      owner.session.pubcomp(packetId)
    }
    assert.equal(store.state.queues.size, 0)
    assert.deepEqual(world.warnings, [])
  }
})

test('what a member without a lasting session had in flight waits for the others', () => {
  const first = start()
  const [passing, lasting] = [first.world.connect('p', { expiryS: 0 }), first.world.connect('l')]
  subscribe(passing, '$share/g/a')
  subscribe(lasting, '$share/g/a')
  lasting.close()
  first.world.publish('a', 'x', { qos: 2 })
  assert.deepEqual(passing.peer.texts, ['x'])
  const { world } = restart(first)
  assert.deepEqual(world.connect('l').peer.texts, ['x'])
})

test('a group that has no member any more is emptied', () => {
  const first = start()
  const passing = first.world.connect('p', { expiryS: 0 })
  const lasting = first.world.connect('l')
  subscribe(lasting, '$share/g/a')
  subscribe(passing, '$share/g/a')
  lasting.session.subscriptions.remove(parsed('$share/g/a'))
  first.world.publish('a', 'x')
  const queue = groupQueue('$share/g/a')
  assert.equal(first.store.state.waiting(queue).length, 1)
  const { store } = restart(first)
  assert.equal(store.state.waiting(queue).length, 0)
})

test('what was in flight from a group that has no member any more stays with its client', () => {
  const first = start()
  const passing = first.world.connect('p', { expiryS: 0 })
  const lasting = first.world.connect('l')
  subscribe(lasting, '$share/g/a')
  subscribe(passing, '$share/g/a')
  passing.close()
  lasting.close()
  first.world.publish('a', 'x')
  const back = first.world.connect('l')
  subscribe(first.world.connect('p', { expiryS: 0 }), '$share/g/a')
  back.session.subscriptions.remove(parsed('$share/g/a'))
  assert.deepEqual(back.peer.texts, ['x'])
  const { world, store } = restart(first)
  assert.equal(store.state.waiting(groupQueue('$share/g/a')).length, 0)
  const again = world.connect('l')
  assert.deepEqual(again.peer.texts, ['x'])
  again.session.pubrec(1, Reason.success)
  again.session.pubcomp(1)
  again.session.puback(1)
  assert.equal(again.session.inflight, 0)
})

test('[MQTT-3.1.2-8] wills of those who were connected are due after a time to come back', () => {
  const first = start()
  const watcher = first.world.connect('watcher')
  subscribe(watcher, 'will')
  first.world.connect('c', { will: willOf() })
  first.world.connect('d', { will: willOf({ delayS: 60, principal: principalOf('d') }) })
  first.world.connect('e', { will: willOf({ principal: principalOf('e') }) })
  const { world, store } = restart(first)
  const again = world.connect('watcher')
  world.connect('e')
  world.advance(WILL_GRACE_MS - 1)
  assert.deepEqual(again.peer.texts, [])
  world.advance(1)
  assert.deepEqual(again.peer.texts, ['will'])
  world.advance(60_000 - WILL_GRACE_MS)
  assert.deepEqual(again.peer.texts, ['will', 'will'])
  assert.equal(store.state.sessions.get('c')?.will, undefined)
})

test('the will of a session that ends with its connection outlives the server as well', () => {
  const first = start()
  const watcher = first.world.connect('watcher')
  subscribe(watcher, 'will')
  for (const clientId of ['c', 'd', 'e']) {
    const will = willOf({ principal: principalOf(clientId) })
    const client = first.world.connect(clientId, { expiryS: 0, will })
    if (clientId === 'd') client.close({ dropsWill: true })
  }
  assert.deepEqual([...first.store.state.sessions.keys()], ['watcher', 'c', 'e'])
  const { world, store } = restart(first)
  const again = world.connect('watcher')
  const back = world.connect('e', { expiryS: 0 })
  assert.equal(back.isPresent, false)
  assert.deepEqual(again.peer.texts, ['will'], 'it has ended')
  world.advance(WILL_GRACE_MS)
  assert.deepEqual(again.peer.texts, ['will', 'will'])
  assert.deepEqual([...store.state.sessions.keys()], ['watcher'])
})

test('a server that ends again soon does not shorten the time to come back', () => {
  const first = start()
  const watcher = first.world.connect('watcher')
  subscribe(watcher, 'will')
  for (const [clientId, expiryS] of [
    ['c', 100],
    ['d', 0],
  ] as const) {
    first.world.connect(clientId, { expiryS, will: willOf({ principal: principalOf(clientId) }) })
  }
  const second = restart(first)
  const { world } = restart(second, 10_000)
  const again = world.connect('watcher')
  world.advance(WILL_GRACE_MS - 10_000 - 1)
  assert.deepEqual(again.peer.texts, [])
  world.advance(1)
  assert.deepEqual(again.peer.texts, ['will', 'will'])
})

test('time passed while the server was down counts', () => {
  const first = start()
  const watcher = first.world.connect('watcher')
  subscribe(watcher, 'will')
  const will = willOf({ delayS: 50 })
  first.world.connect('c', { expiryS: 100, will }).close()
  const ended = willOf({ delayS: 500, principal: principalOf('d') })
  first.world.connect('d', { expiryS: 20, will: ended }).close()
  const { world, store } = restart(first, 40_000)
  const again = world.connect('watcher')
  world.advance(0)
  assert.deepEqual(again.peer.texts, ['will'], 'that session has ended')
  assert.deepEqual([...store.state.sessions.keys()], ['watcher', 'c'])
  world.advance(10_000)
  assert.deepEqual(again.peer.texts, ['will', 'will'])
  world.advance(50_000)
  assert.deepEqual([...store.state.sessions.keys()], ['watcher'])
})

test('who was connected has his whole expiry time from the restart on', () => {
  const first = start()
  first.world.connect('c', { expiryS: 100 })
  const { world, store } = restart(first, 90_000)
  const { closedAtMs, endsAtMs } = store.state.sessions.get('c') ?? {}
  assert.equal(closedAtMs, world.clock.wall())
  assert.equal(endsAtMs, world.clock.wall() + 100_000)
  world.advance(99_999)
  assert.equal(world.sessions.size, 1)
  world.advance(1)
  assert.equal(world.sessions.size, 0)
  assert.equal(store.state.sessions.size, 0)
})

test('many members of one group come back in linear time', { timeout: 20_000 }, () => {
  const first = start()
  for (let count = 0; count < 20_000; count++) {
    subscribe(first.world.connect(`c${count}`), '$share/g/a')
  }
  const { world } = restart(first)
  assert.equal(world.sessions.size, 20_000)
})

// Wills, row by row: each way in which a connection ends, with and without delay, and when the will
// is due by then.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Connected,
  principalOf,
  SessionWorld,
  subscribe,
} from '../../test/support/session-world.ts'
import { topicOf } from '../../test/support/tree-fixtures.ts'
import { Reason } from '../base/reason.ts'
import { ALLOW_ALL } from '../core/access.ts'
import { NEVER, NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import { toMessage, type Will } from './will.ts'

function willOf(fields: Partial<Will> = {}): Will {
  return {
    topic: topicOf('will'),
    payload: new TextEncoder().encode('gone'),
    qos: 1,
    retain: false,
    properties: NO_MESSAGE_PROPERTIES,
    delayS: 0,
    expiryS: Number.POSITIVE_INFINITY,
    principal: principalOf('c'),
    ...fields,
  }
}

interface Row {
  readonly title: string
  readonly delayS: number
  readonly expiryS: number
  readonly end: (world: SessionWorld, client: Connected) => void
  /** Seconds after the end; undefined for never. */
  readonly dueS: number | undefined
}

const lost = (_: SessionWorld, client: Connected): void => client.close()
const farewell = (_: SessionWorld, client: Connected): void => client.close({ dropsWill: true })
const resumed = (world: SessionWorld): void => void world.connect('c', { expiryS: 1000 })
const anew = (world: SessionWorld): void =>
  void world.connect('c', { cleanStart: true, expiryS: 1000 })
const after =
  (seconds: number, then: Row['end']): Row['end'] =>
  (world, client) => {
    client.close()
    world.advance(seconds * 1000)
    then(world, client)
  }

const ROWS: readonly Row[] = [
  { title: 'no delay', delayS: 0, expiryS: 60, end: lost, dueS: 0 },
  { title: 'no delay, no expiry', delayS: 0, expiryS: 0, end: lost, dueS: 0 },
  { title: 'delay before the session ends', delayS: 10, expiryS: 60, end: lost, dueS: 10 },
  { title: 'delay after the session ends', delayS: 90, expiryS: 60, end: lost, dueS: 60 },
  { title: 'delay when the session ends', delayS: 60, expiryS: 60, end: lost, dueS: 60 },
  { title: 'delay, no expiry', delayS: 10, expiryS: 0, end: lost, dueS: 0 },
  {
    title: 'delay, session for ever',
    delayS: 10,
    expiryS: Number.POSITIVE_INFINITY,
    end: lost,
    dueS: 10,
  },
  { title: 'DISCONNECT 0x00', delayS: 0, expiryS: 60, end: farewell, dueS: undefined },
  { title: 'DISCONNECT 0x00 with delay', delayS: 10, expiryS: 60, end: farewell, dueS: undefined },
  { title: 'DISCONNECT 0x00, no expiry', delayS: 0, expiryS: 0, end: farewell, dueS: undefined },
  { title: 'takeover, no delay', delayS: 0, expiryS: 60, end: resumed, dueS: 0 },
  { title: 'takeover, delay', delayS: 10, expiryS: 60, end: resumed, dueS: undefined },
  { title: 'takeover, delay, no expiry', delayS: 10, expiryS: 0, end: resumed, dueS: 0 },
  { title: 'takeover with Clean Start', delayS: 10, expiryS: 60, end: anew, dueS: 0 },
  {
    title: 'reconnect before it is due',
    delayS: 10,
    expiryS: 60,
    end: after(9, resumed),
    dueS: undefined,
  },
  {
    title: 'reconnect with Clean Start before it is due',
    delayS: 10,
    expiryS: 60,
    end: after(9, anew),
    dueS: 0,
  },
  {
    title: 'the server ends the session before it is due',
    delayS: 10,
    expiryS: 60,
    end: after(5, (world, { session }) => world.sessions.remove(session)),
    dueS: 0,
  },
  {
    title: 'the server ends the session of a connected client',
    delayS: 10,
    expiryS: 60,
    end: (world, { session }) => world.sessions.remove(session),
    dueS: 0,
  },
]

for (const { title, delayS, expiryS, end, dueS } of ROWS) {
  const when = dueS === undefined ? 'never' : `after ${dueS} s`
  test(`[MQTT-3.1.2-8] ${title}: published ${when}, once`, () => {
    const world = new SessionWorld()
    const watcher = world.connect('watcher', { expiryS: 0 })
    subscribe(watcher, 'will')
    const client = world.connect('c', { expiryS, will: willOf({ delayS }) })
    world.advance(100_000)
    assert.deepEqual(watcher.peer.texts, [], 'not while the client is there')
    end(world, client)
    if (dueS !== undefined && dueS > 0) {
      world.advance(dueS * 1000 - 1)
      assert.deepEqual(watcher.peer.texts, [])
      world.advance(1)
    }
    assert.deepEqual(watcher.peer.texts, dueS === undefined ? [] : ['gone'])
    world.advance(10_000_000)
    assert.equal(watcher.peer.sent.length, dueS === undefined ? 0 : 1)
  })
}

test('[MQTT-3.1.2-7] a new connection brings its own will, or none', () => {
  const world = new SessionWorld()
  const watcher = world.connect('watcher')
  subscribe(watcher, 'will')
  world.connect('c', { will: willOf({ delayS: 10 }) }).close()
  const second = world.connect('c')
  second.close()
  world.advance(20_000)
  assert.deepEqual(watcher.peer.texts, [])
  const payload = new TextEncoder().encode('second')
  world.connect('c', { will: willOf({ payload }) }).close()
  assert.deepEqual(watcher.peer.texts, ['second'])
})

test('[MQTT-3.1.2-14] a will is retained as it says, and expires from then on', () => {
  const world = new SessionWorld()
  const will = willOf({ retain: true, expiryS: 30, delayS: 10 })
  world.connect('c', { will }).close()
  world.advance(10_000)
  const state = world.hub.state(topicOf('will'))
  assert.equal(state?.expiresAtMs, world.clock.wall() + 30_000)
  assert.equal(state?.arrivedAtMs, world.clock.wall())
  world.advance(30_000)
  assert.equal(world.hub.state(topicOf('will')), undefined)
})

test('[MQTT-3.8.3-3] No Local keeps a will from its own client', () => {
  const world = new SessionWorld()
  const client = world.connect('c', { will: willOf() })
  subscribe(client, 'will', { noLocal: true })
  client.close()
  assert.equal(client.session.waiting, 0)
  const other = world.connect('d', { will: willOf({ principal: principalOf('d') }) })
  other.close()
  assert.equal(client.session.waiting, 1)
})

test('a will that its client may no longer publish is refused, and logged', () => {
  let isAllowed = true
  const access = {
    ...ALLOW_ALL,
    mayPublish: () => (isAllowed ? Reason.success : Reason.notAuthorized),
  }
  const world = new SessionWorld({ access })
  const watcher = world.connect('watcher')
  subscribe(watcher, 'will')
  const client = world.connect('c', { will: willOf() })
  isAllowed = false
  client.close()
  assert.deepEqual(watcher.peer.texts, [])
  assert.deepEqual(world.warnings, ['will refused'])
})

test('every session records its will, and a lasting one that it is gone', () => {
  const world = new SessionWorld()
  const client = world.connect('c', { will: willOf() })
  assert.deepEqual(world.takeKinds(), ['opened', 'will'])
  client.close({ dropsWill: true })
  assert.deepEqual(world.takeKinds(), ['will', 'closed'])
  const brief = world.connect('d', { expiryS: 0, will: willOf() })
  brief.close({ dropsWill: true })
  assert.deepEqual(world.takeKinds(), ['opened', 'will', 'ended'])
})

test('a will as a message is the client speaking', () => {
  const message = toMessage(willOf({ qos: 2 }), 5000)
  assert.equal(message.publisher, 'c')
  assert.equal(message.qos, 2)
  assert.equal(message.arrivedAtMs, 5000)
  assert.equal(message.expiresAtMs, NEVER)
  assert.equal(message.isKept, true)
})

test('[MQTT-3.1.2-14] [MQTT-3.1.2-15] the message has the RETAIN of the will at every QoS', () => {
  for (const qos of [0, 1, 2] as const) {
    for (const retain of [false, true]) {
      assert.equal(toMessage(willOf({ qos, retain }), 0).retain, retain, `QoS ${qos}`)
    }
  }
})

// Who gets which session, takeover, expiry and sweeps. Wills have a file of their own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { principalOf, SessionWorld, subscribe } from '../../test/support/session-world.ts'
import { Reason } from '../base/reason.ts'
import { LAZY_COMMIT_MS } from '../base/turn.ts'
import { SWEEP_INTERVAL_MS } from './sessions.ts'

test('[MQTT-3.1.2-5] a session is present while it lives, unless Clean Start ends it', () => {
  const world = new SessionWorld()
  const first = world.connect('c')
  assert.equal(first.isPresent, false)
  subscribe(first, 'a')
  first.close()
  const second = world.connect('c')
  assert.equal(second.isPresent, true)
  assert.equal(second.session, first.session)
  second.close()
  const third = world.connect('c', { cleanStart: true })
  assert.equal(third.isPresent, false)
  assert.notEqual(third.session, first.session)
  world.publish('a', 'x')
  assert.deepEqual(third.peer.texts, [])
  assert.equal(world.tree.size, 0)
})

test('Clean Start ends the old session in the store before it opens the new one', () => {
  const world = new SessionWorld()
  world.connect('c').close()
  world.takeKinds()
  world.connect('c', { cleanStart: true })
  assert.deepEqual(world.takeKinds(), ['ended', 'opened'])
})

test('[MQTT-3.1.2-23] a session without expiry ends with its connection', () => {
  const world = new SessionWorld()
  const client = world.connect('c', { expiryS: 0 })
  assert.equal(world.sessions.has('c'), true)
  client.close()
  assert.equal(world.sessions.has('c'), false)
  assert.equal(world.sessions.size, 0)
  assert.deepEqual(world.records, [])
})

test('[MQTT-4.1.0-2] a session ends when its time is over, not before', () => {
  const world = new SessionWorld()
  const client = world.connect('c', { expiryS: 100 })
  world.advance(200_000)
  assert.equal(world.sessions.has('c'), true, 'connected, it does not age')
  client.close()
  const closed = world.records.find((record) => record.kind === 'closed')
  assert.equal(closed?.kind === 'closed' && closed.endsAtMs - closed.atMs, 100_000)
  world.advance(99_999)
  assert.equal(world.sessions.has('c'), true)
  world.advance(1)
  assert.equal(world.sessions.has('c'), false)
  assert.equal(world.takeKinds().at(-1), 'ended')
  assert.equal(world.counters.sessionsExpired, 1)
})

test('a client that comes back stops the time, and the next end starts it anew', () => {
  const world = new SessionWorld()
  world.connect('c', { expiryS: 100 }).close()
  world.advance(99_000)
  const back = world.connect('c', { expiryS: 50 })
  world.advance(1_000_000)
  assert.equal(world.sessions.find('c'), back.session)
  back.close()
  world.advance(49_999)
  assert.equal(world.sessions.has('c'), true)
  world.advance(1)
  assert.equal(world.sessions.has('c'), false)
  assert.equal(world.deadlines.size, 0)
})

test('a session that never ends sets no timer', () => {
  const world = new SessionWorld()
  world.connect('c', { expiryS: Number.POSITIVE_INFINITY }).close()
  assert.equal(world.deadlines.size, 0)
  world.advance(1e12)
  assert.equal(world.sessions.has('c'), true)
})

test('an expiry that DISCONNECT changed is the one that counts', () => {
  const world = new SessionWorld()
  const client = world.connect('c', { expiryS: 100 })
  client.session.expiryS = 0
  client.close({ dropsWill: true })
  assert.equal(world.sessions.has('c'), false)
  assert.deepEqual(world.takeKinds(), ['opened', 'ended'])
})

test('[MQTT-3.1.4-3] a second connection takes over, and the first one is told', () => {
  const world = new SessionWorld()
  const first = world.connect('c')
  subscribe(first, 'a')
  world.publish('a', '1')
  const second = world.connect('c')
  assert.equal(first.peer.closedWith, Reason.sessionTakenOver)
  assert.equal(second.isPresent, true)
  assert.deepEqual(
    second.peer.sent.map(({ text, dup }) => [text, dup]),
    [['1', true]],
  )
  world.publish('a', '2')
  assert.deepEqual(first.peer.texts, ['1'])
  assert.equal(world.deadlines.size, 0)
})

test('the end of a connection that was taken over changes nothing', () => {
  const world = new SessionWorld()
  const first = world.connect('c')
  const second = world.connect('c')
  first.close()
  first.close({ dropsWill: true })
  assert.equal(second.session.peer, second.peer)
  assert.equal(world.deadlines.size, 0)
})

test('a session that ended cannot be closed again', () => {
  const world = new SessionWorld()
  const old = world.connect('c', { expiryS: 0 })
  old.close()
  world.connect('c')
  world.takeKinds()
  world.sessions.close(old.session, undefined, { dropsWill: false })
  assert.deepEqual(world.takeKinds(), [])
})

test('taking over a session that ends with its connection makes a new one', () => {
  const world = new SessionWorld()
  const first = world.connect('c', { expiryS: 0 })
  subscribe(first, 'a')
  const second = world.connect('c', { expiryS: 0 })
  assert.equal(second.isPresent, false)
  assert.equal(world.sessions.size, 1)
  assert.equal(world.tree.size, 0)
})

test('taking over with Clean Start ends the old session', () => {
  const world = new SessionWorld()
  const first = world.connect('c')
  subscribe(first, 'a')
  const second = world.connect('c', { cleanStart: true })
  assert.equal(second.isPresent, false)
  assert.equal(world.tree.size, 0)
  assert.equal(world.deadlines.size, 0)
})

test('a session belongs to its user: nobody else may take it over', () => {
  const world = new SessionWorld()
  const ann = { principal: principalOf('c', 'ann') }
  const first = world.connect('c', ann)
  const request = { cleanStart: true, expiryS: 10, will: undefined }
  for (const principal of [principalOf('c', 'eve'), principalOf('c')]) {
    const opened = world.sessions.open({ principal, ...request })
    assert.deepEqual(opened, {
      reason: Reason.notAuthorized,
      session: undefined,
      isPresent: false,
    })
  }
  assert.equal(first.peer.closedWith, undefined)
  first.close()
  assert.throws(() => world.connect('c', { principal: principalOf('c', 'eve') }))
  assert.equal(world.connect('c', ann).isPresent, true)
})

test('sessions are bounded, and one that exists needs no room', () => {
  const world = new SessionWorld({ limits: { sessionsMax: 2 } })
  world.connect('1')
  world.connect('2').close()
  const opened = world.sessions.open({
    principal: principalOf('3'),
    cleanStart: false,
    expiryS: 0,
    will: undefined,
  })
  assert.equal(opened.reason, Reason.quotaExceeded)
  world.connect('1', { cleanStart: true })
  world.connect('2')
  assert.equal(world.sessions.size, 2)
})

test('the server may end a session, connected or not', () => {
  const world = new SessionWorld()
  const [near, far] = [world.connect('1'), world.connect('2')]
  subscribe(near, 'a')
  far.close()
  world.sessions.remove(near.session)
  assert.equal(near.peer.closedWith, Reason.administrativeAction)
  world.sessions.remove(far.session)
  world.sessions.remove(far.session)
  assert.equal(world.sessions.size, 0)
  assert.equal(world.tree.size, 0)
  assert.equal(world.deadlines.size, 0)
  const brief = world.connect('3', { expiryS: 0 })
  world.sessions.remove(brief.session)
  assert.equal(world.sessions.size, 0)
})

test('sweeps come at intervals and take out what expired, until they are stopped', () => {
  const world = new SessionWorld()
  world.sessions.start()
  const client = world.connect('c')
  subscribe(client, 'a')
  client.close()
  const expiresAtMs = world.clock.wall() + 1000
  world.publish('a', 'gone', { expiresAtMs })
  world.publish('s', 'state', { expiresAtMs, retain: true })
  assert.deepEqual([client.session.waiting, world.retained.count], [1, 1])
  world.advance(SWEEP_INTERVAL_MS - 1)
  assert.deepEqual([client.session.waiting, world.retained.count], [1, 1])
  world.advance(1)
  assert.deepEqual([client.session.waiting, world.retained.count], [0, 0])
  assert.equal(world.counters.droppedExpired, 1)
  world.publish('s', 'state', { expiresAtMs: world.clock.wall() + 1, retain: true })
  world.advance(SWEEP_INTERVAL_MS)
  assert.equal(world.retained.count, 0)
  world.sessions.stop()
  world.advance(LAZY_COMMIT_MS)
  assert.equal(world.clock.pending, 1, 'the session that waits')
})

test('stopping what was never started is harmless', () => {
  new SessionWorld().sessions.stop()
})

test('totals count what waits and what is in flight', () => {
  const world = new SessionWorld()
  const [one, two] = [world.connect('1', {}, 1), world.connect('2')]
  subscribe(one, 'a')
  subscribe(two, 'a')
  subscribe(two, '$share/g/b')
  two.close()
  world.publish('a', 'abc')
  world.publish('a', 'abc')
  assert.deepEqual(world.sessions.totals(), {
    ...{ waiting: 4, inflight: 1, waitingBytes: 12 },
    ...{ connected: 1, members: 1 },
  })
  assert.equal(world.sessions.groups, 1)
})

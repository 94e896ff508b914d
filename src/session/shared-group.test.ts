// Shared subscriptions: who gets what, what comes back, and what stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Connected,
  parsed,
  SessionWorld,
  subscribe,
  TestPeer,
} from '../../test/support/session-world.ts'
import { Reason } from '../base/reason.ts'
import { ALLOW_ALL } from '../core/access.ts'

function setUp(options: ConstructorParameters<typeof SessionWorld>[0] = {}) {
  const world = new SessionWorld(options)
  const join = (clientId: string, options: Parameters<typeof subscribe>[2] = {}, max?: number) => {
    const member = world.connect(clientId, {}, max)
    subscribe(member, '$share/g/a', options)
    return member
  }
  const publish = (...texts: string[]) => {
    for (const text of texts) world.publish('a', text, { qos: 2 })
  }
  return { world, join, publish }
}

function texts(...members: Connected[]): string[][] {
  return members.map(({ peer }) => peer.texts)
}

test('[U5-36] each message goes to one member, in turn', () => {
  const { join, publish } = setUp()
  const [one, two, three] = [join('1'), join('2'), join('3')]
  publish('a', 'b', 'c', 'd')
  assert.deepEqual(texts(one, two, three), [['a', 'd'], ['b'], ['c']])
})

test('QoS 0 goes to one member that is there, or is lost', () => {
  const { world, join } = setUp()
  const [one, two] = [join('1'), join('2')]
  one.peer.isWritable = false
  for (const text of ['a', 'b']) world.publish('a', text, { qos: 0 })
  assert.deepEqual(texts(one, two), [[], ['a', 'b']])
  two.peer.isWritable = false
  world.publish('a', 'lost', { qos: 0 })
  assert.equal(world.counters.droppedSlow, 1)
})

test('QoS 0 while all members are away is lost, and nobody was slow', () => {
  const { world, join } = setUp()
  const only = join('1')
  only.close()
  world.publish('a', 'lost', { qos: 0 })
  assert.equal(world.counters.droppedSlow, 0)
})

test('[U5-36] an ordinary subscription of the same client gets its own copy', () => {
  const { join, publish } = setUp()
  const only = join('1')
  subscribe(only, 'a')
  publish('a')
  assert.deepEqual(only.peer.texts, ['a', 'a'])
})

test('groups of other names and filters get theirs', () => {
  const { world, join, publish } = setUp()
  const one = join('1')
  const two = world.connect('2')
  subscribe(two, '$share/h/a')
  subscribe(two, '$share/g/+')
  publish('x')
  assert.deepEqual(texts(one, two), [['x'], ['x', 'x']])
})

test('[MQTT-4.8.2-3] each member gets its granted QoS, ids and RETAIN', () => {
  const { world, join } = setUp()
  const members = [
    join('0', { qos: 0, id: 5 }),
    join('1', { qos: 1, retainAsPublished: true }),
    join('2', { qos: 2 }),
  ]
  for (const text of ['a', 'b', 'c']) world.publish('a', text, { qos: 2, retain: true })
  const got = members.map(({ peer }) => peer.sent.map(({ qos, ids, retain }) => [qos, ids, retain]))
  assert.deepEqual(got, [[[0, [5], false]], [[1, [], true]], [[2, [], false]]])
})

test('[U5-37] joining again changes the options, and one leave suffices', () => {
  const { world, join, publish } = setUp()
  const only = join('1', { qos: 2, id: 1 })
  subscribe(only, '$share/g/a', { qos: 1, id: 2 })
  publish('a')
  assert.deepEqual(
    only.peer.sent.map(({ qos, ids }) => [qos, ids]),
    [[1, [2]]],
  )
  assert.equal(only.session.subscriptions.remove(parsed('$share/g/a')), true)
  publish('b')
  assert.deepEqual(only.peer.texts, ['a'])
  assert.equal(world.tree.size, 0)
})

test('[U5-20] nothing retained comes at subscribing', () => {
  const { world, join } = setUp()
  world.publish('a', 'state', { retain: true })
  const only = join('1')
  world.settle()
  assert.deepEqual(only.peer.texts, [])
})

test('who has room goes first, and what nobody can take waits in order', () => {
  const { join, publish, world } = setUp()
  const [one, two] = [join('1', {}, 1), join('2', {}, 2)]
  publish('a', 'b', 'c', 'd', 'e')
  assert.deepEqual(texts(one, two), [['a'], ['b', 'c']])
  two.session.pubrec(1, Reason.success)
  two.session.pubcomp(1)
  assert.deepEqual(texts(one, two), [['a'], ['b', 'c', 'd']])
  one.session.pubrec(1, Reason.success)
  one.session.pubcomp(1)
  assert.deepEqual(texts(one, two), [
    ['a', 'e'],
    ['b', 'c', 'd'],
  ])
  assert.equal(world.counters.droppedQueueFull, 0)
})

test('a member with a message of its own waiting is passed over', () => {
  const { join, publish, world } = setUp()
  const [one, two] = [join('1', {}, 1), join('2')]
  subscribe(one, 'own')
  world.publish('own', 'x')
  world.publish('own', 'y')
  publish('a', 'b')
  assert.deepEqual(texts(one, two), [['x'], ['a', 'b']])
})

test('what comes while all are away waits for the first to return', () => {
  const { world, join, publish } = setUp()
  const [one, two] = [join('1'), join('2')]
  one.close()
  two.close()
  publish('a', 'b')
  const back = world.connect('2')
  assert.deepEqual(back.peer.texts, ['a', 'b'])
})

test('who joins gets what waits, after SUBACK', () => {
  const { world, join, publish } = setUp()
  const gone = join('1')
  gone.close()
  publish('a')
  const late = join('2')
  assert.deepEqual(late.peer.texts, [])
  world.settle()
  assert.deepEqual(late.peer.texts, ['a'])
})

test('[U5-35] QoS 1 of a member that goes comes back, in its place', () => {
  const { world, join } = setUp()
  const [one, two] = [join('1', { qos: 1 }, 2), join('2', { qos: 1 }, 1)]
  for (const text of ['a', 'b', 'c', 'd']) world.publish('a', text)
  assert.deepEqual(texts(one, two), [['a', 'c'], ['b']])
  one.close()
  assert.equal(one.session.inflight, 0)
  for (const id of [1, 2, 3, 4]) two.session.puback(id)
  assert.deepEqual(two.peer.texts, ['b', 'a', 'c', 'd'])
  assert.ok(two.peer.sent.every(({ dup }) => !dup))
})

test('what comes back is sent with the QoS it was published with', () => {
  const { world, join } = setUp()
  const [one, two] = [join('1', { qos: 1 }), join('2', { qos: 2 })]
  world.publish('a', 'x', { qos: 2, retain: true })
  assert.equal(one.peer.sent[0]?.qos, 1)
  one.close()
  assert.deepEqual(
    two.peer.sent.map(({ text, qos }) => [text, qos]),
    [['x', 2]],
  )
})

test('[MQTT-4.8.2-4] QoS 2 that was begun waits for its member', () => {
  const { world, join, publish } = setUp()
  const [one, two] = [join('1'), join('2')]
  publish('a', 'b', 'c')
  one.session.pubrec(2, Reason.success)
  one.close()
  assert.deepEqual(two.peer.texts, ['b'])
  const back = world.connect('1')
  assert.deepEqual(
    back.peer.sent.map(({ text, packetId, dup }) => [text, packetId, dup]),
    [['a', 1, true]],
  )
  assert.deepEqual(back.peer.released, [2])
})

test('[MQTT-4.8.2-5] if that session ends, nobody else gets it', () => {
  const { world, join, publish } = setUp()
  const [one, two] = [join('1'), join('2')]
  publish('a')
  one.close()
  world.connect('1', { cleanStart: true })
  assert.deepEqual(texts(two), [[]])
})

test('[MQTT-4.8.2-6] what a member refuses is offered to nobody else', () => {
  const { join, publish, world } = setUp()
  const [one, two] = [join('1', { qos: 1 }), join('2')]
  world.publish('a', 'a')
  publish('b')
  one.session.puback(1)
  two.session.pubrec(1, Reason.quotaExceeded)
  one.close()
  assert.deepEqual(texts(one, two), [['a'], ['b']])
  assert.equal(two.session.inflight, 0)
})

test('who leaves the group keeps what was begun', () => {
  const { join, publish, world } = setUp()
  const [one, two] = [join('1', { qos: 1 }), join('2')]
  publish('a')
  one.session.subscriptions.remove(parsed('$share/g/a'))
  one.close()
  assert.deepEqual(texts(two), [[]])
  assert.deepEqual(world.connect('1').peer.texts, ['a'])
})

test('[U5-35] what was begun comes back where its member left the group and then ended', () => {
  const { join, publish, world } = setUp()
  const [one, two] = [join('1', { qos: 1 }), join('2')]
  publish('a')
  one.session.subscriptions.remove(parsed('$share/g/a'))
  one.close()
  world.connect('1', { cleanStart: true })
  assert.deepEqual(texts(two), [['a']])
})

test('turns stay fair when members come and go', () => {
  const { join, publish } = setUp()
  const members = ['1', '2', '3'].map((id) => join(id))
  publish('a', 'b')
  members[0]?.session.subscriptions.remove(parsed('$share/g/a'))
  publish('c', 'd')
  members[2]?.session.subscriptions.remove(parsed('$share/g/a'))
  publish('e')
  assert.deepEqual(texts(...members), [['a'], ['b', 'd', 'e'], ['c']])
})

test('with the last member the group and what waits in it ends', () => {
  const { world, join, publish } = setUp()
  const only = join('1')
  only.close()
  publish('a')
  world.takeKinds()
  world.connect('1', { cleanStart: true })
  assert.deepEqual(world.takeKinds().slice(0, 2), ['emptied', 'ended'])
  assert.equal(world.tree.size, 0)
  const late = join('2')
  world.settle()
  assert.deepEqual(late.peer.texts, [])
})

test('a group is bounded like a session', () => {
  const { world, join, publish } = setUp({ limits: { sessionQueueMax: 2 } })
  join('1').close()
  publish('a', 'b', 'c', 'd')
  assert.equal(world.counters.droppedQueueFull, 2)
  assert.equal(world.warnings.length, 1)
  assert.deepEqual(world.connect('1').peer.texts, ['a', 'b'])
})

test('[MQTT-3.3.2-5] what expires in a group is neither sent nor counted for long', () => {
  const { world, join } = setUp()
  const only = join('1')
  only.close()
  const expiresAtMs = world.clock.wall() + 1000
  world.publish('a', 'gone', { expiresAtMs })
  world.publish('a', 'stays')
  world.advance(1001)
  world.sessions.sweep()
  assert.equal(world.counters.droppedExpired, 1)
  assert.deepEqual(world.connect('1').peer.texts, ['stays'])
})

test('expired entries do not end the handing out, nor does a queue of nothing else', () => {
  const { world, join } = setUp()
  join('1').close()
  const expiresAtMs = world.clock.wall() + 1000
  world.publish('a', 'gone', { expiresAtMs })
  world.advance(1001)
  assert.deepEqual(world.connect('1').peer.texts, [])
  assert.equal(world.counters.droppedExpired, 1)
})

test('rules narrower than the filter choose among the members', () => {
  const access = {
    ...ALLOW_ALL,
    mayRead: ({ clientId }: { clientId: string }, topic: string) =>
      topic === 'open' || (topic === 'half' && clientId === '2'),
  }
  const { world } = setUp({ access })
  const members = ['1', '2'].map((clientId) => {
    const member = world.connect(clientId)
    subscribe(member, '$share/g/+')
    return member
  })
  for (const qos of [0, 1] as const) {
    for (const topic of ['half', 'half', 'closed', 'open']) world.publish(topic, topic, { qos })
  }
  const [one, two] = members as [Connected, Connected]
  assert.deepEqual(members.flatMap(({ peer }) => peer.texts).toSorted(), [
    'half',
    'half',
    'half',
    'half',
    'open',
    'open',
  ])
  assert.ok(one.peer.texts.every((text) => text === 'open'))
  // Nor does what nobody may read stand before the rest.
  for (const member of members) member.close()
  for (const topic of ['closed', 'open']) world.publish(topic, topic)
  const peer = new TestPeer()
  two.session.attach(peer)
  assert.ok(!peer.texts.includes('closed'))
  assert.equal(peer.texts.at(-1), 'open')
})

test('what only others may read waits for them', () => {
  const access = {
    ...ALLOW_ALL,
    mayRead: ({ clientId }: { clientId: string }) => clientId === '2',
  }
  const { world, join, publish } = setUp({ access })
  const [one, two] = [join('1'), join('2')]
  two.close()
  publish('a')
  assert.deepEqual(texts(one), [[]])
  assert.deepEqual(world.connect('2').peer.texts, ['a'])
})

test('what waits in a group of a durable member is recorded, and each step of it', () => {
  const { world, join, publish } = setUp()
  const only = join('1', { qos: 1 })
  world.publish('x', '')
  only.close()
  world.takeKinds()
  publish('a')
  assert.deepEqual(world.takeKinds(), ['queued'])
  const back = world.connect('1')
  assert.deepEqual(world.takeKinds(), ['opened', 'sent'])
  back.close()
  assert.deepEqual(world.takeKinds(), ['returned', 'closed'])
  world.connect('1').session.puback(2)
  assert.deepEqual(world.takeKinds(), ['opened', 'sent', 'settled'])
})

test('what waits goes before what is new, to a member that has just joined as well', () => {
  const { world, join, publish } = setUp()
  join('1').close()
  publish('a')
  const late = join('2')
  // Still in the turn in which it joined.
  publish('b')
  world.settle()
  assert.deepEqual(late.peer.texts, ['a', 'b'])
})

test('a group without members is forgotten, however the last one went', () => {
  const { world, join } = setUp()
  const one = join('1')
  const two = join('2')
  assert.equal(world.sessions.groups, 1)
  one.session.subscriptions.remove(parsed('$share/g/a'))
  assert.equal(world.sessions.groups, 1)
  two.close()
  assert.equal(world.sessions.groups, 1)
  world.connect('2', { cleanStart: true })
  assert.equal(world.sessions.groups, 0)
})

test('what waited and nobody may read any more is given up', () => {
  let mayRead = true
  const { world, join, publish } = setUp({ access: { ...ALLOW_ALL, mayRead: () => mayRead } })
  join('1').close()
  publish('a')
  mayRead = false
  const { session, peer } = world.connect('1')
  world.settle()
  assert.deepEqual(peer.texts, [])
  mayRead = true
  session.pump()
  assert.deepEqual(peer.texts, [])
})

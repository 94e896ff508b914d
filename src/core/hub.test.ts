// The hub: what it refuses, what it does to the state, whom it tells, and what must be on disk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { principalOf, SessionWorld, storeWith, textOf } from '../../test/support/session-world.ts'
import {
  createSubscription,
  createMessage,
  filterOf,
  topicOf,
} from '../../test/support/tree-fixtures.ts'
import { Reason } from '../base/reason.ts'
import { denyAll } from './access.ts'
import { OFFSETS_RESERVED } from './hub.ts'
import { RETAINED_OVERHEAD_BYTES } from './retained.ts'
import type { Message } from './message.ts'
import type { Match, Subscriber } from './subscription.ts'

class Listener implements Subscriber {
  readonly clientId: string
  readonly texts: string[] = []
  readonly matches: Match[] = []
  next: ((message: Message) => void) | undefined

  constructor(clientId: string) {
    this.clientId = clientId
  }

  deliver(message: Message, match: Match): void {
    this.texts.push(textOf(message))
    this.matches.push(match)
    this.next?.(message)
  }
}

function setUp(options: ConstructorParameters<typeof SessionWorld>[0] = {}) {
  const world = new SessionWorld(options)
  const listen = (clientId: string, filter: string, more = {}): Listener => {
    const listener = new Listener(clientId)
    world.hub.subscribe(createSubscription(listener, filter, more))
    return listener
  }
  return { world, hub: world.hub, listen }
}

test('offsets only grow, and a refused message has none', () => {
  const { world, hub } = setUp()
  const first = world.publish('a', '1')
  const second = world.publish('a', '2')
  assert.ok(second.offset > first.offset)
  assert.equal(hub.head, second.offset)
  const refused = world.publish('$x', '3', {}, principalOf('c'))
  assert.deepEqual(refused, { reason: Reason.notAuthorized, offset: 0, ticket: 0 })
  assert.equal(hub.head, second.offset)
})

test('no offset is given out that was not reserved long before', () => {
  const { world, hub } = setUp()
  const first = 1_000_000
  hub.begin(first)
  const message = createMessage('a', { retain: false })
  let bound = 0
  let reserved = 0
  for (let count = 1; count <= OFFSETS_RESERVED * 0.6; count++) {
    const { offset } = hub.publish(message, undefined)
    if (offset !== first + count) assert.fail(`${offset} after ${count}`)
    for (const record of world.records) {
      if (record.kind !== 'reserved') continue
      reserved += 1
      bound = record.bound
    }
    world.records.length = 0
    if (bound - offset <= OFFSETS_RESERVED / 2) assert.fail(`${offset} is too near to ${bound}`)
  }
  assert.equal(reserved, 2)
})

test('what is reserved is committed though nobody waits for it', () => {
  let commits = 0
  const { world, hub } = setUp({
    createStore: () =>
      storeWith({
        commit: (done) => {
          commits += 1
          done(undefined)
        },
      }),
  })
  assert.equal(commits, 1)
  hub.begin(5)
  world.settle()
  assert.equal(commits, 2)
})

test('[MQTT-4.5.0-1] everybody who subscribed gets it, and the publisher hears of nobody', () => {
  const { world, listen } = setUp()
  assert.equal(world.publish('a/b', '0').reason, Reason.noMatchingSubscribers)
  const [one, two, other] = [listen('1', 'a/#'), listen('2', 'a/+'), listen('3', 'b')]
  assert.equal(world.publish('a/b', '1').reason, Reason.success)
  assert.deepEqual([one.texts, two.texts, other.texts], [['1'], ['1'], []])
})

test('[MQTT-3.8.3-3] No Local keeps from the publisher alone what is his', () => {
  const { world, listen } = setUp()
  const own = listen('me', 'a', { noLocal: true })
  const other = listen('you', 'a', { noLocal: true })
  world.publish('a', 'mine', { publisher: 'me' })
  world.publish('a', 'yours', { publisher: 'you' })
  world.publish('a', 'theirs', { publisher: undefined })
  assert.deepEqual(own.texts, ['yours', 'theirs'])
  assert.deepEqual(other.texts, ['mine', 'theirs'])
})

test('[U5-18] topics with $ are for the server alone', () => {
  const { world, listen } = setUp()
  const listener = listen('1', '$SYS/#')
  assert.equal(world.publish('$SYS/x', 'no', {}, principalOf('c')).reason, Reason.notAuthorized)
  assert.equal(world.publish('$SYS/x', 'yes').reason, Reason.success)
  assert.deepEqual(listener.texts, ['yes'])
})

test('rules are asked of principals, not of the server', () => {
  const { world, hub, listen } = setUp({ access: denyAll(Reason.quotaExceeded, 'none') })
  const listener = listen('1', 'a')
  const refused = world.publish('a', 'no', { retain: true }, principalOf('c'))
  assert.equal(refused.reason, Reason.quotaExceeded)
  assert.equal(hub.state(topicOf('a')), undefined)
  world.publish('a', 'yes')
  assert.deepEqual(listener.texts, ['yes'])
})

test('[MQTT-3.3.1-5] the state is set, replaced and cleared, and events leave it alone', () => {
  const { world, hub } = setUp()
  const state = () => {
    const message = hub.state(topicOf('a'))
    return message === undefined ? undefined : textOf(message)
  }
  world.publish('a', '1', { retain: true })
  world.publish('a', '2', { retain: false })
  assert.equal(state(), '1')
  world.publish('a', '3', { retain: true })
  assert.equal(state(), '3')
  world.takeKinds()
  world.publish('a', '', { retain: true })
  assert.equal(state(), undefined)
  assert.deepEqual(world.takeKinds(), ['cleared'])
  world.publish('a', '', { retain: true })
  assert.deepEqual(world.takeKinds(), [], 'there was nothing to clear')
})

test('[MQTT-3.3.1-6] an empty retained message is delivered like others', () => {
  const { world, listen } = setUp()
  const listener = listen('1', 'a')
  world.publish('a', '', { retain: true })
  assert.deepEqual(listener.texts, [''])
})

test('a state outlives the read buffer', () => {
  const { hub } = setUp()
  const payload = Buffer.from('first')
  hub.publish(createMessage('a', { payload, retain: true }), undefined)
  payload.fill('x')
  assert.equal(textOf(hub.state(topicOf('a'))!), 'first')
})

test('a state that does not fit is refused, delivered to nobody, and changes nothing', () => {
  const { world, hub, listen } = setUp({
    limits: { retainedBytesMax: RETAINED_OVERHEAD_BYTES + 10 },
  })
  const listener = listen('1', '#')
  assert.equal(world.publish('a', '123456789', { retain: true }).reason, Reason.success)
  const refused = world.publish('b', '', { retain: true })
  assert.equal(refused.reason, Reason.success, 'an empty one needs no room')
  assert.equal(world.publish('b', 'x', { retain: true }).reason, Reason.quotaExceeded)
  assert.equal(world.publish('a', '1234567890', { retain: true }).reason, Reason.quotaExceeded)
  assert.equal(textOf(hub.state(topicOf('a'))!), '123456789')
  assert.deepEqual(listener.texts, ['123456789', ''])
})

test('a precondition decides on the present state, in the same step', () => {
  const { world, hub, listen } = setUp()
  const listener = listen('1', '#')
  const { offset } = world.publish('a', '1', { retain: true })
  const swap = (expected: number | undefined, text: string) =>
    hub.publish(
      createMessage('a', { payload: Buffer.from(text), retain: true }),
      undefined,
      (state) => (state?.offset === expected ? Reason.success : Reason.unspecifiedError),
    ).reason
  assert.equal(swap(offset + 100, '2'), Reason.unspecifiedError)
  assert.equal(swap(undefined, '2'), Reason.unspecifiedError)
  assert.deepEqual(listener.texts, ['1'])
  assert.equal(swap(offset, '3'), Reason.success)
  assert.equal(swap(offset, '4'), Reason.unspecifiedError, 'the state is a newer one')
  assert.deepEqual(listener.texts, ['1', '3'])
})

test('an expired state is none', () => {
  const { world, hub } = setUp()
  const expiresAtMs = world.clock.wall() + 1000
  world.publish('a', '1', { retain: true, expiresAtMs })
  world.advance(999)
  assert.notEqual(hub.state(topicOf('a')), undefined)
  world.advance(1)
  assert.equal(hub.state(topicOf('a')), undefined)
})

test('a store without room refuses what would have to be stored, and only that', () => {
  let refusal: Reason | undefined
  const { world } = setUp({
    createStore: () =>
      storeWith({
        commit: (done) => done(undefined),
        refusal: () => refusal,
      }),
  })
  refusal = Reason.quotaExceeded
  assert.equal(world.publish('a', '1', { qos: 1 }).reason, Reason.quotaExceeded)
  assert.equal(world.publish('a', '1', { qos: 0, retain: true }).reason, Reason.quotaExceeded)
  assert.equal(world.publish('a', '1', { qos: 0 }).reason, Reason.noMatchingSubscribers)
  refusal = undefined
  assert.equal(world.publish('a', '1', { qos: 1 }).reason, Reason.noMatchingSubscribers)
})

test('a state is stored with its message', () => {
  const { world } = setUp()
  world.publish('x', '')
  world.takeKinds()
  world.publish('a', '1', { retain: true })
  assert.deepEqual(world.takeKinds(), ['retained'])
})

test('a retained message at QoS 0 is appended, and no commit waits for it', () => {
  let commits = 0
  const { world } = setUp({
    createStore: () =>
      storeWith({
        commit: (done) => {
          commits += 1
          done(undefined)
        },
        refusal: () => undefined,
      }),
  })
  commits = 0 // That of the first offsets.
  assert.equal(world.publish('a', '1', { qos: 0, retain: true }).ticket, 0)
  world.settle()
  assert.equal(commits, 0)
  assert.notEqual(world.publish('a', '1', { qos: 1, retain: true }).ticket, 0)
  world.settle()
  assert.equal(commits, 1)
})

test('who publishes from within a delivery is heard, and nobody hears twice', () => {
  const { world, listen } = setUp()
  const [echo, other] = [listen('1', 'a/#'), listen('2', 'a/#')]
  echo.next = (message) => {
    if (textOf(message) === 'ping') world.publish('a/reply', 'pong')
  }
  world.publish('a', 'ping')
  assert.deepEqual(echo.texts, ['ping', 'pong'])
  assert.deepEqual(other.texts.toSorted(), ['ping', 'pong'])
})

test('who subscribes or leaves within a delivery changes the next one', () => {
  const { world, hub, listen } = setUp()
  const [first, leaving] = [listen('1', 'a'), listen('2', 'a')]
  const late = new Listener('3')
  first.next = () => {
    hub.unsubscribe(leaving, filterOf('a'))
    hub.subscribe(createSubscription(late, 'a'))
  }
  world.publish('a', '1')
  first.next = undefined
  world.publish('a', '2')
  assert.deepEqual([first.texts, leaving.texts, late.texts], [['1', '2'], ['1'], ['2']])
})

test('the cluster hears of each filter once, and of each accepted message', () => {
  const { world, hub, listen } = setUp()
  const [one, two] = [listen('1', 'a'), listen('2', 'a')]
  listen('1', 'b')
  hub.subscribe(createSubscription(one, 'a', { qos: 2 }))
  assert.deepEqual(world.told, ['+a', '+b'])
  assert.equal(hub.unsubscribe(one, filterOf('a')), true)
  assert.equal(hub.unsubscribe(one, filterOf('a')), false)
  assert.equal(hub.unsubscribe(two, filterOf('a')), true)
  listen('1', 'a')
  world.publish('c', '1')
  world.publish('$c', '2', {}, principalOf('x'))
  assert.deepEqual(world.told, ['+a', '+b', '-a', '+a', '>c'])
})

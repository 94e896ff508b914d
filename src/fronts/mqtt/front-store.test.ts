// The front beside its store: who is held back or refused while that is behind, failing, or not
// read yet.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { setUpFront as setUp } from '../../../test/support/front-world.ts'
import { storeWith } from '../../../test/support/session-world.ts'
import { Reason } from '../../base/reason.ts'
import { PacketType } from '../../codec/mqtt/packets.ts'
import { CONGESTION_LOOK_MS } from './congestion.ts'

const DURABLE = { sessionExpiry: 3600 }

test('who publishes is not read from while too much waits for the disk, who does not is', () => {
  const store = { ...storeWith({}), isCongested: true }
  const { world, join } = setUp({ world: { createStore: () => store } })
  const [publisher, reader] = [join('p', { keepAlive: 1 }), join('r', { keepAlive: 60 })]
  reader.subscribe('a')
  publisher.publish('a', '0')
  assert.equal(publisher.isPaused, false, 'nothing is stored of it')
  publisher.publish('a', '1', { qos: 1, packetId: 1 })
  world.settle()
  assert.deepEqual([publisher.isPaused, reader.isPaused], [true, false])
  assert.deepEqual(
    reader.publishes.map(({ qos }) => qos),
    [0, 1],
  )
  for (let seconds = 0; seconds < 5; seconds++) world.advance(1000)
  assert.equal(publisher.isEnded, false, 'its silence is not its own')
  assert.equal(publisher.isPaused, true)
  store.isCongested = false
  world.advance(CONGESTION_LOOK_MS)
  assert.equal(publisher.isPaused, false)
  publisher.publish('a', '2', { qos: 1, packetId: 2 })
  assert.equal(publisher.isPaused, false)
  assert.equal(world.counters.publishersPaused, 1)
  for (let seconds = 0; seconds < 5; seconds++) world.advance(1000)
  assert.equal(publisher.isEnded, true)
})

test('who subscribes where that must be stored is not read from meanwhile either', () => {
  const store = { ...storeWith({}), isCongested: true }
  const { world, join } = setUp({ world: { createStore: () => store } })
  const [stored, passing] = [join('s', {}, DURABLE), join('p')]
  for (const client of [stored, passing]) client.subscribe('a')
  assert.deepEqual([stored.isPaused, passing.isPaused], [true, false])
  store.isCongested = false
  world.advance(CONGESTION_LOOK_MS)
  assert.equal(stored.isPaused, false)
})

test('a client of 3.1, which cannot be refused a subscription, is disconnected', () => {
  let refusal: Reason | undefined
  const store = storeWith({ refusal: () => refusal })
  const { world, front } = setUp({ world: { createStore: () => store } })
  for (const version of [3, 4] as const) {
    refusal = undefined
    const client = new FrontClient(world, front, version)
    client.connect(`v${version}`, { cleanStart: false })
    world.settle()
    refusal = Reason.quotaExceeded
    client.subscribe('a')
    world.settle()
    assert.deepEqual(client.types, version === 3 ? ['connack'] : ['connack', 'suback'])
    assert.equal(client.isEnded, version === 3)
  }
})

test('a publisher that is gone while it is held back is forgotten', () => {
  const { world, join } = setUp({
    world: { createStore: () => storeWith({ isCongested: true }) },
  })
  const publisher = join('p')
  publisher.publish('a', '1', { qos: 1, packetId: 1 })
  assert.equal(publisher.isPaused, true)
  publisher.lose()
  const { pending } = world.clock
  world.advance(10 * CONGESTION_LOOK_MS)
  assert.ok(world.clock.pending < pending)
})

test('before the server is ready a CONNECT is refused', () => {
  let ready = (): void => {}
  const { open, world } = setUp({
    world: {
      createStore: () =>
        storeWith({
          recover: (into, done) => {
            ready = () => {
              into.begin(1, 1)
              done(undefined)
            }
          },
        }),
    },
  })
  const early = open()
  early.connect('c', {})
  world.settle()
  assert.equal(reasonOf(early, PacketType.connack), Reason.serverUnavailable)
  assert.equal(early.isEnded, true)
  ready()
  const client = open()
  client.connect('c', {})
  world.settle()
  assert.equal(reasonOf(client, PacketType.connack), Reason.success)
})

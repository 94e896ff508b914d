import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SessionWorld, storeWith, textOf } from '../../test/support/session-world.ts'
import { Reason } from '../base/reason.ts'
import type { Store } from './store.ts'
import { type Gauges, SysTree } from './sys-tree.ts'
import type { Topic } from './topic.ts'

const IDLE: Gauges = {
  clientsConnected: 0,
  clientsDisconnected: 0,
  subscriptions: 0,
  sharedSubscriptions: 0,
  retained: 0,
  stored: 0,
  storedBytes: 0,
  inflight: 0,
  bytesSent: 0,
  heapBytes: 1000,
}

function begin(
  intervalS: number,
  store?: Store,
): { world: SessionWorld; tree: SysTree; gauges: Gauges[] } {
  const world = new SessionWorld(store === undefined ? {} : { createStore: () => store })
  const gauges = [IDLE]
  const { turn, clock, hub, counters } = world
  const tree = new SysTree({
    turn,
    clock,
    hub,
    counters,
    gauges: () => gauges[0] ?? IDLE,
    store: store ?? storeWith({}),
    version: '1.2.3',
    intervalS,
  })
  tree.start()
  return { world, tree, gauges }
}

function read(world: SessionWorld, name: string): string | undefined {
  const state = world.hub.state(`$SYS/broker/${name}` as Topic)
  return state === undefined ? undefined : textOf(state)
}

describe('$SYS', () => {
  test('says at once which version runs, in the form of Mosquitto', () => {
    const { world } = begin(10)
    assert.equal(read(world, 'version'), 'rameau version 1.2.3')
    assert.equal(read(world, 'uptime'), '0 seconds')
  })

  test('has every topic of Mosquitto 2', () => {
    const { world } = begin(10)
    const names = [
      ...['total', 'maximum', 'connected', 'active', 'disconnected', 'inactive', 'expired'].map(
        (name) => `clients/${name}`,
      ),
      ...['messages/received', 'messages/sent', 'messages/stored', 'bytes/received', 'bytes/sent'],
      'messages/inflight',
      ...['publish/messages/received', 'publish/messages/sent', 'publish/messages/dropped'],
      ...['publish/bytes/received', 'publish/bytes/sent', 'heap/current', 'heap/maximum'],
      ...['subscriptions/count', 'shared_subscriptions/count', 'retained messages/count'],
      ...['store/messages/count', 'store/messages/bytes', 'uptime', 'version'],
      ...['messages/received', 'publish/dropped', 'bytes/sent', 'sockets', 'connections'].flatMap(
        (name) => ['1min', '5min', '15min'].map((span) => `load/${name}/${span}`),
      ),
    ]
    for (const name of names) assert.notEqual(read(world, name), undefined, name)
  })

  test('follows counters and gauges at its interval', () => {
    const { world, gauges } = begin(10)
    world.counters.packetsReceived = 7
    world.counters.droppedQueueFull = 2
    world.counters.droppedSlow = 1
    gauges[0] = { ...IDLE, clientsConnected: 3, clientsDisconnected: 1, bytesSent: 99 }
    world.advance(9999)
    assert.equal(read(world, 'messages/received'), '0')
    world.advance(1)
    assert.equal(read(world, 'messages/received'), '7')
    assert.equal(read(world, 'publish/messages/dropped'), '3')
    assert.equal(read(world, 'clients/total'), '4')
    assert.equal(read(world, 'bytes/sent'), '99')
    assert.equal(read(world, 'uptime'), '10 seconds')
  })

  test('keeps the highest number of clients', () => {
    const { world, gauges } = begin(1)
    gauges[0] = { ...IDLE, clientsConnected: 5 }
    world.advance(1000)
    gauges[0] = IDLE
    world.advance(1000)
    assert.equal(read(world, 'clients/maximum'), '5')
    assert.equal(read(world, 'clients/total'), '0')
  })

  test('averages loads per minute and lets them fade', () => {
    const { world } = begin(10)
    world.counters.packetsReceived = 10
    world.advance(10_000)
    // 60 a minute for a sixth of one: 60 * (1 - e^(-1/6)).
    assert.equal(read(world, 'load/messages/received/1min'), '9.21')
    world.advance(10_000)
    assert.equal(read(world, 'load/messages/received/1min'), '7.80')
  })

  test('publishes only what changed, and writes nothing to the store', () => {
    const { world } = begin(10)
    const client = world.connect('reader')
    client.session.subscriptions.add(
      { filter: '$SYS/broker/+' as never, share: undefined },
      OPTIONS,
    )
    world.settle()
    client.peer.sent.length = 0
    world.takeKinds()
    world.advance(10_000)
    assert.deepEqual(
      client.peer.sent.map(({ message }) => message.topic),
      ['$SYS/broker/uptime'],
    )
    assert.deepEqual(world.takeKinds(), [])
  })

  test('is silent with an interval of 0, and after stop', () => {
    const silent = begin(0)
    assert.equal(read(silent.world, 'version'), undefined)
    const { world, tree } = begin(10)
    tree.stop()
    world.advance(20_000)
    assert.equal(read(world, 'uptime'), '0 seconds')
  })

  test('says how the store is, also while that refuses what must be kept', () => {
    let refusal: Reason | undefined
    let figures = { commits: 7, commitsFailed: 0, journalBytes: 700 }
    const parts = { refusal: () => refusal }
    const store: Store = Object.defineProperty(storeWith(parts), 'figures', { get: () => figures })
    const { world } = begin(10, store)
    const names = ['store/state', 'store/commits', 'store/commits/failed', 'store/journal/bytes']
    const said = (): unknown[] => names.map((name) => read(world, name))
    assert.deepEqual(said(), ['ok', '7', '0', '700'])
    refusal = Reason.quotaExceeded
    figures = { commits: 8, commitsFailed: 2, journalBytes: 800 }
    world.advance(10_000)
    assert.deepEqual(said(), ['full', '8', '2', '800'])
    refusal = Reason.implementationSpecificError
    world.advance(10_000)
    assert.equal(said()[0], 'failing')
    refusal = undefined
    world.advance(10_000)
    assert.equal(said()[0], 'ok')
  })

  test('says nothing of a store that has no disk', () => {
    const { world } = begin(10)
    assert.equal(read(world, 'store/state'), undefined)
  })
})

const OPTIONS = {
  qos: 0,
  noLocal: false,
  retainAsPublished: true,
  retainHandling: 0,
  id: 0,
} as const

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NO_PROPERTIES } from '../codec/mqtt/properties.ts'
import { createFront, FrontClient } from '../../test/support/front-client.ts'
import { principalOf, SessionWorld, textOf } from '../../test/support/session-world.ts'
import { NEVER } from './message.ts'
import { Presence } from './presence.ts'
import type { Topic, TopicFilter } from './topic.ts'

interface Bench {
  readonly world: SessionWorld
  readonly presence: Presence
  open(clientId: string, sessionExpiry?: number): FrontClient
  shown(): string[]
}

function begin(goneMax = 1000): Bench {
  const world = new SessionWorld()
  const { turn, hub, observer } = world
  const presence = new Presence({ turn, hub, observer, goneMax })
  presence.start()
  const front = createFront(world)
  return {
    world,
    presence,
    open: (clientId, sessionExpiry = 0) => {
      const client = new FrontClient(world, front)
      client.connect(clientId, { cleanStart: false }, { sessionExpiry })
      world.settle()
      return client
    },
    shown: () => {
      const filter = '$presence/#' as TopicFilter
      return [...world.retained.matching(filter, world.clock.wall())].map(({ topic }) => topic)
    },
  }
}

function read({ world }: Bench, level: string): Record<string, unknown> | undefined {
  const state = world.hub.state(`$presence/${level}` as Topic)
  if (state === undefined) return undefined
  const shown: unknown = JSON.parse(textOf(state))
  return shown as Record<string, unknown>
}

describe('presence', () => {
  test('says who is here, since when, from where and in which version', () => {
    const bench = begin()
    const since = new Date(bench.world.clock.wall()).toISOString()
    bench.open('lamp')
    assert.deepEqual(read(bench, 'lamp'), { online: true, since, address: 'local', version: '5.0' })
  })

  test('says why a client left', () => {
    const bench = begin()
    bench.open('lamp')
    const polite = bench.open('polite')
    bench.world.advance(60_000)
    const since = new Date(bench.world.clock.wall()).toISOString()
    polite.send({ type: 14, reason: 0, properties: NO_PROPERTIES })
    bench.world.settle()
    assert.deepEqual(read(bench, 'polite'), {
      online: false,
      since,
      address: 'local',
      version: '5.0',
      reason: 'Normal disconnection',
    })
    assert.equal(read(bench, 'lamp')?.['online'], true)
  })

  test('tells a lost connection from a DISCONNECT', () => {
    const bench = begin()
    bench.open('lamp').lose()
    assert.equal(read(bench, 'lamp')?.['reason'], 'connection lost')
  })

  test('shows a client that was taken over as here', () => {
    const bench = begin()
    const events: string[] = []
    bench.world.observer.connect.on(({ clientId }) => events.push(`+${clientId}`))
    bench.world.observer.disconnect.on(({ reason }) => events.push(`-${reason}`))
    bench.open('lamp', 100)
    bench.open('lamp', 100)
    assert.deepEqual(events, ['+lamp', '-Session taken over', '+lamp'])
    assert.equal(read(bench, 'lamp')?.['online'], true)
  })

  test('writes separators, wildcards and percent signs of a client id by their codes', () => {
    const bench = begin()
    bench.open('a/b+c#d%2F ü')
    assert.deepEqual(bench.shown(), ['$presence/a%2Fb%2Bc%23d%252F ü'])
    assert.equal(decodeURIComponent('a%2Fb%2Bc%23d%252F ü'), 'a/b+c#d%2F ü')
  })

  test('shows all whose session lives, and of the others the last ones', () => {
    const bench = begin(2)
    bench.open('kept', 1000).lose()
    for (const name of ['a', 'b', 'c']) bench.open(name).lose()
    assert.deepEqual(bench.shown(), ['$presence/kept', '$presence/b', '$presence/c'])
    // One that comes back is none of those that are gone.
    bench.open('b')
    for (const name of ['d', 'e']) bench.open(name).lose()
    assert.deepEqual(
      bench.shown().toSorted(),
      ['b', 'd', 'e', 'kept'].map((name) => `$presence/${name}`),
    )
    bench.world.advance(1_000_000)
    assert.deepEqual(
      bench.shown().toSorted(),
      ['b', 'e', 'kept'].map((name) => `$presence/${name}`),
    )
  })

  test('tells subscribers, and an empty message where a client is shown no more', () => {
    const bench = begin(0)
    const watcher = bench.open('watcher')
    watcher.subscribe('$presence/lamp')
    bench.world.settle()
    bench.open('lamp').lose()
    bench.world.settle()
    const texts = watcher.publishes.map(({ payload }) => new TextDecoder().decode(payload))
    assert.equal(texts.length, 3)
    assert.match(texts[0] ?? '', /"online":true/)
    assert.match(texts[1] ?? '', /"online":false/)
    assert.equal(texts[2], '')
  })

  test('is not in what # asks for, and not for clients to write', () => {
    const bench = begin()
    const client = bench.open('lamp')
    client.subscribe('#')
    client.publish('$presence/lamp', '', { retain: true })
    bench.open('other')
    bench.world.settle()
    assert.equal(client.publishes.length, 0)
    assert.equal(read(bench, 'lamp')?.['online'], true)
  })

  test('shows who was known before a restart as offline, since he went', () => {
    const bench = begin()
    const known = {
      ...{ clientId: 'lamp', principal: principalOf('lamp'), expiryS: 60, will: undefined },
      ...{ subscriptions: [], flights: [], received: [] },
      queue: { count: 0, bytes: 0, expiresAtMs: NEVER },
    }
    bench.presence.isBack({ ...known, closedAtMs: 0, endsAtMs: 60_000 })
    const since = '1970-01-01T00:00:00.000Z'
    assert.deepEqual(read(bench, 'lamp'), { online: false, since, address: 'local' })
    bench.presence.isBack({ ...known, closedAtMs: undefined, endsAtMs: undefined })
    const now = new Date(bench.world.clock.wall()).toISOString()
    assert.equal(read(bench, 'lamp')?.['since'], now)
    bench.open('lamp')
    assert.equal(read(bench, 'lamp')?.['online'], true)
    bench.presence.stop()
    bench.presence.isBack({ ...known, clientId: 'other', closedAtMs: 0, endsAtMs: 0 })
    assert.deepEqual(bench.shown(), ['$presence/lamp'])
  })

  test('is never stored', () => {
    const bench = begin()
    bench.open('first').lose()
    bench.world.takeKinds()
    bench.open('lamp').lose()
    bench.world.settle()
    assert.deepEqual(bench.world.takeKinds(), [])
  })

  test('shows nothing for a client id that leaves no room in a topic, nor after stop', () => {
    const bench = begin()
    bench.open('x'.repeat(65_530))
    bench.presence.stop()
    bench.open('lamp')
    assert.deepEqual(bench.shown(), [])
  })
})

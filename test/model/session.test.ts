// A session against its model under random commands: publishes, every step of acknowledging,
// connections that come and go, expiry, subscriptions. Beside the model, what must hold whatever it
// says: windows, packet ids, order, DUP, and that nothing is lost within the bounds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Reason } from '../../src/base/reason.ts'
import { NEVER } from '../../src/core/message.ts'
import type { Session } from '../../src/session/session.ts'
import type { Store } from '../../src/core/store.ts'
import { KeepingStore } from '../support/keeping-store.ts'
import { type Entry, SessionModel } from '../support/session-model.ts'
import {
  type Connected,
  parsed,
  type Sent,
  SessionWorld,
  subscribe,
} from '../support/session-world.ts'
import type { VirtualClock } from '../support/virtual-clock.ts'

const BOUNDS = { queueMax: 4, inflightMax: 5 }
const EXPIRY_S = 60

const topic = fc.constantFrom('a', 'b')
const qos = fc.constantFrom(0 as const, 1 as const, 1 as const, 2 as const, 2 as const)

const command = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      topic,
      qos,
      lifeMs: fc.constantFrom(NEVER, NEVER, NEVER, 5, 20),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      index: fc.nat(10),
      isFailure: fc.boolean(),
      isRepeated: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disconnect' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('connect' as const),
      cleanStart: fc.nat(9).map((drawn) => drawn === 0),
      receiveMax: fc.integer({ min: 1, max: 7 }),
      expiryS: fc.nat(9).map((drawn) => (drawn === 0 ? 0 : EXPIRY_S)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 1, 10, 10, EXPIRY_S * 1000),
    }),
  },
  // Room in the socket: gone, there but not told yet, told.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stall' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('yield' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pump' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), topic, qos }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), topic }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), id: fc.nat({ max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('release' as const), id: fc.nat({ max: 2 }) }),
  },
)
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

/** What one client knows, all by itself, and what it insists on. */
class Client {
  /** Not finished, as the client sees it: by packet id, the text and whether PUBREC was sent. */
  readonly #open = new Map<number, string>()
  /** Those whose PUBLISH came on this connection. */
  readonly #window = new Set<number>()
  readonly #newest = new Map<string, number>()
  #receiveMax = 0

  connected(receiveMax: number, isPresent: boolean): void {
    this.#receiveMax = receiveMax
    this.#window.clear()
    if (isPresent) return
    this.#open.clear()
    this.#newest.clear()
  }

  see({ message, text, qos: sentQos, packetId, dup }: Sent): void {
    if (sentQos === 0) {
      assert.deepEqual([packetId, dup], [0, false])
      return
    }
    assert.ok(packetId >= 1 && packetId <= 65_535)
    const former = this.#open.get(packetId)
    if (dup) assert.equal(former, text, 'DUP only where it was sent before')
    else {
      assert.equal(former, undefined, 'the packet id is in use')
      const number = Number(text)
      const newest = this.#newest.get(message.topic) ?? -1
      assert.ok(number > newest, 'in the order of publishing')
      this.#newest.set(message.topic, number)
    }
    this.#open.set(packetId, text)
    this.#window.add(packetId)
    assert.ok(this.#window.size <= this.#receiveMax, 'the window is exceeded')
  }

  finished(packetId: number): void {
    this.#open.delete(packetId)
    this.#window.delete(packetId)
  }
}

class Pair {
  readonly #world: SessionWorld
  readonly #model = new SessionModel(BOUNDS)
  readonly #client = new Client()
  #now: Connected | undefined
  #session: Session | undefined
  #expiryS = 0
  #awayMs = 0
  #count = 0
  #seen = 0
  #released = 0

  constructor(createStore?: (clock: VirtualClock) => Store) {
    const { queueMax: sessionQueueMax, inflightMax } = BOUNDS
    const limits = { sessionQueueMax, inflightMax, queueWindowMax: 3 }
    this.#world = new SessionWorld(createStore === undefined ? { limits } : { limits, createStore })
  }

  run(step: Command): void {
    this.#do(step)
    this.#world.settle()
    this.#compare()
  }

  /** Everything is acknowledged on a new connection: then nothing may be left. */
  drain(): void {
    this.run({ kind: 'connect', cleanStart: false, receiveMax: 7, expiryS: EXPIRY_S })
    for (let steps = 0; this.#model.inflight.length > 0; steps++) {
      assert.ok(steps < 100)
      this.run({ kind: 'acknowledge', index: 0, isFailure: false, isRepeated: false })
    }
    assert.deepEqual(this.#model.queue, [])
    assert.equal(this.#session?.inflight, 0)
    assert.equal(this.#session?.waiting, 0)
  }

  #do(step: Command): void {
    const nowMs = this.#world.clock.wall()
    switch (step.kind) {
      case 'publish': {
        const text = String(this.#count++)
        const expiresAtMs = nowMs + step.lifeMs
        this.#model.publish(step.topic, text, step.qos, expiresAtMs, nowMs)
        this.#world.publish(step.topic, text, { qos: step.qos, expiresAtMs })
        return
      }
      case 'acknowledge':
        return this.#acknowledge(step.index, step.isFailure, step.isRepeated)
      case 'disconnect':
        return this.#disconnect()
      case 'connect':
        return this.#connect(step.cleanStart, step.receiveMax, step.expiryS)
      case 'pass':
        this.#world.advance(step.ms)
        if (this.#now !== undefined) return
        this.#awayMs += step.ms
        if (this.#awayMs >= this.#expiryS * 1000) this.#model.end()
        return
      case 'stall':
      case 'yield':
      case 'pump':
        if (this.#now === undefined) return
        this.#now.peer.isWritable = step.kind !== 'stall'
        this.#model.isWritable = step.kind !== 'stall'
        if (step.kind !== 'pump') return
        this.#now.session.pump()
        return this.#model.pump(nowMs)
      case 'subscribe':
        if (this.#now === undefined) return
        return this.#subscribe(this.#now, step.topic, step.qos)
      case 'unsubscribe': {
        if (this.#now === undefined) return
        const existed = this.#now.session.subscriptions.remove(parsed(step.topic))
        assert.equal(existed, this.#model.subscriptions.delete(step.topic))
        return
      }
      case 'receive':
        if (this.#now === undefined) return
        if (this.#model.received.has(step.id)) this.#now.session.receiver.add(step.id)
        else this.#now.session.receive(step.id)
        this.#model.received.add(step.id)
        return
      case 'release':
        if (this.#now === undefined) return
        assert.equal(this.#now.session.release(step.id), this.#model.received.delete(step.id))
    }
  }

  #connect(cleanStart: boolean, receiveMax: number, expiryS: number): void {
    // A takeover ends the old connection first.
    if (this.#now !== undefined) this.#ended()
    if (cleanStart) this.#model.end()
    this.#client.connected(receiveMax, this.#model.isPresent)
    this.#seen = 0
    this.#released = 0
    this.#now = this.#world.connect('c', { cleanStart, expiryS }, receiveMax)
    this.#session = this.#now.session
    assert.equal(this.#now.isPresent, this.#model.isPresent)
    this.#expiryS = expiryS
    this.#awayMs = 0
    this.#model.connect(receiveMax, this.#world.clock.wall())
    if (this.#now.isPresent) return
    this.#subscribe(this.#now, 'a', 2)
    this.#subscribe(this.#now, 'b', 1)
  }

  #subscribe(client: Connected, to: string, granted: 0 | 1 | 2): void {
    subscribe(client, to, { qos: granted })
    this.#model.subscriptions.set(to, granted)
    // What is retained is looked for at the end of the turn, and so is what waits.
    this.#world.settle()
    this.#model.pump(this.#world.clock.wall())
  }

  #disconnect(): void {
    this.#now?.close()
    if (this.#now !== undefined) this.#ended()
  }

  #ended(): void {
    this.#now = undefined
    if (this.#expiryS === 0) this.#model.end()
    else this.#model.disconnect()
  }

  /** The next step of one delivery: in any order, early, and PUBREC perhaps twice. */
  #acknowledge(index: number, isFailure: boolean, isRepeated: boolean): void {
    const { inflight } = this.#model
    const entry = inflight[index % Math.max(1, inflight.length)]
    if (this.#now === undefined || entry === undefined) return
    const { session } = this.#now
    const { packetId } = entry
    const nowMs = this.#world.clock.wall()
    const failure = isFailure && !entry.isReleased
    if (entry.qos === 2 && (!entry.isReleased || isRepeated)) {
      if (!entry.isReleased) assert.equal(session.pubcomp(packetId), false)
      assert.ok(session.pubrec(packetId, failure ? Reason.unspecifiedError : Reason.success))
      if (!failure) return this.#model.release(entry)
    } else {
      assert.ok(entry.qos === 2 ? session.pubcomp(packetId) : session.puback(packetId))
    }
    this.#client.finished(packetId)
    this.#model.settle(entry, nowMs)
  }

  #compare(): void {
    const { peer } = this.#now ?? {}
    const sent = peer?.sent.slice(this.#seen) ?? []
    const released = peer?.released.slice(this.#released) ?? []
    this.#seen += sent.length
    this.#released += released.length
    for (const one of sent) this.#client.see(one)

    const expected = this.#model.takeExpected()
    const publishes = expected.filter(({ kind }) => kind === 'publish')
    assert.deepEqual(
      sent.map(({ text, qos: sentQos, dup }) => ({ text, qos: sentQos, dup })),
      publishes.map(({ entry, dup }) => ({ text: entry.text, qos: entry.qos, dup })),
    )
    publishes.forEach(({ entry, dup }, index) => learn(entry, dup, sent[index]))
    const pubrels = expected.filter(({ kind }) => kind === 'pubrel')
    assert.deepEqual(
      released,
      pubrels.map(({ entry }) => entry.packetId),
    )
    assert.equal(this.#world.counters.droppedQueueFull, this.#model.dropped)
    if (this.#now === undefined) return
    assert.equal(this.#now.session.inflight, this.#model.inflight.length)
    assert.equal(this.#now.session.receiver.size, this.#model.received.size)
  }
}

/** The id of a first sending is the session's choice; a later one must be the same. */
function learn(entry: Entry, dup: boolean, sent: Sent | undefined): void {
  if (dup) assert.equal(sent?.packetId, entry.packetId)
  else entry.packetId = sent?.packetId ?? 0
}

test('[MQTT-4.4.0-1] [MQTT-4.6.0-6] [MQTT-4.9.0-2] a session does what its model does', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
      const pair = new Pair()
      pair.run({ kind: 'connect', cleanStart: false, receiveMax: 3, expiryS: EXPIRY_S })
      for (const step of commands) pair.run(step)
      pair.drain()
    }),
    { numRuns: 400 },
  )
})

test('[MQTT-4.6.0-6] so does a session whose queue stands in the store', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
      let store: KeepingStore | undefined
      const pair = new Pair((clock) => {
        store = new KeepingStore({ clock })
        return store
      })
      pair.run({ kind: 'connect', cleanStart: false, receiveMax: 3, expiryS: EXPIRY_S })
      for (const step of commands) {
        // What expires in the store is found there later than in memory.
        pair.run(step.kind === 'publish' ? { ...step, lifeMs: NEVER } : step)
      }
      pair.drain()
      assert.equal(store?.state.queues.size, 0)
    }),
    { numRuns: 200 },
  )
})

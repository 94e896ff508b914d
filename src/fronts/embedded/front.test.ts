import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RefusedError } from '../../base/errors.ts'
import { Reason } from '../../base/reason.ts'
import type { Access, Principal } from '../../core/ports.ts'
import { ALLOW_ALL } from '../../core/access.ts'
import { createFront, FrontClient } from '../../../test/support/front-client.ts'
import { SessionWorld, type WorldOptions } from '../../../test/support/session-world.ts'
import { EmbeddedFront } from './front.ts'
import type { ReceivedMessage } from './reader.ts'

function begin(options: WorldOptions = {}): { world: SessionWorld; program: EmbeddedFront } {
  const world = new SessionWorld(options)
  return { world, program: new EmbeddedFront({ ...world.world, scheduler: world.scheduler }) }
}

function textOf({ topic, payload }: ReceivedMessage): string {
  return `${topic}=${new TextDecoder().decode(payload)}`
}

/** Reads what a stream has, without waiting for more. */
async function drain(stream: AsyncIterableIterator<ReceivedMessage, undefined>): Promise<string[]> {
  const texts: string[] = []
  const nothing = Symbol('nothing')
  for (;;) {
    const step = await Promise.race([
      stream.next(),
      new Promise<typeof nothing>((resolve) => setImmediate(resolve, nothing)),
    ])
    if (step === nothing || step.done === true) return texts
    texts.push(textOf(step.value))
  }
}

const ANN: Principal = { user: 'ann', clientId: 'ann-1', address: 'local', front: 'embedded' }
const RULES: Access = {
  ...ALLOW_ALL,
  mayPublish: ({ user }, topic) =>
    user === 'ann' && topic.startsWith('ann/') ? Reason.success : Reason.notAuthorized,
  maySubscribe: (_, filter) => (filter === '#' ? Reason.notAuthorized : Reason.success),
  mayRead: (_, topic) => !topic.includes('secret'),
}

describe('publish by the program', () => {
  test('reaches clients with payload, properties and QoS', async () => {
    const { world, program } = begin()
    const client = new FrontClient(world, createFront(world))
    client.connect('lamp')
    client.subscribe('a')
    world.settle()
    const properties = { contentType: 'text/plain', userProperties: [['x', 'y']] as const }
    const published = program.publish({
      topic: 'a',
      payload: 'hallo',
      qos: 1,
      properties,
      expiryS: 5,
    })
    world.settle()
    const { reason, offset } = await published
    assert.equal(reason, Reason.success)
    assert.equal(offset, world.hub.head)
    const [publish] = client.publishes
    assert.equal(new TextDecoder().decode(publish?.payload), 'hallo')
    assert.equal(publish?.qos, 1)
    assert.equal(publish?.properties.contentType, 'text/plain')
    assert.deepEqual(publish?.properties.userProperties, [['x', 'y']])
    assert.equal(publish?.properties.messageExpiry, 5)
  })

  test('resolves when what must survive is on disk, and not before', async () => {
    const { world, program } = begin()
    let settled: number | undefined
    const published = program
      .publish({ topic: 'a', payload: 'x', qos: 1, retain: true })
      .then(({ reason }) => {
        settled = reason
      })
    await new Promise(setImmediate)
    assert.equal(settled, undefined)
    world.settle()
    await published
    assert.equal(settled, Reason.noMatchingSubscribers)
  })

  test('leaves the bytes to the program, which may use them again', async () => {
    const { program } = begin()
    const payload = new Uint8Array([65])
    await program.publish({ topic: 'a', payload, retain: true })
    payload[0] = 66
    const state = program.state('a')
    assert.ok(state)
    assert.equal(textOf(state), 'a=A')
  })

  test('tells by a reason what is refused', async () => {
    const { program } = begin({ limits: { packetBytesMax: 100, topicLevelsMax: 3 } })
    const cases = [
      [{ topic: 'a/#', payload: '' }, Reason.topicNameInvalid],
      [{ topic: 'a/b/c/d', payload: '' }, Reason.topicNameInvalid],
      [{ topic: '$SYS/broker/uptime', payload: '' }, Reason.notAuthorized],
      [{ topic: '$presence/lamp', payload: '' }, Reason.notAuthorized],
      [{ topic: 'a', payload: 'x'.repeat(101) }, Reason.packetTooLarge],
      [{ topic: 'a', payload: '', properties: { contentType: '\0' } }, Reason.malformedPacket],
      [
        { topic: 'a', payload: new Uint8Array([0xff]), properties: { payloadFormat: 1 } },
        Reason.payloadFormatInvalid,
      ],
    ] as const
    for (const [message, reason] of cases) {
      assert.deepEqual(await program.publish(message), { reason, offset: 0 }, message.topic)
    }
  })

  test('may write topics with $ of its own, and never stores them', async () => {
    const { world, program } = begin()
    world.takeKinds()
    const { reason } = await program.publish({ topic: '$app/state', payload: 'up', retain: true })
    assert.equal(reason, Reason.noMatchingSubscribers)
    assert.ok(program.state('$app/state'))
    assert.deepEqual(
      world.takeKinds().filter((kind) => kind !== 'reserved'),
      [],
    )
  })

  test('asks the rules where it acts as somebody', async () => {
    const { program } = begin({ access: RULES })
    const reasons = []
    for (const [topic, as] of [
      ['x', undefined],
      ['ann/x', ANN],
      ['x', ANN],
      ['$app/x', ANN],
    ] as const) {
      const { reason } = await program.publish({ topic, payload: '', ...(as && { as }) })
      reasons.push(reason)
    }
    const { noMatchingSubscribers, notAuthorized } = Reason
    assert.deepEqual(reasons, [
      noMatchingSubscribers,
      noMatchingSubscribers,
      notAuthorized,
      notAuthorized,
    ])
  })
})

describe('a function of the program', () => {
  test('gets what is retained first, then each message, until it unsubscribes', async () => {
    const { world, program } = begin()
    await program.publish({ topic: 'a/old', payload: '1', retain: true })
    const texts: string[] = []
    const subscription = program.subscribe('a/#', {}, (message) => texts.push(textOf(message)))
    await program.publish({ topic: 'a/new', payload: '2' })
    assert.deepEqual(texts, [])
    world.settle()
    assert.deepEqual(texts, ['a/old=1', 'a/new=2'])
    subscription.unsubscribe()
    subscription.unsubscribe()
    await program.publish({ topic: 'a/new', payload: '3' })
    world.settle()
    assert.equal(texts.length, 2)
    assert.equal(world.tree.size, 0)
  })

  test('may leave out what is retained, and what the program itself says', async () => {
    const { world, program } = begin()
    await program.publish({ topic: 'a', payload: 'old', retain: true })
    const texts: string[] = []
    program.subscribe('a', { retained: false, noLocal: true }, (message) => {
      texts.push(textOf(message))
    })
    await program.publish({ topic: 'a', payload: 'own' })
    const client = new FrontClient(world, createFront(world))
    client.connect('lamp')
    client.publish('a', 'theirs')
    world.settle()
    assert.deepEqual(texts, ['a=theirs'])
  })

  test('may publish, also what it gets itself', async () => {
    const { world, program } = begin()
    const texts: string[] = []
    program.subscribe('echo', {}, (message) => {
      texts.push(textOf(message))
      if (texts.length < 5) void program.publish({ topic: 'echo', payload: `${texts.length}` })
    })
    await program.publish({ topic: 'echo', payload: '0' })
    for (let turn = 0; turn < 10; turn += 1) world.settle()
    assert.deepEqual(texts, ['echo=0', 'echo=1', 'echo=2', 'echo=3', 'echo=4'])
  })

  test('that throws costs nobody a message', async () => {
    const { world, program } = begin()
    const texts: string[] = []
    program.subscribe('a', {}, ({ payload }) => {
      if (payload.length === 1) throw new Error('the handler failed')
    })
    program.subscribe('a', {}, (message) => texts.push(textOf(message)))
    await program.publish({ topic: 'a', payload: 'x' })
    await program.publish({ topic: 'a', payload: 'yy' })
    assert.throws(() => world.settle(), /the handler failed/)
    world.settle()
    assert.deepEqual(texts, ['a=x', 'a=yy'])
  })

  test('gets only what whom it acts for may read', async () => {
    const { world, program } = begin({ access: RULES })
    assert.throws(
      () => program.subscribe('#', { as: ANN }, () => {}),
      (error) => error instanceof RefusedError && error.reason === Reason.notAuthorized,
    )
    await program.publish({ topic: 'a/secret', payload: 'old', retain: true })
    const texts: string[] = []
    program.subscribe('a/#', { as: ANN }, (message) => texts.push(textOf(message)))
    await program.publish({ topic: 'a/secret', payload: '1' })
    await program.publish({ topic: 'a/open', payload: '2' })
    world.settle()
    assert.deepEqual(texts, ['a/open=2'])
  })

  test('gets what was published before the server closed, and nothing later', async () => {
    const { world, program } = begin()
    const texts: string[] = []
    const keep = (message: ReceivedMessage): void => {
      texts.push(textOf(message))
      void program.publish({ topic: 'a', payload: 'late' })
    }
    await program.publish({ topic: 'a', payload: 'old', retain: true })
    program.subscribe('a', {}, keep)
    const stopped = program.subscribe('a', {}, () => assert.fail('it had unsubscribed'))
    await program.publish({ topic: 'a', payload: 'last' })
    stopped.unsubscribe()
    let isClosed = false
    const closed = program.close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    assert.equal(isClosed, false)
    world.settle()
    await closed
    assert.deepEqual(texts, ['a=old', 'a=last'])
    assert.equal(world.tree.size, 0)
  })

  test('that throws does not keep the server from closing', async () => {
    const { world, program } = begin()
    const texts: string[] = []
    program.subscribe('a', {}, (message) => {
      texts.push(textOf(message))
      throw new Error('the handler failed')
    })
    await program.publish({ topic: 'a', payload: '1' })
    await program.publish({ topic: 'a', payload: '2' })
    const closed = program.close()
    assert.throws(() => world.settle(), /the handler failed/)
    assert.throws(() => world.settle(), /the handler failed/)
    world.settle()
    await closed
    assert.deepEqual(texts, ['a=1', 'a=2'])
  })

  test('cannot have what is no filter', () => {
    const { program } = begin()
    for (const filter of ['', 'a#', '$share/g/a']) {
      assert.throws(() => program.subscribe(filter), { reason: Reason.topicFilterInvalid })
    }
  })
})

describe('a stream of the program', () => {
  test('gives what is retained, then each message in order', async () => {
    const { program } = begin()
    await program.publish({ topic: 'a/old', payload: '1', retain: true })
    const stream = program.subscribe('a/#')
    await program.publish({ topic: 'a/old', payload: '2', retain: true })
    await program.publish({ topic: 'a/b', payload: '3' })
    // The first state was replaced before it was read.
    assert.deepEqual(await drain(stream), ['a/old=2', 'a/b=3'])
  })

  test('wakes who waits, and ends by break', async () => {
    const { world, program } = begin()
    const texts: string[] = []
    const reading = (async () => {
      for await (const message of program.subscribe('a')) {
        texts.push(textOf(message))
        if (texts.length === 2) break
      }
    })()
    await program.publish({ topic: 'a', payload: '1' })
    await program.publish({ topic: 'a', payload: '2' })
    await reading
    assert.deepEqual(texts, ['a=1', 'a=2'])
    assert.equal(world.tree.size, 0)
  })

  test('drops the newest when full, counts it, and tells who listens', async () => {
    const { world, program } = begin()
    const drops: unknown[] = []
    program.on('drop', (event) => drops.push(event))
    const stream = program.subscribe('a', { messagesMax: 2 })
    for (const payload of ['1', '2', '3', '4']) await program.publish({ topic: 'a', payload })
    world.settle()
    assert.equal(stream.dropped, 2)
    assert.equal(world.counters.droppedQueueFull, 2)
    assert.deepEqual(drops[0], { subscriber: '', topic: 'a', cause: 'queueFull' })
    assert.deepEqual(await drain(stream), ['a=1', 'a=2'])
  })

  test('holds 1000 messages unless told otherwise', async () => {
    const { program } = begin()
    const stream = program.subscribe('a')
    for (let count = 0; count < 1001; count += 1) {
      await program.publish({ topic: 'a', payload: '' })
    }
    assert.equal(stream.dropped, 1)
  })

  test('leaves out what expired while it waited', async () => {
    const { world, program } = begin()
    const stream = program.subscribe('a')
    await program.publish({ topic: 'a', payload: 'short', expiryS: 1 })
    await program.publish({ topic: 'a', payload: 'long', expiryS: 10 })
    world.advance(2000)
    assert.deepEqual(await drain(stream), ['a=long'])
    assert.equal(world.counters.droppedExpired, 1)
  })

  test('ends when the server does, after what had come', async () => {
    const { program } = begin()
    const stream = program.subscribe('a')
    const waiting = program.subscribe('b').next()
    await program.publish({ topic: 'a', payload: '1' })
    void program.close()
    assert.deepEqual(await waiting, { done: true, value: undefined })
    assert.deepEqual(await drain(stream), ['a=1'])
    assert.equal((await stream.next()).done, true)
    assert.throws(() => program.subscribe('a'), { reason: Reason.serverShuttingDown })
    const late = await program.publish({ topic: 'a', payload: '' })
    assert.equal(late.reason, Reason.serverShuttingDown)
  })
})

describe('what the program reads and hears', () => {
  test('is the state of one topic, or of all that match', async () => {
    const { program } = begin()
    await program.publish({ topic: 'a/1', payload: 'x', retain: true })
    await program.publish({ topic: 'a/2', payload: 'y', retain: true })
    assert.equal(program.state('a/3'), undefined)
    assert.equal(program.state('a/#'), undefined)
    assert.deepEqual([...program.retained('a/+')].map(textOf).toSorted(), ['a/1=x', 'a/2=y'])
    assert.throws(() => program.retained('a#'), { reason: Reason.topicFilterInvalid })
  })

  test('is who comes and goes and what is published, until it listens no more', () => {
    const { world, program } = begin()
    const heard: string[] = []
    const stops = [
      program.on('connect', ({ clientId, version }) => heard.push(`+${clientId} ${version}`)),
      program.on('disconnect', ({ clientId, reason }) => heard.push(`-${clientId} ${reason}`)),
      program.on('publish', ({ message, principal }) => {
        heard.push(`${principal?.clientId} ${textOf(message)}`)
      }),
    ]
    const client = new FrontClient(world, createFront(world))
    client.connect('lamp')
    client.publish('a', 'x')
    assert.deepEqual(heard, [])
    client.lose()
    world.settle()
    assert.deepEqual(heard, ['+lamp 5.0', 'lamp a=x', '-lamp connection lost'])
    for (const stop of stops) stop()
    assert.equal(world.observer.publish.isHeard, false)
    new FrontClient(world, createFront(world)).connect('other')
    world.settle()
    assert.equal(heard.length, 3)
  })
})

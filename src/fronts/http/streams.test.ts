// Streams of events: what they begin with, what they tell, where they go on, and what becomes of
// those who read too slowly or not at all. Over a port: src/server-streams.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpWorld, type OpenStream } from '../../../test/support/http-world.ts'
import { createMessage, filterOf } from '../../../test/support/tree-fixtures.ts'
import { Reason } from '../../base/reason.ts'
import { ALLOW_ALL } from '../../core/access.ts'
import type { Access } from '../../core/ports.ts'
import { HEARTBEAT_MS, STREAM_EVENTS_MAX } from './event-stream.ts'
import { DEFAULT_HTTP_SETTINGS } from './settings.ts'
import { SearchLine, States, STATES_MAX } from './states.ts'
import { isStreamAsked } from './streams.ts'

const REPLAY_EVENTS_MAX = DEFAULT_HTTP_SETTINGS.replayEventsMax

interface Told {
  readonly event: string
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** Events as a browser reads them; comments are left out. */
function parse(text: string): Told[] {
  const told: Told[] = []
  for (const block of text.split('\n\n')) {
    const field = (name: string): string | undefined =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2)
    const data = field('data')
    if (data === undefined) continue
    told.push({
      event: field('event') ?? 'message',
      id: field('id'),
      data: JSON.parse(data) as Told['data'],
    })
  }
  return told
}

/** `message a=1`, `clear a deleted`, `sync`. */
function wordsOf({ sink }: OpenStream): string[] {
  return parse(sink.take()).map(({ event, data }) => {
    const { topic, payload, reason } = data
    if (event === 'message') return `${String(topic)}=${String(payload)}`
    return event === 'clear' ? `clear ${String(topic)} ${String(reason)}` : event
  })
}

/** The world with what was put and posted: `a=1` sets a state, `a!1` is an event. */
async function say(world: HttpWorld, ...acts: string[]): Promise<void> {
  for (const act of acts) {
    const [, topic = '', sign, payload = ''] = /^([^=!]+)([=!])(.*)$/.exec(act) ?? []
    const method = sign === '!' ? 'POST' : payload === '' ? 'DELETE' : 'PUT'
    const { status } = await world.ask(`${method} /topics/${topic}`, {}, payload)
    assert.ok(status < 300, `${act}: ${status}`)
    world.inner.settle()
  }
}

/** An event, without a request. */
function publish({ inner }: HttpWorld, topic: string): void {
  inner.hub.publish(createMessage(topic, { retain: false }), undefined)
}

test('[H-50] [R-23] what is retained, sync, then what comes', async () => {
  const world = new HttpWorld()
  await say(world, 'b=1', 'a=2', 'c=3')
  const stream = await world.stream('/topics?filter=%23')
  assert.equal(stream.fields['content-type'], 'text/event-stream')
  assert.equal(stream.fields['cache-control'], 'no-store')
  assert.deepEqual(wordsOf(stream), ['b=1', 'a=2', 'c=3', 'sync'])
  await say(world, 'a=4', 'a!5', 'x/y=6', 'a=')
  assert.deepEqual(wordsOf(stream), ['a=4', 'a=5', 'x/y=6', 'clear a deleted'])
})

test('[R-20] an event is JSON of one line, its id the ETag of the state', async () => {
  const world = new HttpWorld()
  const { fields } = await world.ask(
    'PUT /topics/a?qos=2',
    { 'content-type': 'text/plain', 'mqtt-user-property': '"x"="y"' },
    'one\r\ntwo',
  )
  await world.ask('PUT /topics/b', {}, new Uint8Array([0xff]))
  const stream = await world.stream('/topics?filter=%2B')
  const text = stream.sink.take()
  const [first, second, sync] = parse(text)
  assert.equal(`"${first?.id}"`, fields['etag'])
  const { time, ...data } = first?.data ?? {}
  assert.equal(typeof time, 'string')
  assert.deepEqual(data, {
    ...{ topic: 'a', offset: Number(first?.id), contentType: 'text/plain' },
    ...{ payload: 'one\r\ntwo', qos: 2, retain: true },
    properties: { payloadFormat: 1, userProperties: [['x', 'y']] },
  })
  assert.equal(second?.data['payload_base64'], '/w==')
  assert.equal(sync?.id, second?.id)
  assert.doesNotMatch(text, /\r/)
})

test('one topic alone, also one without a state', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics/a')
  assert.deepEqual(wordsOf(stream), ['sync'])
  await say(world, 'a=1', 'b=2', 'a/b=3')
  assert.deepEqual(wordsOf(stream), ['a=1'])
})

test('several filters: what several match comes once', async () => {
  const world = new HttpWorld()
  await say(world, 'a/b=1', 'c=2', 'd=3')
  const stream = await world.stream('/topics?filter=a/%2B&filter=%2B/b&filter=c&filter=c')
  assert.deepEqual(wordsOf(stream), ['a/b=1', 'c=2', 'sync'])
  await say(world, 'a/b=4', 'x/b=5', 'd=6')
  assert.deepEqual(wordsOf(stream), ['a/b=4', 'x/b=5'])
})

test('more states than one stream holds ready come in lots, without ids', async () => {
  const world = new HttpWorld()
  for (let at = 0; at < 2 * STATES_MAX + 5; at += 1) {
    world.inner.hub.publish(createMessage(`${at}/a`), undefined)
  }
  world.inner.settle()
  const stream = await world.stream('/topics?filter=%2B/a&filter=%23')
  await say(world, 'live!1')
  let text = ''
  for (let turn = 0; !text.includes('live'); turn += 1) {
    assert.ok(turn < 1000, 'it does not end')
    world.inner.settle()
    text += stream.sink.take()
  }
  const told = parse(text)
  const states = told.slice(0, -2)
  assert.equal(new Set(states.map(({ data }) => data['topic'])).size, 2 * STATES_MAX + 5)
  assert.equal(states.length, 2 * STATES_MAX + 5)
  assert.ok(states.every(({ id }) => id === undefined))
  assert.deepEqual(
    told.slice(-2).map(({ event }) => event),
    ['sync', 'message'],
  )
})

test('who leaves while states are looked for holds up no other', () => {
  const { retained, hub } = new HttpWorld().inner
  for (let at = 0; at < 3000; at += 1) hub.publish(createMessage(`${at}/a`), undefined)
  const deferred: (() => void)[] = []
  const line = new SearchLine({ defer: (run) => deferred.push(run) })
  const done: string[] = []
  const add = (name: string): States => {
    const states = new States(retained, [filterOf('#')], hub.head, 0)
    line.add(states, () => done.push(name))
    return states
  }
  const first = add('first')
  add('second')
  assert.deepEqual([done.length, deferred.length], [0, 1])
  line.leave(first)
  let turns = 0
  for (let run = deferred.shift(); run !== undefined; run = deferred.shift()) {
    run()
    turns += 1
    if (turns === 1) line.leave(add('third'))
  }
  assert.deepEqual([done, turns > 2, turns < 20], [['second'], true, true])
  add('fourth')
  assert.equal(deferred.length, 1)
})

test('a state whose time is over is cleared, without an id', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics?filter=%2B&filter=%23')
  await world.ask('PUT /topics/a?expiry=5', {}, '1')
  const [, set] = parse(stream.sink.take())
  world.inner.advance(60_000)
  world.inner.sessions.sweep()
  world.inner.settle()
  const [told, ...more] = parse(stream.sink.take())
  const offset = Number(set?.id)
  const data = { topic: 'a', offset, reason: 'expired' }
  assert.deepEqual([told, more], [{ event: 'clear', id: undefined, data }, []])
})

test('[R-22] who comes back gets what was missed', async () => {
  const world = new HttpWorld()
  const first = await world.stream('/topics?filter=a/%23')
  await say(world, 'a/1=x')
  const [, last] = parse(first.sink.take())
  first.source.gone()
  await say(world, 'a/2=y', 'b=no', 'a/1!z', 'a/1=')
  const headers = { 'last-event-id': last?.id ?? '' }
  const again = await world.stream('/topics?filter=a/%23&filter=%2B/2', headers)
  assert.deepEqual(wordsOf(again), ['a/2=y', 'a/1=z', 'clear a/1 deleted', 'sync'])
  await say(world, 'a/3=w')
  assert.deepEqual(wordsOf(again), ['a/3=w'])
  const byQuery = await world.stream(`/topics?filter=a/2&lastEventId=${last?.id}`)
  assert.deepEqual(wordsOf(byQuery), ['a/2=y', 'sync'])
})

test('[R-22] the ring is too short: gap, what is retained, sync', async () => {
  const world = new HttpWorld()
  const first = await world.stream('/topics/a')
  await say(world, 'a=1')
  const [, last] = parse(first.sink.take())
  const fill = (count: number): void => {
    for (let at = 0; at < count; at += 1) {
      publish(world, 'a')
      if (at % 1000 === 0) world.inner.settle()
    }
    world.inner.settle()
  }
  const headers = { 'last-event-id': last?.id ?? '' }
  fill(REPLAY_EVENTS_MAX)
  const whole = wordsOf(await world.stream('/topics/a', headers))
  assert.equal(whole.length, REPLAY_EVENTS_MAX + 1)
  fill(1)
  assert.deepEqual(wordsOf(await world.stream('/topics/a', headers)), ['gap', 'a=1', 'sync'])
  const offset = Number(last?.id)
  const [gap] = parse((await world.stream('/topics/a', headers)).sink.take())
  assert.deepEqual(gap?.data, { after: offset, until: offset + 1 })
})

test('a ring of none: who missed something is told so', async () => {
  const world = new HttpWorld({ http: { replayEventsMax: 0 } })
  const first = await world.stream('/topics/a')
  await say(world, 'a!1')
  const [, last] = parse(first.sink.take())
  const headers = { 'last-event-id': last?.id ?? '' }
  assert.deepEqual(wordsOf(await world.stream('/topics/a', headers)), ['sync'])
  await say(world, 'b!1')
  assert.deepEqual(wordsOf(await world.stream('/topics/a', headers)), ['gap', 'sync'])
})

for (const [title, id] of [
  ['one that was never given out', '99999999999999999'],
  ['one that is none', 'x'],
  ['one of long ago', '1'],
] as const) {
  test(`[R-22] ${title}: gap`, async () => {
    const world = new HttpWorld()
    await say(world, 'a=1')
    const stream = await world.stream('/topics/a', { 'last-event-id': id })
    assert.deepEqual(wordsOf(stream), ['gap', 'a=1', 'sync'])
  })
}

test('what is published while nobody reads is kept for a while', async () => {
  const world = new HttpWorld()
  const first = await world.stream('/topics/a')
  await say(world, 'a!1')
  const [, last] = parse(first.sink.take())
  first.source.gone()
  const headers = { 'last-event-id': last?.id ?? '' }
  world.inner.advance(4 * 60_000)
  await say(world, 'a!2')
  const again = await world.stream('/topics/a', headers)
  assert.deepEqual(wordsOf(again), ['a=2', 'sync'])
  again.source.gone()
  world.inner.advance(6 * 60_000)
  assert.equal(world.inner.observer.publish.isHeard, false)
  assert.deepEqual(wordsOf(await world.stream('/topics/a', headers)), ['gap', 'sync'])
})

test('[R-24] who reads slowly gets the newest of each topic', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics?filter=%23')
  stream.sink.isFull = true
  await say(world, 'a=0')
  stream.sink.take()
  for (let at = 1; at <= STREAM_EVENTS_MAX / 2; at += 1) await say(world, `a=${at}`, `a!${at}`)
  assert.equal(world.inner.counters.droppedSlow, 0)
  await say(world, 'b=1')
  assert.equal(stream.sink.take(), '')
  stream.sink.isFull = false
  stream.source.drained()
  world.inner.settle()
  const newest = STREAM_EVENTS_MAX / 2
  assert.deepEqual(wordsOf(stream), [`a=${newest}`, `a=${newest}`, 'b=1'])
  assert.equal(world.inner.counters.droppedSlow, STREAM_EVENTS_MAX - 2)
})

test('[R-24] who reads too slowly for that is cut', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics?filter=%23')
  stream.sink.isFull = true
  await say(world, 'a=0')
  for (let at = 0; at <= STREAM_EVENTS_MAX; at += 1) await say(world, `t/${at}!1`)
  assert.equal(stream.sink.isCut, true)
  assert.equal(world.inner.tree.size, 0)
})

test('a burst in one turn is told whole, in few writes', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics?filter=%23')
  stream.sink.take()
  const before = stream.sink.writes
  for (let at = 0; at < 3 * STREAM_EVENTS_MAX; at += 1) publish(world, `${at}`)
  for (let round = 0; round < 10; round += 1) world.inner.settle()
  assert.equal(wordsOf(stream).length, 3 * STREAM_EVENTS_MAX)
  assert.ok(stream.sink.writes - before < 20, `${stream.sink.writes - before} writes`)
})

test('[R-21] a comment every 15 s', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics/a')
  stream.sink.take()
  world.inner.advance(HEARTBEAT_MS)
  assert.equal(stream.sink.take(), ':\n\n')
  world.inner.advance(HEARTBEAT_MS)
  assert.equal(stream.sink.take(), ':\n\n')
})

test('who is gone leaves nothing behind', async () => {
  const world = new HttpWorld()
  const timers = world.inner.deadlines.size
  const streams = [
    await world.stream('/topics/a'),
    await world.stream('/topics?filter=a&filter=%23'),
  ]
  assert.equal(world.inner.tree.size, 3)
  for (const { source } of streams) source.gone()
  assert.equal(world.inner.tree.size, 0)
  world.inner.advance(10 * 60_000)
  assert.equal(world.inner.deadlines.size, timers)
  const { publish, stateExpired } = world.inner.observer
  assert.deepEqual([publish.isHeard, stateExpired.isHeard], [false, false])
})

test('a server that closes ends them, and begins none', async () => {
  const world = new HttpWorld()
  const stream = await world.stream('/topics/a')
  world.close()
  assert.equal(stream.sink.isEnded, true)
  assert.equal(world.inner.tree.size, 0)
  const refused = await world.ask('GET /topics/a', { accept: 'text/event-stream' })
  assert.equal(refused.status, 503)
})

class Guard implements Access {
  isStanding = true

  authenticate(...credentials: Parameters<Access['authenticate']>) {
    return ALLOW_ALL.authenticate(...credentials)
  }

  mayStay(): boolean {
    return this.isStanding
  }

  mayPublish(): Reason {
    return Reason.success
  }

  maySubscribe(...[, filter]: Parameters<Access['maySubscribe']>): Reason {
    return filter === 'private' ? Reason.notAuthorized : Reason.success
  }

  mayRead(...[, topic]: Parameters<Access['mayRead']>): boolean {
    return topic !== 'hidden'
  }
}

test('[H-100] rights: each filter, each message, and as long as a login stands', async () => {
  const guard = new Guard()
  const world = new HttpWorld({ access: guard })
  const accept = { accept: 'text/event-stream' }
  for (const target of ['/topics/private', '/topics?filter=a&filter=private', '/topics/hidden']) {
    assert.equal((await world.ask(`GET ${target}`, accept)).status, 401, target)
  }
  await say(world, 'hidden=1', 'a=1')
  const stream = await world.stream('/topics?filter=%23')
  assert.deepEqual(wordsOf(stream), ['a=1', 'sync'])
  await say(world, 'hidden=2', 'hidden!3', 'a=2')
  assert.deepEqual(wordsOf(stream), ['a=2'])
  world.checkLogins()
  assert.equal(stream.sink.isEnded, false)
  guard.isStanding = false
  world.checkLogins()
  assert.equal(stream.sink.isEnded, true)
})

test('requests that are none for a stream', async () => {
  const world = new HttpWorld()
  const accept = { accept: 'text/event-stream' }
  const many = Array.from({ length: 65 }, (_, at) => `filter=${at}`).join('&')
  const cases = [
    ['GET /topics?filter=$share/g/a', 400],
    ['GET /topics/$share/g/a', 400],
    ['GET /topics?filter=a%23', 400],
    ['GET /topics?filter=a&limit=1', 400],
    ['GET /topics/a?filter=a', 400],
    [`GET /topics?${many}`, 400],
    ['HEAD /topics/a', 200],
  ] as const
  for (const [line, status] of cases) {
    assert.equal((await world.ask(line, accept)).status, status, line)
  }
  assert.equal((await world.ask('GET /topics?filter=a&filter=b')).status, 400)
  assert.equal(world.inner.tree.size, 0)
})

test('[H-11] a stream is asked for by its name', () => {
  const asked = ['text/event-stream', 'Text/Event-Stream;charset=utf-8', 'text/event-stream, */*']
  const other = [undefined, '*/*', 'text/*', 'text/event-stream;q=0', 'application/json']
  for (const accept of asked) assert.equal(isStreamAsked(accept), true, accept)
  for (const accept of other) assert.equal(isStreamAsked(accept), false, accept)
})

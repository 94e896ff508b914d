// Many topics at once: pages of a list, and clearing by filter.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpWorld } from '../../../test/support/http-world.ts'
import { type Conversation, playConversations } from '../../../test/support/http-script.ts'
import { Reason } from '../../base/reason.ts'
import { ALLOW_ALL } from '../../core/access.ts'

const put = (topic: string, body = topic) =>
  ({ ask: `PUT /topics/${topic}`, body, status: 201 }) as const
const ALLOWED = 'GET, HEAD, DELETE, OPTIONS'

const CONVERSATIONS: readonly Conversation[] = [
  [
    '[R-40] the list has all of a state',
    [
      {
        ask: 'PUT /topics/a',
        with: {
          'content-type': 'application/json',
          'mqtt-message-expiry': '60',
          'mqtt-correlation-data': ':AP8=:',
          'mqtt-response-topic': 'r',
          'mqtt-user-property': '"x"="y"',
        },
        body: '21',
        status: 201,
      },
      { ask: 'PUT /topics/b', body: new Uint8Array([0xff, 0]), status: 201 },
      {
        ask: 'GET /topics',
        status: 200,
        fields: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          link: undefined,
        },
        text: new RegExp(
          '^\\{"items":\\[\\{"topic":"a","offset":\\d+,"contentType":"application/json",' +
            '"payload":"21","time":"[^"]+Z","expiresAt":"[^"]+Z","properties":\\{"qos":1,' +
            '"payloadFormat":1,"responseTopic":"r","correlationData":"AP8=",' +
            '"userProperties":\\[\\["x","y"\\]\\]\\}\\},' +
            '\\{"topic":"b","offset":\\d+,"contentType":"application/octet-stream",' +
            '"payload_base64":"/wA=","time":"[^"]+Z","properties":\\{"qos":1\\}\\}\\]\\}\\n$',
        ),
      },
      { ask: 'HEAD /topics', status: 200, text: '', fields: { 'content-length': /\d{3}/ } },
      {
        ask: 'GET /topics?filter=b',
        with: { accept: 'application/x-ndjson' },
        status: 200,
        text: /^\{"topic":"b",[^\n]*\}\n$/,
        fields: { 'content-type': 'application/x-ndjson' },
      },
    ],
  ],
  [
    'a filter is one of MQTT, in which a raw plus is a plus',
    [
      put('a/1/x'),
      put('a/2/x'),
      put('b/1/x'),
      { ask: 'GET /topics?filter=a/+/x', status: 200, text: /"a\/1\/x".*"a\/2\/x"/ },
      { ask: 'GET /topics?filter=%2B/1/%23', status: 200, text: /"a\/1\/x".*"b\/1\/x"/ },
      { ask: 'GET /topics?filter=none', status: 200, text: '{"items":[]}\n' },
      {
        ask: 'GET /topics?filter=none',
        with: { accept: 'application/x-ndjson' },
        status: 200,
        text: '',
      },
      { ask: 'GET /topics?filter=a%2B', status: 400, problem: 'filter-invalid' },
      { ask: 'GET /topics?filter=', status: 400 },
      { ask: 'GET /topics?filter=$share/g/a', status: 400, problem: 'filter-invalid' },
      { ask: 'GET /topics?filtre=a', status: 400 },
      { ask: 'GET /topics?limit=0', status: 400 },
      { ask: 'GET /topics?limit=x', status: 400 },
      { ask: 'GET /topics?cursor=%20', status: 400 },
      { ask: 'GET /topics?limit=1000000', status: 200 },
      { ask: 'GET /topics', with: { accept: 'text/html' }, status: 406 },
      { ask: 'GET /topics', with: { accept: 'image/png' }, status: 406 },
      { ask: 'GET /topics/', status: 400, problem: 'topic-invalid' },
    ],
  ],
  [
    '[H-6] [H-7] methods of the list',
    [
      {
        ask: 'OPTIONS /topics',
        status: 204,
        fields: { allow: ALLOWED, 'accept-patch': undefined },
      },
      { ask: 'PUT /topics', body: '1', status: 405, fields: { allow: ALLOWED } },
    ],
  ],
  [
    'clearing by filter',
    [
      put('a/1'),
      put('a/2'),
      put('b/1'),
      { ask: 'DELETE /topics', status: 400, problem: 'filter-invalid' },
      { ask: 'DELETE /topics?filter=a/%23&dry-run=yes', status: 400 },
      { ask: 'DELETE /topics?filter=a/%23&dry-run', status: 400 },
      {
        ask: 'DELETE /topics?filter=a/%23&dry-run=true',
        status: 200,
        text: '{"matched":2,"dryRun":true}\n',
      },
      { ask: 'GET /topics/a/1', status: 200 },
      { ask: 'DELETE /topics?filter=a/%23&dry-run=false', status: 200, text: '{"deleted":2}\n' },
      { ask: 'GET /topics/a/1', status: 404 },
      { ask: 'GET /topics/b/1', status: 200 },
      { ask: 'DELETE /topics?filter=a/%23', status: 200, text: '{"deleted":0}\n' },
      { ask: 'DELETE /topics?filter=%23', status: 200, text: '{"deleted":1}\n' },
    ],
  ],
  [
    'what may not be read is not listed, what may not be written is not cleared',
    [
      put('a/1'),
      put('a/2'),
      put('secret/1'),
      { ...put('fixed/1'), with: { authorization: `Basic ${btoa('al:')}` } },
      { ask: 'GET /topics', status: 200, text: /^(?!.*secret).*"a\/1".*"a\/2".*"fixed\/1"/ },
      { ask: 'GET /topics?filter=no/%23', status: 401 },
      { ask: 'DELETE /topics?filter=fixed/%23', status: 401, problem: 'not-authenticated' },
      {
        ask: 'DELETE /topics?filter=%23&dry-run=true',
        status: 200,
        text: '{"matched":3,"dryRun":true,"denied":1}\n',
      },
      { ask: 'DELETE /topics?filter=%23', status: 200, text: '{"deleted":3,"denied":1}\n' },
    ],
    {
      access: {
        ...ALLOW_ALL,
        maySubscribe: (_principal, filter) =>
          filter.startsWith('no/') ? Reason.notAuthorized : Reason.success,
        mayRead: (_principal, topic) => !topic.startsWith('secret/'),
        mayPublish: ({ user }, topic) =>
          user === undefined && topic === 'fixed/1' ? Reason.notAuthorized : Reason.success,
      },
    },
  ],
]

playConversations(CONVERSATIONS)

/** All topics of the list, page by page as the links say. */
async function walk(
  world: HttpWorld,
  first: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = []
  for (let target: string | undefined = first; target !== undefined; ) {
    const { status, text, fields } = await world.ask(`GET ${target}`)
    assert.equal(status, 200, text)
    const { items, next } = JSON.parse(text) as { items: { topic: string }[]; next?: string }
    pages.push(items.map(({ topic }) => topic))
    const [, link]: (string | undefined)[] =
      /^<([^>]+)>; rel="next"$/.exec(fields['link'] ?? '') ?? []
    assert.equal(link === undefined, next === undefined)
    if (next !== undefined) assert.ok(link?.endsWith(`cursor=${next}`))
    target = link
    await between(pages.length)
  }
  return pages
}

test('[H-70] [R-40] pages go in order, and what changes meanwhile comes once or not', async () => {
  const world = new HttpWorld()
  const topics = Array.from(
    { length: 25 },
    (_, at) => `t/${String((at * 7) % 25).padStart(2, '0')}`,
  )
  for (const topic of topics) await world.ask(`PUT /topics/${topic}`, {}, 'x')
  const sorted = topics.toSorted((one, other) => (one < other ? -1 : 1))
  const plain = await walk(world, '/topics?filter=t/%23&limit=10')
  assert.deepEqual(plain, [sorted.slice(0, 10), sorted.slice(10, 20), sorted.slice(20)])
  assert.equal((await walk(world, '/topics?limit=25')).length, 1, 'a full page may be the last')

  const changed = await walk(world, '/topics?filter=t/%23&limit=10', async (page) => {
    if (page !== 1) return
    await world.ask('DELETE /topics/t/09') // The last of the first page.
    await world.ask('DELETE /topics/t/15')
    await world.ask('PUT /topics/t/00', {}, 'new')
    await world.ask('PUT /topics/t/155', {}, 'new')
  })
  const expected = [...sorted.filter((topic) => topic !== 't/15'), 't/155']
  assert.deepEqual(
    changed.flat(),
    expected.toSorted((one, other) => (one < other ? -1 : 1)),
  )
})

test('a state that never ends, as a program may say it, is listed without a time', async () => {
  const world = new HttpWorld()
  world.inner.publish('a', 'x', { retain: true, expiresAtMs: 1e300 })
  const { status, text } = await world.ask('GET /topics')
  assert.deepEqual([status, /expiresAt/.test(text)], [200, false])
})

test('a page of large payloads ends early', async () => {
  const world = new HttpWorld()
  for (const topic of ['a', 'b', 'c']) {
    await world.ask(`PUT /topics/${topic}`, {}, 'x'.repeat(3_000_000))
  }
  const pages = await walk(world, '/topics')
  assert.deepEqual(pages, [['a'], ['b'], ['c']])
})

test('more searches at once than the server bears are refused', async () => {
  const world = new HttpWorld()
  for (let at = 0; at < 1200; at += 1) world.inner.publish(`t/${at}`, 'x', { retain: true })
  const statuses: number[] = []
  for (let at = 0; at < 9; at += 1) {
    void world.begin('GET /topics', {}).then(({ status }) => statuses.push(status))
  }
  await Promise.resolve()
  assert.equal((await world.ask('GET /topics/t/1')).status, 200, 'others go on')
  while (statuses.length < 9) await world.ask('GET /topics/t/1')
  assert.equal(statuses.filter((status) => status === 503).length, 1)
  assert.equal((await world.ask('GET /topics')).status, 200)
})

test('thousands of topics are cleared over several turns', async () => {
  const world = new HttpWorld()
  for (let at = 0; at < 2500; at += 1) world.inner.publish(`t/${at}`, 'x', { retain: true })
  const answer = await world.ask('DELETE /topics?filter=t/+')
  assert.equal(answer.text, '{"deleted":2500}\n')
  assert.equal(world.inner.retained.count, 0)
})

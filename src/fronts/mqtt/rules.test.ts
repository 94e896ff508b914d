// Clients under a rules file: what each right keeps out, what a reload takes away at once, and how
// a refusal says which rule it was.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { AccessFiles, rulesOf } from '../../../test/support/access-files.ts'
import { createFront, FrontClient, reasonOf } from '../../../test/support/front-client.ts'
import { SessionWorld } from '../../../test/support/session-world.ts'
import { systemClock } from '../../base/clock.ts'
import { Reason } from '../../base/reason.ts'
import { PacketType, type Version } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import type { LogFields } from '../../core/ports.ts'

interface Line extends LogFields {
  readonly event: string
}

interface Options {
  readonly reasonStrings?: boolean
}

/** A server with these rules; `reload` puts others in force as the program does. */
async function setUp(t: TestContext, text: string, options: Options = {}) {
  const files = new AccessFiles(t)
  const rulesFile = files.write('rules.yaml', text)
  const rules = await rulesOf({ rulesFile, allowAnonymous: true }, systemClock, options)
  const world = new SessionWorld({ access: rules })
  const front = createFront(world)
  const lines: Line[] = []
  world.world.log.info = (event, fields) => lines.push({ event, ...fields })
  const join = (user: string | undefined, more: object = {}, some: object = {}): FrontClient => {
    const client = new FrontClient(world, front)
    client.connect(`c-${user}`, { userName: user, ...more }, some)
    world.settle()
    return client
  }
  const reload = async (other: string): Promise<void> => {
    files.write('rules.yaml', other)
    await rules.reload()
    front.checkLogins()
    world.settle()
  }
  /** The rule of the last line of the log with that text, without its folder. */
  const ruleOf = (event: string): string | undefined =>
    lines
      .findLast((line) => line.event === event)
      ?.['rule']?.toString()
      .replace(files.folder, '')
  return { world, front, join, reload, lines, ruleOf, settle: () => world.settle() }
}

const topicsOf = (client: FrontClient): string[] => client.publishes.map(({ topic }) => topic)

function reasonStringOf(client: FrontClient, type: PacketType): string | undefined {
  const packet = client.packets.findLast((one) => one.type === type)
  return packet !== undefined && 'properties' in packet ? packet.properties.reasonString : undefined
}

const OPEN = `rules:
- allow: connect
- deny: publish
  topic: secret/#
- { allow: [publish, read] }
`
const willOf = (topic: string, fields: object = {}) => ({
  will: { topic, payload: Uint8Array.of(1), qos: 0, retain: false, properties: NO_PROPERTIES },
  ...fields,
})

test('connecting: refused with the rule, and cut off once it is forbidden', async (t) => {
  const { join, reload, ruleOf } = await setUp(
    t,
    'rules:\n- { deny: connect, user: bad }\n- allow: connect\n  anonymous: false\n',
  )
  const bad = join('bad')
  assert.equal(reasonOf(bad, PacketType.connack), Reason.notAuthorized)
  assert.equal(reasonStringOf(bad, PacketType.connack), 'denied by rules.yaml:2')
  assert.equal(ruleOf('client refused'), '/rules.yaml:2')
  const nobody = join(undefined)
  assert.equal(reasonOf(nobody, PacketType.connack), Reason.notAuthorized)
  assert.match(
    reasonStringOf(nobody, PacketType.connack) ?? '',
    /^no rule of rules\.yaml allows it$/,
  )

  const [al, bo] = [join('al'), join('bo')]
  assert.equal(reasonOf(al, PacketType.connack), Reason.success)
  await reload('rules:\n- allow: connect\n  user: bo\n')
  assert.equal(reasonOf(al, PacketType.disconnect), Reason.notAuthorized)
  assert.equal(reasonStringOf(al, PacketType.disconnect), 'no rule of rules.yaml allows it')
  assert.ok(al.isEnded && !bo.isEnded)
  assert.match(ruleOf('login stands no more') ?? '', /^no rule of \/rules\.yaml allows it$/)
})

test('publishing: each refusal says the rule, at every QoS and by a topic alias', async (t) => {
  const { join, settle, ruleOf, lines } = await setUp(t, OPEN)
  const client = join('al')
  client.publish('secret/1', 'x', { qos: 1, packetId: 1 })
  client.publish('secret/2', 'x', { qos: 2, packetId: 2 }, { topicAlias: 1 })
  client.publish('', 'x', { qos: 0 }, { topicAlias: 1 })
  client.publish('$SYS/x', 'x', { qos: 1, packetId: 3 })
  client.publish('open', 'x', { qos: 1, packetId: 4 })
  settle()
  const answers = client.packets.flatMap((packet) =>
    packet.type === PacketType.puback || packet.type === PacketType.pubrec
      ? [[packet.packetId, packet.reason, packet.properties.reasonString]]
      : [],
  )
  assert.deepEqual(answers, [
    [1, Reason.notAuthorized, 'denied by rules.yaml:3'],
    [2, Reason.notAuthorized, 'denied by rules.yaml:3'],
    [3, Reason.notAuthorized, 'topics that begin with $ are the server’s'],
    [4, Reason.noMatchingSubscribers, undefined],
  ])
  const refused = lines.filter(({ event }) => event === 'publish refused')
  assert.deepEqual(
    refused.map((line) => line['topic']),
    ['secret/1', 'secret/2', 'secret/2', '$SYS/x'],
  )
  assert.equal(ruleOf('publish refused'), 'topics that begin with $ are the server’s')
  assert.equal(refused[2]?.['user'], 'al')
  assert.match(String(refused[2]?.['rule']), /\/rules\.yaml:3$/)
})

test('before MQTT 5 what is refused is acknowledged and goes nowhere', async (t) => {
  const { world, front, join, settle } = await setUp(t, OPEN)
  const reader = join('reader')
  reader.subscribe('#')
  for (const version of [3, 4] as Version[]) {
    const old = new FrontClient(world, front, version)
    old.connect(`old-${version}`, { userName: 'old' })
    settle()
    old.publish('secret/1', 'x', { qos: 1, packetId: 1 })
    old.publish('secret/1', 'x', { qos: 2, packetId: 2 })
    settle()
    assert.deepEqual(old.types, ['connack', 'puback', 'pubrec'])
  }
  assert.deepEqual(topicsOf(reader), [])
})

test('[MQTT-3.1.2-29] who wants no problem information gets none but where it ends', async (t) => {
  const { join, settle, reload } = await setUp(t, OPEN)
  const quiet = join('al', {}, { requestProblemInformation: 0 })
  quiet.publish('secret/1', 'x', { qos: 1, packetId: 1 })
  quiet.subscribe('$share/g/$SYS/x')
  settle()
  assert.equal(reasonOf(quiet, PacketType.puback), Reason.notAuthorized)
  assert.equal(reasonStringOf(quiet, PacketType.puback), undefined)
  await reload('rules:\n- allow: connect\n  user: bo\n')
  assert.notEqual(reasonStringOf(quiet, PacketType.disconnect), undefined)
})

test('a setting keeps rules from clients, not from the log', async (t) => {
  const { join, settle, ruleOf } = await setUp(t, OPEN, { reasonStrings: false })
  const client = join('al')
  client.publish('secret/1', 'x', { qos: 1, packetId: 1 })
  settle()
  assert.equal(reasonStringOf(client, PacketType.puback), undefined)
  assert.equal(ruleOf('publish refused'), '/rules.yaml:3')
})

test('subscribing: refused where nothing could come, shared or not', async (t) => {
  const { join, settle, ruleOf } = await setUp(
    t,
    `rules:
- allow: connect
- { deny: subscribe, topic: a/blocked/# }
- { allow: read, topic: a/# }
`,
  )
  const client = join('al')
  const reasons: number[] = []
  for (const filter of ['a/+', '#', 'b', '$share/g/b', '$share/g/a/b', 'a/blocked/x', '$SYS/#']) {
    client.packets.length = 0
    client.subscribe(filter, 1)
    settle()
    const suback = client.packets.find((packet) => packet.type === PacketType.suback)
    reasons.push(suback?.reasons[0] ?? -1)
    const told = suback?.properties.reasonString
    if (filter === 'b') assert.equal(told, 'no rule of rules.yaml allows it')
    if (filter === 'a/blocked/x') {
      assert.equal(told, 'denied by rules.yaml:3')
      assert.equal(ruleOf('subscribe refused'), '/rules.yaml:3')
    }
  }
  assert.deepEqual(reasons, [1, 1, 0x87, 0x87, 1, 0x87, 0x87])
})

test('reading: only what may be read, live, retained and shared, until it may not', async (t) => {
  const text = (topics: string) =>
    `rules:\n- allow: connect\n- { allow: publish, user: writer }\n` +
    `- { allow: read, topic: ${topics} }\n`
  const { join, settle, reload, lines, world } = await setUp(t, text('[a/+, c/#]'))
  const writer = join('writer')
  for (const topic of ['a/kept', 'b/kept']) writer.publish(topic, 'x', { retain: true })
  const reader = join('reader')
  const sharer = join('sharer')
  reader.subscribe('#', 1)
  reader.subscribe('c/x', 1)
  sharer.subscribe('$share/g/#', 1)
  sharer.subscribe('$share/g/c/x', 1)
  settle()
  const send = (...topics: string[]): void => {
    for (const client of [reader, sharer]) client.packets.length = 0
    for (const topic of topics) writer.publish(topic, 'x')
    settle()
  }
  assert.deepEqual(topicsOf(reader), ['a/kept'], 'retained')
  send('a/1', 'b/1', 'a/1/2', 'c/x')
  assert.deepEqual(topicsOf(reader), ['a/1', 'c/x'])
  assert.deepEqual(topicsOf(sharer).sort(), ['a/1', 'c/x', 'c/x'])

  // The decisions are known by now, and must not outlive the rules that made them.
  await reload(text('[a/2, b/+]'))
  const gone = lines.filter(({ event }) => event === 'subscription removed')
  assert.deepEqual(
    gone.map((line) => [line['client'], line['share'], line['filter']]),
    [
      ['c-reader', undefined, 'c/x'],
      ['c-sharer', 'g', 'c/x'],
    ],
  )
  assert.match(String(gone[0]?.['rule']), /^no rule of .*rules\.yaml allows it$/)
  send('a/1', 'a/2', 'b/1', 'c/x')
  assert.deepEqual(topicsOf(reader), ['a/2', 'b/1'])
  assert.deepEqual(topicsOf(sharer).sort(), ['a/2', 'b/1'])

  await reload(text('[a/+, c/#]'))
  send('c/x')
  assert.deepEqual(topicsOf(reader), ['c/x'], 'by the other subscription alone')
  assert.equal(world.sessions.find('c-reader')?.subscriptions.size, 1)
})

test('who is away loses his subscriptions too, and who must log in anew keeps his', async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'one', bo: 'one' })
  const rulesFile = files.write('rules.yaml', 'rules: [allow: connect, allow: read]\n')
  const rules = await rulesOf({ passwordFile, rulesFile })
  const world = new SessionWorld({ access: rules })
  for (const user of ['al', 'bo']) {
    const password = new TextEncoder().encode('one')
    const front = 'mqtt'
    const credentials = { clientId: user, user, password, address: 'local', front } as const
    const { principal } = await rules.authenticate(credentials)
    assert.ok(principal !== undefined)
    const connected = world.connect(user, { principal })
    const options = { qos: 1, noLocal: false, retainAsPublished: false } as const
    for (const filter of ['a', 'b']) {
      const asked = { filter, share: undefined } as Parameters<
        typeof connected.session.subscriptions.add
      >[0]
      connected.session.subscriptions.add(asked, { ...options, retainHandling: 0, id: 0 })
    }
    connected.close()
  }
  await files.passwords({ al: 'one', bo: 'other' })
  files.write('rules.yaml', 'rules: [allow: connect, { allow: read, topic: a }]\n')
  world.takeKinds()
  await rules.reload()
  world.sessions.checkSubscriptions()
  assert.equal(world.sessions.find('al')?.subscriptions.size, 1)
  assert.equal(world.sessions.find('bo')?.subscriptions.size, 2)
  assert.deepEqual(world.takeKinds(), ['unsubscribed'])
})

test('a will is asked about at CONNECT, and again when it is due', async (t) => {
  const { join, reload, settle, ruleOf, world } = await setUp(t, OPEN)
  const reader = join('reader')
  reader.subscribe('#')
  const refused = join('al', willOf('secret/will'))
  assert.equal(reasonOf(refused, PacketType.connack), Reason.notAuthorized)
  assert.equal(reasonStringOf(refused, PacketType.connack), 'denied by rules.yaml:3')
  assert.equal(ruleOf('client refused'), '/rules.yaml:3')
  join('bo', willOf('will/bo')).lose()
  settle()
  assert.deepEqual(topicsOf(reader), ['will/bo'])

  const later = join('cy', willOf('will/cy'))
  await reload(OPEN.replace('secret/#', 'will/#'))
  assert.ok(!later.isEnded)
  later.lose()
  settle()
  assert.deepEqual(topicsOf(reader), ['will/bo'])
  assert.deepEqual(world.warnings, ['will refused'])
})

test('$SYS and $presence are read by rules that name them', async (t) => {
  const { join, settle, world } = await setUp(
    t,
    `rules:
- allow: connect
- { allow: read, user: ops, topic: ['$SYS/#', '$presence/+'] }
- { allow: read, topic: ['#', '$presence/%c'] }
`,
  )
  for (const topic of ['$SYS/up', '$presence/c-al', '$presence/c-bo']) {
    world.publish(topic, 'x', { retain: true })
  }
  const seen = (user: string, ...filters: string[]): string[] => {
    const client = join(user)
    for (const filter of filters) client.subscribe(filter)
    settle()
    return topicsOf(client).sort()
  }
  const all = ['#', '$SYS/#', '$presence/+']
  assert.deepEqual(seen('ops', ...all), ['$SYS/up', '$presence/c-al', '$presence/c-bo'])
  assert.deepEqual(seen('al', ...all), ['$presence/c-al'])
})

test('[MQTT-3.2.2-19] a reason that the client has no room for is left out', async (t) => {
  const { join } = await setUp(t, 'rules:\n- allow: connect\n  user: nobody\n')
  const client = join('al', {}, { maximumPacketSize: 20 })
  assert.equal(reasonOf(client, PacketType.connack), Reason.notAuthorized)
  assert.equal(reasonStringOf(client, PacketType.connack), undefined)
})

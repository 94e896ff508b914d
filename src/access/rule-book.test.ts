// What the rules of a file decide, for whom and why: by hand, and against a naive reading of random
// files.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Qos } from '../core/message.ts'
import type { Act, Principal } from '../core/ports.ts'
import { matches, parseTopicFilter, type Topic, type TopicFilter } from '../core/topic.ts'
import type { Rights } from './rights.ts'
import { mayPublish, mayRead } from '../../test/support/access-files.ts'
import { COMMON_MAX, RuleBook } from './rule-book.ts'
import { parseRulesFile } from './rule-file.ts'

const bookOf = (rules: string): RuleBook =>
  new RuleBook(parseRulesFile('r.yaml', rules.includes('rules:') ? rules : `rules:\n${rules}`))

const CONNECT = '- allow: connect\n'

function who(some: Partial<Principal> = {}): Principal {
  return { user: 'al', clientId: 'c1', address: '127.0.0.1', front: 'mqtt', ...some }
}

/** What may be done with a topic: `p`, `r`, both or nothing. */
function may(rights: Rights, topic: string): string {
  const publish = mayPublish(rights, topic as Topic, 0, false) ? 'p' : ''
  return publish + (mayRead(rights, topic as Topic) ? 'r' : '')
}

const subscribe = (rights: Rights, filter: string): boolean =>
  rights.maySubscribe(filter as TopicFilter)

test('the first rule that speaks of it decides, and without one it is denied', () => {
  const rights = bookOf(
    `${CONNECT}- { deny: publish, topic: a/secret }
- { allow: [publish, read], topic: a/# }
- { deny: all }
- { allow: read, topic: b }
`,
  ).rightsOf(who())
  assert.equal(may(rights, 'a/x'), 'pr')
  assert.equal(may(rights, 'a/secret'), 'r')
  assert.equal(may(rights, 'b'), '')
  assert.equal(rights.mayConnect, true)
  assert.deepEqual(rights.ruling({ act: 'read', topic: 'b' as Topic }), {
    ...{ isAllowed: false, file: 'r.yaml', line: 5, text: '{ deny: all }' },
  })
  const open = bookOf(CONNECT).rightsOf(who())
  assert.equal(may(open, 'a'), '')
  assert.deepEqual(open.ruling({ act: 'read', topic: 'a' as Topic }), {
    ...{ isAllowed: false, file: 'r.yaml', line: undefined, text: undefined },
  })
})

test('a rule is for whom all that it says holds', () => {
  const book = bookOf(`
roles:
  ops: [al, 'b*o']
  staff: { users: cy, roles: ops }
  guests:
rules:
- { allow: connect }
- { allow: read, topic: user, user: [al, 'x*'] }
- { allow: read, topic: anonymous, anonymous: true }
- { allow: read, topic: named, anonymous: false }
- { allow: read, topic: ops, role: ops }
- { allow: read, topic: staff, role: staff }
- { allow: read, topic: guests, role: guests }
- { allow: read, topic: client, client: 'c*' }
- { allow: read, topic: own-client, client: '%u-*' }
- { allow: read, topic: near, address: 10.0.0.0/8 }
- { allow: read, topic: coap, front: [coap, http] }
- { allow: read, topic: both, user: al, client: d }
`)
  const topics = ['user', 'anonymous', 'named', 'ops', 'staff', 'guests', 'client', 'own-client']
  const seen = (some: Partial<Principal>) => {
    const rights = book.rightsOf(who(some))
    const readable = (topic: string) => mayRead(rights, topic as Topic)
    return [...topics, 'near', 'coap', 'both'].filter(readable).join(' ')
  }
  assert.equal(seen({ clientId: 'x' }), 'user named ops staff')
  assert.equal(seen({ user: undefined, clientId: 'x' }), 'anonymous')
  assert.equal(seen({ user: 'xyz', clientId: 'xyz-1' }), 'user named own-client')
  assert.equal(seen({ user: 'bobo', clientId: 'd' }), 'named ops staff')
  assert.equal(seen({ user: 'cy', clientId: 'c' }), 'named staff client')
  assert.equal(seen({ user: 'cy', clientId: 'x', roles: ['guests'] }), 'named staff guests')
  assert.equal(seen({ user: 'q', clientId: 'x', roles: ['ops', 'nosuch'] }), 'named ops staff')
  assert.equal(seen({ user: 'q', clientId: 'x', address: '10.9.8.7' }), 'named near')
  assert.equal(seen({ user: 'q', clientId: 'x', front: 'coap' }), 'named coap')
  assert.equal(seen({ clientId: 'd' }), 'user named ops staff both')
  assert.equal(seen({ user: '*', clientId: 'x' }), 'named', 'a name is no pattern')
})

test('connecting is decided as everything else', () => {
  const book = bookOf(
    `
- { deny: connect, user: bad }
- { allow: connect, address: [127.0.0.0/8] }
- { allow: connect, role: far }
- { allow: read }
roles: { far: [al] }`.replace(/^([\s\S]*)\nroles: (.*)$/, 'roles: $2\nrules:$1'),
  )
  assert.equal(book.rightsOf(who()).mayConnect, true)
  assert.equal(book.rightsOf(who({ user: 'bad' })).mayConnect, false)
  assert.equal(book.rightsOf(who({ user: 'bo', address: '10.0.0.1' })).mayConnect, false)
  assert.equal(book.rightsOf(who({ address: '10.0.0.1' })).mayConnect, true)
  const { line } = book.rightsOf(who({ user: 'bad' })).ruling({ act: 'connect' })
  assert.equal(line, 3)
})

test('names are put into topics where they fit into one level', () => {
  const book = bookOf(`${CONNECT}- { deny: publish, topic: ['dev/%c/lock/x', 'u/%u/lock'] }
- { allow: publish, topic: ['dev/%c/#', 'u/%u/+', 't/%{claims.tenant}/+', '%c/top', 'n/100%%'] }
`)
  const rights = (some: Partial<Principal>) => book.rightsOf(who(some))
  assert.equal(may(rights({}), 'dev/c1/a/b'), 'p')
  assert.equal(may(rights({}), 'dev/c2/a'), '')
  assert.equal(may(rights({}), 'dev/c1/lock/x'), '')
  assert.equal(may(rights({}), 'u/al/x'), 'p')
  assert.equal(may(rights({}), 'n/100%'), 'p')
  assert.equal(may(rights({ user: undefined }), 'u//x'), '')
  const claims = { tenant: 'acme', toString: 1 }
  assert.equal(may(rights({ claims }), 't/acme/x'), 'p')
  assert.equal(may(rights({ claims: { tenant: 7 } }), 't/7/x'), 'p')
  for (const tenant of ['+', '#', 'a/b', '', true, undefined, { a: 1 }, ['acme']]) {
    assert.equal(may(rights({ claims: { tenant } }), 't/acme/x'), '', JSON.stringify(tenant))
  }
  for (const tenant of ['+', '#', 'a/b', '']) {
    assert.equal(may(rights({ claims: { tenant } }), `t/${tenant}/x`), '')
  }
  for (const clientId of ['+', '#', 'c1/a', 'a/../c1']) {
    assert.equal(may(rights({ clientId }), 'dev/c1/a'), '', clientId)
    assert.equal(may(rights({ clientId }), `dev/${clientId}/a`), '', clientId)
  }
  assert.equal(may(rights({ clientId: '%u' }), 'dev/al/a'), '', 'put in once')
  assert.equal(may(rights({ clientId: '$SYS' }), '$SYS/top'), '')
  assert.equal(may(rights({ clientId: '%c' }), 'dev/%c/a'), 'p')
})

test('what is denied by name holds for more where a name does not fit', () => {
  const book = bookOf(`${CONNECT}- { deny: publish, topic: 'u/%u/lock' }
- { allow: publish, topic: 'u/#' }
`)
  assert.equal(may(book.rightsOf(who({ user: 'al' })), 'u/x/y'), 'p')
  assert.equal(may(book.rightsOf(who({ user: 'a/b' })), 'u/a/b/lock'), '')
  assert.equal(may(book.rightsOf(who({ user: '+' })), 'u/+/lock'), '')
  assert.equal(may(book.rightsOf(who({ user: undefined })), 'u/x/lock'), 'p', 'he has no name')
})

test('topics with $ need a rule that says $, or none at all', () => {
  const rights = bookOf(`${CONNECT}- { allow: read, topic: ['#', '$SYS/broker/#'] }\n`)
  const some = rights.rightsOf(who())
  assert.equal(may(some, '$SYS/broker/uptime'), 'r')
  assert.equal(may(some, '$presence/c1'), '')
  assert.ok(subscribe(some, '$SYS/#') && !subscribe(some, '$presence/+'))
  assert.ok(!subscribe(some, '$presence/#'))
  const all = bookOf(`${CONNECT}- { allow: read }\n`).rightsOf(who())
  assert.equal(may(all, '$presence/c1'), 'r')
  assert.ok(subscribe(all, '$presence/+') && subscribe(all, '#'))
})

test('retain and QoS are conditions of publishing', () => {
  const rights = bookOf(`${CONNECT}- { deny: publish, topic: a, retain: true }
- { allow: publish, topic: [a, b], qosMax: 1 }
- { allow: publish, topic: c, retain: false }
- { allow: [publish, read], topic: d, retain: true, qosMax: 0 }
`).rightsOf(who())
  const how = (topic: string) => {
    const found: string[] = []
    for (const retain of [false, true]) {
      for (const qos of [0, 1, 2] as const) {
        if (mayPublish(rights, topic as Topic, qos, retain))
          found.push(`${qos}${retain ? 'r' : ''}`)
      }
    }
    return found.join(' ')
  }
  assert.equal(how('a'), '0 1')
  assert.equal(how('b'), '0 1 0r 1r')
  assert.equal(how('c'), '0 1 2')
  assert.equal(how('d'), '0r')
  assert.ok(mayRead(rights, 'd' as Topic), 'they do not touch reading')
  const topic = 'a' as Topic
  assert.equal(rights.ruling({ act: 'publish', topic, qos: 0, retain: true }).line, 3)
  assert.equal(rights.ruling({ act: 'publish', topic, qos: 2, retain: false }).line, undefined)
})

test('a filter is granted where some may be read, and no rule about subscribing covers it', () => {
  const rights = bookOf(`${CONNECT}- { allow: subscribe, topic: a/exception }
- { deny: subscribe, topic: [a/+, 'x/#'] }
- { deny: read, topic: [b/secret/#, a/none] }
- { allow: read, topic: [a/+, b/#, c, x/y] }
`).rightsOf(who())
  const line = (filter: string) => {
    const ruling = rights.ruling({ act: 'subscribe', filter: filter as TopicFilter })
    assert.equal(subscribe(rights, filter), ruling.isAllowed)
    return ruling.isAllowed ? `+${ruling.line}` : `-${ruling.line}`
  }
  assert.equal(line('a/exception'), '+6')
  assert.equal(line('a/x'), '-4')
  assert.equal(line('a/+'), '-4')
  assert.equal(line('x/y'), '-4')
  assert.equal(line('a/#'), '+6', 'which is more than is denied')
  assert.equal(line('#'), '+6')
  assert.equal(line('+/secret/x'), '-undefined')
  assert.equal(line('b/secret/#'), '-5')
  assert.equal(line('b/secret/x'), '-5')
  assert.equal(line('b/+/x'), '+6')
  assert.equal(line('d'), '-undefined')
  assert.equal(line('c/+'), '-undefined')
  assert.equal(line('c/#'), '+6', 'which matches c')
})

test('rights of many kinds are compiled anew when too many are kept', () => {
  const rules = Array.from(
    { length: 12 },
    (_, at) => `- { allow: read, topic: t/${at}, client: '*-${at}-*' }\n`,
  ).join('')
  const book = bookOf(CONNECT + rules)
  const idOf = (kind: number) =>
    `-${Array.from({ length: 12 }, (_, at) => ((kind >> at) & 1 ? `${at}-` : '')).join('-')}-`
  for (let kind = 0; kind < COMMON_MAX + 100; kind++) {
    const rights = book.rightsOf(who({ clientId: idOf(kind) }))
    for (let at = 0; at < 12; at++) {
      assert.equal(mayRead(rights, `t/${at}` as Topic), ((kind >> at) & 1) === 1, `${kind} ${at}`)
    }
  }
})

const LEVELS = ['a', 'b', 'c1', '']
const levels = fc.array(fc.constantFrom(...LEVELS), { minLength: 1, maxLength: 3 })
const topics = levels.map((some) => some.join('/')).filter((topic) => topic !== '')
const filters = fc
  .tuple(
    fc.array(fc.constantFrom('+', '%c', '%u', ...LEVELS), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([some, isDeep]) => [...some, ...(isDeep ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '')
const ruleOf = fc.record({
  allows: fc.boolean(),
  acts: fc.constantFrom<readonly string[]>(['publish'], ['read'], ['publish', 'read']),
  user: fc.constantFrom(undefined, undefined, 'al', 'b'),
  filters: fc.array(filters, { minLength: 1, maxLength: 2 }),
  retain: fc.constantFrom(undefined, undefined, true, false),
})

test('random files decide as the plainest reading of them', () => {
  fc.assert(
    fc.property(
      fc.array(ruleOf, { maxLength: 8 }),
      fc.array(topics, { minLength: 1 }),
      (some, on) => {
        const lines = some.map(({ allows, acts, user, filters: topic, retain }) => {
          const own = acts.includes('publish') && retain !== undefined ? { retain } : {}
          const rule = { [allows ? 'allow' : 'deny']: acts, topic, ...(user && { user }), ...own }
          return `- ${JSON.stringify(rule)}\n`
        })
        const rights = bookOf(CONNECT + lines.join('')).rightsOf(who())
        for (const topic of on) {
          for (const [act, retain] of [
            ['read', undefined],
            ['publish', true],
            ['publish', false],
          ] as const) {
            const first = some.find(
              (rule) =>
                rule.acts.includes(act) &&
                (rule.user === undefined || rule.user === 'al') &&
                (act === 'read' || rule.retain === undefined || rule.retain === retain) &&
                rule.filters.some((text) => {
                  const filled = text.replaceAll('%c', 'c1').replaceAll('%u', 'al')
                  const filter = parseTopicFilter(filled, Number.POSITIVE_INFINITY)
                  return filter !== undefined && matches(filter, topic as Topic)
                }),
            )
            const qos: Qos = 1
            const decided =
              act === 'read'
                ? mayRead(rights, topic as Topic)
                : mayPublish(rights, topic as Topic, qos, retain)
            const asked: Act =
              act === 'read'
                ? { act, topic: topic as Topic }
                : { act, topic: topic as Topic, qos, retain }
            assert.equal(
              rights.ruling(asked).isAllowed,
              decided,
              'what is explained is what is decided',
            )
            assert.equal(decided, first?.allows === true, `${act} ${topic}\n${lines.join('')}`)
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})

const NAMES = [...LEVELS, '$x', 'other']
/** One name and level more than any filter below has. */
const WORLD = [1, 2, 3, 4].flatMap((depth) => topicsOf(depth)).filter((topic) => topic !== '')

function topicsOf(depth: number): Topic[] {
  let layer = ['']
  for (let level = 0; level < depth; level++) {
    layer = layer.flatMap((above) => NAMES.map((name) => (level === 0 ? name : `${above}/${name}`)))
  }
  return layer as Topic[]
}

const subscribeRule = fc.record({
  allows: fc.boolean(),
  acts: fc.constantFrom<readonly string[]>(
    ['read'],
    ['read'],
    ['subscribe'],
    ['subscribe', 'read'],
  ),
  filter: fc
    .tuple(
      fc.array(fc.constantFrom('+', '+', '$x', ...LEVELS), { minLength: 1, maxLength: 2 }),
      fc.boolean(),
    )
    .map(([some, isDeep]) => [...some, ...(isDeep ? ['#'] : [])].join('/'))
    .filter((filter) => filter !== ''),
})

test('a filter is granted just where some topic of all that it matches may be read', () => {
  const seen = [0, 0]
  fc.assert(
    fc.property(fc.array(subscribeRule, { maxLength: 6 }), subscribeRule, (some, { filter }) => {
      const lines = some.map(({ allows, acts, filter: topic }) => {
        return `- ${JSON.stringify({ [allows ? 'allow' : 'deny']: acts, topic })}\n`
      })
      // So that the file is one under which somebody can read.
      const last = `- { allow: read, topic: nothing }\n`
      const rights = bookOf(CONNECT + lines.join('') + last).rightsOf(who())
      const reached = WORLD.filter((topic) => matches(filter as TopicFilter, topic))
      const first = some.find(
        (rule) =>
          rule.acts.includes('subscribe') &&
          reached.every((topic) => matches(rule.filter as TopicFilter, topic)),
      )
      const isReadable = reached.some((topic) => mayRead(rights, topic))
      // Which no topic of the world is called.
      const isNothing = matches(filter as TopicFilter, 'nothing' as Topic) && !isReadable
      if (isNothing) return
      const expected = first?.allows !== false && isReadable
      assert.equal(subscribe(rights, filter), expected, `${filter}\n${lines.join('')}`)
      seen[expected ? 1 : 0] = (seen[expected ? 1 : 0] ?? 0) + 1
    }),
    { numRuns: 300 },
  )
  assert.ok(
    seen.every((count) => count > 20),
    'both answers are frequent',
  )
})

// ACL files: what a line means, which are refused where, and what a client may do under them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Topic } from '../core/topic.ts'
import { Acl } from './acl.ts'
import { parseAclFile } from './acl-file.ts'
import { linesOf } from './file-text.ts'
import { DECISIONS_MAX, DECISIONS_PER_CLIENT_MAX } from './rights.ts'
import { mayPublish, mayRead } from '../../test/support/access-files.ts'

const parse = (text: string): Acl => new Acl(parseAclFile('acl', linesOf(text)))

/** What may be done with a topic: `r`, `w`, `rw` or nothing. */
function may(acl: Acl, user: string | undefined, clientId: string, topic: string): string {
  const rights = acl.rightsOf(user, clientId)
  const read = mayRead(rights, topic as Topic) ? 'r' : ''
  return read + (mayPublish(rights, topic as Topic, 0, false) ? 'w' : '')
}

test('a file with nothing in it allows nothing', () => {
  assert.equal(may(parse('# nothing\n\n'), undefined, 'c', 'a'), '')
})

test('rules before any user are for anonymous clients, the others for their user', () => {
  const acl = parse(
    'topic read news/#\r\nuser al\r\ntopic write cmd/+\ntopic deny cmd/stop\n' +
      'topic readwrite all\ntopic both\nuser bo\nuser al\ntopic read cmd/x\n',
  )
  assert.equal(may(acl, undefined, 'c', 'news/a'), 'r')
  assert.equal(may(acl, 'al', 'c', 'news/a'), '')
  assert.equal(may(acl, 'al', 'c', 'cmd/go'), 'w')
  assert.equal(may(acl, 'al', 'c', 'cmd/stop'), '')
  assert.equal(may(acl, 'al', 'c', 'cmd/x'), 'rw')
  assert.equal(may(acl, 'al', 'c', 'all'), 'rw')
  assert.equal(may(acl, 'al', 'c', 'both'), 'rw')
  assert.equal(may(acl, 'bo', 'c', 'all'), '')
  assert.equal(may(acl, 'nobody', 'c', 'all'), '')
})

test('patterns are for everybody, with the own names in them', () => {
  const acl = parse('user al\ntopic deny u/al/secret\npattern read u/%u/#\npattern write c/%c/%c\n')
  assert.equal(may(acl, 'al', 'c1', 'u/al/x'), 'r')
  assert.equal(may(acl, 'al', 'c1', 'u/al/secret'), '')
  assert.equal(may(acl, 'al', 'c1', 'u/bo/x'), '')
  assert.equal(may(acl, 'bo', 'c1', 'u/bo/x'), 'r')
  assert.equal(may(acl, 'bo', 'c1', 'c/c1/c1'), 'w')
  assert.equal(may(acl, undefined, 'c1', 'c/c1/c1'), 'w')
  assert.equal(may(acl, undefined, 'c1', 'u//x'), '', 'a pattern with %u is for named clients')
})

test('a name is put in once, and one with wildcards gets no patterns', () => {
  const acl = parse('pattern readwrite a/%c/%u\nuser +\ntopic own\n')
  assert.equal(may(acl, '%c', 'x', 'a/x/%c'), 'rw')
  assert.equal(may(acl, '%c', 'x', 'a/x/x'), '')
  assert.equal(may(acl, '+', 'x', 'a/x/+'), '')
  assert.equal(may(acl, '+', 'x', 'a/x/y'), '')
  assert.equal(may(acl, 'u', '#', 'a/q/u'), '')
  assert.equal(may(acl, '+', '#', 'own'), 'rw')
})

test('a deny goes before every grant of its kind, wherever it stands', () => {
  const acl = parse(
    'user al\ntopic a/#\ntopic deny a/b\npattern deny a/c/%c\npattern z/#\npattern deny z/z',
  )
  assert.equal(may(acl, 'al', 'c', 'a/b'), '')
  assert.equal(may(acl, 'al', 'c', 'a/c/c'), 'rw', 'the own rules come before patterns')
  assert.equal(may(acl, 'al', 'c', 'z/y'), 'rw')
  assert.equal(may(acl, 'al', 'c', 'z/z'), '')
})

test('wildcards do not reach topics with $', () => {
  const acl = parse('topic read #\ntopic read $SYS/broker/#\n')
  assert.equal(may(acl, undefined, 'c', '$SYS/broker/uptime'), 'r')
  assert.equal(may(acl, undefined, 'c', '$SYS/other'), '')
})

test('a topic with spaces, and one that is called like an access', () => {
  const acl = parse('topic readwrite my topic\ntopic read\n')
  assert.equal(may(acl, undefined, 'c', 'my topic'), 'rw')
  assert.equal(may(acl, undefined, 'c', 'read'), 'rw')
})

test('a bad line is told with file and line', () => {
  const refused = (text: string): string => {
    try {
      parse(text)
    } catch (error) {
      return (error as Error).message
    }
    return assert.fail(text)
  }
  assert.match(
    refused('# fine\ntopic a\ntopics b\n'),
    /^acl:3: topics is not known: a line is user/,
  )
  assert.equal(refused('topic rw a'), 'acl:1: rw is none of read, write, readwrite, deny')
  assert.equal(refused('\n\ntopic read a/b#'), 'acl:3: a/b# is no topic filter')
  assert.equal(refused('topic'), 'acl:1: the topic is missing')
  assert.equal(refused('pattern '), 'acl:1: the topic is missing')
  assert.equal(refused('user'), 'acl:1: the name of the user is missing')
})

test('decisions stay right when more are asked than are kept', () => {
  const acl = parse('pattern read odd/+/1\n')
  const rights = acl.rightsOf(undefined, 'c')
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < DECISIONS_PER_CLIENT_MAX + 10; at++) {
      assert.equal(mayRead(rights, `odd/${at}/${at % 2}` as Topic), at % 2 === 1)
    }
  }
  const others = Array.from({ length: DECISIONS_MAX / DECISIONS_PER_CLIENT_MAX + 2 }, (_, at) =>
    acl.rightsOf(undefined, `c${at}`),
  )
  for (const one of others) {
    for (let at = 0; at < DECISIONS_PER_CLIENT_MAX; at++) mayRead(one, `odd/${at}/1` as Topic)
  }
  assert.equal(mayRead(rights, 'odd/7/1' as Topic), true)
  assert.equal(mayRead(rights, 'odd/7/0' as Topic), false)
})

test('what is explained is what is decided', () => {
  const filters = ['a/#', 'a/b', '+/b', '#', 'c1/%u', '%c/+']
  const line = fc
    .tuple(
      fc.constantFrom('topic', 'pattern'),
      fc.constantFrom('read ', 'write ', 'readwrite ', 'deny '),
      fc.constantFrom(...filters),
    )
    .map(([kind, access, filter]) => `${kind} ${access}${filter}`)
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.constantFrom('al', 'bo', '+'),
      (lines, user) => {
        const rights = parse(`user al\n${lines.join('\n')}\n`).rightsOf(user, 'c1')
        for (const text of ['a', 'a/b', 'c1/al', 'c1/b', 'd']) {
          const topic = text as Topic
          const read = rights.ruling({ act: 'read', topic })
          const publish = rights.ruling({ act: 'publish', topic, qos: 0, retain: false })
          assert.equal(read.isAllowed, mayRead(rights, topic), text)
          assert.equal(publish.isAllowed, mayPublish(rights, topic, 0, false), text)
          for (const { isAllowed, line: at, text: rule } of [read, publish]) {
            if (isAllowed) assert.ok(at !== undefined)
            if (at !== undefined) assert.equal(rule, lines[at - 2])
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})

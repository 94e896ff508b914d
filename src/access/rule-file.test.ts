// The rules file: where each mistake is told, and what a right file says.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRulesFile } from './rule-file.ts'

const CONNECT = '- allow: connect\n'

/** What is said of a file with these rules behind a first one that lets everybody in. */
function refused(text: string): string[] {
  try {
    parseRulesFile('r.yaml', text)
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  return assert.fail(`taken: ${text}`)
}

const rule = (text: string): string[] => refused(`rules:\n${CONNECT}- ${text}\n`)

test('a right file: rules in their order, with their place and text', () => {
  const { rules, roles } = parseRulesFile(
    'r.yaml',
    `# Who is who.
roles:
  operators: [al, 'b*']
  staff: { users: cy, roles: [operators] }
  guests:
rules:
  - allow: connect
  - deny: [publish, read]
    role: [staff, guests]
    topic: [home/#, "%c/+"]
    retain: true
  - { allow: publish, qosMax: 1, user: 007, client: "*-x", front: mqtt, address: [::1, local] }
`,
  )
  assert.deepEqual(
    rules.map(({ line }) => line),
    [7, 8, 12],
  )
  assert.equal(
    rules[1]?.text,
    'deny: [publish, read]\nrole: [staff, guests]\ntopic: [home/#, "%c/+"]\nretain: true',
  )
  assert.deepEqual([...roles.keys()], ['operators', 'staff', 'guests'])
  assert.deepEqual(roles.get('staff')?.names, ['staff', 'operators'])
  assert.equal(roles.get('staff')?.users.length, 3)
})

test('unknown keys and words, with what was meant', () => {
  assert.deepEqual(refused('rule: []\n')[0], 'r.yaml:1:1: rule is not a key, did you mean rules?')
  assert.deepEqual(rule('{ alow: read }'), [
    'r.yaml:3:3: a rule has either allow or deny',
    'r.yaml:3:5: alow is not a key, did you mean allow?',
  ])
  assert.deepEqual(rule('{ allow: read, topics: a }'), [
    'r.yaml:3:18: topics is not a key, did you mean topic?',
  ])
  assert.deepEqual(rule('allow: pubish'), [
    'r.yaml:3:10: pubish is none of connect, publish, subscribe, read, all, did you mean publish?',
  ])
  assert.match(rule('{ allow: read, zzzzzzzz: 1 }')[0] ?? '', /zzzzzzzz is not a key: a rule has /)
})

test('values that cannot be meant', () => {
  const only = (text: string) => {
    const [first = '', ...more] = rule(text)
    assert.deepEqual(more, [])
    return first.replace(/^r\.yaml:/, '')
  }
  assert.equal(only('allow: read\n  deny: read'), '3:3: a rule has either allow or deny')
  assert.equal(only('user: al'), '3:3: a rule has either allow or deny')
  assert.match(only('{ allow: read, topic: a/#b }'), /^3:25: a\/#b is no topic filter$/)
  assert.match(only('{ allow: read, topic: $share/g/a }'), /is written without \$share\/NAME\/$/)
  assert.match(only('{ allow: read, topic: "%x/a" }'), /^3:25: %x\/a: after % comes c, u, /)
  assert.match(only('{ allow: read, topic: "%{claim.x}" }'), /: after % comes /)
  assert.match(only('allow: read\n  topic: #'), /^4:3: topic is empty; a text that begins with # /)
  assert.equal(only('{ allow: read, topic: [] }'), '3:18: topic is empty')
  assert.equal(only('{ allow: read, user: true }'), '3:24: user must be a text; put it in quotes')
  assert.match(only('{ allow: read, anonymous: 1 }'), /anonymous must be true or false$/)
  assert.match(only('{ allow: read, user: al, anonymous: true }'), /has no user name$/)
  assert.match(only('{ allow: read, front: mqt }'), /mqt is none of mqtt, http, coap, embedded$/)
  assert.match(only('{ allow: read, address: nowhere }'), /nowhere is no address and no range/)
  assert.match(only('{ allow: read, address: 10.0.0.1/8 }'), /did you mean 10\.0\.0\.0\/8\?$/)
  assert.match(only('{ allow: publish, qosMax: 3 }'), /qosMax must be 0, 1 or 2$/)
  assert.match(only('{ deny: publish, qosMax: 1 }'), /^3:20: qosMax is for allow/)
  assert.match(only('{ allow: read, qosMax: 1 }'), /^3:18: qosMax is for publish$/)
  assert.match(only('{ allow: read, retain: true }'), /^3:18: retain is for publish$/)
  assert.match(only('{ allow: all, topic: a }'), /^3:17: connect has no topic/)
  assert.match(only('{ allow: read, role: x }'), /^3:24: x is not a role; name it under roles:$/)
  assert.equal(only('text'), '3:3: a rule must be a section with keys')
})

test('what a file as a whole lacks', () => {
  assert.match(refused('')[0] ?? '', /^r\.yaml:1:1: the file must be a section with keys$/)
  assert.equal(refused('roles: {}\n')[0], 'r.yaml:1:1: rules: is missing')
  assert.equal(refused('rules: 1\n')[0], 'r.yaml:1:8: rules must be a list')
  assert.match(refused('rules:\n- allow: read\n')[0] ?? '', /^r\.yaml:1:1: nobody could connect/)
  assert.match(rule('allow: subscribe')[0] ?? '', /^r\.yaml:1:1: nobody could read what he /)
  assert.match(refused('rules: [\n')[0] ?? '', /^r\.yaml:\d+:\d+: /)
  assert.match(refused('rules: []\nrules: []\n')[0] ?? '', /^r\.yaml:2:1: Map keys must be unique/)
  const text = `roles: { a: { roles: [b] }, b: { roles: [a, cccc] }, ccc: }\nrules:\n${CONNECT}`
  assert.deepEqual(refused(text), ['r.yaml:1:45: cccc is not a role, did you mean ccc?'])
})

test('all mistakes are told at once, in their order', () => {
  const text =
    'rules:\n- allow: conect\n- allow: connect\n  topc: a\n- deny: read\n  topic: "#/a"\n'
  assert.deepEqual(
    refused(text).map((line) => line.split(': ')[0]),
    ['r.yaml:2:10', 'r.yaml:4:3', 'r.yaml:6:10'],
  )
})

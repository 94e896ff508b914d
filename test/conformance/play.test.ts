// The player itself: a script must fail where the server does something else. The server here is a
// puppet that answers what each test says, so that a wrong answer can be planted.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { LinkEnd, Transport } from '../support/raw-client.ts'
import type { Version } from '../support/wire-script.ts'
import { play } from './play.ts'

/** Answers of the puppet by the hex of what it was sent; `close` ends the stream. */
type Answers = Readonly<Record<string, readonly string[]>>

const CONNECT = '100d00044d5154540402003c000161'
const CONNACK = '20020000'

function puppet(answers: Answers): Transport {
  return {
    advanceMaxMs: 0,
    open: async (end: LinkEnd) => ({
      send: (content) => {
        const hex = Buffer.from(content).toString('hex')
        const known: Answers = { [CONNECT]: [CONNACK], c000: ['d000'], ...answers }
        for (const answer of known[hex] ?? []) {
          if (answer === 'close') end.closed()
          else end.receive(Buffer.from(answer, 'hex'))
        }
      },
      cut: () => end.closed(),
      reset: () => end.closed(),
    }),
    until: async (condition) => condition(),
    advance: async () => undefined,
    close: async () => undefined,
  }
}

async function run(script: string, answers: Answers, version: Version = 4): Promise<string> {
  const one = { title: 'planted', versions: [version], script }
  const result = await play(one, version, puppet(answers), { isOurs: true })
  return `${result.outcome} ${result.detail}`.trim()
}

const PUBLISH = '32060001740001 78'.replace(' ', '')

test('a script passes where the server does what it says', async () => {
  const script = "a joins\n a > PUBLISH 't' 'x' qos=1 id=1\n a < PUBACK 1\n a silent"
  assert.equal(await run(script, { [PUBLISH]: ['40020001'] }), 'passed')
})

test('each deviation fails its line', async () => {
  const script = "a joins\n a > PUBLISH 't' 'x' qos=1 id=1\n a < PUBACK 1"
  const planted: readonly (readonly [answer: readonly string[], detail: RegExp])[] = [
    [[], /^failed line 3.*nothing came/],
    [['40020002'], /^failed line 3.*id is 2, not 1/],
    [['50020001'], /^failed line 3.*is no PUBACK/],
    [['close'], /^failed line 3.*the connection was closed/],
    [['ff00'], /^failed line 3.*the server sent/],
    [['40020001', '40020001'], /^failed at the end.*PUBACK id=1 came unasked/],
  ]
  for (const [answer, detail] of planted)
    assert.match(await run(script, { [PUBLISH]: answer }), detail)
})

test('a PUBLISH is compared field by field', async () => {
  const scripts: readonly (readonly [expected: string, detail: RegExp])[] = [
    ["'t' 'x' qos=1", /^passed/],
    ["'t' 'x'", /qos is 1, not 0/],
    ["'t' 'x' qos=1 dup=1", /dup is 0, not 1/],
    ["'t' 'x' qos=1 retain=1", /retain is 0, not 1/],
    ["'u' 'x' qos=1", /topic is another/],
    ["'t' 'y' qos=1", /payload is another/],
    ["'t' 'x' qos=1 id=2", /id is 1, not 2/],
    ["'t' 'x' qos=1 message-expiry=1", /message-expiry: 0 instead of 1/],
  ]
  for (const [expected, detail] of scripts) {
    const script = `a joins\n a > PUBACK 9\n a < PUBLISH ${expected}`
    assert.match(await run(script, { '40020009': [PUBLISH] }), detail)
  }
})

test('closing is told from silence', async () => {
  const script = 'a joins\n a > PUBREL 5\n a closed'
  assert.equal(await run(script, { '62020005': ['close'] }), 'passed')
  assert.match(await run(script, { '62020005': [] }), /still open/)
  assert.match(await run(script, { '62020005': ['70020005', 'close'] }), /PUBCOMP id=5 came before/)
})

test('promises of CONNECT are held against all that the server sends', async () => {
  const connect = '101600044d5154540502003c082100012700000014000161'
  const connack = '2003000000'
  const script = 'a > CONNECT receive-max=1 packet-max=20\n a < CONNACK'
  const small = '320700017400010078'
  const large = `301800017400${'78'.repeat(20)}`
  assert.equal(await run(script, { [connect]: [connack] }, 5), 'passed')
  const two = [connack, small, small.replace('740001', '740002')]
  const more = `${script}\n a < PUBLISH 't' 'x' qos=1`
  assert.match(await run(more, { [connect]: two }, 5), /2 messages at once/)
  assert.match(await run(script, { [connect]: [connack, large] }, 5), /PUBLISH of 26 bytes/)
})

test('a wrong script is an error and no difference', async () => {
  assert.match(await run('a joins\n a > PUBLISH t x colour=red', {}), /unknown field: colour/)
  await assert.rejects(run('a hops', {}), /line 1: cannot read: a hops/)
})

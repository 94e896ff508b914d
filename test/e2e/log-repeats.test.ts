// The log of a live server under a flood of bad connections: a few lines and a count, and whoever
// behaves is still seen.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { PacketType } from '../../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { connectClient } from '../support/live-client.ts'
import { Rameau } from '../support/rameau.ts'

const FLOOD = 400
const AT_ONCE = 20
const LINES_MAX = 10

interface Line {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

const PINGREQ = Uint8Array.from([0xc0, 0])

/** Says something before CONNECT, and is cut off. */
async function knock(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined).resume()
  socket.write(PINGREQ)
  await once(socket, 'close')
}

test('a flood of bad connections is a few lines and a count', { timeout: 200_000 }, async () => {
  const flags = ['--ws', 'off', '--http', 'off', '--log-format', 'json', '--log-level', 'debug']
  await using rameau = new Rameau(['start', '--memory', '--mqtt', '0', ...flags])
  const port = Number((await rameau.until(/"port":(\d+)[\s\S]*"msg":"up"/))[1])

  let left = FLOOD
  const knockOn = async (): Promise<void> => {
    while (left-- > 0) await knock(port)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, knockOn))
  const client = await connectClient({ port, clientId: 'good' })
  await client.subscribe('a/+', 1)
  client.sendPacket({
    ...{ type: PacketType.unsubscribe, packetId: 9, filters: ['a/+'] },
    properties: NO_PROPERTIES,
  })
  await client.disconnect()

  const { code, stdout } = await rameau.stop()
  assert.equal(code, 0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const of = (msg: string): Line[] => lines.filter((line) => line.msg === msg)

  const mistakes = of('client made a mistake')
  const repeated = of('client made a mistake, repeated')
  const windows = repeated.length
  assert.ok(windows > 0 && mistakes.length <= (windows + 1) * LINES_MAX, `${mistakes.length} lines`)
  const counted = repeated.reduce((sum, { times }) => sum + Number(times), 0)
  assert.equal(mistakes.length + counted, FLOOD, 'nothing is lost without a count')
  for (const { level, address } of repeated)
    assert.deepEqual([level, address], ['info', '127.0.0.1'])

  const own = lines.filter(({ client: name }) => name === 'good')
  assert.deepEqual(
    own.map(({ level, msg, filter }) => [level, msg, filter]),
    [
      ['info', 'client connected', undefined],
      ['debug', 'subscribed', 'a/+'],
      ['debug', 'unsubscribed', 'a/+'],
      ['info', 'client disconnected', undefined],
    ],
  )
  assert.equal(own.at(-1)?.['reason'], 'Normal disconnection')
})

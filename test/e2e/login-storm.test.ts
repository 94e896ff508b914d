// A storm of logins, each of which costs a slow hash, beside a client that publishes: it must not
// notice, since hashing waits in a queue for one thread.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createScrypt } from '../../src/access/hash-scrypt.ts'
import { AccessFiles } from '../support/access-files.ts'
import { connectClient, openClient } from '../support/live-client.ts'
import { startServer, until } from '../support/live-server.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { PacketType } from '../../src/codec/mqtt/packets.ts'

/** Seconds of hashing, so that it outlasts the publishes on any machine. */
const STORM = 150
const PUBLISHES = 50
/** So many answers show that each one is refused. */
const ANSWERS = 10
const BAD_USER_NAME_OR_PASSWORD = 0x86

function connectPacket(clientId: string, user: string, password: string): Uint8Array {
  return encode(
    {
      type: PacketType.connect,
      version: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId,
      will: undefined,
      userName: user,
      password: new TextEncoder().encode(password),
      properties: NO_PROPERTIES,
    },
    5,
  )
}

test('who is connected goes on while others log in', { timeout: 200_000 }, async (t) => {
  const files = new AccessFiles(t)
  const stored = await createScrypt(new TextEncoder().encode('right'))
  const passwordFile = files.write('passwords', `al:${stored}\n`)
  // What waits for its hash longer than a connection may take is gone by then.
  const server = await startServer(t, {
    'log.repeatsMax': 0,
    'access.passwordFile': passwordFile,
    'mqtt.connectTimeoutMs': 50_000,
  })
  const { port } = server
  const publisher = await connectClient({ port, user: 'al', password: 'right' })
  const storm = await Promise.all(Array.from({ length: STORM }, () => openClient({ port })))
  for (const [at, client] of storm.entries()) {
    // Every password is another, so that no answer is remembered.
    client.send(connectPacket(`storm-${at}`, at % 2 === 0 ? 'al' : `nobody-${at}`, `wrong ${at}`))
  }
  for (let count = 0; count < PUBLISHES; count++) await publisher.publish('a', `${count}`, 1)
  // A round trip of each publish took less than the hashes, of which one runs at a time.
  const unanswered = storm.filter(({ connack }) => connack === undefined).length
  assert.ok(unanswered > 0, 'the storm was over before')

  // Who knows his password and is remembered does not queue behind those who guess.
  const second = await connectClient({ port, clientId: 'second', user: 'al', password: 'right' })
  assert.ok(storm.some(({ connack }) => connack === undefined))
  const answers = (): number[] => storm.flatMap(({ connack }) => connack?.reason ?? [])
  await until('answers to the storm', () => answers().length >= ANSWERS, 30_000)
  assert.deepEqual(new Set(answers()), new Set([BAD_USER_NAME_OR_PASSWORD]))
  for (const client of storm) client.cut()
  await Promise.all([publisher.disconnect(), second.disconnect()])
})

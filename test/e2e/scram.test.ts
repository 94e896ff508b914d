// SCRAM-SHA-256 with MQTT.js as the client, whose side of the arithmetic is written here anew.

import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import mqtt, { type IConnackPacket, type MqttClient } from 'mqtt'
import { AccessFiles } from '../support/access-files.ts'
import { startServer } from '../support/live-server.ts'

const METHOD = 'SCRAM-SHA-256'
const GS2_HEADER = 'n,,'

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

class ScramClient {
  readonly #password: string
  readonly #bare: string
  serverSignature = ''

  constructor(user: string, password: string) {
    this.#password = password
    this.#bare = `n=${user},r=clientnonce`
  }

  first(): Buffer {
    return Buffer.from(GS2_HEADER + this.#bare)
  }

  final(serverFirst: string): Buffer {
    const {
      r = '',
      s = '',
      i = '',
    } = Object.fromEntries(serverFirst.split(',').map((part) => [part.charAt(0), part.slice(2)]))
    assert.ok(r.startsWith('clientnonce') && r.length > 'clientnonce'.length + 20)
    const salted = pbkdf2Sync(this.#password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256')
    const clientKey = hmac(salted, 'Client Key')
    const withoutProof = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${r}`
    const message = `${this.#bare},${serverFirst},${withoutProof}`
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message)
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))
    this.serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64')
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }
}

/** A client that answers the server's AUTH. */
function dial(port: number, scram: ScramClient): MqttClient {
  const client = mqtt.connect({
    host: '127.0.0.1',
    port,
    protocolVersion: 5,
    reconnectPeriod: 0,
    manualConnect: true,
    properties: { authenticationMethod: METHOD, authenticationData: scram.first() },
  })
  client.handleAuth = (packet, answer) => {
    const said = String(packet.properties?.authenticationData)
    assert.equal(packet.properties?.authenticationMethod, METHOD)
    const properties = { authenticationMethod: METHOD, authenticationData: scram.final(said) }
    answer(undefined, { cmd: 'auth', reasonCode: 0x18, properties })
  }
  return client.connect()
}

test('SCRAM-SHA-256 lets in who knows the password', { timeout: 200_000 }, async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await files.passwords({ al: 'pencil' }, { scram: ['al'] })
  const server = await startServer(t, { 'access.passwordFile': passwordFile })

  const scram = new ScramClient('al', 'pencil')
  const client = dial(server.port, scram)
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once('connect', resolve).once('error', reject)
  })
  const { authenticationMethod, authenticationData } = connack.properties ?? {}
  assert.equal(authenticationMethod, METHOD)
  assert.equal(String(authenticationData), `v=${scram.serverSignature}`, 'the server proves itself')
  await client.publishAsync('a', 'x', { qos: 1 })
  await client.endAsync()
  assert.equal(server.logged('client connected')[0]?.['user'], 'al')

  for (const [user, password] of [
    ['al', 'pen'],
    ['nobody', 'pencil'],
  ] as const) {
    const refused = dial(server.port, new ScramClient(user, password))
    const error = await new Promise<Error>((resolve) => refused.once('error', resolve))
    assert.equal('code' in error && error.code, 0x86, `${user} with ${password}`)
    await refused.endAsync(true)
  }
})

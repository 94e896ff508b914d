// The codec of the wire scripts against vectors of the standard's forms and against mqtt-packet, a
// codec of others: what checks the server has to be right itself.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

import type { Packet } from 'mqtt'

import { decodeRaw, readFrame, UndecodableError } from './raw-client-decode.ts'
import { describe } from './raw-client-packet.ts'
import { buildFrame, type Scope } from './wire-script-build.ts'
import type { Version } from './wire-script.ts'
import { splitWords } from './wire-script-words.ts'

/** What is used of mqtt-packet, which comes with MQTT.js. */
interface PacketCodec {
  readonly generate: (packet: Packet, options: { protocolVersion: number }) => Uint8Array
  readonly parser: (options: { protocolVersion: number }) => PacketParser
}
interface PacketParser {
  on(event: 'packet', listener: (packet: Packet) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  parse(bytes: Uint8Array): void
}
const { generate, parser } = createRequire(import.meta.resolve('mqtt'))(
  'mqtt-packet',
) as PacketCodec

function build(line: string, version: Version): string {
  const scope: Scope = { who: 'c1', version, variables: new Map(), lastId: 0 }
  const [type = '', ...rest] = line.split(' ')
  return Buffer.from(buildFrame(type, splitWords(rest.join(' ')), scope)).toString('hex')
}

const SENT: readonly (readonly [line: string, version: Version, hex: string])[] = [
  ['CONNECT keep-alive=60', 4, '100e00044d5154540402003c00026331'],
  ['CONNECT keep-alive=60', 3, '101000064d51497364700302003c00026331'],
  [
    "CONNECT clean=0 keep-alive=10 will.topic='t/w' will.payload='bye' will.qos=1 " +
      "will.retain=1 user='u' password='p'",
    4,
    '101e00044d51545404ec000a000263310003742f770003627965000175000170',
  ],
  [
    'CONNECT clean=0 keep-alive=30 session-expiry=3600 receive-max=10 packet-max=1024 ' +
      "alias-max=5 user-property='a=b'",
    5,
    '102600044d5154540500001e171100000e1021000a27000004002200052600016100016200026331',
  ],
  [
    "CONNECT clean=1 keep-alive=30 will.topic='t/w' will.payload='bye' will.qos=1 " +
      "will.will-delay=5 will.message-expiry=60 will.content-type='text/plain'",
    5,
    '103100044d515454050e001e00000263311718000000050200' +
      '00003c03000a746578742f706c61696e0003742f770003627965',
  ],
  ["PUBLISH 'a/b' 'hi'", 4, '30070003612f626869'],
  ["PUBLISH 'a/b' '' qos=1 dup=1 retain=1 id=10", 4, '3b070003612f62000a'],
  [
    "PUBLISH 'a/b' 'hi' qos=2 id=10 payload-format=1 message-expiry=60 response-topic='r' " +
      "correlation-data=x'0102'",
    5,
    '341a0003612f62000a100101020000003c0800017209000201026869',
  ],
  ["PUBLISH '' 'y' alias=1", 5, '300700000323000179'],
  ['PUBACK 10', 5, '4002000a'],
  ['PUBACK 10 reason=0x10', 5, '4003000a10'],
  ["PUBACK 10 reason=0x97 reason-string='q'", 5, '4008000a97041f000171'],
  ['PUBREL 10', 4, '6202000a'],
  ['PUBREL 10 reason=0x92', 5, '6203000a92'],
  ["SUBSCRIBE 10 'a/b' qos=1 'c/#' qos=2", 4, '820e000a0003612f62010003632f2302'],
  ["SUBSCRIBE 10 subscription-id=5 '+/x' qos=1 nl=1 rap=1 rh=2", 5, '820b000a020b0500032b2f782d'],
  ["UNSUBSCRIBE 11 'a/b' 'c'", 5, 'a20b000b000003612f62000163'],
  ['PINGREQ', 4, 'c000'],
  ['DISCONNECT', 5, 'e000'],
  ['DISCONNECT reason=0x04 session-expiry=0', 5, 'e00704051100000000'],
  ["AUTH reason=0x18 auth-method='M' auth-data=x'01'", 5, 'f00a18081500014d16000101'],
]

test('packets are written as the standard prints them', () => {
  for (const [line, version, hex] of SENT) assert.equal(build(line, version), hex, line)
})

test('mqtt-packet reads what is written', () => {
  for (const [line, version, hex] of SENT) {
    const reader = parser({ protocolVersion: version })
    let packet: Packet | undefined
    reader.on('packet', (found) => (packet = found))
    reader.on('error', (error) => assert.fail(`${line}: ${error.message}`))
    reader.parse(Buffer.from(hex, 'hex'))
    assert.equal(packet?.cmd.toUpperCase(), line.split(' ')[0], line)
  }
})

function read(bytes: Uint8Array, version: number): string {
  const frame = readFrame(bytes)
  assert.ok(frame !== undefined && frame.length === bytes.length)
  return describe(decodeRaw(frame, version))
}

const GOT: readonly (readonly [packet: Packet, version: number, text: string])[] = [
  [{ cmd: 'connack', returnCode: 0, sessionPresent: true }, 4, 'CONNACK session-present=1'],
  [
    {
      cmd: 'connack',
      reasonCode: 0,
      sessionPresent: false,
      properties: { assignedClientIdentifier: 'x1', receiveMaximum: 20, serverKeepAlive: 20 },
    },
    5,
    'CONNACK session-present=0 assigned-id=x1 receive-max=20 server-keep-alive=20',
  ],
  [
    {
      cmd: 'publish',
      topic: 'a',
      payload: 'z',
      qos: 1,
      messageId: 7,
      dup: true,
      retain: true,
      properties: { messageExpiryInterval: 60, userProperties: { a: ['1', '2'] } },
    },
    5,
    "PUBLISH flags=1011 id=7 topic='a' payload='z' message-expiry=60 user-property=a=1 " +
      'user-property=a=2',
  ],
  [{ cmd: 'puback', messageId: 10, reasonCode: 0x97 }, 5, 'PUBACK id=10 reason=0x97'],
  [{ cmd: 'pubrel', messageId: 10 }, 4, 'PUBREL id=10'],
  [{ cmd: 'suback', messageId: 10, granted: [1, 0x80] }, 4, 'SUBACK id=10 reasons=0x01,0x80'],
  [{ cmd: 'unsuback', messageId: 11, granted: [0, 0x11] }, 5, 'UNSUBACK id=11 reasons=0x00,0x11'],
  [{ cmd: 'unsuback', messageId: 11, granted: [] }, 4, 'UNSUBACK id=11'],
  [{ cmd: 'pingresp' }, 4, 'PINGRESP'],
  [{ cmd: 'disconnect', reasonCode: 0x8e }, 5, 'DISCONNECT reason=0x8e'],
]

test('what mqtt-packet writes is read', () => {
  for (const [packet, version, text] of GOT)
    assert.equal(read(generate(packet, { protocolVersion: version }), version), text)
})

const REFUSED: readonly (readonly [what: string, hex: string, version: number])[] = [
  ['acknowledge flags', '20020200', 4],
  ['a CONNACK without property length', '20020000', 5],
  ['PUBLISH with QoS 3', '36060001610001 00', 5],
  ['PUBLISH with DUP at QoS 0', '3803000161', 4],
  ['PUBLISH with identifier 0', '32050001610000', 4],
  ['a topic with a wildcard', '300300012b', 4],
  ['a topic that is not UTF-8', '30040002c0af', 4],
  ['an empty topic without alias', '3003000000', 5],
  ['an unknown property', '3006000161027f00', 5],
  ['a property of another packet', '30090001610511 00000001', 5],
  ['a property that comes twice', '300c00016108230001 2300012301', 5],
  ['bytes left over', '4003000a00', 4],
  ['a reason of another packet', '4003000a92', 5],
  ['flags of PUBREL', '6002000a', 4],
  ['an unknown return code of SUBACK', '9003000a03', 4],
  ['DISCONNECT before 5.0', 'e000', 4],
  ['a packet that only clients send', 'c000', 4],
  ['a length that is not minimal', 'd08000', 4],
]

test('what no server may send is refused', () => {
  for (const [what, hex, version] of REFUSED) {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    assert.throws(() => read(bytes, version), UndecodableError, what)
  }
})

test('a frame is waited for until it is whole', () => {
  const bytes = Buffer.from('30070003612f626869', 'hex')
  for (let length = 0; length < bytes.length; length++)
    assert.equal(readFrame(bytes.subarray(0, length)), undefined)
  assert.equal(readFrame(Buffer.concat([bytes, bytes]))?.length, bytes.length)
})

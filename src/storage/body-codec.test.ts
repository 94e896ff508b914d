// What a principal, a message and a will are after they were written: the same, down to what is
// empty, endless or beyond 32 bits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import type { Topic } from '../core/topic.ts'
import {
  bodyBytesMax,
  principalBytesMax,
  readBody,
  readPrincipal,
  readWill,
  willBytesMax,
  writeBody,
  writePrincipal,
  writeWill,
} from './body-codec.ts'
import { FieldReader, FieldWriter } from './fields.ts'

const ANN: Principal = { user: undefined, clientId: '', address: '', front: 'mqtt' }

const PRINCIPALS: readonly Principal[] = [
  ANN,
  { ...ANN, user: '', front: 'coap' },
  { ...ANN, user: 'änn'.repeat(100), clientId: '\u{1f600}/#', address: '::1', rules: '' },
  { ...ANN, roles: [] },
  { ...ANN, roles: ['reader', '', 'ö'] },
  { ...ANN, claims: {} },
  { ...ANN, claims: { sub: 'ann', age: 7, isKind: true, of: ['a', { deep: null }] } },
  { ...ANN, user: 'ann', rules: 'lab', roles: ['x'.repeat(1000)], claims: { a: 'b' } },
]

/** Written where there is just as much room as was asked for, and read to the last byte. */
function written<T>(
  bytesMax: number,
  write: (writer: FieldWriter) => void,
  read: (reader: FieldReader) => T,
): T {
  const writer = new FieldWriter(new Uint8Array(bytesMax))
  write(writer)
  assert.ok(writer.at <= bytesMax)
  const reader = new FieldReader()
  reader.use(writer.written)
  const value = read(reader)
  assert.equal(reader.at, writer.at)
  return value
}

test('a principal is read as it was written, with roles and claims', () => {
  for (const principal of PRINCIPALS) {
    const room = principalBytesMax(principal)
    const read = written(room, (writer) => writePrincipal(writer, principal), readPrincipal)
    assert.deepEqual(read, principal)
  }
})

test('claims that are no JSON are left out, and the others stay', () => {
  const claims: Record<string, unknown> = { sub: 'ann', age: 7, big: 10n }
  claims['self'] = claims
  const principal = { ...ANN, claims }
  const room = principalBytesMax(principal)
  const read = written(room, (writer) => writePrincipal(writer, principal), readPrincipal)
  assert.deepEqual(read, { ...ANN, claims: { sub: 'ann', age: 7 } })
})

test('a will is read as it was written, with whose it is', () => {
  for (const principal of PRINCIPALS) {
    const will = {
      ...({ topic: 'w' as Topic, payload: new Uint8Array(0), qos: 2, retain: true } as const),
      ...{ properties: NO_MESSAGE_PROPERTIES, delayS: 2 ** 32 - 1 },
      ...{ expiryS: Number.POSITIVE_INFINITY, principal },
    }
    const read = written(willBytesMax(will), (writer) => writeWill(writer, will), readWill)
    assert.deepEqual(read, will)
  }
})

test('a message is read as it was written, empty or with all there is', () => {
  const plain: Message = {
    ...{ offset: 2 ** 32, topic: 't' as Topic, payload: new Uint8Array(0), isKept: true, qos: 0 },
    ...{ retain: false, properties: NO_MESSAGE_PROPERTIES, publisher: undefined },
    ...{ arrivedAtMs: 0.5, expiresAtMs: NEVER },
  }
  const properties = {
    ...({ payloadFormat: 0, contentType: '', responseTopic: 'ö'.repeat(200) } as const),
    ...{
      correlationData: new Uint8Array(0),
      userProperties: [
        ['', ''],
        ['a', 'ü'],
      ] as const,
    },
  }
  const full: Message = {
    ...{ ...plain, offset: Number.MAX_SAFE_INTEGER, qos: 2, retain: true, properties },
    ...{ publisher: '', expiresAtMs: 2 ** 41, payload: new Uint8Array(70_000).fill(0xff) },
  }
  for (const message of [plain, full]) {
    const room = bodyBytesMax(message)
    assert.deepEqual(
      written(room, (writer) => writeBody(writer, message), readBody),
      message,
    )
  }
})

// Frames of a fan-out: encoded once, and encoded anew whenever anything in them differs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessage } from '../../../test/support/tree-fixtures.ts'
import { decode } from '../../codec/mqtt/decode.ts'
import { PacketType, type Publish, type Version } from '../../codec/mqtt/packets.ts'
import type { PublishHead } from '../../codec/mqtt/encode-publish.ts'
import type { Message, MessageProperties } from '../../core/message.ts'
import { PublishFrames } from './publish-frames.ts'

const NO_IDS: readonly number[] = []

function decoded(head: PublishHead, message: Message, version: Version): Publish {
  const bytes = new Uint8Array([...head.bytes, ...message.payload])
  const start = bytes.findIndex((byte, index) => index > 0 && byte < 0x80) + 1
  if (head.packetIdAt !== -1) bytes.set([0, 9], head.packetIdAt)
  const packet = decode(bytes[0] ?? 0, bytes, start, bytes.length, version)
  assert.equal(packet.type, PacketType.publish)
  return packet
}

test('a fan-out encodes once: the next receiver gets the same bytes', () => {
  const frames = new PublishFrames()
  const message = createMessage('a/b')
  for (const qos of [0, 1, 2] as const) {
    for (const version of [3, 4, 5] as const) {
      const first = frames.head(message, qos, false, false, NO_IDS, version, 1)
      const second = frames.head(message, qos, false, false, NO_IDS, version, 2)
      assert.equal(second, first)
      assert.equal(second.bytes, first.bytes)
      assert.equal(decoded(first, message, version).qos, qos)
    }
  }
})

test('each version and QoS keeps its own, so that a mixed fan-out encodes each once', () => {
  const frames = new PublishFrames()
  const message = createMessage('a')
  const all = () =>
    ([0, 1, 2] as const).flatMap((qos) =>
      ([3, 4, 5] as const).map((version) =>
        frames.head(message, qos, false, false, NO_IDS, version, 0),
      ),
    )
  const first = all()
  assert.deepEqual(
    all().map((head, index) => head === first[index]),
    first.map(() => true),
  )
})

test('whatever differs is encoded anew', () => {
  const frames = new PublishFrames()
  const message = createMessage('a')
  const see = (head: PublishHead, of = message) => {
    const { topic, dup, retain, properties } = decoded(head, of, 5)
    return [topic, dup, retain, properties.subscriptionIds]
  }
  assert.deepEqual(see(frames.head(message, 1, false, false, NO_IDS, 5, 0)), [
    'a',
    false,
    false,
    [],
  ])
  assert.deepEqual(see(frames.head(message, 1, true, false, NO_IDS, 5, 0)), ['a', true, false, []])
  assert.deepEqual(see(frames.head(message, 1, true, true, NO_IDS, 5, 0)), ['a', true, true, []])
  assert.deepEqual(see(frames.head(message, 1, true, true, [7, 7], 5, 0)), [
    'a',
    true,
    true,
    [7, 7],
  ])
  const other = createMessage('other/topic')
  assert.deepEqual(see(frames.head(other, 1, true, true, NO_IDS, 5, 0), other), [
    'other/topic',
    true,
    true,
    [],
  ])
})

test('[MQTT-3.3.2-6] the expiry is counted down, never below 0', () => {
  const frames = new PublishFrames()
  const message = createMessage('a', { expiresAtMs: 10_000 })
  const expiry = (wallMs: number) =>
    decoded(frames.head(message, 0, false, false, NO_IDS, 5, wallMs), message, 5).properties
      .messageExpiry
  assert.deepEqual([0, 1, 1000, 1001, 9999, 10_000, 11_000].map(expiry), [10, 10, 9, 9, 1, 0, 0])
  const head = frames.head(message, 0, false, false, NO_IDS, 5, 5)
  assert.equal(frames.head(message, 0, false, false, NO_IDS, 5, 5), head)
})

test('[MQTT-3.3.2-4] [MQTT-3.3.2-17] properties go on as they came, to 5.0 alone', () => {
  const properties: MessageProperties = {
    payloadFormat: 1,
    contentType: 'text/plain',
    responseTopic: 'r',
    correlationData: Uint8Array.of(1, 2),
    userProperties: [
      ['k', '2'],
      ['a', ''],
      ['k', '1'],
    ],
  }
  const frames = new PublishFrames()
  const message = createMessage('a', { properties })
  const got = decoded(frames.head(message, 1, false, false, NO_IDS, 5, 0), message, 5).properties
  assert.equal(got.payloadFormat, 1)
  assert.equal(got.contentType, 'text/plain')
  assert.equal(got.responseTopic, 'r')
  assert.deepEqual(got.correlationData, Uint8Array.of(1, 2))
  assert.deepEqual(got.userProperties, properties.userProperties)
  assert.equal(got.messageExpiry, undefined)
  const old = frames.head(message, 1, false, false, [5], 4, 0)
  assert.equal(old.bytes.length, 2 + 3 + 2)
})

test('an alias comes with the topic, then in its place, then not at all', () => {
  const frames = new PublishFrames()
  const message = createMessage('a/b')
  const see = (topic: string, alias: number) => {
    const head = frames.aliased(message, 0, false, false, NO_IDS, topic, alias, 0)
    const packet = decoded(head, message, 5)
    return [packet.topic, packet.properties.topicAlias]
  }
  assert.deepEqual(see('a/b', 3), ['a/b', 3])
  assert.deepEqual(see('', 3), ['', 3])
  assert.deepEqual(see('a/b', 0), ['a/b', undefined])
})

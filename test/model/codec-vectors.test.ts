// The codec against packets and bytes that were written by hand.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decode } from '../../src/codec/mqtt/decode.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import type { Packet, Version } from '../../src/codec/mqtt/packets.ts'
import { ProtocolError } from '../../src/codec/mqtt/protocol-error.ts'
import { TopicCache } from '../../src/codec/mqtt/topic-cache.ts'
import { REFUSALS } from './codec-refusals.ts'
import { fromHex, VECTORS } from './codec-vectors.ts'

/** Frames and decodes; every frame must be whole. */
function read(bytes: Uint8Array, version: Version, topics?: TopicCache): Packet[] {
  const packets: Packet[] = []
  const framer = new Framer(100_000, {
    frame(firstByte, frame, start, end) {
      packets.push(decode(firstByte, frame, start, end, version, topics))
      return true
    },
  })
  framer.version = version
  framer.push(bytes)
  assert.equal(framer.bufferedBytes, 0, 'the frame is not whole')
  return packets
}

suite('packets and their bytes', () => {
  for (const { name, versions, hex, packet, isReordered } of VECTORS) {
    for (const version of versions) {
      test(`${name}, level ${version}: decode`, () => {
        assert.deepEqual(read(fromHex(hex), version), [packet])
        assert.deepEqual(read(fromHex(hex), version, new TopicCache(16)), [packet])
      })
      test(`${name}, level ${version}: encode`, () => {
        const bytes = encode(packet, version)
        assert.equal(bytes.length, fromHex(hex).length)
        if (isReordered) assert.deepEqual(read(bytes, version), [packet])
        else assert.deepEqual(bytes, fromHex(hex))
      })
      test(`${name}, level ${version}: every shorter body is refused, or another packet`, () => {
        const bytes = fromHex(hex)
        for (let length = 2; length < bytes.length; length++) {
          try {
            const other = decode(bytes[0]!, bytes, 2, length, version)
            // Only a payload, trailing filters or reasons, or optional fields may be missing.
            assert.notDeepEqual(other, packet)
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error))
          }
        }
      })
    }
  }
})

suite('bytes that are refused', () => {
  for (const { name, versions, hex, reason, clause } of REFUSALS) {
    for (const version of versions) {
      test(`[${clause}] ${name}, level ${version}`, () => {
        assert.throws(
          () => read(fromHex(hex), version),
          (error) => {
            assert.ok(error instanceof ProtocolError, String(error))
            assert.deepEqual([error.reason, error.clause], [reason, clause])
            return true
          },
        )
      })
    }
  }
})

// The codec against what must hold for all packets and all bytes.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decode } from '../../src/codec/mqtt/decode.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { PublishEncoder } from '../../src/codec/mqtt/encode-publish.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import { type Packet, PacketType, type Version } from '../../src/codec/mqtt/packets.ts'
import { ProtocolError } from '../../src/codec/mqtt/protocol-error.ts'
import { TopicCache } from '../../src/codec/mqtt/topic-cache.ts'
import { packets, versions } from './codec-arbitraries.ts'

interface Sample {
  readonly version: Version
  readonly packet: Packet
}

const samples: fc.Arbitrary<Sample> = versions.chain((version) =>
  packets(version).map((packet) => ({ version, packet })),
)

/** Some bytes of a frame's body changed, put in, or taken away; the first byte stands by itself. */
interface Mutation {
  readonly at: number
  readonly taken: number
  readonly put: Uint8Array
}

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    taken: fc.constantFrom(0, 0, 1, 1, 2, 5),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff).map((byte) => Uint8Array.of(byte)),
    ),
  }),
  { minLength: 1, maxLength: 3 },
)

function mutate(body: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes = [...body]
  for (const { at, taken, put } of changes) {
    bytes = bytes.toSpliced(at % (bytes.length + 1), taken, ...put)
  }
  return Uint8Array.from(bytes)
}

/** A frame's first byte and its body. */
function split(frame: Uint8Array): [firstByte: number, body: Uint8Array] {
  const bodyAt = frame.findIndex((byte, at) => at > 0 && byte < 0x80) + 1
  return [frame[0]!, frame.subarray(bodyAt)]
}

/** The packet, or what a ProtocolError says; any other error is the test's failure. */
function outcome(
  firstByte: number,
  body: Uint8Array,
  version: Version,
  poison: number | undefined,
): Packet | string {
  // With the widest margin even the longest string that runs past the end would find letters.
  const margin = poison === undefined ? 0 : poison === 0x61 ? 70_000 : 40
  const bytes = new Uint8Array(body.length + 2 * margin).fill(poison ?? 0)
  bytes.set(body, margin)
  try {
    const packet = decode(firstByte, bytes, margin, margin + body.length, version)
    // What is kept must not depend on the buffer any longer than its payload does.
    if (packet.type === PacketType.publish) return { ...packet, payload: packet.payload.slice() }
    bytes.fill(0x55)
    return packet
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error))
    return `${error.reason} ${error.clause} ${error.version} ${error.message}`
  }
}

/** What must hold for any bytes whatever. */
function checkBytes(firstByte: number, body: Uint8Array, version: Version): void {
  const seen = outcome(firstByte, body, version, undefined)
  // No read outside: the surroundings make no difference.
  for (const poison of [0x00, 0x01, 0x61, 0xff]) {
    assert.deepEqual(outcome(firstByte, body, version, poison), seen)
  }
  if (typeof seen === 'string') return
  // What was accepted can be said again, and then means the same.
  const own = seen.type === PacketType.connect ? seen.version : version
  const [again, bodyAgain] = split(encode(seen, own))
  assert.deepEqual(outcome(again, bodyAgain, version, undefined), seen)
}

suite('packets', () => {
  test('decode gives back what encode was given', () => {
    fc.assert(
      fc.property(samples, ({ version, packet }) => {
        const [firstByte, body] = split(encode(packet, version))
        assert.deepEqual(outcome(firstByte, body, version, undefined), packet)
      }),
      { numRuns: 3000 },
    )
  })

  test('the topic cache changes nothing but the work', () => {
    const cache = new TopicCache(8)
    fc.assert(
      fc.property(samples, ({ version, packet }) => {
        const [firstByte, body] = split(encode(packet, version))
        const read = (topics?: TopicCache): Packet =>
          decode(firstByte, body, 0, body.length, version, topics)
        assert.deepEqual(read(cache), read())
        assert.deepEqual(read(cache), read())
      }),
      { numRuns: 1000 },
    )
  })

  test('a head and a payload are what encode writes', () => {
    const encoder = new PublishEncoder()
    fc.assert(
      fc.property(samples, ({ version, packet }) => {
        fc.pre(packet.type === PacketType.publish)
        const { topic, qos, dup, retain, packetId, properties, payload } = packet
        const { bytes } = encoder.head(
          topic,
          qos,
          dup,
          retain,
          packetId,
          properties,
          payload.length,
          version,
        )
        assert.deepEqual(Uint8Array.of(...bytes, ...payload), encode(packet, version))
      }),
      { numRuns: 500 },
    )
  })
})

suite('bytes', () => {
  test('that are a mutated packet are read within bounds, or refused', () => {
    fc.assert(
      fc.property(samples, mutations, versions, ({ version, packet }, changes, other) => {
        const [firstByte, body] = split(encode(packet, version))
        const mutated = mutate(body, changes)
        checkBytes(firstByte, mutated, version)
        checkBytes(firstByte, mutated, other)
      }),
      { numRuns: 2000 },
    )
  })

  test('that are random are read within bounds, or refused', () => {
    const bytes = fc.uint8Array({ maxLength: 30 })
    const firstBytes = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(firstBytes, bytes, versions, (firstByte, body, version) => {
        checkBytes(firstByte, body, version)
      }),
      { numRuns: 3000 },
    )
  })

  test('every shorter body of a packet is another packet or none', () => {
    fc.assert(
      fc.property(samples, fc.nat(), ({ version, packet }, cut) => {
        const [firstByte, body] = split(encode(packet, version))
        fc.pre(body.length > 0)
        checkBytes(firstByte, body.subarray(0, cut % body.length), version)
      }),
      { numRuns: 1000 },
    )
  })
})

suite('frames', () => {
  const streams = versions.chain((version) =>
    fc.record({
      version: fc.constant(version),
      frames: fc.array(
        packets(version).map((packet) => encode(packet, version)),
        { maxLength: 8 },
      ),
      /** How long each chunk is; repeated as needed. */
      cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 300 })), {
        minLength: 1,
        maxLength: 8,
      }),
      /** After which frames the sink stops. */
      stops: fc.uniqueArray(fc.nat(8)),
    }),
  )

  test('are the same however the stream is cut and stopped, and whole ones are not copied', () => {
    fc.assert(
      fc.property(streams, ({ version, frames, cuts, stops }) => {
        const stream = Buffer.concat(frames)
        const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length)
        const seen: Uint8Array[] = []
        /** The chunk that is being pushed, and where in the stream it begins and ends. */
        let chunk: Uint8Array | undefined
        let begin = 0
        let end = 0
        let isStopped = false
        const framer = new Framer(1_000_000, {
          frame(firstByte, bytes, bodyStart, bodyEnd) {
            const index = seen.length
            const isWithin = begin <= (ends[index - 1] ?? 0) && (ends[index] ?? 0) <= end
            assert.equal(bytes === chunk, chunk !== undefined && isWithin, 'copied or not')
            assert.equal(isStopped, false, 'delivered while stopped')
            seen.push(Uint8Array.of(firstByte, ...bytes.subarray(bodyStart, bodyEnd)))
            isStopped = stops.includes(seen.length)
            return !isStopped
          },
        })
        framer.version = version
        const resume = (): void => {
          isStopped = false
          framer.resume()
        }
        for (let index = 0; end < stream.length; index++) {
          begin = end
          end = Math.min(stream.length, begin + cuts[index % cuts.length]!)
          chunk = Uint8Array.from(stream.subarray(begin, end))
          framer.push(chunk)
          chunk.fill(0xee)
          chunk = undefined
          // Resumes late, so that some chunks come while it is stopped.
          if (index % 3 === 0 && isStopped) resume()
        }
        while (isStopped) resume()
        const expected = frames.map((frame) => {
          const [firstByte, body] = split(frame)
          return Uint8Array.of(firstByte, ...body)
        })
        assert.deepEqual(seen, expected)
        assert.equal(framer.bufferedBytes, 0)
      }),
      { numRuns: 1000 },
    )
  })
})

// `npm run fuzz -- [--full] [--seed N]`: mutated and random frames through framer and decoder.
// Nothing but ProtocolError may come out, no byte around a frame may matter, memory stays flat.

import { isDeepStrictEqual, parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { decode } from '../../src/codec/mqtt/decode.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import { type Packet, PacketType, type Version } from '../../src/codec/mqtt/packets.ts'
import { ProtocolError } from '../../src/codec/mqtt/protocol-error.ts'
import { TopicCache } from '../../src/codec/mqtt/topic-cache.ts'
import { type Mutant, Mutator } from './mutator.ts'

const FRAMES_CI = 100_000
const FRAMES_FULL = 2_000_000
const BATCH_FRAMES = 1000
const PACKET_BYTES_MAX = 4096
/** Frames before memory is measured first: by then all code is compiled and all caches are full. */
const WARM_UP_FRAMES = 20_000
/** What the heap and its buffers may have grown by at the end, garbage collected. */
const GROWTH_BYTES_MAX = 4 * 1024 * 1024
/** So that the run says something: what share is accepted, and by how many rules it is refused. */
const ACCEPTED_SHARE_MIN = 0.05
const CLAUSES_MIN = 30

class Fuzzing {
  readonly refusals = new Map<string, number>()
  frames = 0
  accepted = 0

  readonly #random: Random
  readonly #mutator: Mutator
  readonly #topics: TopicCache
  /** Bytes with surroundings that differ, between which no outcome may differ. */
  readonly #margins: readonly Uint8Array[] = [0x00, 0x61, 0xff].map((poison) =>
    new Uint8Array(3 * PACKET_BYTES_MAX).fill(poison),
  )

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#mutator = new Mutator(seededRandom(seed + 1))
    this.#topics = new TopicCache(256, seededRandom(seed + 2))
  }

  /** Throws at the first thing that is wrong. */
  batch(): void {
    for (let index = 0; index < BATCH_FRAMES; index++) {
      const mutant = this.#mutator.next()
      try {
        this.#stream(mutant)
        this.#frame(mutant)
      } catch (error) {
        const hex = Buffer.from(mutant.bytes).toString('hex')
        throw new Error(`level ${mutant.version}, bytes ${hex}`, { cause: error })
      }
      this.frames += 1
    }
  }

  /** Through the framer, in chunks of any length, with stops. */
  #stream({ version, bytes }: Mutant): void {
    let isStopped = false
    const framer = new Framer(PACKET_BYTES_MAX, {
      frame: (firstByte, frame, start, end) => {
        if (start < 0 || end > frame.length || start > end) throw new Error('frame out of bounds')
        decode(firstByte, frame, start, end, version, this.#topics)
        isStopped = this.#random.below(4) === 0
        return !isStopped
      },
    })
    if (this.#random.below(2) === 0) framer.version = version
    try {
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + this.#random.below(bytes.length))
        const chunk = bytes.slice(at, end)
        framer.push(chunk)
        chunk.fill(0xa5)
        at = end
        while (isStopped && this.#random.below(2) === 0) {
          isStopped = false
          framer.resume()
        }
        if (framer.bufferedBytes > bytes.length) throw new Error('more is held than came')
      }
      while (isStopped) {
        isStopped = false
        framer.resume()
      }
    } catch (error) {
      this.#mustBeProtocolError(error)
    }
  }

  /** Straight to the decoder, amid surroundings that must not matter. */
  #frame({ version, bytes }: Mutant): void {
    if (bytes.length < 2 || bytes.length > PACKET_BYTES_MAX) return
    const firstByte = bytes[0]!
    const body = bytes.subarray(2)
    const alone = body.slice()
    const expected = this.#outcome(firstByte, alone, 0, alone.length, version)
    if (typeof expected === 'string') {
      this.refusals.set(expected, (this.refusals.get(expected) ?? 0) + 1)
    } else {
      this.accepted += 1
    }
    for (const margin of this.#margins) {
      const start = PACKET_BYTES_MAX
      const poison = margin[0] ?? 0
      margin.set(body, start)
      const seen = this.#outcome(firstByte, margin, start, start + body.length, version)
      if (!isDeepStrictEqual(seen, expected)) throw new Error('bytes around the frame matter')
      margin.fill(poison, start, start + body.length)
    }
  }

  #outcome(
    firstByte: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    version: Version,
  ): Packet | string {
    try {
      const packet = decode(firstByte, bytes, start, end, version)
      if (packet.type !== PacketType.publish) return packet
      return { ...packet, payload: packet.payload.slice() }
    } catch (error) {
      return this.#mustBeProtocolError(error).clause
    }
  }

  #mustBeProtocolError(error: unknown): ProtocolError {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

setFlagsFromString('--expose-gc')

/** What the heap and its buffers take after a garbage collection. */
function usedBytes(): number {
  runInNewContext('gc(); gc()')
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Runs all batches and returns how many checks passed and failed. */
function run(frames: number, seed: number): { passed: number; failed: number } {
  const fuzzing = new Fuzzing(seed)
  let passed = 0
  let failed = 0
  const check = (name: string, isFine: boolean): void => {
    if (isFine) passed += 1
    else failed += 1
    console.log(`${isFine ? 'ok' : 'FAILED'}: ${name}`)
  }
  let before = 0
  for (let done = 0; done < frames; done += BATCH_FRAMES) {
    if (done === WARM_UP_FRAMES) before = usedBytes()
    try {
      fuzzing.batch()
      passed += 1
    } catch (error) {
      failed += 1
      console.error(error)
    }
  }
  const growth = usedBytes() - before
  const kilobytes = Math.round(growth / 1024)
  check(
    `memory grew by ${kilobytes} KiB, at most ${GROWTH_BYTES_MAX / 1024}`,
    growth <= GROWTH_BYTES_MAX,
  )
  const share = fuzzing.accepted / fuzzing.frames
  check(`${(100 * share).toFixed(1)} % of the frames are packets`, share >= ACCEPTED_SHARE_MIN)
  check(`refused by ${fuzzing.refusals.size} clauses`, fuzzing.refusals.size >= CLAUSES_MIN)
  return { passed, failed }
}

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, seed: { type: 'string' } },
})
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const frames = values.full ? FRAMES_FULL : FRAMES_CI
console.log(`${frames} frames, seed ${seed}`)
const startedAt = performance.now()
const { passed, failed } = run(frames, seed)
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

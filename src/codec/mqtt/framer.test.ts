import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AssertionError } from '../../base/assert.ts'
import { Reason } from '../../base/reason.ts'
import { Framer, type FrameSink } from './framer.ts'
import { ProtocolError } from './protocol-error.ts'

interface Seen {
  readonly firstByte: number
  readonly body: Uint8Array
  readonly bytes: Uint8Array
}

/** Collects frames, and stops after each that `stopAt` names. */
class Collector implements FrameSink {
  readonly seen: Seen[] = []
  stopAt: readonly number[] = []

  frame(firstByte: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.seen.push({ firstByte, body: bytes.slice(start, end), bytes })
    return !this.stopAt.includes(this.seen.length)
  }

  get bodies(): number[][] {
    return this.seen.map(({ body }) => [...body])
  }
}

function frame(...body: readonly number[]): number[] {
  return [0x30, body.length, ...body]
}

function make(packetBytesMax = 1000): { framer: Framer; sink: Collector } {
  const sink = new Collector()
  return { framer: new Framer(packetBytesMax, sink), sink }
}

function refusal(reason: Reason, clause: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof ProtocolError && error.reason === reason && error.clause === clause
}

suite('whole frames', () => {
  test('are handed on in place', () => {
    const { framer, sink } = make()
    const chunk = Uint8Array.of(...frame(1, 2), 0xc0, 0, ...frame(3))
    framer.push(chunk)
    assert.deepEqual(sink.bodies, [[1, 2], [], [3]])
    assert.deepEqual(
      sink.seen.map(({ firstByte }) => firstByte),
      [0x30, 0xc0, 0x30],
    )
    for (const { bytes } of sink.seen) assert.equal(bytes, chunk)
    assert.equal(framer.bufferedBytes, 0)
  })

  test('before and after a cut one are handed on in place too', () => {
    const { framer, sink } = make()
    const first = Uint8Array.of(...frame(1), 0x30, 3, 2)
    const second = Uint8Array.of(3, 4, ...frame(5))
    framer.push(first)
    assert.equal(framer.bufferedBytes, 3)
    framer.push(second)
    assert.deepEqual(sink.bodies, [[1], [2, 3, 4], [5]])
    assert.equal(sink.seen[0]?.bytes, first)
    assert.equal(sink.seen[2]?.bytes, second)
  })

  test('an empty chunk does nothing', () => {
    const { framer, sink } = make()
    framer.push(new Uint8Array(0))
    framer.push(Uint8Array.of(0x30))
    framer.push(new Uint8Array(0))
    framer.push(Uint8Array.of(0))
    assert.deepEqual(sink.bodies, [[]])
  })
})

suite('a cut frame', () => {
  test('survives that the chunk is overwritten', () => {
    const { framer, sink } = make()
    const chunk = Uint8Array.of(0x30, 3, 7)
    framer.push(chunk)
    chunk.fill(0xff)
    framer.push(Uint8Array.of(8, 9))
    assert.deepEqual(sink.bodies, [[7, 8, 9]])
  })

  test('is not overwritten by the next cut frame within the same push', () => {
    const views: Uint8Array[] = []
    const framer = new Framer(1000, {
      frame(_firstByte, bytes, start, end) {
        views.push(bytes.subarray(start, end))
        return true
      },
    })
    framer.push(Uint8Array.of(0x30, 2, 1))
    framer.push(Uint8Array.of(2, 0x30, 2, 3))
    assert.deepEqual([...(views[0] ?? [])], [1, 2])
  })

  test('with a header of four bytes comes byte by byte', () => {
    const { framer, sink } = make(3_000_000)
    const length = 2_097_152
    for (const byte of [0x30, 0x80, 0x80, 0x80, 0x01]) framer.push(Uint8Array.of(byte))
    framer.push(new Uint8Array(length - 1).fill(5))
    assert.equal(sink.seen.length, 0)
    framer.push(Uint8Array.of(6, 0xc0))
    assert.equal(sink.seen[0]?.body.length, length)
    assert.equal(sink.seen[0]?.body.at(-1), 6)
    assert.equal(framer.bufferedBytes, 1)
  })

  test('takes storage for what came, not for what its header claims', () => {
    const { framer, sink } = make(300_000_000)
    const before = process.memoryUsage().arrayBuffers
    // The header claims 200 MB.
    framer.push(Uint8Array.of(0x30, 0x80, 0x84, 0xaf, 0x5f, 1, 2, 3))
    framer.push(new Uint8Array(1000))
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
    assert.equal(framer.bufferedBytes, 1008)
    assert.equal(sink.seen.length, 0)
  })

  test('takes at most its own length', () => {
    const { framer, sink } = make()
    framer.push(Uint8Array.of(0x30, 100, ...new Uint8Array(60)))
    framer.push(new Uint8Array(40))
    assert.equal(sink.seen[0]?.bytes.length, 102)
  })
})

suite('stopping', () => {
  test('keeps the rest of the chunk, which comes after resume', () => {
    const { framer, sink } = make()
    sink.stopAt = [1]
    const chunk = Uint8Array.of(...frame(1), ...frame(2), ...frame(3), 0x30, 2, 4)
    framer.push(chunk)
    chunk.fill(0xff)
    assert.deepEqual(sink.bodies, [[1]])
    assert.equal(framer.bufferedBytes, 9)
    framer.resume()
    assert.deepEqual(sink.bodies, [[1], [2], [3]])
    assert.equal(framer.bufferedBytes, 3)
    framer.push(Uint8Array.of(5, ...frame(6)))
    assert.deepEqual(sink.bodies, [[1], [2], [3], [4, 5], [6]])
  })

  test('push while stopped only holds', () => {
    const { framer, sink } = make()
    sink.stopAt = [1, 2]
    framer.push(Uint8Array.of(...frame(1)))
    framer.push(Uint8Array.of(...frame(2)))
    framer.push(Uint8Array.of(...frame(...new Array<number>(100).fill(3))))
    assert.equal(sink.seen.length, 1)
    assert.equal(framer.bufferedBytes, 105)
    framer.resume()
    assert.equal(sink.seen.length, 2)
    framer.resume()
    assert.equal(sink.seen.length, 3)
    assert.equal(framer.bufferedBytes, 0)
  })

  test('at the end of a cut frame keeps what follows', () => {
    const { framer, sink } = make()
    sink.stopAt = [1]
    framer.push(Uint8Array.of(0x30, 2, 1))
    framer.push(Uint8Array.of(2, ...frame(3)))
    assert.deepEqual(sink.bodies, [[1, 2]])
    framer.resume()
    assert.deepEqual(sink.bodies, [[1, 2], [3]])
  })

  test('resume does nothing if it is not stopped, nor when the sink calls it', () => {
    const { framer, sink } = make()
    framer.push(Uint8Array.of(0x30, 2, 1))
    framer.resume()
    framer.push(Uint8Array.of(2))
    assert.deepEqual(sink.bodies, [[1, 2]])

    const inner: Framer = new Framer(1000, {
      frame() {
        inner.resume()
        return true
      },
    })
    inner.push(Uint8Array.of(...frame(1), ...frame(2)))
    assert.equal(inner.bufferedBytes, 0)
  })

  test('bytes delivered from what was held are not written again within the resume', () => {
    const views: Uint8Array[] = []
    const framer = new Framer(1000, {
      frame(_firstByte, bytes, start, end) {
        views.push(bytes.subarray(start, end))
        return views.length > 1
      },
    })
    framer.push(Uint8Array.of(...frame(1), ...frame(2), 0x30, 3, 3))
    framer.resume()
    framer.push(Uint8Array.of(4))
    framer.push(Uint8Array.of(5))
    assert.deepEqual(
      views.map((view) => [...view]),
      [[1], [2], [3, 4, 5]],
    )
  })
})

suite('refusals', () => {
  test('[MQTT-1.5.5-1] a length that is longer than need be counts from 5.0 on', () => {
    for (const version of [undefined, 3, 4] as const) {
      const { framer, sink } = make()
      framer.version = version
      framer.push(Uint8Array.of(0xc0, 0x80, 0x00))
      assert.equal(sink.seen.length, 1)
    }
    const { framer } = make()
    framer.version = 5
    assert.throws(
      () => framer.push(Uint8Array.of(0xc0, 0x80, 0x00)),
      refusal(Reason.malformedPacket, 'MQTT-1.5.5-1'),
    )
  })

  test('[U5-02] a fifth length byte is not waited for', () => {
    const { framer } = make(300_000_000)
    framer.push(Uint8Array.of(0x30, 0x80, 0x80, 0x80))
    assert.throws(() => framer.push(Uint8Array.of(0x80)), refusal(Reason.malformedPacket, 'U5-02'))
  })

  test('[U5-07] a packet above the limit is refused by its header', () => {
    const { framer, sink } = make(10)
    framer.push(Uint8Array.of(0x30, 8, 1, 2, 3, 4, 5, 6, 7, 8))
    assert.equal(sink.seen.length, 1)
    assert.throws(
      () => framer.push(Uint8Array.of(0x30, 9)),
      refusal(Reason.packetTooLarge, 'U5-07'),
    )
  })

  test('[U5-31] type 0 is refused, and type 15 where the version has none', () => {
    assert.throws(
      () => make().framer.push(Uint8Array.of(0x0f)),
      refusal(Reason.malformedPacket, 'U5-31'),
    )
    const { framer, sink } = make()
    framer.push(Uint8Array.of(0xf0, 0))
    framer.version = 5
    framer.push(Uint8Array.of(0xf0, 0))
    assert.equal(sink.seen.length, 2)
    framer.version = 4
    assert.throws(() => framer.push(Uint8Array.of(0xf0)), refusal(Reason.malformedPacket, 'U5-31'))
  })

  test('what the sink throws comes through, and the framer is dead', () => {
    const error = new Error('from the sink')
    const framer = new Framer(1000, {
      frame() {
        throw error
      },
    })
    assert.throws(
      () => framer.push(Uint8Array.of(...frame(1), ...frame(2))),
      (thrown) => thrown === error,
    )
    framer.push(Uint8Array.of(...frame(1)))
    framer.resume()
    assert.equal(framer.bufferedBytes, 0)
  })

  test('the sink must not push', () => {
    const framer: Framer = new Framer(1000, {
      frame() {
        framer.push(Uint8Array.of(0xc0, 0))
        return true
      },
    })
    assert.throws(() => framer.push(Uint8Array.of(0xc0, 0)), AssertionError)
  })
})

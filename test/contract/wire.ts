// What every Wire must do, from the side of a front: an ordered, lossless stream with backpressure
// in both directions that ends exactly once.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Accept } from '../../src/base/wire.ts'
import type { Dialled, DialledEnd } from '../support/dial.ts'
import { pattern, RecordingFront } from '../support/recording-front.ts'

export interface WireBench {
  dial(end: DialledEnd): Promise<Dialled>
  close(): Promise<void>
}

export interface WireKind {
  readonly name: string
  readonly skip?: string | false
  /** What may still come after `pause`, with whatever the peer sends. */
  readonly bytesAfterPauseMax: number
  open(accept: Accept): Promise<WireBench>
}

const BOUNDED = { timeout: 20_000 }
const MIB = 1024 * 1024
const TURNS = 50

interface Stream {
  readonly front: RecordingFront
  readonly peer: Dialled
  /** What the peer got so far. */
  readonly received: () => Buffer
  readonly untilReceived: (bytes: number) => Promise<void>
  readonly peerClosed: Promise<void>
}

/** One open stream; closed with the test. */
async function openStream(
  t: TestContext,
  kind: WireKind,
  prepare: (front: RecordingFront) => void = () => undefined,
): Promise<Stream> {
  let found: (front: RecordingFront) => void = () => undefined
  const accepted = new Promise<RecordingFront>((resolve) => {
    found = resolve
  })
  const bench = await kind.open((wire) => {
    const front = new RecordingFront(wire)
    prepare(front)
    found(front)
    return front
  })
  const chunks: Buffer[] = []
  let bytes = 0
  let changed: () => void = () => undefined
  let closed: () => void = () => undefined
  const peerClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const peer = await bench.dial({
    receive: (chunk) => {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      changed()
    },
    closed: () => closed(),
  })
  const front = await accepted
  t.after(async () => {
    front.wire.destroy()
    peer.reset()
    await bench.close()
  })
  const untilReceived = async (wanted: number): Promise<void> => {
    while (bytes < wanted) {
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  return { front, peer, received: () => Buffer.concat(chunks), untilReceived, peerClosed }
}

async function turns(): Promise<void> {
  for (let count = 0; count < TURNS; count++) await turn()
}

/** Runs the suite for one transport. */
export function wireContract(kind: WireKind): void {
  const options = { ...BOUNDED, skip: kind.skip ?? false }
  const contract = (title: string, run: (t: TestContext) => Promise<void>): void => {
    test(`${kind.name}: ${title}`, options, run)
  }
  bytesContract(kind, contract)
  flowContract(kind, contract)
  endContract(kind, contract)
}

type Contract = (title: string, run: (t: TestContext) => Promise<void>) => void

function bytesContract(kind: WireKind, contract: Contract): void {
  contract('4 MiB go there and back unaltered and in order', async (t) => {
    const { peer, received, untilReceived } = await openStream(t, kind, (front) => front.echo())
    const sent = pattern(4 * MIB)
    let at = 0
    for (const size of [1, 2, 3, 127, 65_535, 65_536, 70_000, MIB]) {
      peer.send(sent.subarray(at, at + size))
      at += size
    }
    peer.send(sent.subarray(at))
    await untilReceived(sent.length)
    assert.ok(received().equals(sent))
  })

  contract('the chunks of one write arrive in their order', async (t) => {
    const { front, received, untilReceived } = await openStream(t, kind)
    const chunks = ['one ', 'two ', 'three'].map((text) => Buffer.from(text))
    front.wire.write(chunks)
    await untilReceived(13)
    assert.equal(received().toString(), 'one two three')
  })

  contract('it knows where the peer is', async (t) => {
    const { front } = await openStream(t, kind)
    assert.match(front.wire.remoteAddress, /^(127\.0\.0\.1|local)$/)
    assert.equal(front.wire.remotePort > 0, front.wire.remoteAddress !== 'local')
  })
}

function flowContract(kind: WireKind, contract: Contract): void {
  contract('written is told once for a write, and never within it', async (t) => {
    const { front } = await openStream(t, kind)
    front.wire.write([pattern(10), pattern(100_000)])
    assert.deepEqual(front.events, [])
    await front.untilEvent('written')
    await turns()
    assert.deepEqual(front.events, ['written'])
  })

  contract('written waits for a peer that does not read', async (t) => {
    const { front, peer, untilReceived } = await openStream(t, kind)
    peer.pause()
    front.wire.write([new Uint8Array(32 * MIB)])
    await turns()
    assert.deepEqual(front.events, [])
    peer.resume()
    await front.untilEvent('written')
    await untilReceived(32 * MIB)
  })

  contract('pause stops what comes, resume goes on, nothing is lost', async (t) => {
    const pieces: Uint8Array[] = []
    const { front, peer } = await openStream(t, kind, (accepted) => {
      accepted.onReceive = (chunk) => {
        pieces.push(chunk.slice())
        accepted.wire.pause()
      }
    })
    const sent = pattern(8 * MIB)
    for (let at = 0; at < sent.length; at += 1024) peer.send(sent.subarray(at, at + 1024))
    await front.untilEvent('receive')
    const atPause = front.bytes
    await turns()
    assert.ok(front.bytes - atPause <= kind.bytesAfterPauseMax)

    // A few times more with a pause after each, then all.
    for (let round = 0; round < 5; round++) {
      const before = front.bytes
      front.wire.resume()
      await front.until(() => front.bytes > before)
    }
    front.onReceive = (chunk) => pieces.push(chunk.slice())
    front.wire.resume()
    await front.until(() => front.bytes >= sent.length)
    assert.ok(Buffer.concat(pieces).equals(sent))
  })

  contract('resume and pause within one turn leave it paused', async (t) => {
    const { front, peer } = await openStream(t, kind, (accepted) => accepted.wire.pause())
    front.wire.resume()
    front.wire.pause()
    for (let count = 0; count < 1024; count++) peer.send(pattern(1024))
    await turns()
    assert.ok(front.bytes <= kind.bytesAfterPauseMax)
    front.wire.resume()
    await front.until(() => front.bytes === MIB)
  })
}

function endContract(kind: WireKind, contract: Contract): void {
  contract('end sends what was written, then closes, once and without an error', async (t) => {
    const { front, received, untilReceived, peerClosed } = await openStream(t, kind)
    const sent = pattern(4 * MIB)
    front.wire.write([sent])
    front.wire.end()
    front.wire.end()
    await untilReceived(sent.length)
    await peerClosed
    await front.untilEvent('closed')
    await turns()
    assert.ok(received().equals(sent))
    assert.equal(front.count('closed'), 1)
    assert.equal(front.error, undefined)
  })

  contract('after end nothing is received any more, also when paused', async (t) => {
    const { front, peer, peerClosed } = await openStream(t, kind, (accepted) => {
      accepted.wire.pause()
    })
    for (let count = 0; count < 512; count++) peer.send(pattern(1024))
    await turns()
    const before = front.bytes
    front.wire.end()
    await peerClosed
    await front.untilEvent('closed')
    assert.equal(front.bytes, before)
    assert.equal(front.error, undefined)
  })

  contract('a peer that leaves in peace is closed once, without an error', async (t) => {
    const { front, peer } = await openStream(t, kind)
    peer.send(pattern(100))
    peer.cut()
    await front.untilEvent('closed')
    await turns()
    assert.equal(front.bytes, 100)
    assert.equal(front.count('closed'), 1)
    assert.equal(front.events.at(-1), 'closed')
    assert.equal(front.error, undefined)
  })

  contract('a peer that cuts the stream during a write: closed once, not written', async (t) => {
    const { front, peer } = await openStream(t, kind)
    peer.pause()
    front.wire.write([new Uint8Array(32 * MIB)])
    await turns()
    peer.reset()
    await front.untilEvent('closed')
    await turns()
    assert.deepEqual(front.events, ['closed'])
  })

  contract('destroy closes once, not within the call, and later calls do nothing', async (t) => {
    const { front, peerClosed } = await openStream(t, kind)
    front.wire.destroy()
    assert.deepEqual(front.events, [])
    await front.untilEvent('closed')
    await peerClosed
    front.wire.write([pattern(10)])
    front.wire.pause()
    front.wire.resume()
    front.wire.end()
    front.wire.destroy()
    await turns()
    assert.deepEqual(front.events, ['closed'])
  })
}

// The outbox: two lanes, what waits for a commit, bounds, and what the wire sees.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock, VirtualScheduler } from '../../test/support/virtual-clock.ts'
import { EARLY_FLUSH_BYTES, Outbox, REFERENCE_BYTES_MIN } from './outbox.ts'
import { SLAB_BYTES_SMALL, SlabPool } from './slabs.ts'
import { Turn } from './turn.ts'
import type { Wire } from './wire.ts'

const BYTES_MAX = 1000

/** Remembers what was written; a write is under way until the test calls `pass`. */
class ManualWire implements Wire {
  readonly remoteAddress = 'local'
  readonly remotePort = 0
  readonly texts: string[] = []
  chunks: readonly Uint8Array[] | undefined
  isEnded = false

  write(chunks: readonly Uint8Array[]): void {
    assert.equal(this.chunks, undefined, 'one write at a time')
    assert.equal(this.isEnded, false)
    assert.ok(chunks.length > 0)
    this.chunks = chunks
    this.texts.push(Buffer.concat(chunks).toString())
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    assert.equal(this.chunks, undefined, 'no end while a write is under way')
    this.isEnded = true
  }
  destroy(): void {}
}

function setUp(bytesMax = BYTES_MAX) {
  const scheduler = new VirtualScheduler()
  const commits: (() => void)[] = []
  const turn = new Turn<string>(
    scheduler,
    new VirtualClock(),
    { append: () => {}, commit: (done) => commits.push(() => done(undefined)) },
    () => {},
  )
  const wire = new ManualWire()
  const pool = new SlabPool()
  let writable = 0
  const owner = {
    writable: () => {
      writable += 1
    },
  }
  const outbox = new Outbox(turn, wire, pool, bytesMax, owner)
  const ticket = (): number => {
    turn.append('record')
    return turn.ticket()
  }
  const now = (text: string): void => {
    outbox.beginNow()
    outbox.add(Buffer.from(text))
  }
  const held = (text: string, until: number, weight?: number): void => {
    outbox.beginInOrder(until, weight)
    outbox.add(Buffer.from(text))
  }
  const pass = (): void => {
    wire.chunks = undefined
    outbox.written()
    scheduler.run()
  }
  const commit = (): void => {
    commits.shift()!()
    scheduler.run()
  }
  return {
    scheduler,
    commits,
    commit,
    turn,
    wire,
    pool,
    outbox,
    ticket,
    now,
    held,
    pass,
    writable: () => writable,
  }
}

test('what needs no commit leaves in one write with the flush', () => {
  const { scheduler, wire, outbox, now, pass } = setUp()
  now('a')
  now('b')
  assert.deepEqual(wire.texts, [])
  assert.equal(outbox.bytes, 2)
  scheduler.run()
  assert.deepEqual(wire.texts, ['ab'])
  assert.equal(outbox.bytes, 2)
  assert.equal(outbox.bytesWritten, 2)
  pass()
  assert.equal(outbox.bytes, 0)
  assert.equal(wire.texts.length, 1)
})

test('while a write is under way the next one gathers', () => {
  const { scheduler, wire, now, pass } = setUp()
  now('a')
  scheduler.run()
  now('b')
  scheduler.run()
  now('c')
  scheduler.run()
  assert.deepEqual(wire.texts, ['a'])
  pass()
  assert.deepEqual(wire.texts, ['a', 'bc'])
})

test('what waits for a commit leaves after it, and is passed by what does not', () => {
  const { scheduler, wire, outbox, ticket, now, held, pass, commit } = setUp()
  held('1', ticket(), 3)
  now('a')
  held('2', ticket(), 4)
  assert.equal(outbox.isHolding, true)
  assert.equal(outbox.heldWeight, 7)
  assert.equal(outbox.bytes, 3)
  scheduler.run()
  assert.deepEqual(wire.texts, ['a'])
  pass()
  commit()
  assert.deepEqual(wire.texts, ['a', '12'])
  assert.equal(outbox.isHolding, false)
  assert.equal(outbox.heldWeight, 0)
})

test('holds is over when its own commit is, whatever waits for a later one', () => {
  const { scheduler, outbox, ticket, held, commit } = setUp()
  const first = ticket()
  held('1', first)
  assert.equal(outbox.holds(first - 1), false)
  assert.equal(outbox.holds(first), true)
  scheduler.run()
  const second = ticket()
  held('2', second)
  commit()
  assert.equal(outbox.holds(first), false)
  assert.equal(outbox.holds(second), true)
  assert.equal(outbox.isHolding, true)
})

test('whether something is held for a commit, or for an earlier one', () => {
  const { scheduler, outbox, ticket, held, commit } = setUp()
  assert.equal(outbox.holds(0), false)
  const first = ticket()
  held('1', first)
  scheduler.run()
  const second = ticket()
  held('2', second)
  assert.deepEqual([outbox.holds(first - 1), outbox.holds(first)], [false, true])
  assert.equal(outbox.holds(second), true)
  scheduler.run()
  commit()
  assert.deepEqual([outbox.holds(first), outbox.holds(second)], [false, true])
})

test('what comes in order behind something held waits with it', () => {
  const { scheduler, wire, ticket, held, commit } = setUp()
  held('1', ticket())
  held('2', 0)
  scheduler.run()
  held('3', 0)
  scheduler.run()
  assert.deepEqual(wire.texts, [])
  commit()
  assert.deepEqual(wire.texts, ['123'])
})

test('what waits for two commits leaves in two steps, in order', () => {
  const { scheduler, wire, outbox, ticket, held, pass, commit } = setUp()
  const first = ticket()
  held('1', first)
  scheduler.run()
  const second = ticket()
  held('2', second)
  held('3', first)
  held('4', second)
  scheduler.run()
  commit()
  assert.deepEqual(wire.texts, ['1'])
  assert.equal(outbox.isHolding, true)
  pass()
  commit()
  assert.deepEqual(wire.texts, ['1', '234'])
})

test('what is put behind one commit leaves with it, before what comes once it is done', () => {
  const { scheduler, wire, outbox, ticket, now, held, pass, commit } = setUp()
  const first = ticket()
  held('1', first)
  scheduler.run()
  held('2', ticket())
  outbox.beginBehind(first)
  outbox.add(Buffer.from('a'))
  commit()
  now('b')
  scheduler.run()
  pass()
  assert.deepEqual(wire.texts, ['1a', 'b'])
  outbox.beginBehind(first)
  outbox.add(Buffer.from('c'))
  scheduler.run()
  pass()
  commit()
  pass()
  assert.deepEqual(wire.texts, ['1a', 'b', 'c', '2'])
})

test('nothing is held where nothing is left to wait for', () => {
  const { scheduler, wire, outbox, ticket, held, commit } = setUp()
  const until = ticket()
  scheduler.run()
  commit()
  held('1', until)
  held('2', 0)
  assert.equal(outbox.isHolding, false)
  scheduler.run()
  assert.deepEqual(wire.texts, ['12'])
})

test('a whole that is released while it is being added to keeps its rest', () => {
  const { scheduler, wire, outbox, ticket, held, commits } = setUp()
  held('1', ticket())
  scheduler.run()
  commits.shift()!()
  outbox.add(Buffer.from('+'))
  scheduler.run()
  assert.deepEqual(wire.texts, ['1+'])
})

test('a release is seen by all outboxes before anything new goes before it', () => {
  const { scheduler, wire, turn, outbox, ticket, held, commits } = setUp()
  const first = ticket()
  // This one is called before the outbox, and adds to it in the very same release.
  turn.whenDurable(first, { durable: () => held('2', first) })
  held('1', first)
  scheduler.run()
  commits.shift()!()
  scheduler.run()
  assert.deepEqual(wire.texts, ['12'])
  assert.equal(outbox.isHolding, false)
})

test('a long lane is written before the end of the turn, whole by whole', () => {
  const { scheduler, wire, outbox, now } = setUp(EARLY_FLUSH_BYTES * 4)
  const whole = 'x'.repeat(EARLY_FLUSH_BYTES / 2)
  now(whole)
  now(whole)
  assert.equal(wire.texts.length, 0)
  now('a')
  assert.equal(wire.texts.length, 1)
  assert.equal(wire.texts[0]!.length, EARLY_FLUSH_BYTES)
  now(whole)
  now(whole)
  now('b')
  assert.equal(wire.texts.length, 1, 'one write at a time')
  scheduler.run()
  assert.equal(outbox.bytes, EARLY_FLUSH_BYTES * 2 + 2)
})

test('full at the bound, and writable again only when half empty', () => {
  const { scheduler, wire, outbox, now, pass, writable } = setUp()
  now('x'.repeat(BYTES_MAX - 1))
  assert.equal(outbox.isFull, false)
  now('y')
  assert.equal(outbox.isFull, true)
  scheduler.run()
  now('z'.repeat(BYTES_MAX / 2 + 1))
  pass()
  assert.equal(outbox.isFull, false)
  assert.equal(writable(), 0)
  now('z')
  pass()
  assert.equal(writable(), 1)
  assert.deepEqual(
    wire.texts.map((text) => text.length),
    [BYTES_MAX, BYTES_MAX / 2 + 1, 1],
  )
  pass()
  assert.equal(writable(), 1)
})

test('who never found it full is not called', () => {
  const { scheduler, now, pass, writable } = setUp()
  now('x'.repeat(BYTES_MAX * 2))
  scheduler.run()
  pass()
  assert.equal(writable(), 0)
})

test('what is held counts for the bound, and a commit alone makes no room', () => {
  const { scheduler, outbox, ticket, held, commit, pass, writable } = setUp()
  held('x'.repeat(BYTES_MAX), ticket())
  assert.equal(outbox.isFull, true)
  scheduler.run()
  commit()
  assert.equal(writable(), 0)
  pass()
  assert.equal(writable(), 1)
})

test('discarding drops all but the write under way', () => {
  const { scheduler, wire, outbox, ticket, now, held, pass, commit } = setUp()
  now('a')
  scheduler.run()
  now('b')
  held('1', ticket())
  outbox.discard()
  assert.equal(outbox.isHolding, false)
  outbox.add(Buffer.from('c'))
  scheduler.run()
  commit()
  pass()
  assert.deepEqual(wire.texts, ['a', 'c'])
})

test('after discarding, what waits for the same commit is held anew', () => {
  const { scheduler, wire, outbox, ticket, held, commit } = setUp()
  const until = ticket()
  held('1', until)
  outbox.discard()
  held('2', until)
  scheduler.run()
  assert.deepEqual(wire.texts, [])
  commit()
  assert.deepEqual(wire.texts, ['2'])
})

test('the end waits for the write under way and for what comes before it', () => {
  const { scheduler, wire, outbox, now, pass } = setUp()
  now('a')
  scheduler.run()
  now('b')
  outbox.end()
  scheduler.run()
  assert.equal(wire.isEnded, false)
  pass()
  assert.deepEqual(wire.texts, ['a', 'b'])
  assert.equal(wire.isEnded, false)
  pass()
  assert.equal(wire.isEnded, true)
})

test('the end waits for what is held', () => {
  const { scheduler, wire, outbox, ticket, now, held, pass, commit } = setUp()
  held('1', ticket())
  now('a')
  outbox.end()
  scheduler.run()
  pass()
  assert.equal(wire.isEnded, false)
  commit()
  assert.deepEqual(wire.texts, ['a', '1'])
  assert.equal(wire.isEnded, false)
  pass()
  assert.equal(wire.isEnded, true)
})

test('with nothing to send the end comes with the flush, once', () => {
  const { scheduler, wire, outbox } = setUp()
  outbox.end()
  assert.equal(wire.isEnded, false)
  scheduler.run()
  assert.equal(wire.isEnded, true)
  wire.isEnded = false
  outbox.flush()
  assert.equal(wire.isEnded, false)
})

test('closed, it takes nothing more and writes nothing more', () => {
  const { scheduler, wire, outbox, ticket, now, held, commit } = setUp()
  now('a')
  held('1', ticket())
  outbox.close()
  assert.equal(outbox.bytes, 0)
  now('b')
  outbox.addKept(Buffer.alloc(REFERENCE_BYTES_MIN))
  held('2', ticket())
  outbox.end()
  scheduler.run()
  commit()
  assert.deepEqual(wire.texts, [])
  assert.equal(wire.isEnded, false)
  assert.equal(outbox.bytes, 0)
})

test('a slab comes back only when it was written, or when the wire is gone', () => {
  const { scheduler, wire, pool, outbox, now, pass } = setUp()
  now('a')
  scheduler.run()
  const slab = wire.chunks![0]!.buffer
  const fresh = [pool.take(true), pool.take(true)]
  assert.ok(fresh.every(({ buffer }) => buffer !== slab))
  pass()
  assert.equal(pool.take(true).buffer, slab)

  now('b')
  scheduler.run()
  const second = wire.chunks![0]!.buffer
  outbox.close()
  assert.equal(pool.take(true).buffer, second)
})

test('a held lane keeps its slab until it was written', () => {
  const { scheduler, wire, pool, ticket, held, pass, commit } = setUp()
  held('1', ticket())
  scheduler.run()
  commit()
  const slab = wire.chunks![0]!.buffer
  assert.notEqual(pool.take(true).buffer, slab)
  pass()
  assert.equal(pool.take(true).buffer, slab)
  assert.equal(slab.byteLength, SLAB_BYTES_SMALL)
})

test('large kept bytes go by reference, small ones are copied', () => {
  const { scheduler, wire, outbox } = setUp(1_000_000)
  const large = Buffer.alloc(REFERENCE_BYTES_MIN, 'l')
  const small = Buffer.alloc(REFERENCE_BYTES_MIN - 1, 's')
  outbox.beginNow()
  outbox.addKept(large)
  outbox.addKept(small)
  outbox.add(large)
  scheduler.run()
  const chunks = wire.chunks!
  assert.equal(chunks[0], large)
  assert.ok(chunks.slice(1).every((chunk) => chunk !== small && chunk !== large))
  assert.equal(Buffer.concat(chunks).length, outbox.bytes)
})

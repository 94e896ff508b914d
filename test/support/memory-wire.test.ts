// The stream in memory: it must be as unkind as it says, and keep the promises of a wire.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Wire } from '../../src/base/wire.ts'
import { MemoryPeer, type MemoryWireOptions } from './memory-wire.ts'

/** A server that only notes what happens, and its client. */
function pair(options: MemoryWireOptions = {}) {
  const tasks: (() => void)[] = []
  const events: string[] = []
  const kept: Uint8Array[] = []
  let wire: Wire | undefined
  const peer = new MemoryPeer(
    (given) => {
      wire = given
      return {
        receive: (chunk) => {
          kept.push(chunk)
          events.push(`server got ${Buffer.from(chunk).toString()}`)
        },
        written: () => events.push('written'),
        closed: (error) => events.push(`server closed${error === undefined ? '' : ' in error'}`),
      }
    },
    (task) => tasks.push(task),
    {
      receive: (chunk) => events.push(`client got ${Buffer.from(chunk).toString()}`),
      closed: () => events.push('client closed'),
    },
    options,
  )
  const run = (): string => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
    return events.splice(0).join(', ')
  }
  assert.ok(wire !== undefined)
  return { peer, wire, run, kept, events }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('bytes arrive later, in order and in chunks of the given size', () => {
  const { peer, run, events } = pair({ chunkBytesMax: 2 })
  peer.send(bytes('abc'))
  peer.send(bytes('d'))
  assert.deepEqual(events, [])
  assert.equal(run(), 'server got ab, server got c, server got d')
})

test('the read buffer is overwritten after receive', () => {
  const { peer, run, kept } = pair()
  peer.send(bytes('abc'))
  run()
  assert.deepEqual(kept[0], Uint8Array.of(0xdb, 0xdb, 0xdb))
})

test('a write leaves later, and is one at a time', () => {
  const { wire, run, events } = pair()
  wire.write([bytes('ab'), bytes('c')])
  assert.throws(() => wire.write([bytes('d')]), /another is under way/)
  assert.deepEqual(events, [])
  assert.equal(run(), 'client got ab, client got c, written')
})

test('pause holds bytes and the end back', () => {
  const { peer, wire, run } = pair()
  wire.pause()
  peer.send(bytes('a'))
  peer.cut()
  assert.equal(run(), '')
  wire.resume()
  assert.equal(run(), 'server got a, server closed, client closed')
})

test('a client that does not read keeps the write under way', () => {
  const { peer, wire, run } = pair()
  peer.pause()
  wire.write([bytes('a')])
  assert.equal(run(), '')
  peer.resume()
  assert.equal(run(), 'client got a, written')
})

test('end sends what was written, destroy and reset do not', () => {
  const ending = pair()
  ending.wire.write([bytes('a')])
  ending.wire.end()
  assert.equal(ending.run(), 'client got a, written, server closed, client closed')
  const destroyed = pair()
  destroyed.wire.write([bytes('a')])
  destroyed.wire.destroy()
  assert.equal(destroyed.run(), 'server closed, client closed')
  const reset = pair()
  reset.peer.send(bytes('a'))
  reset.peer.reset()
  assert.equal(reset.run(), 'server closed in error, client closed')
})

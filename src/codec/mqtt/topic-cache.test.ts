import assert from 'node:assert/strict'
import { mock, suite, test } from 'node:test'
import { seededRandom } from '../../base/random.ts'
import { ProtocolError } from './protocol-error.ts'
import { TopicCache } from './topic-cache.ts'

const text = new TextEncoder()

function lookup(cache: TopicCache, name: string): string {
  const bytes = text.encode(`<${name}>`)
  return cache.lookup(bytes, 1, bytes.length - 1)
}

/** How often TextDecoder ran while `run` did: what the cache is there to spare. */
function countDecodings(run: () => void): number {
  const decoding = mock.method(TextDecoder.prototype, 'decode')
  run()
  const count = decoding.mock.callCount()
  decoding.mock.restore()
  return count
}

suite('TopicCache', () => {
  test('gives the name, the first time and again', () => {
    const cache = new TopicCache(64)
    for (let round = 0; round < 3; round++) {
      for (const name of ['a', 'a/b', 'b', 'a/', 'a/b', 'ä/日本/🎉', '/a', ' ']) {
        assert.equal(lookup(cache, name), name)
      }
    }
  })

  test('does not take a name for another that begins or ends like it', () => {
    const cache = new TopicCache(1, seededRandom(1))
    for (const name of ['abc', 'ab', 'abc', 'bc', 'abc', 'c', 'abcd', 'abc']) {
      assert.equal(lookup(cache, name), name)
    }
  })

  test('keeps no view of the buffer that a name came in', () => {
    const cache = new TopicCache(64)
    const bytes = text.encode('ab')
    assert.equal(cache.lookup(bytes, 0, 2), 'ab')
    bytes.set(text.encode('cd'))
    assert.equal(cache.lookup(bytes, 0, 2), 'cd')
    assert.equal(lookup(cache, 'ab'), 'ab')
  })

  test('decodes a name that comes again only once', () => {
    const cache = new TopicCache(64, seededRandom(1))
    const names = ['room/1', 'room/2', 'room/1', 'room/1', 'room/2']
    assert.equal(
      countDecodings(() => {
        for (const name of names) lookup(cache, name)
      }),
      2,
    )
  })

  test('is right at its bound, where names replace each other', () => {
    const cache = new TopicCache(4, seededRandom(1))
    const decodings = countDecodings(() => {
      for (let round = 0; round < 2; round++) {
        for (let index = 0; index < 100; index++) {
          assert.equal(lookup(cache, `topic/${index}`), `topic/${index}`)
        }
      }
    })
    assert.equal(decodings, 200)
  })

  test('keeps, of names with one hash, the one that is in use', () => {
    // With two entries every name has the same place.
    const cache = new TopicCache(1, seededRandom(1))
    const decodings = countDecodings(() => {
      for (let index = 0; index < 50; index++) {
        lookup(cache, 'steady')
        lookup(cache, `passing/${index}`)
      }
    })
    assert.equal(decodings, 51)
  })

  test('does not keep names of more than 256 bytes', () => {
    const cache = new TopicCache(64)
    const kept = 'k'.repeat(256)
    const long = 'l'.repeat(257)
    const decodings = countDecodings(() => {
      for (let round = 0; round < 3; round++) {
        assert.equal(lookup(cache, kept), kept)
        assert.equal(lookup(cache, long), long)
      }
    })
    assert.equal(decodings, 4)
  })

  test('[MQTT-3.3.2-2] refuses what is no topic name, again and again', () => {
    const cache = new TopicCache(64)
    for (let round = 0; round < 2; round++) {
      for (const name of ['', 'a/+', '#', 'a\0']) {
        assert.throws(() => lookup(cache, name), ProtocolError)
        assert.equal(lookup(cache, 'fine'), 'fine')
      }
      assert.throws(() => cache.lookup(Uint8Array.of(0xff), 0, 1), ProtocolError)
    }
  })
})

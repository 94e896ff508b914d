// Topic aliases of both directions, by themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../base/reason.ts'
import { IncomingAliases, OutgoingAliases } from './topic-aliases.ts'

test('[MQTT-3.3.2-12] an alias stands for the topic that came with it last', () => {
  const aliases = new IncomingAliases(3)
  assert.equal(aliases.resolve(3, 'a'), 'a')
  assert.equal(aliases.resolve(1, 'b'), 'b')
  assert.equal(aliases.resolve(3, ''), 'a')
  assert.equal(aliases.resolve(3, 'c'), 'c')
  assert.equal(aliases.resolve(3, ''), 'c')
  assert.equal(aliases.resolve(1, ''), 'b')
})

test('[MQTT-3.3.2-8] [MQTT-3.3.2-9] an alias is from 1 to the maximum', () => {
  const aliases = new IncomingAliases(3)
  for (const alias of [0, 4, 65_535]) {
    for (const topic of ['a', '']) {
      assert.throws(() => aliases.resolve(alias, topic), { reason: Reason.topicAliasInvalid })
    }
  }
  assert.throws(() => new IncomingAliases(0).resolve(1, 'a'), { reason: Reason.topicAliasInvalid })
})

test('an alias that was never told means nothing', () => {
  const aliases = new IncomingAliases(3)
  assert.throws(() => aliases.resolve(2, ''), { reason: Reason.protocolError })
})

test('[MQTT-3.1.2-26] towards a client topics get aliases until its maximum is reached', () => {
  const aliases = new OutgoingAliases(2)
  assert.equal(aliases.find('a'), 0)
  assert.equal(aliases.free, 1)
  aliases.add('a', aliases.free)
  assert.equal(aliases.find('a'), 1)
  aliases.add('b', aliases.free)
  assert.equal(aliases.free, 0)
  assert.deepEqual([aliases.find('a'), aliases.find('b'), aliases.find('c')], [1, 2, 0])
})

// The sending side by itself: packet ids, window, quota and what is sent again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessage } from '../../test/support/tree-fixtures.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { Acknowledged, Sender } from './sender.ts'

function deliveryOf(qos: 1 | 2 = 1, bytes = 1): Delivery {
  const payload = new Uint8Array(bytes)
  return createDelivery(createMessage('t', { payload, qos }), qos, false, [], undefined)
}

function begun(sender: Sender, qos: 1 | 2 = 1, bytes = 1): Delivery {
  const delivery = deliveryOf(qos, bytes)
  sender.begin(delivery)
  return delivery
}

function connected(receiveMax: number, inflightMax = 65_535, bytesMax = 1e6): Sender {
  const sender = new Sender(inflightMax, bytesMax)
  sender.attach(receiveMax)
  return sender
}

function resent(sender: Sender): number[] {
  const ids: number[] = []
  for (let one = sender.nextUnsent(); one !== undefined; one = sender.nextUnsent()) {
    ids.push(one.packetId)
  }
  return ids
}

test('[MQTT-2.2.1-4] packet ids go from 1 to 65,535 and round, past those in use', () => {
  const sender = connected(65_535)
  const first = begun(sender)
  assert.equal(first.packetId, 1)
  const second = begun(sender)
  for (let id = 3; id <= 65_535; id++) {
    const delivery = begun(sender)
    assert.equal(delivery.packetId, id)
    assert.equal(sender.puback(id), Acknowledged.settled)
  }
  assert.equal(second.packetId, 2)
  assert.equal(begun(sender).packetId, 3)
  assert.equal(sender.find(2), second)
  assert.equal(sender.find(65_535), undefined)
})

test('an id for more than all ids is our own mistake', () => {
  const sender = connected(65_535)
  for (let id = 1; id <= 65_535; id++) begun(sender)
  assert.equal(sender.isOpen, false)
  assert.throws(() => begun(sender), { code: 'ERR_ASSERTION' })
})

test('[MQTT-4.9.0-2] the window is the smaller of both bounds', () => {
  for (const [receiveMax, inflightMax] of [
    [2, 5],
    [5, 2],
  ] as const) {
    const sender = connected(receiveMax, inflightMax)
    const first = begun(sender)
    assert.equal(sender.isOpen, true)
    begun(sender)
    assert.equal(sender.isOpen, false)
    assert.equal(sender.puback(first.packetId), Acknowledged.settled)
    assert.equal(sender.isOpen, true)
    assert.equal(sender.size, 1)
  }
})

test('bytes in flight are bounded, but one message always may', () => {
  const sender = connected(10, 10, 100)
  const large = begun(sender, 1, 1000)
  assert.equal(sender.isOpen, false)
  assert.equal(sender.bytes, 1000)
  sender.puback(large.packetId)
  assert.equal(sender.bytes, 0)
  begun(sender, 1, 99)
  assert.equal(sender.isOpen, true)
  begun(sender, 1, 1)
  assert.equal(sender.isOpen, false)
})

test('with no byte allowed in flight, one message goes at a time', () => {
  const sender = connected(10, 10, 0)
  assert.equal(sender.isOpen, true)
  const only = begun(sender)
  assert.equal(sender.isOpen, false)
  sender.puback(only.packetId)
  assert.equal(sender.isOpen, true)
})

test('[MQTT-4.3.2-3] QoS 1 ends with PUBACK, and only once', () => {
  const sender = connected(1)
  const { packetId } = begun(sender)
  assert.equal(sender.pubrec(packetId, false), Acknowledged.wrong)
  assert.equal(sender.pubcomp(packetId), Acknowledged.wrong)
  assert.equal(sender.puback(packetId), Acknowledged.settled)
  assert.equal(sender.puback(packetId), Acknowledged.unknown)
  assert.equal(sender.pubrec(packetId, false), Acknowledged.unknown)
  assert.equal(sender.pubcomp(packetId), Acknowledged.unknown)
})

test('[MQTT-4.3.3-4] QoS 2 ends with PUBCOMP after PUBREC, and holds its quota until then', () => {
  const sender = connected(1)
  const delivery = begun(sender, 2)
  const { packetId } = delivery
  assert.equal(sender.puback(packetId), Acknowledged.wrong)
  assert.equal(sender.pubcomp(packetId), Acknowledged.wrong)
  assert.equal(sender.pubrec(packetId, false), Acknowledged.released)
  assert.equal(sender.isOpen, false)
  assert.equal(sender.pubrec(packetId, false), Acknowledged.released)
  assert.equal(sender.puback(packetId), Acknowledged.wrong)
  assert.equal(sender.pubcomp(packetId), Acknowledged.settled)
  assert.equal(sender.isOpen, true)
  assert.equal(sender.pubcomp(packetId), Acknowledged.unknown)
})

test('[MQTT-4.4.0-2] PUBREC with a failure ends QoS 2, unless PUBREL was sent', () => {
  const sender = connected(2)
  const refused = begun(sender, 2)
  assert.equal(sender.pubrec(refused.packetId, true), Acknowledged.settled)
  assert.equal(sender.size, 0)
  const released = begun(sender, 2)
  sender.pubrec(released.packetId, false)
  assert.equal(sender.pubrec(released.packetId, true), Acknowledged.released)
  assert.equal(sender.size, 1)
})

test('without a connection nothing may be sent, whatever is settled', () => {
  const sender = new Sender(10, 1e6)
  assert.equal(sender.isOpen, false)
  sender.attach(10)
  const delivery = begun(sender)
  sender.detach()
  assert.equal(sender.isOpen, false)
  assert.equal(sender.nextUnsent(), undefined)
  sender.settle(delivery)
  assert.equal(sender.isOpen, false)
  sender.settle(delivery)
  assert.equal(sender.size, 0)
})

test('[MQTT-4.6.0-1] a new connection sends all again in the order of first sending', () => {
  const sender = connected(10)
  const [one, two, three] = [begun(sender), begun(sender, 2), begun(sender)]
  const four = begun(sender, 2)
  sender.puback(one.packetId)
  sender.pubrec(four.packetId, false)
  sender.detach()
  sender.attach(10)
  assert.equal(sender.isOpen, false, 'nothing new before what is old')
  assert.deepEqual(
    [...sender.deliveries()].map(({ packetId }) => packetId),
    [2, 3, 4],
  )
  assert.deepEqual(resent(sender), [two.packetId, three.packetId, four.packetId])
  assert.equal(four.isReleased, true)
  assert.equal(sender.isOpen, true)
})

test('[MQTT-4.9.0-1] what is sent again takes quota too, PUBREL does not', () => {
  const sender = connected(10)
  for (let count = 0; count < 4; count++) begun(sender, 2)
  sender.pubrec(1, false)
  sender.detach()
  sender.attach(2)
  assert.deepEqual(resent(sender), [1, 2, 3])
  assert.equal(sender.isOpen, false)
  // Its PUBCOMP gives nothing back that this connection did not take.
  assert.equal(sender.pubcomp(1), Acknowledged.settled)
  assert.deepEqual(resent(sender), [])
  assert.equal(sender.pubrec(2, true), Acknowledged.settled)
  assert.deepEqual(resent(sender), [4])
  assert.equal(sender.isOpen, false)
  sender.pubrec(3, true)
  assert.equal(sender.isOpen, true)
  begun(sender)
  assert.equal(sender.isOpen, false)
})

test('the quota never grows beyond what the connection began with', () => {
  const sender = connected(3)
  for (let count = 0; count < 3; count++) begun(sender)
  sender.detach()
  sender.attach(1)
  // Acknowledged before it was sent again: the client had it from the last connection.
  assert.equal(sender.puback(1), Acknowledged.settled)
  assert.equal(sender.puback(3), Acknowledged.settled)
  assert.deepEqual(resent(sender), [2])
  assert.equal(sender.isOpen, false)
  sender.puback(2)
  begun(sender)
  assert.equal(sender.isOpen, false)
})

test('what is settled before it was sent again is not sent again, wherever it stands', () => {
  for (const settled of [1, 2, 3]) {
    const sender = connected(10)
    for (let count = 0; count < 3; count++) begun(sender)
    sender.detach()
    sender.attach(10)
    sender.puback(settled)
    assert.deepEqual(
      resent(sender),
      [1, 2, 3].filter((id) => id !== settled),
    )
    assert.equal(sender.isOpen, true)
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Reason } from '../../base/reason.ts'
import { PacketType, type PacketType as Type } from './packets.ts'
import {
  checkReason,
  connackReason,
  connackReturnCode,
  mayCarry,
  reasonName,
  subackCode,
  subackReason,
} from './reasons.ts'

/** Section 2.4, by packet; written down a second time, independently of the table. */
const CARRIED: readonly (readonly [Type, readonly number[]])[] = [
  [
    PacketType.connack,
    [
      0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95,
      0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
    ],
  ],
  [PacketType.puback, [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  [PacketType.pubrec, [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  [PacketType.pubrel, [0x00, 0x92]],
  [PacketType.pubcomp, [0x00, 0x92]],
  [PacketType.suback, [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]],
  [PacketType.unsuback, [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]],
  [
    PacketType.disconnect,
    [
      0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93,
      0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
    ],
  ],
  [PacketType.auth, [0x00, 0x18, 0x19]],
]

suite('reason codes', () => {
  for (const [type, codes] of CARRIED) {
    test(`[U5-30] packet type ${type} carries its own codes and no others`, () => {
      for (let code = 0; code < 256; code++) {
        if (codes.includes(code)) assert.equal(checkReason(code, type), code)
        else assert.throws(() => checkReason(code, type), { clause: 'U5-30' }, `code ${code}`)
      }
    })
  }

  test('mayCarry says the same without throwing', () => {
    assert.equal(mayCarry(PacketType.puback, Reason.quotaExceeded), true)
    assert.equal(mayCarry(PacketType.puback, Reason.packetTooLarge), false)
  })

  test('every code has a name, success one for each meaning', () => {
    for (const code of Object.values(Reason)) assert.doesNotMatch(reasonName(code), /^0x/)
    assert.equal(reasonName(0x87), 'Not authorized')
    assert.equal(reasonName(0), 'Success')
    assert.equal(reasonName(0, PacketType.suback), 'Granted QoS 0')
    assert.equal(reasonName(0, PacketType.disconnect), 'Normal disconnection')
    assert.equal(reasonName(0x0b), '0x0b')
  })
})

suite('return codes of 3.x', () => {
  test('[MQTT311-3.2.2-6] CONNACK has five refusals, else none is sent', () => {
    const codes = new Map<Reason, number>([
      [0x00, 0],
      [0x84, 1],
      [0x85, 2],
      [0x83, 3],
      [0x88, 3],
      [0x89, 3],
      [0x97, 3],
      [0x9f, 3],
      [0x86, 4],
      [0x8c, 4],
      [0x87, 5],
      [0x8a, 5],
    ])
    for (const reason of Object.values(Reason)) {
      assert.equal(connackReturnCode(reason), codes.get(reason))
    }
    for (let code = 0; code <= 5; code++) assert.equal(connackReturnCode(connackReason(code)), code)
    assert.throws(() => connackReason(6), { reason: Reason.malformedPacket })
  })

  test('[MQTT311-3.9.3-2] SUBACK has one failure', () => {
    for (const version of [3, 4] as const) {
      assert.equal(subackCode(Reason.grantedQos2, version), 2)
      assert.equal(subackCode(Reason.notAuthorized, version), 0x80)
      assert.equal(subackReason(0x80, version), Reason.unspecifiedError)
      assert.throws(() => subackReason(0x87, version), { clause: 'MQTT311-3.9.3-2' })
    }
    assert.equal(subackCode(Reason.notAuthorized, 5), 0x87)
    assert.equal(subackReason(0x87, 5), Reason.notAuthorized)
  })
})

// The packets that simulated clients send.

import { encodeRaw, utf8 } from '../support/raw-client-encode.ts'
import { blank, type Property, type RawPacket } from '../support/raw-client-packet.ts'

export interface WillRequest {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: number
  readonly retain: boolean
  /** Seconds; only 5.0 can say. */
  readonly delayS: number
}

export interface ConnectRequest {
  readonly version: number
  readonly clientId: string
  readonly isClean: boolean
  readonly keepAliveS: number
  readonly will: WillRequest | undefined
  readonly properties: readonly Property[]
}

export function connect(request: ConnectRequest): Uint8Array {
  const { version, will } = request
  const willFlags = will === undefined ? 0 : 4 | (will.qos << 3) | (will.retain ? 32 : 0)
  return frame(version, {
    type: 'CONNECT',
    properties: version === 5 ? request.properties : [],
    connect: {
      name: version === 3 ? 'MQIsdp' : 'MQTT',
      level: version,
      flags: (request.isClean ? 2 : 0) | willFlags,
      keepAlive: request.keepAliveS,
      clientId: request.clientId,
      willProperties: will === undefined || will.delayS === 0 ? [] : [['will-delay', will.delayS]],
      willTopic: will?.topic ?? '',
      willPayload: will?.payload ?? utf8(''),
      userName: '',
      password: utf8(''),
    },
  })
}

/** A packet with these fields, and the rest as it is when nothing is said. */
export function frame(
  version: number,
  fields: Partial<RawPacket> & { readonly type: string },
): Uint8Array {
  return encodeRaw({ ...blank(fields.type), ...fields }, version)
}

// PUBLISH and short acknowledgements without an allocation per packet.

import type { Reason } from '../../base/reason.ts'
import type { Ack, Properties, Qos, Version } from './packets.ts'

/** All of a PUBLISH but its payload. */
export interface PublishHead {
  /** Valid until the encoder's next call. */
  readonly bytes: Uint8Array
  /** Where in `bytes` the packet identifier stands, to be patched per receiver; -1 at QoS 0. */
  readonly packetIdAt: number
}

/** Owns one growing scratch buffer. */
export class PublishEncoder {
  head(
    topic: string,
    qos: Qos,
    dup: boolean,
    retain: boolean,
    packetId: number,
    properties: Readonly<Properties>,
    payloadLength: number,
    version: Version,
  ): PublishHead {
    throw new Error(
      `not yet: ${topic} ${qos} ${dup} ${retain} ${packetId} ${properties} ${payloadLength} ${version}`,
    )
  }
}

/** Writes an acknowledgement without properties; returns its length, 4 or 5 (with a reason, 5.0). */
export function encodeAck(
  into: Uint8Array,
  type: Ack['type'],
  packetId: number,
  reason: Reason,
  version: Version,
): number {
  throw new Error(`not yet: ${into.length} ${type} ${packetId} ${reason} ${version}`)
}

export const PINGRESP_BYTES: Uint8Array = Uint8Array.of(0xd0, 0)

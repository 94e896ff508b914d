// The peer's mistake as an exception: thrown by the codec on bytes that the version forbids, and by
// a front on a packet that is out of place. Whoever catches it answers if the version may, and
// closes.

import { Reason } from '../../base/reason.ts'
import type { Version } from './packets.ts'

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  /** What a 5.0 peer is told. */
  readonly reason: Reason
  /** The broken rule: `MQTT-3.3.1-4`, of 3.1.1 alone `MQTT311-3.1.2-22`, unnumbered `U5-03`. */
  readonly clause: string
  /** For a refused CONNECT: in which version's form a CONNACK may answer, if it can be told. */
  readonly version: Version | undefined

  constructor(message: string, reason: Reason, clause: string, version?: Version) {
    super(message)
    this.reason = reason
    this.clause = clause
    this.version = version
  }
}

/** Bytes that cannot be read as the standard says: 0x81. */
export function malformed(message: string, clause: string): ProtocolError {
  return new ProtocolError(message, Reason.malformedPacket, clause)
}

/** Bytes that can be read but say what may not be said: 0x82. */
export function forbidden(message: string, clause: string): ProtocolError {
  return new ProtocolError(message, Reason.protocolError, clause)
}

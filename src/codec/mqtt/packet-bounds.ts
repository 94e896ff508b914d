// How often what may repeat may stand in one packet. Few bytes each come to millions in one packet,
// which would hold up everybody while it is read; how many there are is seen only by reading.

import { Reason } from '../../base/reason.ts'
import { ProtocolError } from './protocol-error.ts'

/** A packet with more is refused with 0x97 as soon as the first one too many is seen. */
export interface PacketBounds {
  /** Filters of a SUBSCRIBE or UNSUBSCRIBE. */
  readonly filtersPerPacketMax: number
  /** User Properties of a property block, and its Subscription Identifiers. */
  readonly propertiesPerPacketMax: number
}

/** For packets that we asked for. */
export const UNBOUNDED: PacketBounds = Object.freeze({
  filtersPerPacketMax: Number.POSITIVE_INFINITY,
  propertiesPerPacketMax: Number.POSITIVE_INFINITY,
})

export function tooMany(what: string, max: number): ProtocolError {
  const text = `more than ${max} ${what} in one packet`
  return new ProtocolError(text, Reason.quotaExceeded, 'section 3.14.2.1')
}

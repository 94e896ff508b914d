// Topic names as PUBLISH carries them: the checks of section 4.7 that concern names, and a table
// that spares a steady publisher the decoding. What a topic means is the core's.

import { Reason } from '../../base/reason.ts'
import { ProtocolError } from './protocol-error.ts'
import { decodeText } from './utf8.ts'

/** The topic name in the bytes from `start` up to `end`, not empty and without wildcards. */
export function decodeTopicName(bytes: Uint8Array, start: number, end: number): string {
  const name = decodeText(bytes, start, end)
  if (name === '') {
    throw new ProtocolError('a topic name is empty', Reason.protocolError, 'MQTT-4.7.3-1')
  }
  if (hasWildcard(name)) {
    throw new ProtocolError('a topic name has a wildcard', Reason.topicNameInvalid, 'MQTT-3.3.2-2')
  }
  return name
}

export function hasWildcard(name: string): boolean {
  return name.includes('+') || name.includes('#')
}

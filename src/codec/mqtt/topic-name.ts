// Topic names, as far as the codec checks them: section 4.7 for names, not for filters. What a
// topic means is the core's.

import { Reason } from '../../base/reason.ts'
import { forbidden, malformed, ProtocolError } from './protocol-error.ts'
import { decodeText } from './utf8.ts'

/** 3.1 allows fewer than the 65,535 bytes of every string [Q31-8]. */
const TOPIC_CHARACTERS_MAX_3_1 = 32_767

/** The topic name in the bytes from `start` up to `end`. */
export function decodeTopicName(bytes: Uint8Array, start: number, end: number): string {
  return checkTopicName(decodeText(bytes, start, end))
}

/** The text itself, if it is a topic name: not empty and without wildcards. */
export function checkTopicName(text: string): string {
  if (text === '') throw forbidden('a topic name is empty', 'MQTT-4.7.3-1')
  if (hasWildcard(text)) {
    throw new ProtocolError('a topic name has a wildcard', Reason.topicNameInvalid, 'MQTT-3.3.2-2')
  }
  return text
}

/** Refuses a name that is too long for 3.1. */
export function checkTopicLength(name: string): void {
  if (name.length > TOPIC_CHARACTERS_MAX_3_1) {
    throw malformed('a topic name has more than 32,767 characters', 'Q31-8')
  }
}

export function hasWildcard(name: string): boolean {
  return name.includes('+') || name.includes('#')
}

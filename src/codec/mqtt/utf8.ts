// UTF-8 Encoded Strings, section 1.5.4: well formed, without U+0000, and with U+FEFF kept where it
// stands. Control characters and non-characters, which a receiver may refuse, are accepted.

import { malformed } from './protocol-error.ts'

/** Without `ignoreBOM` it would drop a leading U+FEFF [MQTT-1.5.4-3]. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of the bytes from `start` up to `end`, a flat string. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return ''
  const text = decodeWellFormed(bytes.subarray(start, end))
  if (text.includes('\0')) throw malformed('a string has U+0000', 'MQTT-1.5.4-2')
  return text
}

function decodeWellFormed(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed('a string is no UTF-8', 'MQTT-1.5.4-1')
  }
}

/** Whether a payload is the text that it says it is [U5-13]; U+0000 is allowed there. */
export function isUtf8(payload: Uint8Array): boolean {
  try {
    decoder.decode(payload)
    return true
  } catch {
    return false
  }
}

// Whether bytes are text.

/**
 * Without `ignoreBOM` a leading U+FEFF would be taken for a mark; it is a character like others.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True for well-formed UTF-8, control characters and U+0000 included. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}

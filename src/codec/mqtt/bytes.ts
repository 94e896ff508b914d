// Single reads of a buffer whose bounds the caller has checked.

/** The byte at `at`; 0 beyond the buffer, where nobody who has checked his bounds asks. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** The Two Byte Integer at `at`, section 1.5.2. */
export function u16At(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)
}

/** Two bits of which 3 is not in use, as with QoS and Retain Handling; undefined for 3. */
export function threeOf(bits: number): 0 | 1 | 2 | undefined {
  return bits === 0 || bits === 1 || bits === 2 ? bits : undefined
}

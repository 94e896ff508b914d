// Single reads of a buffer whose bounds the caller has checked.

/** The byte at `at`; 0 beyond the buffer, where nobody who has checked his bounds asks. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** The Two Byte Integer at `at`, section 1.5.2. */
export function u16At(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)
}

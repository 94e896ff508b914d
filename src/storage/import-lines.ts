// The lines of an import, from the pieces in which they come.

import { LineError } from './import-fields.ts'

/** A longer line is refused: it could not become a text in this program. */
const LINE_BYTES_MAX = 500_000_000
const LINE_END = 0x0a

/** Without their ends. What follows the last end is a line as well, unless it is empty. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      parts.push(chunk.subarray(from, end))
      yield joined(parts)
      parts = []
      length = 0
      from = end + 1
    }
    if (from === chunk.length) continue
    parts.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > LINE_BYTES_MAX) {
      throw new LineError(`a line is longer than ${LINE_BYTES_MAX} bytes`)
    }
  }
  if (parts.length > 0) yield joined(parts)
  return undefined
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
}

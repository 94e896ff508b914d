// Decodes one whole frame: bytes and version in, packet out. No I/O, no clock, no state.

import type { Packet, Version } from './packets.ts'
import type { TopicCache } from './topic-cache.ts'

/**
 * The packet in a frame with this first byte, whose body is `bytes` from `start` up to `end`. A
 * PUBLISH payload is a view of `bytes`; all else is copied. CONNECT ignores `version` and tells its
 * own. Throws ProtocolError on what the version forbids.
 */
export function decode(
  firstByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: Version,
  topics?: TopicCache,
): Packet {
  throw new Error(`not yet: ${firstByte} ${bytes.length} ${start} ${end} ${version} ${topics}`)
}

// Encodes packets; the inverse of decode.

import type { Packet, Version } from './packets.ts'

/**
 * The packet's bytes in the form of `version`, a fresh array. What would exceed `bytesMax` is
 * written without its User Properties, then without its Reason String, where the standard lets
 * these be left out; what is still too large is returned all the same.
 */
export function encode(packet: Packet, version: Version, bytesMax?: number): Uint8Array {
  throw new Error(`not yet: ${packet.type} ${version} ${bytesMax}`)
}

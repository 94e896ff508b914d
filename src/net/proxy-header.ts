// The header of the PROXY protocol, versions 1 (text) and 2 (binary), with which a proxy tells whom
// it speaks for. Bytes in, address out; reading it from a socket is proxy-protocol's.

import { isIPv4, isIPv6 } from 'node:net'
import { plain, type Remote } from './remote.ts'

/** The most bytes that a header may have, with all that a proxy adds of its own. */
export const HEADER_BYTES_MAX: number = 4096
/** A line of version 1, CR and LF included. */
const LINE_BYTES_MAX = 107
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const PREFIX = Buffer.from('PROXY ', 'latin1')
/** Signature, version and command, family, length. */
const FIXED_BYTES = 16

/** `remote` undefined: the proxy speaks for itself, as in its health checks. */
export interface ProxyHeader {
  readonly bytes: number
  readonly remote: Remote | undefined
}

/** The header that `bytes` begin with; `more` where it is not whole yet. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (beginsAs(bytes, SIGNATURE)) return bytes.length < FIXED_BYTES ? 'more' : parseBinary(bytes)
  if (beginsAs(bytes, PREFIX)) return parseLine(bytes)
  return 'malformed'
}

/** Whether the bytes that are there are the same. */
function beginsAs(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length)
  return bytes.subarray(0, length).equals(expected.subarray(0, length))
}

function parseLine(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const end = bytes.indexOf('\r\n')
  if (end < 0) return bytes.length < LINE_BYTES_MAX ? 'more' : 'malformed'
  if (end + 2 > LINE_BYTES_MAX) return 'malformed'
  const words = bytes.toString('latin1', 0, end).split(' ')
  const [, family, source = '', target = '', sourcePort = '', targetPort = ''] = words
  if (family === 'UNKNOWN') return { bytes: end + 2, remote: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  const isWhole = words.length === 6 && isAddress?.(source) === true && isAddress(target)
  if (!isWhole || !isPort(sourcePort) || !isPort(targetPort)) return 'malformed'
  return { bytes: end + 2, remote: { address: plain(source), port: Number(sourcePort) } }
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function parseBinary(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const command = bytes.readUInt8(12)
  const family = bytes.readUInt8(13)
  const length = FIXED_BYTES + bytes.readUInt16BE(14)
  const isLocal = command === 0x20
  if ((!isLocal && command !== 0x21) || length > HEADER_BYTES_MAX) return 'malformed'
  if (bytes.length < length) return 'more'
  if (isLocal || family === 0x00) return { bytes: length, remote: undefined }
  const address = bytes.subarray(FIXED_BYTES, length)
  const remote = addressIn(address, family)
  return remote === undefined ? 'malformed' : { bytes: length, remote }
}

/** Source address, target address, source port, target port; only streams are ours. */
function addressIn(block: Buffer, family: number): Remote | undefined {
  if (family === 0x11 && block.length >= 12) {
    return { address: [...block.subarray(0, 4)].join('.'), port: block.readUInt16BE(8) }
  }
  if (family === 0x21 && block.length >= 36) {
    return { address: textOfIPv6(block.subarray(0, 16)), port: block.readUInt16BE(32) }
  }
  return family === 0x31 && block.length >= 216 ? { address: 'local', port: 0 } : undefined
}

/** In the one form that the system also writes, so that rules can compare texts. */
function textOfIPv6(bytes: Buffer): string {
  const isMapped = bytes.subarray(0, 12).equals(MAPPED)
  if (isMapped) return [...bytes.subarray(12)].join('.')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

// Addresses of clients, and ranges of them as rules name them: IPv4 and IPv6, with a prefix length.
// `local` is a client without an address, as by a Unix socket.

const LOCAL = 'local'

/** 4 or 16 bytes. */
type Bytes = readonly number[]

export interface AddressRange {
  /** Undefined for `local`. */
  readonly bytes: Bytes | undefined
  /** How many bits of an address must be as in `bytes`. */
  readonly bits: number
}

/** `10.0.0.0/8`, `2001:db8::/32`, one address, or `local`; undefined where it is none of these. */
export function parseRange(text: string): AddressRange | undefined {
  if (text === LOCAL) return { bytes: undefined, bits: 0 }
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bytes = parseAddress(address)
  if (bytes === undefined) return undefined
  const bitsMax = bytes.length * 8
  // A prefix of ::ffff:0:0/96 counts its bits from there.
  const asked = length === undefined ? bitsMax : Number(length)
  const bits = isMapped(address) && length !== undefined ? asked - 96 : asked
  return bits >= 0 && bits <= bitsMax ? { bytes, bits } : undefined
}

/** The range as it should be written: without bits beyond its prefix. */
export function networkOf({ bytes = [], bits }: AddressRange): string {
  const kept = bytes.map((byte, index) => byte & maskOf(bits - index * 8))
  if (kept.length === 4) return `${kept.join('.')}/${bits}`
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((kept[index * 2] ?? 0) << 8) | (kept[index * 2 + 1] ?? 0)).toString(16),
  )
  return `${groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')}/${bits}`
}

/** Whether nothing is set beyond the prefix. */
export function isNetwork({ bytes = [], bits }: AddressRange): boolean {
  return bytes.every((byte, index) => (byte & ~maskOf(bits - index * 8)) === 0)
}

/** Whether one of the ranges has the address. An IPv4 address in IPv6's form is an IPv4 address. */
export function isWithin(address: string, ranges: readonly AddressRange[]): boolean {
  const bytes = address === LOCAL ? undefined : parseAddress(address)
  return ranges.some((range) =>
    range.bytes === undefined ? address === LOCAL : bytes !== undefined && has(range, bytes),
  )
}

function has({ bytes = [], bits }: AddressRange, address: Bytes): boolean {
  if (bytes.length !== address.length) return false
  return bytes.every((byte, index) => {
    const difference = byte ^ (address[index] ?? 0)
    return (difference & maskOf(bits - index * 8)) === 0
  })
}

/** A byte of a mask, of which `bits` are set at most. */
function maskOf(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff
}

function isMapped(address: string): boolean {
  return address.includes(':') && parseAddress(address)?.length === 4
}

function parseAddress(text: string): Bytes | undefined {
  if (!text.includes(':')) return parseV4(text)
  const [plain = ''] = text.split('%', 1) // `fe80::1%eth0`: the zone is this machine's matter.
  const bytes = parseV6(plain)
  if (bytes === undefined) return undefined
  const isV4 = bytes.every((byte, index) => index > 11 || byte === (index < 10 ? 0 : 0xff))
  return isV4 ? bytes.slice(12) : bytes
}

function parseV4(text: string): Bytes | undefined {
  const parts = text.split('.')
  const isPlain = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))
  const bytes = isPlain ? parts.map(Number) : []
  return isPlain && bytes.every((byte) => byte <= 0xff) ? bytes : undefined
}

function parseV6(text: string): Bytes | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  const missing = 16 - head.length - tail.length
  return missing < 2 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

/** The bytes of `a:b:c`; the last group may be an IPv4 address. */
function groupsOf(text: string): Bytes | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? parseV4(group) : undefined
    if (v4 !== undefined) bytes.push(...v4)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return undefined
  }
  return bytes
}

// Names and addresses of machines, as a certificate bears them. Nothing is looked up.

/** Of a whole name, as DNS has it. */
const NAME_LENGTH_MAX = 253

/** An IPv4 or IPv6 address, as people write it. */
export function isAddress(text: string): boolean {
  if (/^[\da-f:.]*:[\da-f:.]*$/i.test(text)) return URL.canParse(`http://[${text}]`)
  // A URL takes shorter forms and other bases too, and writes them anew.
  return /^[\d.]+$/.test(text) && URL.canParse(`http://${text}`) && isSame(text)
}

function isSame(address: string): boolean {
  return new URL(`http://${address}`).hostname === address
}

/** A name or an address that a certificate can bear, `*` for one level too. */
export function isHost(text: string): boolean {
  if (isAddress(text)) return true
  const isName = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i
  // What looks like an address and is none is a slip.
  return text.length <= NAME_LENGTH_MAX && isName.test(text) && !/^[\d.]+$/.test(text)
}

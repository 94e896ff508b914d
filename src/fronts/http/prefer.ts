// The preferences of a request, RFC 7240. The first mention of one counts, unknown ones are
// ignored. [H-60]

import { splitOutsideQuotes } from './accept.ts'

/** The value of the preference; empty where it has none, undefined where it was not said. */
export function preferenceOf(prefer: string | undefined, name: string): string | undefined {
  for (const element of splitOutsideQuotes(prefer ?? '', ',')) {
    const [token = ''] = splitOutsideQuotes(element, ';')
    const equals = token.indexOf('=')
    const said = (equals < 0 ? token : token.slice(0, equals)).trim().toLowerCase()
    if (said !== name) continue
    const value = equals < 0 ? '' : token.slice(equals + 1).trim()
    return value.replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

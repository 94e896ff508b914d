// Whether a request may be a web page's, judged by its headers `Origin` and `Host`. A browser sends
// any page's requests to any server it can reach, so a listener on loopback alone protects nobody.

import { hostname } from 'node:os'
import { isLoopbackHost } from '../base/loopback.ts'

export interface OriginRules {
  /** What the listener was told to listen on; undefined for a Unix socket. */
  readonly host: string | undefined
  /** Pages that may use it, as `https://example.org`; `*` for all. */
  readonly origins: readonly string[]
}

export interface Asked {
  readonly host?: string | undefined
  readonly origin?: string | undefined
}

/** Why the request is refused, or undefined. */
export function refusalOf({ host, origin }: Asked, rules: OriginRules): string | undefined {
  if (rules.origins.includes('*')) return undefined
  const asked = nameOf(`http://${host ?? ''}`)
  // A page may point a name of its own to 127.0.0.1, and then has the same origin as we have. It
  // cannot choose what the browser says it asked for.
  const isHere = rules.host !== undefined && isLoopbackHost(rules.host)
  if (isHere && host !== undefined && !isOwnName(asked, rules)) {
    return `the host ${host} is not this listener's: add its origin to the listener's origins`
  }
  // Programs that are no browser send none.
  if (origin === undefined || rules.origins.includes(origin)) return undefined
  // The port may differ: what is served beside us under the same name is as much ours.
  if (asked !== undefined && nameOf(origin) === asked) return undefined
  return `pages of ${origin} may not connect: add it to the listener's origins`
}

function isOwnName(name: string | undefined, { host, origins }: OriginRules): boolean {
  if (name === undefined) return false
  const own = [hostname(), nameOf(`http://${host ?? ''}`), ...origins.map(nameOf)]
  return isLoopbackHost(name) || own.some((one) => one?.toLowerCase() === name)
}

/** The host's name of a URL, without port and in lower case; undefined where it has none. */
function nameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { hostname: name } = new URL(url)
  return name === '' ? undefined : name
}

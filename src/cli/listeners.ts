// Opens the listeners of a configuration at a server, and says in words what they are or why they
// could not be opened. What a listener does with a stream is the server's.

import { ListenError } from '../base/errors.ts'
import type { Listener, Place, Protocol } from '../config/config.ts'
import type { Log } from '../core/ports.ts'
import type { Server } from '../server.ts'

/** The protocols that this version speaks. */
const SPOKEN: ReadonlySet<Protocol> = new Set<Protocol>(['mqtt'])

export function isSpoken(listener: Listener): boolean {
  return SPOKEN.has(listener.protocol)
}

export interface OpenListener {
  readonly protocol: Protocol
  /** Where it listens indeed: the port that 0 became. */
  readonly place: Place
}

/** A listener could not be opened. The message names the place, the listener and its flag. */
export class ListenerError extends Error {
  readonly code = 'ERR_LISTENER'
}

/** Opens all, in order; throws {@link ListenerError} at the first that cannot be. */
export async function openListeners(
  listeners: readonly Listener[],
  server: Pick<Server, 'listen'>,
  log: Log,
): Promise<OpenListener[]> {
  const open: OpenListener[] = []
  for (const { protocol, place } of listeners) {
    const failed = (error: Error) => log.error('accept failed', { protocol, error: error.message })
    try {
      const { host, port } = await server.listen({ ...place, failed })
      open.push({ protocol, place: 'path' in place ? place : { host, port } })
    } catch (error) {
      if (!(error instanceof ListenError)) throw error
      throw new ListenerError(explain({ protocol, place }, error), { cause: error })
    }
  }
  return open
}

function explain({ protocol, place }: Listener, error: ListenError): string {
  const advice = `(listener ${protocol}): choose another with`
  if ('path' in place) return `${place.path} ${whyNot(error)} ${advice} --${protocol} unix:PATH`
  const { host, port } = place
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${host} is no address of this machine ${advice} --host ADDR`
  }
  return `port ${port} on ${host} ${whyNot(error)} ${advice} --${protocol} PORT`
}

function whyNot({ code }: ListenError): string {
  if (code === 'EADDRINUSE') return 'is taken'
  return code === 'EACCES' ? 'is not allowed to this user' : `cannot be opened: ${code}`
}

/** Whether only this machine can reach it. A name counts as foreign unless it is `localhost`. */
export function isLoopback(place: Place): boolean {
  if ('path' in place) return true
  const host = place.host.replace(/^::ffff:/i, '')
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** `mqtt://127.0.0.1:1883`, or `unix:/run/mqtt.sock`. */
export function toUrl(protocol: Protocol, place: Place): string {
  if ('path' in place) return `unix:${place.path}`
  return `${protocol}://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
}

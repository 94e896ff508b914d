// Opens the listeners of a configuration at a server, and says in words what they are or why they
// could not be opened. What a listener does with a stream is the server's.

import { ListenError } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import type { Listener, Place, Protocol, TlsFiles } from '../config/config.ts'
import type { Access, Log } from '../core/ports.ts'
import type { Server } from '../server.ts'
import { readTlsFiles, type TlsContents, TlsFileError } from './tls-files.ts'

/** What each protocol is on a stream, with or without TLS; absent, this version lacks it. */
const SPEECH: Readonly<Partial<Record<Protocol, 'mqtt' | 'ws' | 'http'>>> = {
  mqtt: 'mqtt',
  mqtts: 'mqtt',
  ws: 'ws',
  wss: 'ws',
  http: 'http',
  https: 'http',
}

export function isSpoken(listener: Listener): boolean {
  return SPEECH[listener.protocol] !== undefined
}

/** A certificate that ends within this time is worth a warning. */
const SOON_MS = 14 * 24 * 60 * 60_000

export interface OpenListener {
  readonly protocol: Protocol
  /** Where it listens indeed: the port that 0 became. */
  readonly place: Place
  /** Reads its certificate anew; what is wrong with the files is logged. */
  readonly renew?: () => void
}

/** A listener whose files have been read. */
export interface PreparedListener {
  readonly listener: Listener
  /** Who may come in, where not as everywhere. */
  readonly access?: Access | undefined
  readonly tls: TlsContents | undefined
}

/** A listener could not be opened. The message names the place, the listener and its flag. */
export class ListenerError extends Error {
  readonly code = 'ERR_LISTENER'
}

/** Reads the certificates of all that this version speaks. Throws a TlsFileError. */
export function prepareListeners(listeners: readonly Listener[]): PreparedListener[] {
  return listeners
    .filter(isSpoken)
    .map((listener) => ({ listener, tls: listener.tls && readTlsFiles(listener.tls) }))
}

/** Whether it listens from the beginning, to say when the server is ready. */
export function isHttp({ listener }: PreparedListener): boolean {
  return SPEECH[listener.protocol] === 'http'
}

/** Opens all, in order; throws a ListenerError or TlsFileError at the first that cannot be. */
export async function openListeners(
  prepared: readonly PreparedListener[],
  server: Pick<Server, 'listen'>,
  log: Log,
): Promise<OpenListener[]> {
  const open: OpenListener[] = []
  for (const { listener, access, tls } of prepared) {
    const { protocol, place, proxyProtocol, origins } = listener
    if (tls !== undefined) warnOfEnd(listener, tls, log)
    try {
      const listening = await server.listen({
        ...place,
        speaks: SPEECH[protocol],
        access,
        tls,
        origins,
        proxyProtocol: proxyProtocol === true,
        failed: (error) => log.error('accept failed', { protocol, error: error.message }),
        refused: (why, address) => log.info('client refused', { protocol, address, why }),
      })
      const { host, port } = listening
      const files = listener.tls
      open.push({
        protocol,
        place: 'path' in place ? place : { host, port },
        ...(files === undefined
          ? {}
          : { renew: () => renew(listener, files, (fresh) => listening.renew?.(fresh), log) }),
      })
    } catch (error) {
      throw explained(error, listener)
    }
  }
  return open
}

function renew(
  listener: Listener,
  files: TlsFiles,
  use: (fresh: TlsContents) => void,
  log: Log,
): void {
  const { protocol } = listener
  try {
    const fresh = readTlsFiles(files)
    use(fresh)
    log.info('certificate reloaded', { protocol, cert: files.cert })
    warnOfEnd(listener, fresh, log)
  } catch (error) {
    // What TLS itself finds wrong, such as a key that is too short, is the operator's too.
    if (!(error instanceof Error)) throw error
    log.error('certificate not reloaded, the old one stays', { protocol, error: error.message })
  }
}

function warnOfEnd({ protocol, tls }: Listener, { endsAtMs }: TlsContents, log: Log): void {
  const nowMs = Date.now()
  if (endsAtMs - nowMs > SOON_MS) return
  const event = endsAtMs > nowMs ? 'certificate ends soon' : 'certificate has ended'
  log.warn(event, { protocol, cert: tls?.cert, ends: new Date(endsAtMs).toISOString() })
}

/** What OpenSSL finds wrong, such as a key that is too short, is a mistake of the file. */
function explained(error: unknown, listener: Listener): unknown {
  if (error instanceof ListenError) {
    return new ListenerError(explain(listener, error), { cause: error })
  }
  const isOfTls =
    error instanceof Error && 'code' in error && /^ERR_(OSSL|SSL|TLS)_/.test(String(error.code))
  if (!isOfTls || listener.tls === undefined) return error
  return new TlsFileError(`${listener.tls.cert}: ${error.message}`, { cause: error })
}

function explain({ protocol, place }: Listener, error: ListenError): string {
  const advice = `(listener ${protocol}): choose another with`
  if ('path' in place) return `${place.path} ${whyNotPath(error)} ${advice} --${protocol} unix:PATH`
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

function whyNotPath(error: ListenError): string {
  return PATH_WORDS[error.code] ?? whyNot(error)
}

const PATH_WORDS: Readonly<Record<string, string>> = {
  ENOTSOCK: 'is there already and is no socket',
  ENOENT: 'is in a folder that does not exist',
  ENAMETOOLONG: 'is too long for a socket',
}

/** Whether only this machine can reach it. A name counts as foreign unless it is `localhost`. */
export function isLoopback(place: Place): boolean {
  return 'path' in place || isLoopbackHost(place.host)
}

/** `mqtt://127.0.0.1:1883`, or `unix:/run/mqtt.sock`. */
export function toUrl(protocol: Protocol, place: Place): string {
  if ('path' in place) return `unix:${place.path}`
  return `${protocol}://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
}

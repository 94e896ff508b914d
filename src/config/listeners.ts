// The listeners of a configuration: the list with what the sections `host`, `tls` and `origins` say
// for all of it, and with the flags that stand for one listener each. Opens nothing.

import {
  DEFAULT_PORTS,
  FOR_PAGES,
  type Listener,
  type Place,
  type Protocol,
  SECURE,
  SECURE_DEFAULTS,
  type TlsFiles,
} from './config.ts'
import { ConfigError, type Layer, layerOf } from './layer.ts'
import { toAccess } from './access.ts'
import type { KeyPath, ListenerSettings, Settings, TlsSettings } from './schema.ts'

/** A listener's flag: where it listens, or that it does not. */
export type PortFlag = { readonly port: number } | { readonly path: string } | 'off'

/** Throws {@link ConfigError} where a certificate is missing. */
export function toListeners(
  settings: Settings,
  layers: readonly Layer[],
  ports: ReadonlyMap<Protocol, PortFlag>,
): Listener[] {
  // `--host` on a list from the file means: all of them, there. In the file itself, `host` is only
  // the default of the list beside it.
  const isForced = rank(layers, 'host') > rank(layers, 'listeners')
  const listed = [...settings.listeners, ...secureDefaults(settings, layers)]
    .map((entry, index) => ({ entry, path: ['listeners', index] }))
    .filter(({ entry }) => !ports.has(entry.protocol))
    .map(({ entry, path }) => toListener(entry, path, isForced, settings, layers))
  const flagged = [...ports].flatMap(([protocol, flag]): Listener[] => {
    if (flag === 'off') return []
    return [toListener({ protocol, ...flag }, [], isForced, settings, layers)]
  })
  return [...listed, ...flagged]
}

function secureDefaults({ tls }: Settings, layers: readonly Layer[]): ListenerSettings[] {
  if (tls.cert === undefined || rank(layers, 'listeners') > 0) return []
  return SECURE_DEFAULTS.map((protocol) => ({ protocol }))
}

/** The highest layer that has the key; 0 for the defaults. */
function rank(layers: readonly Layer[], key: string): number {
  return layers.findLastIndex(({ values }) => (values[key] ?? undefined) !== undefined)
}

function toListener(
  entry: ListenerSettings,
  path: KeyPath,
  isForced: boolean,
  settings: Settings,
  layers: readonly Layer[],
): Listener {
  const { protocol, origins = settings.origins } = entry
  const host = (isForced ? undefined : entry.host) ?? settings.host
  const port = entry.port ?? DEFAULT_PORTS[protocol]
  const place: Place = entry.path === undefined ? { host, port } : { path: entry.path }
  return {
    protocol,
    place,
    ...(entry.access === undefined ? {} : { access: toAccess(entry.access, settings.access) }),
    ...(SECURE.has(protocol) ? { tls: toTls(entry, path, settings.tls, layers) } : {}),
    ...(entry.proxyProtocol === true ? { proxyProtocol: true } : {}),
    ...(origins.length > 0 && FOR_PAGES.has(protocol) ? { origins } : {}),
  }
}

/** Certificate and key go together; each of the rest is the listener's own, or that of all. */
function toTls(
  { protocol, tls: own = {} }: ListenerSettings,
  path: KeyPath,
  all: TlsSettings,
  layers: readonly Layer[],
): TlsFiles {
  const isOwn = own.cert !== undefined || own.key !== undefined
  const { cert, key } = isOwn ? own : all
  const ca = own.ca ?? all.ca
  const requires = own.requireClientCertificate ?? all.requireClientCertificate ?? false
  const section = [...(isOwn ? path : []), 'tls']
  const fail = (at: KeyPath, text: string): never => {
    const where = at.length === 0 ? undefined : layerOf(layers, at)?.where(at, false)
    throw new ConfigError([where === undefined || where === 'default' ? text : `${where}: ${text}`])
  }
  if (cert === undefined && key === undefined) {
    return fail(path, `${protocol} needs a certificate: --tls-cert FILE --tls-key FILE`)
  }
  if (cert === undefined)
    return fail([...section, 'key'], 'a key without its certificate: --tls-cert FILE')
  if (key === undefined)
    return fail([...section, 'cert'], 'a certificate without its key: --tls-key FILE')
  if (requires && ca === undefined) {
    const text = 'client certificates are required, but not who signs them: --tls-ca FILE'
    return fail([...section, 'requireClientCertificate'], text)
  }
  return { cert, key, ca, requireClientCertificate: requires }
}

// The whole configuration as the program uses it, and its defaults. Where the values come from is
// load's; which are allowed is schema's.

import { DEFAULT_LIMITS, type Limits } from '../core/limits.ts'
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from '../fronts/http/settings.ts'
import { DEFAULT_MQTT_SETTINGS, type MqttSettings } from '../fronts/mqtt/settings.ts'

export const PROTOCOLS = ['mqtt', 'mqtts', 'ws', 'wss', 'http', 'https', 'coap', 'coaps'] as const
export type Protocol = (typeof PROTOCOLS)[number]

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['human', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Where a listener listens: a port (0 takes a free one), or a Unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

/** Files of PEM. */
export interface TlsFiles {
  /** The certificate, followed by those between it and its authority. */
  readonly cert: string
  readonly key: string
  /** Authorities of clients' certificates; given, clients are asked for one. */
  readonly ca: string | undefined
  /** True: a client without one is cut off. */
  readonly requireClientCertificate: boolean
}

/** Who may come in, and what he may do. */
export interface AccessFiles {
  /** Whether clients without a user name come in; undefined: where no password file is. */
  readonly allowAnonymous: boolean | undefined
  readonly passwordFile: string | undefined
  /** At most one of these two. */
  readonly aclFile: string | undefined
  readonly rulesFile: string | undefined
}

export interface ServerAccess extends AccessFiles {
  /** Whether the files are read again whenever they change. */
  readonly watch: boolean
  /** Whether clients are told which rule refused them. */
  readonly reasonStrings: boolean
}

export interface Listener {
  readonly protocol: Protocol
  readonly place: Place
  /** Where it is not that of the whole server. */
  readonly access?: AccessFiles
  /** Only, and always, where the protocol has TLS. */
  readonly tls?: TlsFiles
  /** True: each connection begins with a header of the PROXY protocol, which is believed. */
  readonly proxyProtocol?: true
  /** Web pages that may connect beside those of the listener's own name; `*` for all. */
  readonly origins?: readonly string[]
}

export interface Config {
  readonly listeners: readonly Listener[]
  /** The folder of the durable store. */
  readonly data: string
  /** True: nothing is written to disk, whatever `data` says. */
  readonly memory: boolean
  /** `commit`: acknowledge what is on disk. `relaxed`: acknowledge what will be soon. */
  readonly durability: 'commit' | 'relaxed'
  readonly access: ServerAccess
  readonly log: {
    readonly level: LogLevel
    readonly format: LogFormat
    /** Lines that say the same of the same client in 10 s; the rest is counted. 0: all. */
    readonly repeatsMax: number
  }
  readonly mqtt: MqttSettings
  readonly http: HttpSettings
  readonly limits: Limits
  /** `intervalS`: seconds between two publications under `$SYS`; 0 for none. */
  readonly sys: { readonly intervalS: number }
  /** `enabled`: retained messages under `$presence/` say who is connected. */
  readonly presence: { readonly enabled: boolean }
}

/** The lowest layer: what holds where nobody says otherwise. */
export const DEFAULTS: Readonly<Record<string, unknown>> = {
  host: '127.0.0.1',
  listeners: [{ protocol: 'mqtt' }, { protocol: 'ws' }, { protocol: 'http' }],
  tls: {},
  origins: [],
  data: './rameau-data',
  memory: false,
  durability: 'commit',
  access: { watch: true, reasonStrings: true },
  log: { level: 'info', format: 'human', repeatsMax: 10 },
  mqtt: { ...DEFAULT_MQTT_SETTINGS },
  http: { ...DEFAULT_HTTP_SETTINGS },
  limits: { ...DEFAULT_LIMITS },
  sys: { intervalS: 10 },
  presence: { enabled: true },
}

/** What also listens, unless somebody lists the listeners, where there is a certificate. */
export const SECURE_DEFAULTS: readonly Protocol[] = ['mqtts', 'wss', 'https']

/** The protocols that begin with TLS, and those that web pages can speak. */
export const SECURE: ReadonlySet<Protocol> = new Set<Protocol>(['mqtts', 'wss', 'https', 'coaps'])
export const FOR_PAGES: ReadonlySet<Protocol> = new Set<Protocol>(['ws', 'wss', 'http', 'https'])

/** The port of a listener that does not name one. */
export const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = {
  mqtt: 1883,
  mqtts: 8883,
  ws: 8083,
  wss: 8084,
  http: 8080,
  https: 8443,
  coap: 5683,
  coaps: 5684,
}

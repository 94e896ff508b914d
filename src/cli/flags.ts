// The flags of `rameau start` and how they become sources of the configuration. What the values
// mean is config's.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { LOG_FORMATS, LOG_LEVELS, PROTOCOLS, type Protocol } from '../config/config.ts'
import type { PortFlag } from '../config/listeners.ts'
import type { Sources } from '../config/load.ts'

/** What commander makes of the flags; a listener's is undefined where it was not given. */
export interface StartFlags
  extends Partial<Record<Protocol, PortFlag>>,
    Partial<Record<'tlsCert' | 'tlsKey' | 'tlsCa', string>> {
  readonly config?: string
  readonly host?: string
  readonly data?: string
  readonly memory?: true
  readonly allowAnonymous?: true
  readonly logLevel?: string
  readonly logFormat?: string
  readonly set?: readonly string[]
}

/** Flags of the listeners, with what each is for. */
const LISTENERS: readonly (readonly [Protocol, string])[] = [
  ['mqtt', 'MQTT (1883)'],
  ['mqtts', 'MQTT over TLS (8883)'],
  ['ws', 'MQTT over WebSocket (8083)'],
  ['wss', 'MQTT over WebSocket and TLS (8084)'],
  ['http', 'HTTP (8080)'],
  ['https', 'HTTP over TLS (8443)'],
  ['coap', 'CoAP (5683)'],
  ['coaps', 'CoAP over DTLS (5684)'],
]

export function addStartFlags(command: Command): Command {
  command
    .option('--config <file>', 'configuration file')
    .option('--host <address>', 'address to listen on (127.0.0.1)')
    .addOption(new Option('--data <dir>', 'folder of the durable store').conflicts('memory'))
    .option('--memory', 'keep everything in memory')
    .option('--allow-anonymous', 'let clients in without credentials, from other machines too')
  for (const [protocol, text] of LISTENERS) {
    command.option(`--${protocol} <port>`, `${text}: a port, 0 for a free one, or off`, parsePort)
  }
  return command
    .option('--tls-cert <file>', 'certificate')
    .option('--tls-key <file>', 'private key of the certificate')
    .option('--tls-ca <file>', 'authorities that sign client certificates')
    .addOption(new Option('--log-level <level>', 'what is logged').choices(LOG_LEVELS))
    .addOption(new Option('--log-format <format>', 'how it is logged').choices(LOG_FORMATS))
    .option('--set <key=value>', 'any configuration key; may be repeated', collect)
}

/** `1883`, `off`, or `unix:/run/mqtt.sock`. */
export function parsePort(text: string): PortFlag {
  if (text === 'off') return 'off'
  if (text.startsWith('unix:') && text.length > 5) return { path: text.slice(5) }
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return { port }
  throw new InvalidArgumentError('It must be a port from 0 to 65535, unix:/path, or off.')
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** The flags beside the environment and the places where a file may lie. */
export function toSources(flags: StartFlags, env: NodeJS.ProcessEnv): Sources {
  const { config, host, data, memory, allowAnonymous, logLevel, logFormat, set = [] } = flags
  const { tlsCert: cert, tlsKey: key, tlsCa: ca } = flags
  const ports = new Map<Protocol, PortFlag>()
  for (const protocol of PROTOCOLS) {
    const flag = flags[protocol]
    if (flag !== undefined) ports.set(protocol, flag)
  }
  return {
    flags: {
      host,
      data,
      memory,
      access: { allowAnonymous },
      log: { level: logLevel, format: logFormat },
      tls: { cert, key, ca },
    },
    ports,
    settings: set,
    file: config,
    env,
    folders: ['.', '/etc/rameau'],
  }
}

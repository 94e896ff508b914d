// `rameau health [URL]`: asks a server how it is, for people, containers and scripts: one line, and
// an exit code. Over HTTP it asks for /readyz, over MQTT it connects.

import { readFile } from 'node:fs/promises'
import { Reason } from '../base/reason.ts'
import { probeHttp } from '../client/transport-http-probe.ts'
import { probe, type Target } from '../client/transport-probe.ts'
import { reasonName } from '../codec/mqtt/reasons.ts'
import { DEFAULT_PORTS, type Listener } from '../config/config.ts'
import { ConfigError } from '../config/layer.ts'
import { loadConfig } from '../config/load.ts'
import { toSources } from './flags.ts'
import { toUrl } from './listeners.ts'

const TIMEOUT_MS = 5000
/** What can be asked, the best first. */
const ASKED = ['http', 'mqtt', 'https', 'mqtts'] as const

/** Resolves with the exit code: 0 where it serves, else 1. `caFile` says whom to trust. */
export async function health(given: string | undefined, caFile?: string): Promise<number> {
  try {
    const url = given ?? urlOfConfig()
    const ca = caFile === undefined ? undefined : await readAuthorities(caFile)
    console.log(`${withoutPassword(url)} ${await ask(url, ca)}`)
    return 0
  } catch (error) {
    console.error(`rameau: ${why(error)}`)
    return 1
  }
}

/** The server that this configuration would start: file and environment are here as there. */
function urlOfConfig(): string {
  const { listeners } = loadConfig(toSources({}, process.env))
  for (const wanted of ASKED) {
    const listener = listeners.find(({ protocol, place }) => {
      return protocol === wanted && !('port' in place && place.port === 0)
    })
    if (listener !== undefined) return urlHere(listener)
  }
  throw new Unhealthy('no listener to ask: name a URL, such as mqtt://127.0.0.1:1883')
}

function urlHere({ protocol, place }: Listener): string {
  if ('path' in place) return toUrl(protocol, place)
  const host = place.host === '0.0.0.0' ? '127.0.0.1' : place.host === '::' ? '::1' : place.host
  return toUrl(protocol, { ...place, host })
}

class Unhealthy extends Error {}

async function readAuthorities(file: string): Promise<string> {
  let text: string
  try {
    text = await readFile(file, 'latin1')
  } catch (error) {
    throw new Unhealthy(`${file}: cannot be read: ${codeOf(error)}`)
  }
  // An authority that cannot be read would be left out silently.
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Unhealthy(`${file}: holds no certificate (PEM)`)
  }
  return text
}

/** How it is, in a word or two. Throws where it does not serve. */
function ask(text: string, ca: string | undefined): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const none = { isTls: false, ca, userName: undefined, password: undefined }
  if (text.startsWith('unix:'))
    return askMqtt(text, { ...none, place: { path: text.slice(5) } }, signal)
  const url = new URL(URL.canParse(text) ? text : 'none:')
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return askHttp(url, ca, signal)
    case 'mqtt:':
    case 'mqtts:':
      return askMqtt(text, toTarget(url, ca), signal)
    default:
      throw new Unhealthy(`${text}: must be http://, https://, mqtt://, mqtts:// or unix:/path`)
  }
}

async function askHttp(url: URL, ca: string | undefined, signal: AbortSignal): Promise<string> {
  if (url.pathname === '/') url.pathname = '/readyz'
  const name = withoutPassword(url.href)
  const { status, text } = await probeHttp(url, ca, signal).catch((error: unknown) => {
    throw new Unhealthy(`${name}: ${why(error)}`)
  })
  if (status < 200 || status > 299) throw new Unhealthy(`${name}: ${status} ${text}`)
  return 'is ready'
}

async function askMqtt(text: string, target: Target, signal: AbortSignal): Promise<string> {
  const name = withoutPassword(text)
  const reason = await probe(target, signal).catch((error: unknown) => {
    throw new Unhealthy(`${name}: ${why(error)}`)
  })
  if (reason === Reason.success) return 'is ready'
  // Whoever asks who we are is there, and has no reason to let a probe in.
  const isAsked = reason === Reason.notAuthorized || reason === Reason.badUserNameOrPassword
  if (isAsked && target.userName === undefined) return 'is ready, and asks for credentials'
  throw new Unhealthy(`${name}: refused: ${reasonName(reason)}`)
}

function toTarget(url: URL, ca: string | undefined): Target {
  const { protocol, hostname, port, username, password } = url
  const isTls = protocol === 'mqtts:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const text = (part: string): string | undefined =>
    part === '' ? undefined : decodeURIComponent(part)
  return {
    place: { host, port: Number(port) || DEFAULT_PORTS[isTls ? 'mqtts' : 'mqtt'] },
    isTls,
    ca,
    userName: text(username),
    password: text(password),
  }
}

/** A log is no place for it. */
function withoutPassword(text: string): string {
  return text.replace(/:[^:@/]*@/, '@')
}

/** The innermost cause says what happened; several addresses wrap it. */
function why(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.join('; ')
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return why(error.cause)
  if (error instanceof AggregateError) return why(error.errors[0])
  if (error.name === 'TimeoutError') return 'no answer in time'
  const isUnknown = UNKNOWN_AUTHORITY.has(codeOf(error))
  return isUnknown ? `${error.message}: --tls-ca FILE says whom to trust` : error.message
}

/** What OpenSSL calls a certificate of an authority that is not known here. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

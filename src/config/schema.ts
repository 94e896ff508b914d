// Which keys the configuration has and which values each takes, in one zod schema. It sees values
// only; where they came from, and so the position in a message, is load's.

import { z } from 'zod'
import type { Limits } from '../core/limits.ts'
import type { HttpSettings } from '../fronts/http/settings.ts'
import type { MqttSettings } from '../fronts/mqtt/settings.ts'
import {
  type Config,
  FOR_PAGES,
  LOG_FORMATS,
  LOG_LEVELS,
  PROTOCOLS,
  type Protocol,
  SECURE,
  type ServerAccess,
} from './config.ts'

/** The longest delay that a timer of Node takes. */
const TIMER_MS_MAX = 2 ** 31 - 1
/** What MQTT can say in four bytes; as a session expiry it means never. */
const UINT32_MAX = 2 ** 32 - 1
/** A remaining length of 268,435,455 bytes and its header: the largest packet there can be. */
const PACKET_BYTES_MAX = 268_435_460
/** The look-up recurses once per level. */
const TOPIC_LEVELS_MAX = 1024

/** Less would be nothing but the work of beginning anew. */
const STORE_BYTES_MIN = 64 * 1024
/** More than is ever of use, and than a small disk has. */
const STORE_BYTES_MAX = 1024 * 1024 * 1024

const toggle = z.boolean({ error: 'must be true or false' })
const text = z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' })
const bound = whole(1)
const uint16 = whole(0, 65_535)

const mqtt = z.strictObject({
  qosMax: z.literal([0, 1, 2], { error: 'must be 0, 1 or 2' }),
  retainAvailable: toggle,
  wildcardSubscriptions: toggle,
  subscriptionIds: toggle,
  sharedSubscriptions: toggle,
  topicAliasMax: uint16,
  receiveMax: whole(1, 65_535),
  keepAliveMax: uint16,
  sessionExpiryMax: sessionExpiry(),
  connectTimeoutMs: whole(1, TIMER_MS_MAX),
  // As much as a UTF-8 string of MQTT holds, whatever the characters.
  responseInformation: z.string({ error: 'must be a text' }).max(16_000, {
    error: 'must have at most 16000 characters',
  }),
  strictSubprotocol: toggle,
} satisfies Record<keyof MqttSettings, z.ZodType>)

const http = z.strictObject({
  replayEventsMax: whole(0),
} satisfies Record<keyof HttpSettings, z.ZodType>)

const limits = z.strictObject({
  packetBytesMax: whole(16, PACKET_BYTES_MAX),
  connectionsMax: bound,
  sessionQueueMax: bound,
  sessionQueueBytesMax: bound,
  queueWindowMax: whole(2),
  queueWindowBytesMax: bound,
  inflightMax: whole(1, 65_535),
  inflightBytesMax: bound,
  sessionsMax: bound,
  topicLevelsMax: whole(1, TOPIC_LEVELS_MAX),
  subscriptionsPerSessionMax: bound,
  retainedBytesMax: bound,
  audiencesMax: bound,
  outboxBytesMax: bound,
  filtersPerPacketMax: bound,
  propertiesPerPacketMax: bound,
  connectBytesMax: whole(64, PACKET_BYTES_MAX),
  topicNamesMax: bound,
  presencesGoneMax: whole(0),
  storeEpochBytes: whole(STORE_BYTES_MIN, STORE_BYTES_MAX),
  storeSegmentBytes: whole(STORE_BYTES_MIN, STORE_BYTES_MAX),
} satisfies Record<keyof Limits, z.ZodType<number>>)

const tls = z.strictObject({
  cert: text.optional(),
  key: text.optional(),
  ca: text.optional(),
  requireClientCertificate: toggle.optional(),
})

/** A file, or `none` where a listener is to have none. */
const accessFiles = z.strictObject({
  allowAnonymous: toggle.optional(),
  passwordFile: text.optional(),
  aclFile: text.optional(),
  rulesFile: text.optional(),
})
const access = accessFiles.extend({ watch: toggle, reasonStrings: toggle })
const TWO_FORMS = { path: ['rulesFile'], error: 'goes not together with aclFile: one of the two' }

const ORIGIN_ERROR = { error: 'must be an origin, such as https://example.org, or *' }
const origin = z
  .string(ORIGIN_ERROR)
  .regex(/^(\*|null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#,]+)$/, ORIGIN_ERROR)
// One may stand for a list of one, as a text from the environment does.
const origins = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(origin, { error: 'must be a list of origins' }),
)

const listener = z
  .strictObject({
    protocol: z.enum(PROTOCOLS, { error: `must be one of ${PROTOCOLS.join(', ')}` }),
    host: text.optional(),
    port: whole(0, 65_535).optional(),
    path: text.optional(),
    tls: tls.optional(),
    proxyProtocol: toggle.optional(),
    origins: origins.optional(),
    access: accessFiles.refine(hasOneForm, TWO_FORMS).optional(),
  })
  .refine((value) => value.tls === undefined || SECURE.has(value.protocol), {
    path: ['tls'],
    error: `is only for ${[...SECURE].join(', ')}`,
  })
  .refine((value) => value.origins === undefined || FOR_PAGES.has(value.protocol), {
    path: ['origins'],
    error: `is only for ${[...FOR_PAGES].join(', ')}`,
  })
  .refine((value) => value.path === undefined || (value.host ?? value.port) === undefined, {
    error: 'has either path, or host and port',
  })

const ROOT = z.strictObject({
  host: text,
  listeners: z.array(listener, { error: 'must be a list' }),
  data: text,
  memory: toggle,
  durability: z.enum(['commit', 'relaxed'], { error: 'must be commit or relaxed' }),
  log: z.strictObject({
    level: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
    format: z.enum(LOG_FORMATS, { error: 'must be human or json' }),
    repeatsMax: whole(0),
  }),
  mqtt,
  http,
  limits,
  sys: z.strictObject({ intervalS: whole(0, Math.floor(TIMER_MS_MAX / 1000)) }),
  presence: z.strictObject({ enabled: toggle }),
  access: access.refine(hasOneForm, TWO_FORMS),
  tls,
  origins,
  coap: later('CoAP'),
})

/** A section `tls`, of all listeners or of one. */
export interface TlsSettings {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
  readonly requireClientCertificate?: boolean | undefined
}

/** A section `access`, of the whole server or of one listener. */
export interface AccessSettings {
  readonly allowAnonymous?: boolean | undefined
  readonly passwordFile?: string | undefined
  readonly aclFile?: string | undefined
  readonly rulesFile?: string | undefined
}

export interface ListenerSettings {
  readonly protocol: Protocol
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
  readonly tls?: TlsSettings | undefined
  readonly access?: AccessSettings | undefined
  readonly proxyProtocol?: boolean | undefined
  readonly origins?: readonly string[] | undefined
}

/** What the schema makes of the merged layers; `listeners` still lacks what all have in common. */
export interface Settings extends Omit<Config, 'listeners' | 'access'> {
  readonly host: string
  readonly access: AccessSettings & Pick<ServerAccess, 'watch' | 'reasonStrings'>
  readonly listeners: readonly ListenerSettings[]
  readonly tls: TlsSettings
  readonly origins: readonly string[]
}

export type KeyPath = readonly PropertyKey[]

/** One thing that is wrong. `isKey`: the key itself, not its value. */
export interface Issue {
  readonly path: KeyPath
  readonly isKey: boolean
  readonly text: string
}

export type Checked =
  | { readonly settings: Settings; readonly issues: undefined }
  | { readonly settings: undefined; readonly issues: readonly Issue[] }

/** Checks the whole configuration. */
export function parseSettings(values: unknown): Checked {
  const result = ROOT.safeParse(values)
  if (result.success) return { settings: result.data, issues: undefined }
  return { settings: undefined, issues: result.error.issues.flatMap(toIssues) }
}

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], isKey: true, text: 'is not a key' }))
  }
  const isSection = issue.code === 'invalid_type' && issue.expected === 'object'
  return [{ path, isKey: false, text: isSection ? 'must be a section with keys' : issue.message }]
}

/** Every key that takes a value, as its path: `['limits', 'packetBytesMax']`. */
export const KEYS: readonly (readonly string[])[] = keysOf(ROOT.shape, [])

/** The same within one of `listeners`. */
export const LISTENER_KEYS: readonly (readonly string[])[] = keysOf(
  { ...listener.shape, tls, access: accessFiles },
  [],
)

function keysOf(shape: Readonly<Record<string, z.ZodType>>, above: readonly string[]): string[][] {
  return Object.entries(shape).flatMap(([key, type]) =>
    type instanceof z.ZodObject ? keysOf(type.shape, [...above, key]) : [[...above, key]],
  )
}

/** Whether the key takes this text as it stands, so that `data: 123` given as text stays one. */
export function takesText(path: readonly string[], value: string): boolean {
  let type: z.ZodType | undefined = ROOT
  for (const key of path) {
    const shape: Readonly<Record<string, z.ZodType>> = type instanceof z.ZodObject ? type.shape : {}
    type = shape[key]
  }
  return type?.safeParse(value).success ?? false
}

function hasOneForm({ aclFile, rulesFile }: AccessSettings): boolean {
  const isNamed = (file: string | undefined) => file !== undefined && file !== 'none'
  return !isNamed(aclFile) || !isNamed(rulesFile)
}

/** A whole number of at least `min`. */
function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodNumber {
  const range = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`
  const options = { error: `must be a whole number${range}` }
  return z.number(options).int(options).min(min, options).max(max, options)
}

/** Seconds, or `none` for no cap. */
function sessionExpiry(): z.ZodType<number> {
  const error = `must be a whole number of seconds from 0 to ${UINT32_MAX}, or none`
  return z.preprocess(
    (value) => (value === 'none' || value === Number.POSITIVE_INFINITY ? UINT32_MAX : value),
    z
      .number({ error })
      .int({ error })
      .min(0, { error })
      .max(UINT32_MAX, { error })
      .transform((value) => (value === UINT32_MAX ? Number.POSITIVE_INFINITY : value)),
  )
}

/** A key of a part that does not exist yet: refused, for to ignore it could leave a door open. */
function later(part: string): z.ZodOptional<z.ZodNever> {
  return z.never({ error: `is for ${part}, which this version does not have yet` }).optional()
}

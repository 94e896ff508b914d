// Values that come as text: the environment's variables and `--set KEY=VALUE`. Each text becomes a
// layer; the schema then checks it like any other.

import { parse } from 'yaml'
import { ConfigError, type Layer, layerAt } from './layer.ts'
import { KEYS, LISTENER_KEYS, takesText } from './schema.ts'
import { suggest } from '../base/suggest.ts'

const PREFIX = 'RAMEAU_'

/** Names that are not keys: the file itself. */
const OTHERS: readonly string[] = ['RAMEAU_CONFIG']

/** What Kubernetes adds by itself for a service whose name begins with `rameau`. */
const INJECTED = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_[A-Z]+(_|$)|$)/

/** The variables as layers, or what is wrong with their names. */
export function environmentLayers(env: NodeJS.ProcessEnv): Layer[] {
  const layers: Layer[] = []
  const problems: string[] = []
  const known = new Map(KEYS.map((path) => [toVariable(path), path]))
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined || OTHERS.includes(name)) continue
    const path = known.get(name)
    if (path !== undefined) layers.push(layerAt(path, parseText(path, value), name))
    else if (!INJECTED.test(name)) {
      problems.push(`${name} is not a key${didYouMean(name, [...known.keys(), ...OTHERS])}`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return layers
}

/** `limits.packetBytesMax` is RAMEAU_LIMITS_PACKET_BYTES_MAX. */
export function toVariable(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/[A-Z]/g, '_$&'))
  return PREFIX + words.join('_').toUpperCase()
}

/** `KEY=VALUE` as a layer. */
export function settingLayer(setting: string): Layer {
  const equals = setting.indexOf('=')
  if (equals < 1) throw new ConfigError([`--set ${setting}: must be KEY=VALUE`])
  const key = setting.slice(0, equals)
  // A key below one that takes no sections, such as those of later versions, is that key's matter.
  const path =
    KEYS.find((candidate) => candidate.join('.') === key) ??
    KEYS.find((candidate) => key.startsWith(`${candidate.join('.')}.`))
  if (path === undefined) throw new ConfigError([`--set: ${key} is not a key${meantKey(key)}`])
  return layerAt(path, parseText(path, setting.slice(equals + 1)), '--set')
}

/** The end of a message about a key that does not exist: the one that was probably meant. */
export function meantKey(key: string): string {
  const [, ofListener] = /^listeners\.\d+\.(.+)$/.exec(key) ?? []
  if (ofListener !== undefined) {
    return didYouMean(
      ofListener,
      LISTENER_KEYS.map((path) => path.join('.')),
    )
  }
  // The right name in the wrong section is the likelier slip.
  const last = key.slice(key.lastIndexOf('.') + 1).toLowerCase()
  const moved = KEYS.find((path) => path.at(-1)?.toLowerCase() === last)
  if (moved !== undefined) return `, did you mean ${moved.join('.')}?`
  const sections = KEYS.flatMap((path) => (path.length > 1 ? [path[0] ?? ''] : []))
  return didYouMean(key, [...KEYS.map((path) => path.join('.')), ...new Set(sections)])
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const meant = suggest(word, candidates)
  return meant === undefined ? '' : `, did you mean ${meant}?`
}

/** As the key's type wants it: a text where it takes one, else a number, a boolean or a list. */
function parseText(path: readonly string[], value: string): unknown {
  if (takesText(path, value)) return value
  try {
    return parse(value) ?? value
  } catch {
    return value // The schema will say what it wants instead.
  }
}

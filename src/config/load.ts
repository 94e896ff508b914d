// Gathers the configuration: flags over environment over file over defaults, checked once as a
// whole. It decides nothing about what the values do.

import { join } from 'node:path'
import { toAccess } from './access.ts'
import { type Config, DEFAULTS, type Protocol } from './config.ts'
import { readLayer } from './file.ts'
import { ConfigError, type Layer, layerOf, merge, type Tree } from './layer.ts'
import { type PortFlag, toListeners } from './listeners.ts'
import { type Issue, parseSettings } from './schema.ts'
import { environmentLayers, meantKey, settingLayer } from './text.ts'

export interface Sources {
  /** Values of flags that are keys, such as `{ log: { level: 'debug' } }`. */
  readonly flags: Tree
  /** The listeners' flags: each stands for all listeners of its protocol. */
  readonly ports: ReadonlyMap<Protocol, PortFlag>
  /** `KEY=VALUE` of each `--set`. */
  readonly settings: readonly string[]
  /** The file that `--config` names. */
  readonly file: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Folders in which `rameau.yaml` is looked for when nobody names a file. */
  readonly folders: readonly string[]
}

/** Throws {@link ConfigError} with all that is wrong. */
export function loadConfig(sources: Sources): Config {
  return toConfig(toLayers(sources), sources.ports)
}

/** What each source says, the lowest first. Throws {@link ConfigError}. */
export function toLayers(sources: Sources): Layer[] {
  return [
    { values: DEFAULTS, where: () => 'default' },
    ...fileLayers(sources),
    ...environmentLayers(sources.env),
    ...sources.settings.map(settingLayer),
    { values: sources.flags, where: (path) => flagOf(path) },
  ]
}

/** The layers as one configuration. Throws {@link ConfigError} with all that is wrong. */
export function toConfig(layers: readonly Layer[], ports: Sources['ports']): Config {
  const { settings, issues } = parseSettings(merge(layers))
  if (settings === undefined) throw new ConfigError(issues.map((issue) => toLine(issue, layers)))

  const { data, memory, durability, log, mqtt, http, limits, sys, presence } = settings
  const { watch, reasonStrings } = settings.access
  const access = { ...toAccess(settings.access, {}), watch, reasonStrings }
  const listeners = toListeners(settings, layers, ports)
  return { listeners, access, data, memory, durability, log, mqtt, http, limits, sys, presence }
}

function fileLayers({ file, env, folders }: Sources): Layer[] {
  const named = file ?? env['RAMEAU_CONFIG']
  const candidates =
    named === undefined ? folders.map((name) => join(name, 'rameau.yaml')) : [named]
  for (const candidate of candidates) {
    const layer = readLayer(candidate, named !== undefined)
    if (layer !== undefined) return [layer]
  }
  return []
}

function flagOf(path: readonly PropertyKey[]): string {
  const words = path.map((key) => String(key).replace(/[A-Z]/g, '-$&').toLowerCase())
  return `--${words.join('-')}`
}

function toLine({ path, isKey, text }: Issue, layers: readonly Layer[]): string {
  const where = layerOf(layers, path)?.where(path, isKey) ?? 'configuration'
  const key = path.join('.')
  return `${where}: ${key} ${text}${isKey ? meantKey(key) : ''}`
}

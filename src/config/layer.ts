// The sources of a configuration as layers of one shape, and how they lie upon each other. A layer
// knows where each of its values stands, so that a message can say so.

import type { KeyPath } from './schema.ts'

export type Tree = Readonly<Record<string, unknown>>

export interface Layer {
  readonly values: Tree
  /** Where the value (or its key) stands: `rameau.yaml:3:7`, `RAMEAU_DATA`, `--set`. */
  where(path: KeyPath, isKey: boolean): string
}

/** What is wrong with a configuration, one line each, for people. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Sections are merged key by key; a list is one value. A later layer wins. */
export function merge(layers: readonly Layer[]): Tree {
  const result: Record<string, unknown> = {}
  for (const layer of layers) mergeInto(result, layer.values)
  return result
}

function mergeInto(target: Record<string, unknown>, values: Tree): void {
  for (const [key, value] of Object.entries(values)) {
    // `limits:` with every line below it commented out says nothing.
    if (value === null || value === undefined) continue
    const below = target[key]
    if (isTree(value) && (isTree(below) || below === undefined)) {
      const section: Record<string, unknown> = isTree(below) ? { ...below } : {}
      mergeInto(section, value)
      target[key] = section
    } else {
      target[key] = value
    }
  }
}

/** The highest layer that says anything at `path` or the nearest section above it. */
export function layerOf(layers: readonly Layer[], path: KeyPath): Layer | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length)
    const layer = layers.findLast(({ values }) => valueAt(values, part) !== undefined)
    if (layer !== undefined) return layer
  }
  return undefined
}

function valueAt(values: unknown, path: KeyPath): unknown {
  let value = values
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value ?? undefined
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A layer with one value at `path`. */
export function layerAt(path: readonly string[], value: unknown, name: string): Layer {
  const values = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
  return { values: isTree(values) ? values : {}, where: () => name }
}

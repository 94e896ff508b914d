// A YAML file as a layer: finds it, parses it, and knows the line and column of each key and value.
// What the keys mean is the schema's.

import { readFileSync } from 'node:fs'
import { isMap, isNode, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml'
import { whyUnreadable } from '../base/errors.ts'
import { ConfigError, isTree, type Layer } from './layer.ts'
import type { KeyPath } from './schema.ts'

/** Aliases that one file may expand to; more is refused as a bomb. */
const ALIASES_MAX = 100

/** Reads the file. `mustExist`: somebody named it, so that its absence is an error. */
export function readLayer(file: string, mustExist: boolean): Layer | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT' && !mustExist) return undefined
    throw new ConfigError([`${file}: cannot be read: ${whyUnreadable(error)}`])
  }
  return parseLayer(file, text)
}

/** The text of a file as a layer. Throws {@link ConfigError} where it is no YAML. */
export function parseLayer(file: string, text: string): Layer {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const problems = document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message}`)
  if (problems.length > 0) throw new ConfigError(problems)

  const values: unknown = toValues(file, () => document.toJS({ maxAliasCount: ALIASES_MAX }))
  if (!isTree(values)) throw new ConfigError([`${place(0)}: must hold keys, such as limits:`])
  return {
    values,
    where: (path, isKey) => place(offsetOf(document.contents, path, isKey)),
  }
}

function toValues(file: string, convert: () => unknown): unknown {
  try {
    return convert() ?? {}
  } catch (error) {
    throw new ConfigError([`${file}: ${error instanceof Error ? error.message : String(error)}`])
  }
}

/** Where the deepest part of `path` that the document has begins. */
function offsetOf(contents: unknown, path: KeyPath, isKey: boolean): number {
  let node = contents
  let offset = startOf(contents) ?? 0
  for (const [depth, key] of path.entries()) {
    const pair = pairOf(node, key)
    node = pair === undefined && isSeq(node) ? node.items[Number(key)] : pair?.value
    const isLast = depth === path.length - 1
    offset = (isLast && isKey ? undefined : startOf(node)) ?? startOf(pair?.key) ?? offset
  }
  return offset
}

function pairOf(node: unknown, key: PropertyKey): Pair | undefined {
  if (!isMap(node)) return undefined
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

// A configuration as YAML: the effective one with where each value comes from, and the commented
// file to begin with. Both can be read back; what the values mean is the schema's.

import { stringify } from 'yaml'
import { type Config, DEFAULTS, type Listener } from './config.ts'
import { EXAMPLES, EXPLAINED } from './explained.ts'
import { isTree, type Layer, layerOf, merge, type Tree } from './layer.ts'
import type { Sources } from './load.ts'

const COLUMNS_MAX = 100

/** The effective configuration, a comment behind each value: `default`, a place in the file, …. */
export function writeEffective(
  config: Config,
  layers: readonly Layer[],
  ports: Sources['ports'],
): string {
  const sourceOf = (path: readonly string[]): string =>
    layerOf(layers, path)?.where(path, false) ?? 'default'
  const rows = toRows({ ...merge(layers), listeners: [] }, [], sourceOf)
  const listed = config.listeners.map((listener): Row => {
    const { protocol } = listener
    const source = ports.has(protocol) ? `--${protocol}` : sourceOf(['listeners'])
    return { text: `  - ${toFlow(withoutNothing(listener))}`, source }
  })
  const lines = rows.flatMap((row) => {
    if (!row.text.startsWith('listeners:') || listed.length === 0) return [row]
    return [{ text: 'listeners:' }, ...listed]
  })
  const width = Math.max(...lines.map(({ text }) => (text.length > 48 ? 0 : text.length)))
  return lines.map(({ text, source }) => `${withComment(text, source, width)}\n`).join('')
}

interface Row {
  readonly text: string
  readonly source?: string
}

function toRows(
  tree: Tree,
  above: readonly string[],
  sourceOf: (path: readonly string[]) => string,
): Row[] {
  const indent = '  '.repeat(above.length)
  return Object.entries(tree).flatMap(([key, value]): Row[] => {
    const path = [...above, key]
    if (!isTree(value)) {
      return [{ text: `${indent}${key}: ${toFlow(value)}`, source: sourceOf(path) }]
    }
    if (Object.keys(value).length === 0) return [{ text: `${indent}${key}: {}` }]
    return [{ text: `${indent}${key}:` }, ...toRows(value, path, sourceOf)]
  })
}

function withComment(text: string, source: string | undefined, width: number): string {
  return source === undefined ? text : `${text.padEnd(width)}  # ${source}`
}

/** A listener in the words of a file, where a place is host and port, or path. */
function withoutNothing({ place, ...listener }: Listener): unknown {
  const { protocol, ...rest } = listener
  // What is undefined is left out by JSON, and nothing else is lost.
  const plain: unknown = JSON.parse(JSON.stringify({ protocol, ...place, ...rest }))
  return plain
}

/** On one line. */
function toFlow(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return 'none'
  const options = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const
  return stringify(value, options).trimEnd()
}

/** Every key with what it is for and its default, commented out. */
export function writeInitial(): string {
  const lines = [
    '# The configuration of Rameau. A line that begins with # shows the default of its key: take',
    '# the # away to change it. Flags and RAMEAU_… variables go before what is said here.',
    '# `rameau config check` says what is wrong with it, `rameau config show` what is in effect.',
  ]
  for (const [key, value] of Object.entries(DEFAULTS)) {
    lines.push('', ...commented(key, ''))
    const section = isTree(value) ? { ...examplesOf(key), ...value } : {}
    if (!isTree(value)) lines.push(`#${key}: ${toFlow(value)}`)
    else lines.push(`${key}:`)
    for (const [name, inner] of Object.entries(section)) {
      lines.push(...commented(`${key}.${name}`, '  '), `  #${name}: ${toFlow(inner)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function examplesOf(section: string): Tree {
  const examples: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(EXAMPLES)) {
    if (key.startsWith(`${section}.`)) examples[key.slice(section.length + 1)] = value
  }
  return examples
}

/** The explanation as lines of comment, none where there is none. */
function commented(key: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of (EXPLAINED[key] ?? '').split(' ')) {
    if (line !== '' && `${indent}# ${line} ${word}`.length > COLUMNS_MAX) {
      lines.push(`${indent}# ${line}`)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, `${indent}# ${line}`]
}

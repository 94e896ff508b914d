// One source file as the rules see it: its lines, its comments, and every node of its syntax tree
// in reading order, each with the way up to its parents. It judges nothing.

import { parseSync } from 'oxc-parser'

/** A node of the syntax tree (ESTree with TypeScript's additions), read by field name. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** A node in its place: under which parent, and in which of its fields. */
export interface Place {
  readonly node: Node
  readonly field: string
  readonly parent: Place | undefined
}

export interface Source {
  /** Relative to the checkout, with `/`. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly comments: readonly { value: string; start: number }[]
  readonly places: readonly Place[]
  /** What the file names in imports, re-exports and `import()`. */
  readonly imports: readonly { specifier: string; node: Node }[]
  /** Part of the product: under src/ and no test. */
  readonly isProduct: boolean
}

export interface Finding {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

/** Throws on text that is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { lang: 'ts' })
  const fault = errors[0]
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`)
  const places: Place[] = []
  if (isNode(program)) collect(program, 'program', undefined, places)
  return {
    path,
    text,
    lines: text.split('\n'),
    comments,
    places,
    imports: places.flatMap(({ node }) => {
      const specifier = importedBy(node)
      return specifier === undefined ? [] : [{ specifier, node }]
    }),
    isProduct: path.startsWith('src/') && !path.endsWith('.test.ts'),
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The line of an offset, counted from 1. */
export function lineOf(source: Source, offset: number): number {
  let line = 1
  for (let at = source.text.indexOf('\n'); at !== -1 && at < offset; line += 1) {
    at = source.text.indexOf('\n', at + 1)
  }
  return line
}

/** The name that an identifier (also a private one) spells, if the value is one. */
export function nameOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined
  if (value.type !== 'Identifier' && value.type !== 'PrivateIdentifier') return undefined
  return typeof value['name'] === 'string' ? value['name'] : undefined
}

function collect(node: Node, field: string, parent: Place | undefined, places: Place[]): void {
  const place: Place = { node, field, parent }
  places.push(place)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) collect(child, name, place, places)
    }
  }
}

function importedBy(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType': {
      const target = node['source']
      return isNode(target) && typeof target['value'] === 'string' ? target['value'] : undefined
    }
    default:
      return undefined
  }
}

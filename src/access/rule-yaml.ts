// A rules file as YAML whose every part knows its place, so that each mistake is told with line and
// column, and all at once. What the keys mean is rule-file's.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { suggest } from '../base/suggest.ts'
import { AccessFileError } from './file-error.ts'

/** A key of a map with its value. */
export interface Entry {
  readonly name: string
  readonly key: Node
  readonly value: Node | undefined
}

export class RuleYaml {
  readonly #file: string
  readonly #text: string
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed
  readonly #problems: { readonly offset: number; readonly text: string }[] = []

  /** Throws {@link AccessFileError} where the text is no YAML. */
  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    for (const { pos, message } of this.#document.errors) {
      this.#problems.push({ offset: pos[0], text: message })
    }
    this.finish()
  }

  get contents(): Node | undefined {
    return this.#document.contents ?? undefined
  }

  /** Notes what is wrong; `node` undefined stands for the whole file. */
  refuse(node: Node | undefined, text: string): void {
    this.#problems.push({ offset: node?.range?.[0] ?? 0, text })
  }

  /** Throws {@link AccessFileError} with all that was noted. */
  finish(): void {
    const sorted = this.#problems.toSorted((one, other) => one.offset - other.offset)
    const [first] = sorted
    if (first === undefined) return
    // What is wrong with a role is found wherever it is used.
    const lines = sorted.map(({ offset, text }) => `${this.#file}:${this.#place(offset)}: ${text}`)
    const [, ...more] = new Set(lines)
    throw new AccessFileError(this.#file, this.#place(first.offset), first.text, { more })
  }

  lineOf(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line
  }

  /** The node as it is written, its further lines as far left as the first. */
  textOf(node: Node): string {
    const [start = 0, end = 0] = node.range ?? []
    const { col } = this.#lines.linePos(start)
    const [first = '', ...rest] = this.#text.slice(start, end).trimEnd().split('\n')
    const indent = new RegExp(`^ {0,${col - 1}}`)
    return [first, ...rest.map((line) => line.trimEnd().replace(indent, ''))].join('\n')
  }

  /** The entries of a map; undefined, and refused, where it is none. */
  entries(node: Node | undefined, what: string): Entry[] | undefined {
    const found = this.#resolve(node)
    if (!isMap(found)) {
      this.refuse(node, `${what} must be a section with keys`)
      return undefined
    }
    return found.items.flatMap(({ key, value }) => {
      if (!isNode(key)) return []
      const name = this.#resolve(key)
      if (isScalar(name)) {
        const text = typeof name.value === 'string' ? name.value : (name.source ?? '')
        return [{ name: text, key, value: isNode(value) ? value : undefined }]
      }
      this.refuse(key, 'a key must be a text')
      return []
    })
  }

  /** As `entries`, with these names only. */
  known(
    node: Node | undefined,
    what: string,
    names: readonly string[],
  ): Map<string, Entry> | undefined {
    const entries = this.entries(node, what)
    for (const { name, key } of entries ?? []) {
      if (names.includes(name)) continue
      const meant = suggest(name, names)
      const hint =
        meant === undefined ? `: ${what} has ${names.join(', ')}` : `, did you mean ${meant}?`
      this.refuse(key, `${name} is not a key${hint}`)
    }
    return entries && new Map(entries.map((entry) => [entry.name, entry]))
  }

  /** The elements of a list; undefined, and refused, where it is none. */
  elements(node: Node | undefined, what: string): Node[] | undefined {
    const found = this.#resolve(node)
    if (isSeq(found)) return found.items.filter(isNode)
    this.refuse(node, `${what} must be a list`)
    return undefined
  }

  isList(node: Node | undefined): boolean {
    return isSeq(this.#resolve(node))
  }

  isMap(node: Node | undefined): boolean {
    return isMap(this.#resolve(node))
  }

  /** True where nothing stands, as after `key:`. */
  isEmpty(node: Node | undefined): boolean {
    const found = this.#resolve(node)
    return found === undefined || (isScalar(found) && found.value === null)
  }

  /** One text, or a list of them, each with its node. */
  texts({ name, key, value }: Entry): { readonly node: Node; readonly text: string }[] {
    if (this.isEmpty(value)) {
      this.refuse(key, `${name} is empty; a text that begins with # or * wants quotes`)
      return []
    }
    const nodes = this.isList(value) ? (this.elements(value, name) ?? []) : value ? [value] : []
    if (nodes.length === 0) this.refuse(key, `${name} is empty`)
    return nodes.flatMap((node) => {
      const text = this.#scalarText(node)
      if (text !== undefined && text !== '') return [{ node, text }]
      this.refuse(node, `${name} must be a text; put it in quotes`)
      return []
    })
  }

  /** A plain value of any kind. */
  scalar(node: Node | undefined): unknown {
    const found = this.#resolve(node)
    return isScalar(found) ? found.value : undefined
  }

  /** Numbers are taken as they are written: a user may be called 007. */
  #scalarText(node: Node): string | undefined {
    const found = this.#resolve(node)
    if (!isScalar(found)) return undefined
    if (typeof found.value === 'string') return found.value
    return typeof found.value === 'number' ? found.source : undefined
  }

  #resolve(node: Node | undefined): Node | undefined {
    return isAlias(node) ? node.resolve(this.#document) : node
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset)
    return `${line}:${col}`
  }
}

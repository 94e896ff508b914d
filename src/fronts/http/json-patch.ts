// JSON Patch, RFC 6902: a list of operations that are applied in order, all or none.

import { isObject, type Json, parsedJson } from './json.ts'
import { Refusal } from './refusal.ts'

/** More operations than these are refused. */
const OPERATIONS_MAX = 1000

interface Operation {
  readonly name: string
  readonly path: readonly string[]
  readonly from: readonly string[] | undefined
  readonly value: Json | undefined
}

/**
 * The document with the patch applied; the given one may be changed meanwhile. What `copy` adds may
 * have `bytesMax` bytes in all: each one may double what is there.
 */
export function applyJsonPatch(
  document: Json,
  patch: Json,
  bytesMax: number,
): { readonly value: Json } | Refusal {
  const operations = parseOperations(patch)
  if (operations instanceof Refusal) return operations
  const copier = new Copier(bytesMax)
  // What is changed hangs below a member of ours, so that the root is a place like others.
  const root: Json = { document }
  for (const [at, operation] of operations.entries()) {
    const why = apply(root, operation, copier)
    if (copier.isOver) return new Refusal('payload-too-large', `more than ${bytesMax} bytes`)
    if (why !== undefined) return new Refusal('conflict', `operation ${at}: ${why}`)
  }
  const { document: value } = root
  return value === undefined ? new Refusal('conflict', 'nothing is left') : { value }
}

class Copier {
  #bytesLeft: number

  constructor(bytesMax: number) {
    this.#bytesLeft = bytesMax
  }

  get isOver(): boolean {
    return this.#bytesLeft < 0
  }

  copy(value: Json): Json {
    this.#bytesLeft -= JSON.stringify(value).length
    return this.isOver ? null : parsedJson(value)
  }
}

/** Why it cannot be applied, if so. */
function apply(root: Json, operation: Operation, copier: Copier): string | undefined {
  const { name, path, from = [], value = null } = operation
  switch (name) {
    case 'add':
      return add(root, path, value)
    case 'remove':
      return take(root, path) === undefined ? NOTHING_THERE : undefined
    case 'replace':
      if (find(root, path) === undefined) return NOTHING_THERE
      return replace(root, path, value)
    case 'move': {
      if (path.length > from.length && from.every((token, at) => path[at] === token)) {
        return 'it would be moved into itself'
      }
      const moved = take(root, from)
      return moved === undefined ? NOTHING_THERE : add(root, path, moved)
    }
    case 'copy': {
      const source = find(root, from)
      return source === undefined ? NOTHING_THERE : add(root, path, copier.copy(source))
    }
    default: {
      const found = find(root, path)
      return found !== undefined && isEqual(found, value) ? undefined : 'the test failed'
    }
  }
}

const NOTHING_THERE = 'there is nothing at that path'

function find(root: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = root
  for (const token of path) {
    if (Array.isArray(value)) value = value[indexOf(token, value.length - 1)]
    else if (isObject(value) && Object.hasOwn(value, token)) value = value[token]
    else return undefined
  }
  return value
}

function parentOf(root: Json, path: readonly string[]): [Json | undefined, string] {
  return [find(root, path.slice(0, -1)), path.at(-1) ?? '']
}

function add(root: Json, path: readonly string[], value: Json): string | undefined {
  const [parent, token] = parentOf(root, path)
  if (Array.isArray(parent)) {
    const at = token === '-' ? parent.length : indexOf(token, parent.length)
    if (at < 0) return NOTHING_THERE
    parent.splice(at, 0, value)
  } else if (isObject(parent)) parent[token] = value
  else return NOTHING_THERE
  return undefined
}

/** At a path that is there. */
function replace(root: Json, path: readonly string[], value: Json): undefined {
  const [parent, token] = parentOf(root, path)
  if (Array.isArray(parent)) parent[Number(token)] = value
  else if (isObject(parent)) parent[token] = value
}

function take(root: Json, path: readonly string[]): Json | undefined {
  const [parent, token] = parentOf(root, path)
  if (Array.isArray(parent)) {
    const at = indexOf(token, parent.length - 1)
    return at < 0 ? undefined : parent.splice(at, 1)[0]
  }
  if (!isObject(parent) || !Object.hasOwn(parent, token)) return undefined
  const taken = parent[token]
  Reflect.deleteProperty(parent, token)
  return taken
}

/** -1 for what is no index, or above `max`. */
function indexOf(token: string, max: number): number {
  if (!/^(?:0|[1-9]\d{0,14})$/.test(token)) return -1
  const index = Number(token)
  return index <= max ? index : -1
}

function isEqual(one: Json, other: Json): boolean {
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false
    return one.every((item, at) => isEqual(item, other[at] ?? null))
  }
  if (!isObject(one)) return one === other
  if (!isObject(other)) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every(
    (name) => Object.hasOwn(other, name) && isEqual(one[name] ?? null, other[name] ?? null),
  )
}

const WITH_VALUE = new Set(['add', 'replace', 'test'])
const WITH_FROM = new Set(['move', 'copy'])

function parseOperations(patch: Json): Operation[] | Refusal {
  if (!Array.isArray(patch) || patch.length > OPERATIONS_MAX) {
    return new Refusal('request-invalid', `a list of at most ${OPERATIONS_MAX} operations`)
  }
  const operations: Operation[] = []
  for (const [at, one] of patch.entries()) {
    const operation = parseOperation(one)
    if (operation === undefined) {
      return new Refusal('request-invalid', `operation ${at} is none of RFC 6902`)
    }
    operations.push(operation)
  }
  return operations
}

function parseOperation(one: Json): Operation | undefined {
  if (!isObject(one)) return undefined
  const { op: name, value } = one
  const path = parsePointer(one['path'])
  const from = parsePointer(one['from'])
  if (typeof name !== 'string' || path === undefined) return undefined
  if (WITH_VALUE.has(name) ? value === undefined : WITH_FROM.has(name) && from === undefined) {
    return undefined
  }
  if (name !== 'remove' && !WITH_VALUE.has(name) && !WITH_FROM.has(name)) return undefined
  return { name, path, from, value }
}

/** RFC 6901, below the member that holds the document. */
function parsePointer(pointer: Json | undefined): string[] | undefined {
  if (typeof pointer !== 'string') return undefined
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  const tokens = pointer.split('/').slice(1)
  if (tokens.some((token) => /~(?![01])/.test(token))) return undefined
  return ['document', ...tokens.map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))]
}

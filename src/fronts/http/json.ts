// JSON texts as values and back, where that loses nothing: no number changes, and nothing is nested
// so deeply that walking it would exhaust the stack.

import { Refusal } from './refusal.ts'

export type Json = null | boolean | number | string | Json[] | JsonObject
/** Without a prototype, so that no name in it means anything. */
export interface JsonObject {
  [name: string]: Json
}

/** Deeper texts are refused. */
const DEPTH_MAX = 128

const strict = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()
/** Strings, to be passed over, and what lies between them. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[[\]{}:]/g

export function parseJson(bytes: Uint8Array): { readonly value: Json } | Refusal {
  let value: unknown
  let text: string
  try {
    text = strict.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return new Refusal('request-invalid', 'it is no JSON')
  }
  let depth = 0
  let members = 0
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':') members += 1
    else if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    else if (!token.startsWith('"') && !isExact(token)) {
      return new Refusal('request-invalid', `${token.slice(0, 40)} would become another number`)
    }
    if (depth > DEPTH_MAX) return new Refusal('request-invalid', 'the JSON is nested too deeply')
  }
  const parsed = parsedJson(value)
  if (members === membersOf(parsed)) return { value: parsed }
  return new Refusal('request-invalid', 'a name is there twice')
}

function membersOf(value: Json): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + membersOf(item), 0)
  if (!isObject(value)) return 0
  return Object.values(value).reduce<number>((sum, member) => sum + 1 + membersOf(member), 0)
}

export function writeJson(value: Json): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An empty one in which `__proto__` is a name like others. */
export function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject
}

/** What JSON.parse returned, in objects without a prototype; also a copy of it. */
export function parsedJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(parsedJson)
  if (typeof value !== 'object' || value === null) return value as Json
  const object = emptyObject()
  for (const [name, member] of Object.entries(value)) object[name] = parsedJson(member)
  return object
}

/** Whether the number is written back as the same value. */
function isExact(token: string): boolean {
  const written = JSON.stringify(Number(token))
  return canonical(written) === canonical(token)
}

/** Sign, digits without zeros at the ends, and the power of ten of the last digit. */
function canonical(token: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  if (trimmed === '') return '0'
  const exponent = Number(power) - fraction.length + (digits.length - trimmed.length)
  return `${sign}${trimmed}e${exponent}`
}

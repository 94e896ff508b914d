// Texts of rules with names of the client in them: %c is the client id, %u the user,
// %{claims.NAME} a claim of his token, %% a percent sign. Topics and patterns of names are made of
// them; what a rule means is rule's.

import type { Principal } from '../core/ports.ts'
import { parseTopicFilter, type TopicFilter } from '../core/topic.ts'

/** A piece as it stands, or what is looked up. */
type Part = string | { readonly name: 'client' | 'user' } | { readonly claim: string }

export interface Template {
  readonly parts: readonly Part[]
  /** The text itself where nothing is looked up. */
  readonly plain: string | undefined
}

const TOKEN = /%(?:%|c|u|\{claims\.([^{}]+)\})|%/g

/** The template, or in words what is wrong with it. */
export function parseTemplate(text: string): Template | { readonly problem: string } {
  const parts: Part[] = []
  let from = 0
  for (const found of text.matchAll(TOKEN)) {
    const [token, claim] = found
    parts.push(text.slice(from, found.index))
    from = found.index + token.length
    if (claim !== undefined) parts.push({ claim })
    else if (token === '%c') parts.push({ name: 'client' })
    else if (token === '%u') parts.push({ name: 'user' })
    else if (token === '%%') parts.push('%')
    else return { problem: `${text}: after % comes c, u, {claims.NAME} or another %` }
  }
  parts.push(text.slice(from))
  const isPlain = parts.every((part) => typeof part === 'string')
  return { parts, plain: isPlain ? parts.join('') : undefined }
}

/** What is looked up, of this client; undefined where he has no such name. */
function valueOf(part: Exclude<Part, string>, principal: Principal): string | undefined {
  if ('name' in part) return part.name === 'client' ? principal.clientId : principal.user
  const { claims = {} } = principal
  const claim = Object.hasOwn(claims, part.claim) ? claims[part.claim] : undefined
  if (typeof claim === 'string') return claim
  return typeof claim === 'number' ? String(claim) : undefined
}

/** The text for this client; undefined where he lacks a name in it. */
export function fill({ parts, plain }: Template, principal: Principal): string | undefined {
  if (plain !== undefined) return plain
  let text = ''
  for (const part of parts) {
    const value = typeof part === 'string' ? part : valueOf(part, principal)
    if (value === undefined) return undefined
    text += value
  }
  return text
}

/** A filter that stands for what the template may become, to check its form. */
export function sampleFilter(template: Template): TopicFilter | undefined {
  const text = template.parts.map((part) => (typeof part === 'string' ? part : 'x')).join('')
  return parseTopicFilter(text, Number.POSITIVE_INFINITY)
}

/**
 * The filter for this client. Names are put in where each fits into one level: with `/`, `+` or
 * `#` in it, or a `$` at the front of a filter, a client could choose his rights by his name. Then
 * there is no filter; with `widens`, for what is denied, it is the one with all from that level on.
 */
export function fillFilter(
  { parts, plain }: Template,
  principal: Principal,
  widens: boolean,
): TopicFilter | undefined {
  if (plain !== undefined) return parseTopicFilter(plain, Number.POSITIVE_INFINITY)
  let text = ''
  for (const part of parts) {
    const value = typeof part === 'string' ? part : valueOf(part, principal)
    if (value === undefined) return undefined
    const isUnfit = value === '' || /[/+#]/.test(value) || (text === '' && value.startsWith('$'))
    if (typeof part !== 'string' && isUnfit) {
      if (!widens) return undefined
      const above = text.slice(0, text.lastIndexOf('/') + 1)
      return parseTopicFilter(`${above}#`, Number.POSITIVE_INFINITY)
    }
    text += value
  }
  return parseTopicFilter(text, Number.POSITIVE_INFINITY)
}

/** A pattern of names: `*` is any run of characters, none included. */
export class NamePattern {
  /** What stands between the asterisks. */
  readonly #pieces: readonly Template[]

  constructor(pieces: readonly Template[]) {
    this.#pieces = pieces
  }

  /** Names of the client are taken as they are: an asterisk in them is one. */
  matches(name: string, principal: Principal): boolean {
    const pieces = this.#pieces
    let at = 0
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index]
      const text = piece && fill(piece, principal)
      if (text === undefined) return false
      const isLast = index === pieces.length - 1
      if (index === 0) {
        if (isLast) return name === text
        if (!name.startsWith(text)) return false
        at = text.length
      } else if (isLast) return name.length - text.length >= at && name.endsWith(text)
      else {
        const found = name.indexOf(text, at)
        if (found === -1) return false
        at = found + text.length
      }
    }
    return false
  }
}

/** The pattern, or in words what is wrong with it. */
export function parseNamePattern(text: string): NamePattern | { readonly problem: string } {
  const pieces: Template[] = []
  for (const piece of text.split('*')) {
    const template = parseTemplate(piece)
    if ('problem' in template) return template
    pieces.push(template)
  }
  return new NamePattern(pieces)
}

// Mosquitto's ACL file: `topic`, `user` and `pattern` lines. What it decides for whom is acl's.

import { parseTopicFilter, type TopicFilter } from '../core/topic.ts'
import { AccessFileError } from './file-error.ts'
import type { Line } from './file-text.ts'

/** What a rule grants, as bits; a deny grants nothing and forbids both. */
export const READ = 1
export const WRITE = 2

export interface Rule {
  /** 0 for `deny`. */
  readonly grants: number
  /** Of a pattern: with `%c` and `%u` still in it. */
  readonly filter: TopicFilter
  /** From 1. */
  readonly line: number
  /** As it is written. */
  readonly text: string
}

export interface AclFile {
  /** As it was named. */
  readonly file: string
  /** The rules of each user; under undefined those of anonymous clients. */
  readonly byUser: ReadonlyMap<string | undefined, readonly Rule[]>
  /** Rules for everybody. */
  readonly patterns: readonly Rule[]
}

const ACCESS: ReadonlyMap<string, number> = new Map([
  ['read', READ],
  ['write', WRITE],
  ['readwrite', READ | WRITE],
  ['deny', 0],
])
/** The words of a file, and what must follow them. */
const FORMS = 'user NAME, topic [read|write|readwrite|deny] FILTER, pattern [...] FILTER'

/** Throws {@link AccessFileError} at the first bad line. */
export function parseAclFile(file: string, lines: readonly Line[]): AclFile {
  const byUser = new Map<string | undefined, Rule[]>()
  const patterns: Rule[] = []
  let user: string | undefined
  for (const { number, text } of lines) {
    const refuse = (why: string) => new AccessFileError(file, number, why)
    const [, word = '', rest = ''] = /^ *([^ ]+)(?: +(.*))?$/.exec(text) ?? []
    if (word === 'user') {
      user = rest.trim()
      if (user === '') throw refuse('the name of the user is missing')
    } else if (word === 'topic' || word === 'pattern') {
      const rule = { ...parseRule(rest, refuse), line: number, text: text.trim() }
      const rules = word === 'pattern' ? patterns : rulesOf(byUser, user)
      rules.push(rule)
    } else throw refuse(`${word} is not known: a line is ${FORMS}`)
  }
  return { file, byUser, patterns }
}

function rulesOf(byUser: Map<string | undefined, Rule[]>, user: string | undefined): Rule[] {
  const rules = byUser.get(user) ?? []
  byUser.set(user, rules)
  return rules
}

/** The first word says what is granted only where a topic follows: a topic may be called `read`. */
function parseRule(text: string, refuse: (why: string) => Error): Pick<Rule, 'grants' | 'filter'> {
  const space = text.indexOf(' ')
  const isSingle = space === -1
  const word = isSingle ? 'readwrite' : text.slice(0, space)
  const topic = isSingle ? text : text.slice(space + 1).trim()
  if (topic === '') throw refuse('the topic is missing')
  const grants = ACCESS.get(word)
  if (grants === undefined) throw refuse(`${word} is none of ${[...ACCESS.keys()].join(', ')}`)
  const filter = parseTopicFilter(topic, Number.POSITIVE_INFINITY)
  if (filter === undefined) throw refuse(`${topic} is no topic filter`)
  return { grants, filter }
}

// The rules file: which keys it has and which values they take. What the rules decide for whom is
// rule-book's.

import type { Node } from 'yaml'
import { suggest } from '../base/suggest.ts'
import type { Qos } from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import { type AddressRange, isNetwork, networkOf, parseRange } from './address.ts'
import { CONNECT, PUBLISH, READ, type Role, type Rule, SUBSCRIBE, type Who } from './rule.ts'
import { type Entry, RuleYaml } from './rule-yaml.ts'
import {
  type NamePattern,
  parseNamePattern,
  parseTemplate,
  sampleFilter,
  type Template,
} from './template.ts'

export interface RulesFile {
  /** As it was named. */
  readonly file: string
  readonly roles: ReadonlyMap<string, Role>
  /** In their order. */
  readonly rules: readonly Rule[]
}

const TOP_KEYS = ['roles', 'rules']
const ROLE_KEYS = ['users', 'roles']
const RULE_KEYS = [
  ...['allow', 'deny', 'user', 'anonymous', 'role', 'client', 'address', 'front'],
  ...['topic', 'retain', 'qosMax'],
]
const ALL = CONNECT | PUBLISH | SUBSCRIBE | READ
const ACTS: ReadonlyMap<string, number> = new Map([
  ['connect', CONNECT],
  ['publish', PUBLISH],
  ['subscribe', SUBSCRIBE],
  ['read', READ],
  ['all', ALL],
])
const FRONTS: readonly Principal['front'][] = ['mqtt', 'http', 'coap', 'embedded']

type Keys = ReadonlyMap<string, Entry>

/** Throws {@link AccessFileError} with all that is wrong. */
export function parseRulesFile(file: string, text: string): RulesFile {
  const yaml = new RuleYaml(file, text)
  const parsed = new RulesReader(yaml).read()
  yaml.finish()
  return { file, ...parsed }
}

/** What a role is made of, before roles of roles are followed. */
interface Group {
  readonly users: readonly NamePattern[]
  readonly roles: readonly { readonly node: Node; readonly text: string }[]
}

class RulesReader {
  readonly #yaml: RuleYaml
  #groups: ReadonlyMap<string, Group> = new Map()

  constructor(yaml: RuleYaml) {
    this.#yaml = yaml
  }

  read(): Omit<RulesFile, 'file'> {
    const keys = this.#yaml.known(this.#yaml.contents, 'the file', TOP_KEYS)
    if (keys === undefined) return { roles: new Map(), rules: [] }
    this.#groups = this.#readGroups(keys.get('roles'))
    const list = keys.get('rules')
    if (list === undefined) this.#yaml.refuse(undefined, 'rules: is missing')
    const elements = list === undefined ? [] : this.#yaml.elements(list.value ?? list.key, 'rules')
    const rules = (elements ?? []).flatMap((node) => this.#readRule(node) ?? [])
    if (elements !== undefined && rules.length === elements.length) this.#checkUse(rules, list)
    return { roles: this.#flatten(), rules }
  }

  /** What is written well and cannot be meant. */
  #checkUse(rules: readonly Rule[], list: Entry | undefined): void {
    const allows = (act: number) => rules.some((rule) => rule.allows && (rule.acts & act) !== 0)
    if (!allows(CONNECT)) {
      this.#yaml.refuse(list?.key, 'nobody could connect: add a rule such as - allow: connect')
    } else if (allows(SUBSCRIBE) && !allows(READ)) {
      const text = 'nobody could read what he subscribes to: allow read as well'
      this.#yaml.refuse(list?.key, text)
    }
  }

  #readGroups(entry: Entry | undefined): Map<string, Group> {
    const groups = new Map<string, Group>()
    if (entry === undefined || this.#yaml.isEmpty(entry.value)) return groups
    for (const role of this.#yaml.entries(entry.value, 'roles') ?? []) {
      groups.set(role.name, this.#readGroup(role))
    }
    return groups
  }

  /** A list of users, or users and roles; nothing for a role that clients bring with them. */
  #readGroup(role: Entry): Group {
    if (this.#yaml.isEmpty(role.value)) return { users: [], roles: [] }
    if (!this.#yaml.isMap(role.value)) return { users: this.#patterns(role), roles: [] }
    const keys = this.#yaml.known(role.value, `role ${role.name}`, ROLE_KEYS)
    const users = keys?.get('users')
    const roles = keys?.get('roles')
    return {
      users: users === undefined ? [] : this.#patterns(users),
      roles: roles === undefined ? [] : this.#yaml.texts(roles),
    }
  }

  /** Roles with those below them. */
  #flatten(): ReadonlyMap<string, Role> {
    const roles = new Map<string, Role>()
    for (const name of this.#groups.keys()) {
      const names = new Set<string>()
      const users: NamePattern[] = []
      this.#gather(name, names, users)
      roles.set(name, { users, names: [...names] })
    }
    return roles
  }

  /** A role that is below itself adds nothing. */
  #gather(name: string, names: Set<string>, users: NamePattern[]): void {
    if (names.has(name)) return
    names.add(name)
    const group = this.#groups.get(name)
    users.push(...(group?.users ?? []))
    for (const { node, text } of group?.roles ?? []) {
      if (this.#isRole(node, text)) this.#gather(text, names, users)
    }
  }

  #isRole(node: Node, name: string): boolean {
    if (this.#groups.has(name)) return true
    const meant = suggest(name, this.#groups.keys())
    const hint = meant === undefined ? '; name it under roles:' : `, did you mean ${meant}?`
    this.#yaml.refuse(node, `${name} is not a role${hint}`)
    return false
  }

  #readRule(node: Node): Rule | undefined {
    const keys = this.#yaml.known(node, 'a rule', RULE_KEYS)
    if (keys === undefined) return undefined
    const [verb, ...others] = [keys.get('allow'), keys.get('deny')].filter((one) => one)
    if (verb === undefined || others.length > 0) {
      this.#yaml.refuse(node, 'a rule has either allow or deny')
      return undefined
    }
    const acts = this.#acts(verb)
    const allows = verb.name === 'allow'
    const topic = keys.get('topic')
    const retain = keys.get('retain')
    const qosMax = keys.get('qosMax')
    if (topic !== undefined && (acts & CONNECT) !== 0) {
      const text = 'connect has no topic: give it a rule of its own'
      this.#yaml.refuse(topic.key, text)
    }
    for (const entry of [retain, qosMax]) {
      if (entry === undefined || (acts & PUBLISH) !== 0) continue
      this.#yaml.refuse(entry.key, `${entry.name} is for publish`)
    }
    if (qosMax !== undefined && !allows) {
      this.#yaml.refuse(qosMax.key, 'qosMax is for allow: a higher QoS is what no rule allows')
    }
    return {
      allows,
      acts,
      who: this.#who(keys),
      topics: topic && this.#topics(topic),
      retain: retain && this.#flag(retain),
      qosMax: qosMax === undefined ? 2 : this.#qos(qosMax),
      line: this.#yaml.lineOf(node),
      text: this.#yaml.textOf(node),
    }
  }

  #acts(verb: Entry): number {
    let acts = 0
    for (const { node, text } of this.#yaml.texts(verb)) {
      const act = ACTS.get(text)
      if (act !== undefined) acts |= act
      else {
        const meant = suggest(text, ACTS.keys())
        const hint = meant === undefined ? '' : `, did you mean ${meant}?`
        this.#yaml.refuse(node, `${text} is none of ${[...ACTS.keys()].join(', ')}${hint}`)
      }
    }
    return acts
  }

  #who(keys: Keys): Who {
    const users = keys.get('user')
    const anonymous = keys.get('anonymous')
    const roles = keys.get('role')
    const clients = keys.get('client')
    const addresses = keys.get('address')
    const fronts = keys.get('front')
    const isAnonymous = anonymous && this.#flag(anonymous)
    if (users !== undefined && isAnonymous === true) {
      this.#yaml.refuse(users.key, 'an anonymous client has no user name')
    }
    return {
      users: users && this.#patterns(users),
      isAnonymous,
      roles: roles && this.#roles(roles),
      clients: clients && this.#patterns(clients),
      addresses: addresses && this.#addresses(addresses),
      fronts: fronts && this.#fronts(fronts),
    }
  }

  #patterns(entry: Entry): NamePattern[] {
    return this.#yaml.texts(entry).flatMap(({ node, text }) => {
      const pattern = parseNamePattern(text)
      if (!('problem' in pattern)) return [pattern]
      this.#yaml.refuse(node, pattern.problem)
      return []
    })
  }

  #roles(entry: Entry): string[] {
    const texts = this.#yaml.texts(entry).filter(({ node, text }) => this.#isRole(node, text))
    return texts.map(({ text }) => text)
  }

  #fronts(entry: Entry): string[] {
    return this.#yaml.texts(entry).map(({ node, text }) => {
      if (!FRONTS.some((front) => front === text)) {
        this.#yaml.refuse(node, `${text} is none of ${FRONTS.join(', ')}`)
      }
      return text
    })
  }

  #addresses(entry: Entry): AddressRange[] {
    return this.#yaml.texts(entry).flatMap(({ node, text }) => {
      const range = parseRange(text)
      if (range === undefined) {
        const forms = '192.0.2.7, 10.0.0.0/8, 2001:db8::/32 or local'
        this.#yaml.refuse(node, `${text} is no address and no range, such as ${forms}`)
        return []
      }
      if (isNetwork(range)) return [range]
      this.#yaml.refuse(node, `${text} is no range, did you mean ${networkOf(range)}?`)
      return []
    })
  }

  #topics(entry: Entry): Template[] {
    return this.#yaml.texts(entry).flatMap(({ node, text }) => {
      const template = parseTemplate(text)
      if ('problem' in template) {
        this.#yaml.refuse(node, template.problem)
        return []
      }
      if (sampleFilter(template) !== undefined) return [template]
      const isShared = text.startsWith('$share/')
      const why = isShared ? 'is written without $share/NAME/' : 'is no topic filter'
      this.#yaml.refuse(node, `${text} ${why}`)
      return []
    })
  }

  #flag({ name, key, value }: Entry): boolean | undefined {
    const flag = this.#yaml.scalar(value)
    if (typeof flag === 'boolean') return flag
    this.#yaml.refuse(value ?? key, `${name} must be true or false`)
    return undefined
  }

  #qos({ key, value }: Entry): Qos {
    const qos = this.#yaml.scalar(value)
    if (qos === 0 || qos === 1 || qos === 2) return qos
    this.#yaml.refuse(value ?? key, 'qosMax must be 0, 1 or 2')
    return 0
  }
}

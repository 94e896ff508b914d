// What the rules of one file decide. For each client those that are for him are looked out once; of
// these, the first in the file's order that speaks of what he does decides, and what none speaks of
// is denied.

import { covers, intersection, witnesses } from '../core/filter-sets.ts'
import type { Act, Principal } from '../core/ports.ts'
import { levels, type Topic, type TopicFilter } from '../core/topic.ts'
import {
  Decisions,
  PUBLISH_BITS,
  publishBit,
  READ_BIT,
  type Rights,
  type Ruling,
} from './rights.ts'
import { CONNECT, isFor, PUBLISH, READ, type Rule, rolesOf, SUBSCRIBE } from './rule.ts'
import type { RulesFile } from './rule-file.ts'
import { RuleTrie } from './rule-trie.ts'
import { fillFilter } from './template.ts'

/** Sets of rules that clients have in common and that are kept. Above: all are compiled anew. */
export const COMMON_MAX = 1024

/** One filter of one rule. */
interface Entry {
  /** The rule's place in the file. */
  readonly order: number
  /** Undefined: every topic. */
  readonly filter: TopicFilter | undefined
}

/** Filters to be looked up. */
interface Part {
  readonly entries: readonly Entry[]
  readonly trie: RuleTrie
  /** The rules for every topic. */
  readonly everywhere: readonly number[]
  readonly levelsMax: number
}

/** What clients for whom the same rules are have in common. */
interface Common {
  /** The rules, in their order. */
  readonly orders: readonly number[]
  /** Those whose topics have names of the client in them. */
  readonly named: readonly number[]
  /** The topics without. */
  readonly part: Part
  /** Where there are no others. */
  readonly rights: Rights | undefined
}

export class RuleBook {
  readonly #file: RulesFile
  readonly #decisions = new Decisions()
  /** By the rules that are not for everybody. */
  readonly #common = new Map<string, Common>()
  readonly #forAll: readonly number[]
  readonly #forSome: readonly number[]

  constructor(file: RulesFile) {
    this.#file = file
    const orders = [...file.rules.keys()]
    const isForSome = (order: number) =>
      Object.values(file.rules[order]?.who ?? {}).some((who) => who !== undefined)
    this.#forSome = orders.filter(isForSome)
    this.#forAll = orders.filter((order) => !isForSome(order))
  }

  /** What this client may do. */
  rightsOf(principal: Principal): Rights {
    const { rules, roles } = this.#file
    const own = rolesOf(roles, principal)
    const his = this.#forSome.filter((order) => {
      const rule = rules[order]
      return rule !== undefined && isFor(rule.who, principal, own)
    })
    const { orders, named, part, rights } = this.#commonOf(his)
    if (rights !== undefined) return rights
    const entries = named.flatMap((order) => this.#namedEntries(order, principal))
    return new RuleRights(this.#file, orders, [part, toPart(entries)], this.#decisions)
  }

  #commonOf(his: readonly number[]): Common {
    const key = his.join()
    const known = this.#common.get(key)
    if (known !== undefined) return known
    const orders = [...this.#forAll, ...his].sort((one, other) => one - other)
    const named = orders.filter((order) => this.#hasNames(order))
    const part = toPart(orders.flatMap((order) => this.#plainEntries(order)))
    const rights =
      named.length === 0 ? new RuleRights(this.#file, orders, [part], this.#decisions) : undefined
    if (this.#common.size >= COMMON_MAX) this.#common.clear()
    const common = { orders, named, part, rights }
    this.#common.set(key, common)
    return common
  }

  #hasNames(order: number): boolean {
    return this.#file.rules[order]?.topics?.some(({ plain }) => plain === undefined) === true
  }

  #plainEntries(order: number): Entry[] {
    const rule = this.#file.rules[order]
    if (rule === undefined || (rule.acts & ~CONNECT) === 0) return []
    if (rule.topics === undefined) return [{ order, filter: undefined }]
    return rule.topics.flatMap(({ plain }): Entry[] => {
      // The file's reader saw that it is a filter.
      return plain === undefined ? [] : [{ order, filter: plain as TopicFilter }]
    })
  }

  #namedEntries(order: number, principal: Principal): Entry[] {
    const { topics = [], allows = false } = this.#file.rules[order] ?? {}
    return topics.flatMap((template): Entry[] => {
      if (template.plain !== undefined) return []
      const filter = fillFilter(template, principal, !allows)
      return filter === undefined ? [] : [{ order, filter }]
    })
  }
}

function toPart(entries: readonly Entry[]): Part {
  const trie = new RuleTrie()
  const everywhere: number[] = []
  let levelsMax = 0
  for (const { order, filter } of entries) {
    if (filter === undefined) {
      everywhere.push(order)
      continue
    }
    trie.add(filter, order)
    levelsMax = Math.max(levelsMax, levels(filter))
  }
  return { entries, trie, everywhere, levelsMax }
}

/** What a rule speaks of, in the bits of a decision. */
function bitsOf({ acts, retain, qosMax }: Rule): number {
  let bits = (acts & READ) === 0 ? 0 : READ_BIT
  if ((acts & PUBLISH) === 0) return bits
  for (const qos of [0, 1, 2] as const) {
    if (qos > qosMax) break
    if (retain !== true) bits |= publishBit(qos, false)
    if (retain !== false) bits |= publishBit(qos, true)
  }
  return bits
}

/** What decided, if a rule did. */
interface Verdict {
  readonly isAllowed: boolean
  readonly rule: Rule | undefined
}

const NO_RULE: Verdict = { isAllowed: false, rule: undefined }

class RuleRights implements Rights {
  readonly mayConnect: boolean
  readonly bitsOf: (topic: Topic) => number
  readonly #file: RulesFile
  readonly #orders: readonly number[]
  readonly #parts: readonly Part[]
  readonly #levelsMax: number

  constructor(
    file: RulesFile,
    orders: readonly number[],
    parts: readonly Part[],
    decisions: Decisions,
  ) {
    this.#file = file
    this.#orders = orders
    this.#parts = parts
    this.bitsOf = decisions.keep((topic) => this.#decide(topic))
    this.#levelsMax = Math.max(...parts.map(({ levelsMax }) => levelsMax))
    this.mayConnect = this.#connecting().isAllowed
  }

  maySubscribe(filter: TopicFilter): boolean {
    return this.#subscribing(filter).isAllowed
  }

  ruling(act: Act): Ruling {
    const { isAllowed, rule } = this.#verdict(act)
    return { isAllowed, file: this.#file.file, line: rule?.line, text: rule?.text }
  }

  #verdict(act: Act): Verdict {
    switch (act.act) {
      case 'connect':
        return this.#connecting()
      case 'publish':
        return this.#about(act.topic, publishBit(act.qos, act.retain))
      case 'read':
        return this.#about(act.topic, READ_BIT)
      case 'subscribe':
        return this.#subscribing(act.filter)
    }
  }

  #connecting(): Verdict {
    for (const order of this.#orders) {
      const rule = this.#file.rules[order]
      if (rule !== undefined && (rule.acts & CONNECT) !== 0) return { isAllowed: rule.allows, rule }
    }
    return NO_RULE
  }

  /** All bits of a topic: each is the first rule's that speaks of it. */
  #decide(topic: Topic): number {
    let allowed = 0
    let open = PUBLISH_BITS | READ_BIT
    for (const rule of this.#matching(topic)) {
      const decided = bitsOf(rule) & open
      if (rule.allows) allowed |= decided
      open &= ~decided
      if (open === 0) break
    }
    return allowed
  }

  #about(topic: Topic, bit: number): Verdict {
    for (const rule of this.#matching(topic)) {
      if ((bitsOf(rule) & bit) !== 0) return { isAllowed: rule.allows, rule }
    }
    return NO_RULE
  }

  #matching(topic: Topic): Rule[] {
    const found: number[] = []
    for (const { trie, everywhere } of this.#parts) {
      found.push(...everywhere)
      trie.find(topic, found)
    }
    return found.sort((one, other) => one - other).flatMap((order) => this.#file.rules[order] ?? [])
  }

  /**
   * The first rule about subscribing that covers the whole filter forbids it or does not. Then
   * there must be something to read: a topic that the filter matches and that may be read.
   */
  #subscribing(filter: TopicFilter): Verdict {
    const deciding = this.#covering(filter, SUBSCRIBE)
    if (deciding?.allows === false) return { isAllowed: false, rule: deciding }
    for (const { entries } of this.#parts) {
      for (const entry of entries) {
        const verdict = this.#readable(filter, entry)
        if (verdict !== undefined) return verdict
      }
    }
    const unreadable = this.#covering(filter, READ)
    return unreadable?.allows === false ? { isAllowed: false, rule: unreadable } : NO_RULE
  }

  /** What allows it where some topic of the filter may be read because of this entry. */
  #readable(filter: TopicFilter, entry: Entry): Verdict | undefined {
    const rule = this.#file.rules[entry.order]
    if (rule === undefined || !rule.allows || (rule.acts & READ) === 0) return undefined
    const common = entry.filter === undefined ? filter : intersection(entry.filter, filter)
    if (common === undefined) return undefined
    for (const topic of witnesses(common, this.#levelsMax)) {
      const verdict = this.#about(topic, READ_BIT)
      if (verdict.isAllowed) return verdict
    }
    return undefined
  }

  /** The first rule about the act that holds for all of the filter. */
  #covering(filter: TopicFilter, act: number): Rule | undefined {
    let first = Number.POSITIVE_INFINITY
    for (const { entries } of this.#parts) {
      for (const { order, filter: wide } of entries) {
        if (order >= first || ((this.#file.rules[order]?.acts ?? 0) & act) === 0) continue
        if (wide === undefined || covers(wide, filter)) first = order
      }
    }
    return this.#file.rules[first]
  }
}

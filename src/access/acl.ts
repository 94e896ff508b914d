// What the rules of an ACL file come to for one client: compiled when he is first asked about, with
// his decisions kept. The semantics are Mosquitto's: of a user's own rules, then of the patterns, a
// deny goes before all grants, and what nothing grants is denied.

import type { Act } from '../core/ports.ts'
import { matches, type Topic, type TopicFilter } from '../core/topic.ts'
import { type AclFile, READ, type Rule, WRITE } from './acl-file.ts'
import { Decisions, PUBLISH_BITS, READ_BIT, type Rights, type Ruling } from './rights.ts'

/** Rules apart by how they are looked up: the filters without wildcards are a table. */
interface Tier {
  readonly rules: readonly Rule[]
  readonly plain: ReadonlyMap<string, number>
  readonly wild: readonly Rule[]
}

/** Bits that a tier says: READ, WRITE, and that it denies. */
const DENY = 4

/** The rules of one file, for as long as they are in force. */
export class Acl {
  readonly #file: AclFile
  readonly #tiers = new Map<string | undefined, Tier>()
  /** Rights that no pattern tells apart, by user. */
  readonly #shared = new Map<string | undefined, Rights>()
  readonly #decisions = new Decisions()

  constructor(file: AclFile) {
    this.#file = file
    for (const [user, rules] of file.byUser) this.#tiers.set(user, tierOf(rules))
  }

  /** What this client may do, whatever the rules of others. */
  rightsOf(user: string | undefined, clientId: string): Rights {
    const own = this.#tiers.get(user) ?? NO_RULES
    if (this.#file.patterns.length > 0) {
      return this.#compile(own, patternTier(this.#file.patterns, user, clientId))
    }
    // Users without rules share one, or names that nobody checks would fill the table.
    const key = this.#tiers.has(user) ? user : NOBODY
    const shared = this.#shared.get(key) ?? this.#compile(own, NO_RULES)
    this.#shared.set(key, shared)
    return shared
  }

  #compile(own: Tier, patterns: Tier): Rights {
    const bitsOf = this.#decisions.keep((topic) => {
      const granted = decide(own, patterns, topic)
      return (granted & READ && READ_BIT) | (granted & WRITE && PUBLISH_BITS)
    })
    return {
      mayConnect: true,
      bitsOf,
      // As in Mosquitto anything may be subscribed; what may not be read is not delivered.
      maySubscribe: () => true,
      ruling: (act) => ({ file: this.#file.file, ...rulingOf(own, patterns, act) }),
    }
  }
}

const NO_RULES: Tier = { rules: [], plain: new Map(), wild: [] }
/** A name that no client can have, since U+0000 is forbidden in it. */
const NOBODY = '\0'

function decide(own: Tier, patterns: Tier, topic: Topic): number {
  const mine = said(own, topic)
  if ((mine & DENY) !== 0) return 0
  if (mine === (READ | WRITE)) return mine
  const everybodys = said(patterns, topic)
  return (everybodys & DENY) !== 0 ? mine : mine | everybodys
}

/** As `decide`, with the line that did. */
function rulingOf(own: Tier, patterns: Tier, act: Act): Omit<Ruling, 'file'> {
  if (act.act === 'connect' || act.act === 'subscribe') return { isAllowed: true }
  const wanted = act.act === 'read' ? READ : WRITE
  for (const { rules } of [own, patterns]) {
    const matching = rules.filter(({ filter }) => matches(filter, act.topic))
    const rule =
      matching.find(({ grants }) => grants === 0) ??
      matching.find(({ grants }) => (grants & wanted) !== 0)
    if (rule !== undefined)
      return { isAllowed: rule.grants !== 0, line: rule.line, text: rule.text }
  }
  return { isAllowed: false }
}

function said(tier: Tier, topic: Topic): number {
  let bits = tier.plain.get(topic) ?? 0
  for (const { grants, filter } of tier.wild) {
    const isNew = grants === 0 || (bits & grants) !== grants
    if (isNew && matches(filter, topic)) bits |= grants === 0 ? DENY : grants
  }
  return bits
}

function tierOf(rules: readonly Rule[]): Tier {
  const plain = new Map<string, number>()
  const wild: Rule[] = []
  for (const rule of rules) {
    const { grants, filter } = rule
    if (/[+#]/.test(filter)) wild.push(rule)
    else plain.set(filter, (plain.get(filter) ?? 0) | (grants === 0 ? DENY : grants))
  }
  return { rules, plain, wild }
}

/** The patterns with this client's names in them. */
function patternTier(patterns: readonly Rule[], user: string | undefined, clientId: string): Tier {
  // With wildcards in his name a client would choose his rights himself.
  if (/[+#]/.test(user ?? '') || /[+#]/.test(clientId)) return NO_RULES
  return tierOf(
    patterns.flatMap((rule): Rule[] => {
      const { filter } = rule
      if (user === undefined && filter.includes('%u')) return []
      const text = filter.replace(/%[cu]/g, (name) => (name === '%c' ? clientId : (user ?? '')))
      // Names without wildcards leave a filter a filter.
      return [{ ...rule, filter: text as TopicFilter }]
    }),
  )
}

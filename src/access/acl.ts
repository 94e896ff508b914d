// What the rules of an ACL file come to for one client: compiled when he is first asked about, with
// his decisions kept. The semantics are Mosquitto's: of a user's own rules, then of the patterns, a
// deny goes before all grants, and what nothing grants is denied.

import { matches, type Topic, type TopicFilter } from '../core/topic.ts'
import { type AclFile, READ, type Rule, WRITE } from './acl-file.ts'

/** Decisions kept for one client. Above: his are forgotten and made anew. */
export const DECISIONS_PER_CLIENT_MAX = 4096
/** Decisions kept for all clients together. Above: all are forgotten and made anew. */
export const DECISIONS_MAX = 262_144

/** Rules apart by how they are looked up: the filters without wildcards are a table. */
interface Tier {
  readonly plain: ReadonlyMap<string, number>
  readonly wild: readonly Rule[]
}

/** Bits that a tier says: READ, WRITE, and that it denies. */
const DENY = 4

/** One client's rights. */
export interface Rights {
  mayRead(topic: Topic): boolean
  mayWrite(topic: Topic): boolean
}

/** The rules of one file, for as long as they are in force. */
export class Acl {
  readonly #file: AclFile
  readonly #tiers = new Map<string | undefined, Tier>()
  /** Rights that no pattern tells apart, by user. */
  readonly #shared = new Map<string | undefined, Rights>()
  #decisions = 0
  #generation = 0

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
    let decisions = new Map<Topic, number>()
    let generation = this.#generation
    const bitsOf = (topic: Topic): number => {
      if (generation !== this.#generation) {
        decisions = new Map()
        generation = this.#generation
      }
      const known = decisions.get(topic)
      if (known !== undefined) return known
      const bits = decide(own, patterns, topic)
      if (decisions.size >= DECISIONS_PER_CLIENT_MAX) {
        this.#decisions -= decisions.size
        decisions.clear()
      }
      decisions.set(topic, bits)
      this.#count()
      return bits
    }
    return {
      mayRead: (topic) => (bitsOf(topic) & READ) !== 0,
      mayWrite: (topic) => (bitsOf(topic) & WRITE) !== 0,
    }
  }

  #count(): void {
    this.#decisions += 1
    if (this.#decisions < DECISIONS_MAX) return
    this.#decisions = 0
    this.#generation += 1
  }
}

const NO_RULES: Tier = { plain: new Map(), wild: [] }
/** A name that no client can have, since U+0000 is forbidden in it. */
const NOBODY = '\0'

function decide(own: Tier, patterns: Tier, topic: Topic): number {
  const mine = said(own, topic)
  if ((mine & DENY) !== 0) return 0
  if (mine === (READ | WRITE)) return mine
  const everybodys = said(patterns, topic)
  return (everybodys & DENY) !== 0 ? mine : mine | everybodys
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
  return { plain, wild }
}

/** The patterns with this client's names in them. */
function patternTier(patterns: readonly Rule[], user: string | undefined, clientId: string): Tier {
  // With wildcards in his name a client would choose his rights himself.
  if (/[+#]/.test(user ?? '') || /[+#]/.test(clientId)) return NO_RULES
  return tierOf(
    patterns.flatMap(({ grants, filter }): Rule[] => {
      if (user === undefined && filter.includes('%u')) return []
      const text = filter.replace(/%[cu]/g, (name) => (name === '%c' ? clientId : (user ?? '')))
      // Names without wildcards leave a filter a filter.
      return [{ grants, filter: text as TopicFilter }]
    }),
  )
}

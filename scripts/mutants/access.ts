// Mutants of access: rules files, what they come to for a client, and what stays after a reload.

import type { Mutant } from './mutant.ts'

const SETS = 'src/core/filter-sets.ts'
const BOOK = 'src/access/rule-book.ts'
const TEMPLATE = 'src/access/template.ts'
const RULE = 'src/access/rule.ts'
const RULES = 'src/access/rules.ts'
const TRIE = 'src/access/rule-trie.ts'
const SESSIONS = 'src/session/sessions.ts'

const BOOKS = ['src/access/rule-book.test.ts']
const COMPARING = ['src/core/filter-sets.test.ts']
const CLIENTS = ['src/fronts/mqtt/rules.test.ts']

export const ACCESS_MUTANTS: readonly Mutant[] = [
  {
    name: 'lets a wildcard at the front cover topics with $',
    file: SETS,
    find: 'if (isApart(over, under)) return false',
    replace: 'if (over === under) return false',
    tests: COMPARING,
  },
  {
    name: 'takes a/+/# to cover a/#',
    file: SETS,
    find: 'return !hasParent && level',
    replace: 'return level',
    tests: COMPARING,
  },
  {
    name: 'lets wildcards at the front of a rule reach topics with $',
    file: TRIE,
    find: "if (!topic.startsWith('$')) return visit",
    replace: 'if (topic !== undefined) return visit',
    tests: BOOKS,
  },
  {
    name: 'lets the last rule decide',
    file: BOOK,
    find: 'return found.sort((one, other) => one - other)',
    replace: 'return found.sort((one, other) => other - one)',
    tests: BOOKS,
  },
  {
    name: 'puts names with a slash into topics',
    file: TEMPLATE,
    find: '/[/+#]/.test(value)',
    replace: '/[+#]/.test(value)',
    tests: BOOKS,
  },
  {
    name: 'lets a name begin a filter with $',
    file: TEMPLATE,
    find: "|| (text === '' && value.startsWith('$'))",
    replace: '',
    tests: BOOKS,
  },
  {
    name: 'forgets a deny where a name does not fit',
    file: TEMPLATE,
    find: 'if (!widens) return undefined',
    replace: 'if (value !== undefined) return undefined',
    tests: BOOKS,
  },
  {
    name: 'takes one role for another',
    file: RULE,
    find: 'if (roles !== undefined && !roles.some((role) => own.has(role))) return false',
    replace: 'if (roles !== undefined && own.size === 0) return false',
    tests: BOOKS,
  },
  {
    name: 'goes by the decision before a reload',
    file: RULES,
    find: 'Object.assign(last, NOTHING_YET)',
    replace: 'void last',
    tests: CLIENTS,
  },
  {
    name: 'tells clients of rules against the setting',
    file: RULES,
    find: 'const told = this.#tellsClients ?',
    replace: 'const told = this.#generation > 0 ?',
    tests: CLIENTS,
  },
  {
    name: 'takes the subscriptions of who must log in anew',
    file: SESSIONS,
    find: 'if (access.mayStay?.(principal) === false) continue',
    replace: 'if (access.mayStay === undefined) continue',
    tests: CLIENTS,
  },
]

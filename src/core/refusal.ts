// Why an act was refused, in words for the log and for the client. It is asked after the refusal
// and decides nothing.

import type { Access, Act, Explanation, Principal } from './ports.ts'

const OF_THE_SERVER: Explanation = {
  isAllowed: false,
  by: 'topics that begin with $ are the server’s',
  told: 'topics that begin with $ are the server’s',
}

/** Undefined where nobody can tell. */
export function explain(access: Access, principal: Principal, act: Act): Explanation | undefined {
  // Which no rules can allow: the hub refuses it before it asks [U5-18].
  if (act.act === 'publish' && act.topic.startsWith('$')) return OF_THE_SERVER
  return access.explain?.(principal, act)
}

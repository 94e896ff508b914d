// One rule of a rules file as it was read: for whom, for which acts and topics, and where it is.
// How it is written is rule-file's, what all rules come to for a client is rule-book's.

import type { Qos } from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import { type AddressRange, isWithin } from './address.ts'
import type { NamePattern, Template } from './template.ts'

/** The acts of a rule, as bits. */
export const CONNECT = 1
export const PUBLISH = 2
export const SUBSCRIBE = 4
export const READ = 8

/** Each that is given must hold; of those in one list, one. */
export interface Who {
  readonly users: readonly NamePattern[] | undefined
  readonly isAnonymous: boolean | undefined
  readonly roles: readonly string[] | undefined
  readonly clients: readonly NamePattern[] | undefined
  readonly addresses: readonly AddressRange[] | undefined
  readonly fronts: readonly string[] | undefined
}

export interface Rule {
  readonly allows: boolean
  readonly acts: number
  readonly who: Who
  /** Undefined: every topic, those with `$` included. */
  readonly topics: readonly Template[] | undefined
  /** Of publishing: only with the flag, only without it; undefined: both. */
  readonly retain: boolean | undefined
  /** Of publishing: up to this QoS. */
  readonly qosMax: Qos
  /** From 1. */
  readonly line: number
  /** As it is written. */
  readonly text: string
}

/** Who has a role: users by pattern, and whoever has one of `names`, its own among them. */
export interface Role {
  readonly users: readonly NamePattern[]
  readonly names: readonly string[]
}

/** The roles of a client: by his name, and those that he brought with him. */
export function rolesOf(
  roles: ReadonlyMap<string, Role>,
  principal: Principal,
): ReadonlySet<string> {
  const { user, roles: brought = [] } = principal
  const found = new Set<string>()
  for (const [name, { users, names }] of roles) {
    const isMember =
      (user !== undefined && users.some((pattern) => pattern.matches(user, principal))) ||
      (brought.length > 0 && names.some((one) => brought.includes(one)))
    if (isMember) found.add(name)
  }
  return found
}

/** Whether a rule for `who` is for this client, who has these roles. */
export function isFor(who: Who, principal: Principal, own: ReadonlySet<string>): boolean {
  const { users, isAnonymous, roles, clients, addresses, fronts } = who
  const { user, clientId, address, front } = principal
  if (isAnonymous !== undefined && isAnonymous !== (user === undefined)) return false
  if (users !== undefined) {
    if (user === undefined) return false
    if (!users.some((pattern) => pattern.matches(user, principal))) return false
  }
  if (roles !== undefined && !roles.some((role) => own.has(role))) return false
  if (clients !== undefined && !clients.some((one) => one.matches(clientId, principal))) {
    return false
  }
  if (addresses !== undefined && !isWithin(address, addresses)) return false
  return fronts === undefined || fronts.includes(front)
}

// The two plainest answers to who may do what. Rules, passwords and tokens are other
// implementations of the same port.

import { Reason } from '../base/reason.ts'
import type { Access, Credentials, Principal } from './ports.ts'

/** Lets everybody do everything. */
export const ALLOW_ALL: Access = {
  authenticate: (credentials) => ({
    reason: Reason.success,
    principal: principalOf(credentials),
  }),
  mayPublish: () => Reason.success,
  maySubscribe: () => Reason.success,
  mayRead: () => true,
}

/** Refuses everybody everything, for `reason`. */
export function denyAll(reason: Reason, text: string): Access {
  return {
    authenticate: () => ({ reason, principal: undefined, text }),
    mayPublish: () => reason,
    maySubscribe: () => reason,
    mayRead: () => false,
  }
}

/** The principal that credentials speak of, once they are believed. */
export function principalOf(credentials: Credentials): Principal {
  return {
    user: credentials.user,
    clientId: credentials.clientId,
    address: credentials.address,
    front: credentials.front,
  }
}

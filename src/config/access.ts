// The section `access` of a listener over that of the whole server, key by key.

import type { AccessFiles } from './config.ts'
import type { AccessSettings } from './schema.ts'

/** In place of a file: the listener has none, though the whole server has. */
const NONE = 'none'

export function toAccess(own: AccessSettings, all: AccessSettings): AccessFiles {
  const fileOf = (file: string | undefined) => (file === NONE ? undefined : file)
  return {
    allowAnonymous: own.allowAnonymous ?? all.allowAnonymous,
    passwordFile: fileOf(own.passwordFile ?? all.passwordFile),
    aclFile: fileOf(own.aclFile ?? all.aclFile),
  }
}

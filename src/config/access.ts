// The section `access` of a listener over that of the whole server, key by key.

import type { AccessFiles } from './config.ts'
import type { AccessSettings } from './schema.ts'

/** In place of a file: the listener has none, though the whole server has. */
const NONE = 'none'

export function toAccess(own: AccessSettings, all: AccessSettings): AccessFiles {
  const fileOf = (file: string | undefined) => (file === NONE ? undefined : file)
  // Either form of rules takes the place of both.
  const { aclFile, rulesFile } =
    own.aclFile === undefined && own.rulesFile === undefined ? all : own
  return {
    allowAnonymous: own.allowAnonymous ?? all.allowAnonymous,
    passwordFile: fileOf(own.passwordFile ?? all.passwordFile),
    aclFile: fileOf(aclFile),
    rulesFile: fileOf(rulesFile),
  }
}

// Who may come in by which listener: from the configuration to rules that are in force, what is
// wrong with the settings, and the words for the start-up page.

import { AccessFileError } from '../access/file-error.ts'
import { FileWatch } from '../access/file-watch.ts'
import { filesOf, isOpen } from '../access/rule-set.ts'
import { openRules, type Rules, SERVER_RULES } from '../access/rules.ts'
import { systemClock } from '../base/clock.ts'
import type { AccessFiles, Config, Listener } from '../config/config.ts'
import type { Access, Log } from '../core/ports.ts'
import { isLoopback, isSpoken, toUrl } from './listeners.ts'

/** The rules of a server and of its listeners. */
export interface OpenAccess {
  /** Undefined: everybody may do everything. */
  readonly server: Access | undefined
  /** What `reload` reads. */
  readonly files: readonly string[]
  /** Undefined: as for the whole server. */
  of(listener: Listener): Access | undefined
  /** Reads the files again; where one is broken, logs it and leaves in force what was. */
  reload(log: Log): Promise<void>
}

const OPEN: OpenAccess = {
  server: undefined,
  files: [],
  of: () => undefined,
  reload: () => Promise.resolve(),
}

/** Reads the files. Throws an AccessFileError. */
export async function openAccess({ access, listeners }: Config): Promise<OpenAccess> {
  const settings = new Map<string, AccessFiles>([[SERVER_RULES, access]])
  for (const listener of listeners) {
    if (listener.access !== undefined) settings.set(nameOf(listener), listener.access)
  }
  if ([...settings.values()].every(isOpen)) return OPEN
  const { reasonStrings } = access
  const rules = await openRules(settings, systemClock, { reasonStrings })
  return {
    server: rules,
    files: [...new Set([...settings.values()].flatMap(filesOf))],
    of: (listener) => (listener.access === undefined ? undefined : rules.at(nameOf(listener))),
    reload: (log) => reload(rules, log),
  }
}

/** Calls `changed` whenever one of the files has changed. Undefined where none is to be watched. */
export async function watchAccess(
  { access: { watch } }: Config,
  { files }: OpenAccess,
  log: Log,
  changed: () => void,
): Promise<FileWatch | undefined> {
  if (!watch || files.length === 0) return undefined
  const found = new FileWatch(files, {
    clock: systemClock,
    changed: () => {
      log.info('access files changed')
      changed()
    },
    failed: (folder, error) => {
      log.warn('access files are not watched, SIGHUP reloads', { folder, error: error.message })
    },
  })
  await found.start()
  return found
}

async function reload(rules: Rules, log: Log): Promise<void> {
  try {
    await rules.reload()
    log.info('access rules reloaded')
  } catch (error) {
    if (!(error instanceof AccessFileError)) throw error
    log.error('access rules not reloaded, the old ones stay', { error: error.message })
  }
}

/** It outlives restarts in what is stored, so it must not depend on the order of the listeners. */
export function nameOf({ protocol, place }: Listener): string {
  return toUrl(protocol, place)
}

/** Why these settings cannot be meant, and the lines that fix it. */
export function accessProblems({ access, listeners }: Config): string[] {
  for (const listener of listeners.filter(isSpoken)) {
    const { allowAnonymous, passwordFile } = listener.access ?? access
    if (passwordFile !== undefined) continue
    const where = toUrl(listener.protocol, listener.place)
    if (allowAnonymous === false) {
      const missing = 'access.allowAnonymous is false, and there is no access.passwordFile'
      return [`nobody could come in by ${where}: ${missing}`]
    }
    if (allowAnonymous !== true && !isLoopback(listener.place) && 'host' in listener.place) {
      return exposed(listener.place.host)
    }
  }
  return []
}

function exposed(host: string): string[] {
  return [
    `${host} can be reached from other machines, and nothing asks who comes in. Ask for passwords:`,
    '  rameau passwd -c passwords me',
    `  rameau start --host ${host} --set access.passwordFile=passwords`,
    'or let everybody in, to do everything, with --allow-anonymous',
  ]
}

/**
 * Whether a user name counts at the listener with these rules: where its file has it, or where no
 * listener asks for passwords.
 */
export function isNameChecked({ access, listeners }: Config, rules: string | undefined): boolean {
  const settings = [access, ...listeners.flatMap((listener) => listener.access ?? [])]
  const own = listeners.find((listener) => nameOf(listener) === rules)?.access ?? access
  return own.passwordFile !== undefined || settings.every((one) => one.passwordFile === undefined)
}

export function isAnonymousAllowed({ allowAnonymous, passwordFile }: AccessFiles): boolean {
  return allowAnonymous ?? passwordFile === undefined
}

/** `users of passwords, rules of acl`; for people. */
export function accessText(settings: AccessFiles, isLocal: boolean): string {
  const { passwordFile, aclFile, rulesFile } = settings
  const rules = rulesFile ?? aclFile
  const isNamed = passwordFile !== undefined
  const users = isNamed ? [`users of ${passwordFile}`] : []
  const anonymous = isAnonymousAllowed(settings) ? ['anonymous'] : []
  const may = rules === undefined ? 'everything allowed' : `rules of ${rules}`
  const from = isNamed ? [] : [isLocal ? 'from this machine only' : 'from anywhere']
  const unchecked = !isNamed && rules !== undefined ? ['user names are not checked'] : []
  const parts = [[...users, ...anonymous].join(' and '), may, ...from, ...unchecked]
  return parts.join(', ')
}

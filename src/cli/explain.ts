// `rameau explain`: what a client may do under the configuration's rules, and which rule says so.
// The answer is the server's own; nobody logs in here, so names are believed.

import { AccessFileError } from '../access/file-error.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/layer.ts'
import { loadConfig } from '../config/load.ts'
import type { Qos } from '../core/message.ts'
import type { Act, Explanation, Principal } from '../core/ports.ts'
import { explain } from '../core/refusal.ts'
import { parseSubscriptionFilter, parseTopic } from '../core/topic.ts'
import { isNameChecked, nameOf, openAccess } from './access.ts'
import { toSources } from './flags.ts'
import { Exit, refuse } from './start.ts'

/** What commander makes of the flags. */
export interface ExplainFlags {
  readonly client: string
  readonly user?: string
  readonly topic?: string
  readonly role?: readonly string[]
  readonly claim?: Readonly<Record<string, string>>
  readonly address: string
  readonly front: Principal['front']
  readonly qos: Qos
  readonly retain?: true
  readonly listener?: string
  readonly config?: string
  readonly set?: readonly string[]
}

const NO_RULES: Explanation = { isAllowed: true, by: 'no rules are set, everything is allowed' }

/** 0: allowed; 1: denied; 2: the question or the configuration is wrong. */
export async function explainAct(name: Act['act'], flags: ExplainFlags): Promise<Exit> {
  try {
    const config = loadConfig(toSources(flags, process.env))
    const act = toAct(name, flags, config.limits.topicLevelsMax)
    if (typeof act === 'string') return refuse([act], Exit.usage)
    const found = listenerOf(config, flags.listener)
    if (typeof found === 'string') return refuse([found], Exit.usage)

    const { server } = await openAccess(config)
    const principal = principalOf(config, found.rules, flags)
    if (principal.user === undefined && flags.user !== undefined) {
      console.error('rameau: user names are not checked here, so he counts as anonymous')
    }
    return tell(server === undefined ? NO_RULES : explain(server, principal, act))
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems, Exit.usage)
    if (error instanceof AccessFileError) return refuse([error.message], Exit.usage)
    throw error
  }
}

function tell({ isAllowed, by, rule }: Explanation = NO_RULES): Exit {
  console.log(`${isAllowed ? 'allowed' : 'denied'}: ${by}`)
  for (const line of rule?.split('\n') ?? []) console.log(`    ${line}`)
  return isAllowed ? Exit.fine : Exit.failure
}

/** The act, or what is wrong with the question. */
function toAct(act: Act['act'], flags: ExplainFlags, levelsMax: number): Act | string {
  const { topic: text, qos, retain = false } = flags
  if (act === 'connect') return { act }
  if (text === undefined) return `explain ${act} wants --topic`
  if (act === 'subscribe') {
    const asked = parseSubscriptionFilter(text, levelsMax)
    return asked === undefined ? `${text} is no topic filter` : { act, filter: asked.filter }
  }
  const topic = parseTopic(text, levelsMax)
  if (topic === undefined) return `${text} is no topic`
  return act === 'read' ? { act, topic } : { act, topic, qos, retain }
}

/** The name of its rules, where it has rules of its own; or what is wrong with the question. */
function listenerOf({ listeners }: Config, url: string | undefined): { rules?: string } | string {
  if (url === undefined) return {}
  const found = listeners.find((listener) => nameOf(listener) === url)
  if (found === undefined) {
    return `there is no listener ${url}, but ${listeners.map(nameOf).join(', ')}`
  }
  return found.access === undefined ? {} : { rules: url }
}

function principalOf(config: Config, rules: string | undefined, flags: ExplainFlags): Principal {
  const { client: clientId, user, role: roles, claim: claims, address, front } = flags
  return {
    user: isNameChecked(config, rules) ? user : undefined,
    ...{ clientId, address, front },
    ...(rules === undefined ? {} : { rules }),
    ...(roles === undefined ? {} : { roles }),
    ...(claims === undefined ? {} : { claims }),
  }
}

// The flags of `rameau explain`. What it answers is explain's, which is loaded only when it runs.

import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { Qos } from '../core/message.ts'
import type { Act } from '../core/ports.ts'
import type { ExplainFlags } from './explain.ts'

/** `ended` takes the exit code. */
export function addExplainCommand(program: Command, ended: (code: number) => void): void {
  const acts = ['connect', 'publish', 'subscribe', 'read'] as const
  program
    .command('explain')
    .description('say what somebody may do, and which rule decides')
    .addArgument(new Argument('<act>', 'what he wants to do').choices(acts))
    .option('--client <id>', 'his client id', '')
    .option('--user <name>', 'his user name; without one he is anonymous')
    .option('--topic <topic>', 'the topic, or the filter of subscribe')
    .option('--role <role>', 'a role that he brings with him; may be repeated', collect)
    .option('--claim <name=value>', 'a claim of his token; may be repeated', collectClaim)
    .option('--address <address>', 'where he connects from', '127.0.0.1')
    .addOption(
      new Option('--front <front>', 'by what he comes')
        .choices(['mqtt', 'http', 'coap', 'embedded'])
        .default('mqtt'),
    )
    .option('--qos <qos>', 'the QoS of publish', parseQos, 0)
    .option('--retain', 'publish with retain')
    .option('--listener <url>', 'the rules of that listener, such as mqtt://0.0.0.0:1883')
    .option('--config <file>', 'configuration file')
    .option('--set <key=value>', 'any configuration key; may be repeated', collect)
    .action(async (act: Act['act'], flags: ExplainFlags) => {
      const { explainAct } = await import('./explain.ts')
      ended(await explainAct(act, flags))
    })
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function collectClaim(text: string, before: Readonly<Record<string, string>> = {}) {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('It must be NAME=VALUE.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

function parseQos(text: string): Qos {
  const qos = Number(text)
  if (qos === 0 || qos === 1 || qos === 2) return qos
  throw new InvalidArgumentError('It must be 0, 1 or 2.')
}

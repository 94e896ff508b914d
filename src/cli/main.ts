// The command line: names every command and loads only the one that runs. bin/rameau.js begins
// here.

import { Command, CommanderError } from 'commander'
import { addCertCommands } from './cert-commands.ts'
import { addConfigCommands } from './config-commands.ts'
import { addExplainCommand } from './explain-flags.ts'
import { addStartFlags, type StartFlags } from './flags.ts'
import { VERSION } from '../base/version.ts'
import { addPasswdFlags, type PasswdFlags } from './passwd-flags.ts'
import { addStoreCommands } from './store-commands.ts'

/** The named commands that this version does not have yet, so that scripts learn it in one line. */
const LATER: Readonly<Record<string, string>> = {
  pub: 'publish a message',
  sub: 'subscribe and print what comes',
  request: 'publish a request and wait for the response',
  bench: 'measure a broker',
  check: 'check what a broker conforms to',
  context: 'remember brokers by name',
  get: 'read a topic over CoAP or HTTP',
  put: 'set a topic’s state over CoAP or HTTP',
  post: 'send an event over CoAP or HTTP',
  delete: 'clear a topic’s state over CoAP or HTTP',
  observe: 'watch a topic over CoAP or HTTP',
  import: 'turn a mosquitto.conf into a configuration',
}

const USAGE_ERROR = 2

async function main(args: readonly string[]): Promise<number> {
  const program = new Command('rameau')
    .description('An MQTT server: one topic tree for every protocol.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'rameau: ')),
    })

  let code = 0
  addStartFlags(program.command('start').description('start the server')).action(
    async (flags: StartFlags) => {
      const { start } = await import('./start.ts')
      code = await start(flags)
    },
  )
  addPasswdFlags(program.command('passwd').description('manage users and passwords')).action(
    async (file: string, user: string, password: string | undefined, flags: PasswdFlags) => {
      const { passwd } = await import('./passwd.ts')
      code = await passwd(file, user, password, flags)
    },
  )
  const ended = (exit: number): void => {
    code = exit
  }
  addConfigCommands(
    program.command('config').description('check, show or write a configuration'),
    ended,
  )
  program
    .command('health')
    .description('ask a server how it is')
    .argument('[url]', 'http://, https://, mqtt://, mqtts:// or unix:/path (this configuration’s)')
    .option('--tls-ca <file>', 'authorities to trust, and no others (PEM)')
    .action(async (url: string | undefined, { tlsCa }: { tlsCa?: string }) => {
      const { health } = await import('./health.ts')
      code = await health(url, tlsCa)
    })
  addExplainCommand(program, ended)
  addStoreCommands(
    program.command('store').description('check, measure, export or import a store'),
    ended,
  )
  addCertCommands(program.command('cert').description('make certificates'), ended)
  for (const [name, text] of Object.entries(LATER)) {
    program
      .command(name)
      .description(`${text} (not yet)`)
      .helpOption(false) // `-h` is the host of pub and sub.
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        console.error(`rameau: ${name} is not in this version yet`)
        code = 1
      })
  }

  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    // Commander has written what is wrong, or the help that was asked for.
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE_ERROR
  }
  return code
}

// At once: nothing that still waits, such as a client that lingers, holds up the end.
process.exit(await main(process.argv.slice(2)))

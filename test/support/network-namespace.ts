// A network of its own for some processes, so that fixed ports are free and nothing outside can be
// reached. Where the machine allows none, the processes get the network that everybody has.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Sets the loopback interface up as `ip link set lo up` does, without needing `ip`. */
const LOOPBACK_UP =
  'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; ' +
  'my $up = pack("a16 s x14", "lo", 0x41); ioctl($s, 0x8914, $up) or die;'

/** As root; and as anybody, where the machine lets people have user namespaces. */
const WAYS = [
  { unshare: ['-n'], nsenter: ['-n'] },
  { unshare: ['-r', '-n'], nsenter: ['-U', '--preserve-credentials', '-n'] },
] as const

export class NetworkNamespace {
  /** Holds it open; undefined where there is none. */
  readonly #holder: ChildProcess | undefined
  readonly #enter: readonly string[]

  private constructor(holder: ChildProcess | undefined, enter: readonly string[]) {
    this.#holder = holder
    this.#enter = enter
  }

  static async open(): Promise<NetworkNamespace> {
    for (const { unshare, nsenter } of WAYS) {
      const script = `perl -e '${LOOPBACK_UP}' && echo up && exec cat`
      const holder = spawn('unshare', [...unshare, 'sh', '-c', script], {
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      if ((await firstLine(holder)) === 'up') {
        return new NetworkNamespace(holder, ['nsenter', '-t', `${holder.pid}`, ...nsenter])
      }
      holder.kill('SIGKILL')
    }
    return new NetworkNamespace(undefined, [])
  }

  get isOwn(): boolean {
    return this.#holder !== undefined
  }

  /** The command that runs `command` in it, as the same process. */
  inside(command: readonly string[]): string[] {
    return [...this.#enter, ...command]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const holder = this.#holder
    if (holder === undefined) return
    holder.stdin?.end()
    if (holder.exitCode === null) await once(holder, 'exit')
  }
}

/** Undefined where the process ends without one, or cannot be started. */
async function firstLine(child: ChildProcess): Promise<string | undefined> {
  const ended = new Promise<undefined>((resolve) => {
    child.once('error', () => resolve(undefined)).once('exit', () => resolve(undefined))
  })
  const { stdout } = child
  if (stdout === null) return undefined
  const line = new Promise<string>((resolve) => createInterface(stdout).once('line', resolve))
  return Promise.race([line, ended])
}

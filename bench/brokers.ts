// The brokers that are measured, each started in its own process on a free port and ended here.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const START_MS_MAX = 10_000

export interface Broker {
  readonly name: string
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** Rameau as users start it, quiet and in memory. */
export async function startRameau(): Promise<Broker> {
  const port = await freePort()
  const ports = ['--mqtt', `${port}`, '--ws', 'off', '--http', 'off']
  const args = ['start', '--memory', ...ports, '--log-level', 'warn']
  const child = spawn(join(ROOT, 'bin', 'rameau.js'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return ready('Rameau', child, port, () => undefined)
}

/** Mosquitto without a bound on its queues, which it would else reach at QoS 1 and 2. */
export async function startMosquitto(path: string): Promise<Broker> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'rameau-bench-'))
  const file = join(folder, 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_queued_messages 0',
    'max_inflight_messages 1024',
    'set_tcp_nodelay true',
    // Started as root it would else become another user, whose figures are not ours to read.
    `user ${userInfo().username}`,
    'log_type error',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn(path, ['-c', file], { stdio: 'ignore' })
  return ready('Mosquitto', child, port, () => rmSync(folder, { recursive: true }))
}

async function ready(
  name: string,
  child: ChildProcess,
  port: number,
  clean: () => void,
): Promise<Broker> {
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    clean()
  }
  const deadlineMs = performance.now() + START_MS_MAX
  while (!(await answers(port))) {
    if (performance.now() > deadlineMs || child.exitCode !== null) {
      await stop()
      throw new Error(`${name} did not come up`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { name, port, pid: child.pid ?? 0, stop }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A port that was free a moment ago: Mosquitto cannot be asked for one and tell it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

#!/bin/sh
':' /*
# The executable, for sh and for Node at once: sh reads down to the exec and JavaScript takes the
# same lines for a comment. It starts the command line (cli/main) and knows nothing of it.
#
# In a checkout the program is TypeScript and needs the pinned Node, so sh becomes that Node: one
# process, one pid, and a kill -9 of it leaves nothing behind. The published package has no src/
# and is plain JavaScript for the Node that the user has.

self=$0
while link=$(readlink "$self"); do
  case $link in
    /*) self=$link ;;
    *) self=$(dirname -- "$self")/$link ;;
  esac
done
root=$(CDPATH= cd -P -- "$(dirname -- "$self")/.." && pwd) || exit 1
pinned=$root/node_modules/.bin/node
if [ -f "$root/src/cli/main.ts" ] && [ -x "$pinned" ]; then
  exec "$pinned" "$root/src/cli/main.ts" "$@"
fi
exec node "$root/bin/rameau.js" "$@"
*/

// From here on: `node bin/rameau.js`, the published package, and a machine without a pinned Node.

import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'src', 'cli', 'main.ts')
const pinned = join(root, 'node_modules', '.bin', 'node')

if (!existsSync(source)) await import('../dist/cli/main.js')
else if (existsSync(pinned) && realpathSync(pinned) !== realpathSync(process.execPath)) become()
else if (process.features.typescript) await import(pathToFileURL(source).href)
else {
  console.error(`rameau: Node ${process.version} cannot run this checkout; run npm ci first`)
  process.exitCode = 1
}

/** Goes on as the pinned Node: the same process where Node can do that, else a child. */
function become() {
  const args = [source, ...process.argv.slice(2)]
  if (process.execve !== undefined) process.execve(pinned, [pinned, ...args])
  else follow(args)
}

/**
 * Node before 22.15 has no execve, so here, and only here, there are two processes: this one
 * forwards signals to the child and ends as it ends. The child holds the other end of a pipe; when
 * this process is gone, however it went, the pipe closes and the child kills itself, as soon as its
 * event loop turns.
 */
function follow(args) {
  const watch =
    "import{Socket}from'node:net';" +
    "new Socket({fd:3}).on('error',()=>{}).on('close',()=>process.kill(process.pid,'SIGKILL'))" +
    '.resume().unref()'
  const preload = `data:text/javascript,${encodeURIComponent(watch)}`
  const child = spawn(pinned, ['--import', preload, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  })
  // A terminal sends its own signals to both processes already; twice would mean "stop now".
  const isOnTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const signals = ['SIGTERM', 'SIGUSR2', ...(isOnTerminal ? [] : ['SIGINT', 'SIGHUP', 'SIGQUIT'])]
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  if (isOnTerminal) for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {})
  child.on('error', (error) => {
    console.error(`rameau: cannot start ${pinned}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of [...signals, 'SIGINT', 'SIGQUIT']) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

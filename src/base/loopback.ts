// Which names and addresses of hosts mean this machine and no other, by their text alone.

/** A name counts as foreign unless it is `localhost`; brackets around IPv6 are as none. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:/i, '')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

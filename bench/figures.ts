// Figures as people read them.

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en')
}

export function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

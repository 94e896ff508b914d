// Refusals over HTTP in the one form that all of them have: problem details, RFC 9457.

/** `about:blank`: the title is the status's own and says it all; `detail` is for people. */
export function problem(
  status: number,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  return new Response(`${body}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

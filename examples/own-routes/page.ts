export interface Found {
  readonly text: string
  /** File in docs/. */
  readonly page: string
  readonly heading: string
}

export interface Results {
  readonly text: string
  readonly recent: readonly string[]
  readonly passages: readonly Found[]
}

const style =
  'body{font:1rem/1.5 system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem}input{font:inherit;width:70%}li{margin:1rem 0}small{color:#555}'

/** The page with the form, and what was found. Works without scripts. */
export function resultsPage({ text, recent, passages }: Results): string {
  const items = passages.map(
    ({ text: passage, page, heading }) =>
      `<li>${escaped(passage)}<br><small>${escaped(page)} – ${escaped(heading)}</small></li>`,
  )
  const links = recent.map((one) => `<a href="/find?text=${encodeURIComponent(one)}">${escaped(one)}</a>`)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Search the documentation</title>
<style>${style}</style>
<h1>Search the documentation</h1>
<form action="/find">
<input type="search" name="text" aria-label="Search for" value="${escaped(text)}" maxlength="200" autofocus>
<button>Search</button>
</form>
${links.length > 0 ? `<p>Searched before: ${links.join(', ')}</p>` : ''}
${items.length > 0 ? `<ol>${items.join('\n')}</ol>` : ''}
</html>
`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** As text, or as the value of an attribute in quotes. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter]!)
}

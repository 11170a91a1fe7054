/** How many searches a browser keeps. */
const most = 5

/** The searches in a cookie, the last one first. Anybody may have written it: what is no list of short texts is dropped. */
export function recentSearches(cookie: string | undefined): readonly string[] {
  try {
    const searches: unknown = JSON.parse(cookie ?? '[]')
    if (!Array.isArray(searches)) return []
    return searches
      .filter((one): one is string => typeof one === 'string' && one.length <= 200)
      .slice(0, most)
  } catch {
    return []
  }
}

/** The searches with one more in front. */
export function withSearch(recent: readonly string[], text: string): readonly string[] {
  return [text, ...recent.filter((one) => one !== text)].slice(0, most)
}

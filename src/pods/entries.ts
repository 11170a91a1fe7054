// What a pod begins with. '../pods' and not '.': when it runs, this file has been joined with others (scripts/bundle.mjs).

export const processEntry: URL = new URL('../pods/process/entry.js', import.meta.url)
export const threadEntry: URL = new URL('../pods/thread/entry.js', import.meta.url)

// Entry files of pods. '../pods' and not '.', because at run time this file is part of a bundle (scripts/bundle.mjs).

export const processEntry: URL = new URL('../pods/process/entry.js', import.meta.url)
export const threadEntry: URL = new URL('../pods/thread/entry.js', import.meta.url)
export const pythonEntry: URL = new URL('../pods/python/executor.py', import.meta.url)
export const pythonCheck: URL = new URL('../pods/python/check.py', import.meta.url)
export const pythonLogging: URL = new URL('../pods/python/logging.yml', import.meta.url)

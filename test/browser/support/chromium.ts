import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { type Browser, launch } from 'puppeteer-core'

/** Names of the program, and under which name distributions have it. */
const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Starts Chromium without a window. Throws an error that says what to install. */
export function startChromium(): Promise<Browser> {
  // Chromium's own sandbox does not work for root
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [...args, '--disable-dev-shm-usage'],
    acceptInsecureCerts: true, // those of tests
  })
}

function chromiumPath(): string {
  const given = process.env.MILLRACE_CHROMIUM
  if (given !== undefined) return given
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const found = folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isProgram)
  if (found !== undefined) return found
  throw new Error(
    `npm run test:browser needs Chromium: ${names.join(' or ')} in PATH (apt-get install chromium), or its path in MILLRACE_CHROMIUM.`,
  )
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

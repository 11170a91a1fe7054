import { createRequire } from 'node:module'
import type * as Otlp from '@opentelemetry/otlp-exporter-base/node-http'
import { MillraceError } from '../../errors.js'

/** Optional peer dependencies: only users of traces install them. */
const packages = { '@opentelemetry/api': '1.9.1', '@opentelemetry/otlp-exporter-base': '0.223.1' }

const require = createRequire(import.meta.url)

/** Throws MODULE_NOT_FOUND, with the command that helps, unless OpenTelemetry's packages are installed. Loads nothing. */
export function requireOpenTelemetry(resolve: (name: string) => string = require.resolve): void {
  for (const name of Object.keys(packages)) {
    try {
      resolve(name)
    } catch (error) {
      const wanted = Object.entries(packages).map(([each, version]) => `${each}@${version}`)
      throw new MillraceError(
        'MODULE_NOT_FOUND',
        `tracing sends spans with OpenTelemetry, and ${name} is not installed: npm install ${wanted.join(' ')}`,
        { cause: error },
      )
    }
  }
}

/** OpenTelemetry's exporter. Throws MODULE_NOT_FOUND as `requireOpenTelemetry` does. */
export async function loadExporter(): Promise<typeof Otlp> {
  requireOpenTelemetry()
  return import('@opentelemetry/otlp-exporter-base/node-http')
}

import { expect, it } from 'vitest'
import { requireOpenTelemetry } from './packages.js'

it('the packages of OpenTelemetry are found, or the error says how to install them', () => {
  expect(() => requireOpenTelemetry()).not.toThrow()
  const missing = (name: string): string => {
    if (name === '@opentelemetry/api') return name
    throw new Error(`Cannot find module '${name}'`)
  }
  expect(() => requireOpenTelemetry(missing)).toThrow(
    /^tracing sends spans with OpenTelemetry, and @opentelemetry\/otlp-exporter-base is not installed: npm install @opentelemetry\/api@[\d.]+ @opentelemetry\/otlp-exporter-base@[\d.]+$/,
  )
})

import type { Box, Chart } from './chart.js'

const brackets = {
  gateway: ['([', '])'],
  stage: ['[', ']'],
  external: ['[[', ']]'],
} as const satisfies Record<Box['kind'], readonly [string, string]>

/** Draws a chart in Mermaid's language. */
export function mermaid({ boxes, arrows }: Chart, isVertical: boolean): string {
  const lines = [
    `flowchart ${isVertical ? 'TB' : 'LR'}`,
    ...boxes.map(({ id, kind, lines: text }) => {
      const [open, close] = brackets[kind]
      return `  ${id}${open}"${text.map(escaped).join('<br/>')}"${close}`
    }),
    ...arrows.map(({ from, to, isAwaited, label }) => {
      const arrow = isAwaited ? '-->' : '-.->'
      return `  ${from} ${arrow}${label === '' ? '' : `|${label}|`} ${to}`
    }),
  ]
  return `${lines.join('\n')}\n`
}

/** Escapes Mermaid's special characters. */
function escaped(text: string): string {
  return text.replaceAll(/["<>#;&]/g, (character) => `#${character.codePointAt(0)};`)
}

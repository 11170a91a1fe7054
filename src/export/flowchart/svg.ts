import type { Drawing, PlacedArrow, PlacedBox, Point } from './layout.js'

const style = `
    text { font: 14px sans-serif; text-anchor: middle; fill: #1f2328 }
    .name { font-weight: bold }
    .label { font-size: 12px; paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
    rect { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.5 }
    .gateway { fill: #ddf4ff }
    path { fill: none; stroke: #57606a; stroke-width: 1.5 }
    .aside { stroke-dasharray: 4 4 }
    marker path { fill: #57606a; stroke: none }
  `

/** Pixels between the two borders of an external stage, between baselines, and from the end of an arrow to its label. */
const size = { border: 4, line: 18, label: 26 }

/** Draws a chart as an SVG document, without scripts and without anything from elsewhere. */
export function svg({ boxes, arrows, width, height, isVertical }: Drawing, title: string): string {
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}">`,
    `  <title>${escaped(title)}</title>`,
    `  <style>${style}</style>`,
    '  <defs>',
    '    <marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z"/></marker>',
    '  </defs>',
    '  <rect width="100%" height="100%" style="fill: #ffffff; stroke: none"/>',
    ...arrows.map(({ arrow, points }) => {
      const kind = arrow.isAwaited ? '' : ' class="aside"'
      return `  <path${kind} marker-end="url(#head)" d="${curve(points, isVertical)}"/>`
    }),
    ...boxes.flatMap(drawnBox),
    ...arrows.filter(({ arrow }) => arrow.label !== '').map((arrow) => drawnLabel(arrow, isVertical)),
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

function drawnBox({ box, x, y, width, height }: PlacedBox): readonly string[] {
  const rect = (inset: number, more: string): string =>
    `  <rect x="${round(x - width / 2 + inset)}" y="${round(y - height / 2)}" width="${round(width - 2 * inset)}" height="${round(height)}"${more}/>`
  const first = y - ((box.lines.length - 1) * size.line) / 2 + 5
  return [
    rect(0, box.kind === 'gateway' ? ` rx="${round(height / 2)}" class="gateway"` : ' rx="4"'),
    ...(box.kind === 'external' ? [rect(size.border, '')] : []),
    ...box.lines.map((line, at) => {
      const name = at === 0 ? ' class="name"' : ''
      return `  <text${name} x="${round(x)}" y="${round(first + at * size.line)}">${escaped(line)}</text>`
    }),
  ]
}

/** In front of the box that the arrow leads to. */
function drawnLabel({ arrow, points }: PlacedArrow, isVertical: boolean): string {
  const { x, y } = points.at(-1)!
  const [left, top] = isVertical ? [x, y - size.label + 8] : [x - size.label, y - 6]
  return `  <text class="label" x="${round(left)}" y="${round(top)}">${arrow.label}</text>`
}

/** A smooth line through points, which leaves and reaches each in the direction of the arrows. */
function curve([first, ...others]: readonly Point[], isVertical: boolean): string {
  let from = first!
  const parts = [`M ${pair(from)}`]
  for (const to of others) {
    const [one, other] = isVertical
      ? [
          { x: from.x, y: (from.y + to.y) / 2 },
          { x: to.x, y: (from.y + to.y) / 2 },
        ]
      : [
          { x: (from.x + to.x) / 2, y: from.y },
          { x: (from.x + to.x) / 2, y: to.y },
        ]
    parts.push(`C ${pair(one)} ${pair(other)} ${pair(to)}`)
    from = to
  }
  return parts.join(' ')
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Also leaves out characters that XML does not allow. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
}

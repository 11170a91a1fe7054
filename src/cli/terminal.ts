import type { Screen } from './screen.js'

/** Where a command writes. */
export interface Terminal {
  /** Standard output; ends with a line feed. */
  out(text: string): void
  readonly colour: boolean
  /** Only where a person looks at it, and has a keyboard. */
  readonly openScreen?: (onKey: (key: string) => void) => Screen
}

export type Colour = 'red' | 'yellow' | 'green' | 'grey' | 'bold'

/** Select Graphic Rendition (ECMA-48, 8.3.117): on and off. */
const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  grey: [90, 39],
  bold: [1, 22],
}

/** Wraps a text in the escape codes of a colour. */
export function paint(text: string, colour: Colour): string {
  const [on, off] = codes[colour]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

/** Makes text of other programs safe for a terminal: one line, with control characters replaced by spaces. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}

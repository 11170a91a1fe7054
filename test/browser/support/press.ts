import type { Page } from 'puppeteer-core'

/**
 * Presses a button by the keyboard. A click of the mouse goes to a point: when the page changes between the look for the button
 * and the click, something else is at that point.
 */
export async function press(page: Page, selector: string): Promise<void> {
  await page.focus(selector)
  await page.keyboard.press('Enter')
}

/** Types a text into a field instead of what it contains. */
export async function fill(page: Page, selector: string, text: string): Promise<void> {
  await page.focus(selector)
  await page.keyboard.down('Control')
  await page.keyboard.press('A')
  await page.keyboard.up('Control')
  await page.keyboard.press('Backspace')
  await page.keyboard.type(text)
}

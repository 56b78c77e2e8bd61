/** The sizes of a diagram, and its words: safe inside HTML, and not longer than there is room. */

/** Pixels. */
export const TIME_WIDTH = 150;
export const LANE_WIDTH = 220;
export const ROW_HEIGHT = 20;
export const MARGIN = 20;

/** Text as HTML and SVG take it, also within an attribute. */
export function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** At most so many characters. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

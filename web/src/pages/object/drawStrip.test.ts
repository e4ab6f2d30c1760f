import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateNames } from '../../theme/palette';
import { inkOn } from './drawStrip';

const css = readFileSync(new URL('../../theme/tokens.css', import.meta.url), 'utf8');

/** The colours of a theme by the names of tokens.css. */
function coloursOf(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0] ?? '';
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]));
}

/** As WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const [dark, light] = [a, b].map(luminance).sort((one, other) => one - other);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

describe.each([[':root', false], [":root[data-theme='dark']", true]] as const)('on the strip of %s', (selector, dark) => {
  const colours = coloursOf(selector);
  it.each(stateNames)('the text of %s can be read', (state) => {
    const ink = inkOn({ bg: colours.get('bg')!, text: colours.get('text')! }, state, dark);
    expect(contrast(ink, colours.get(`state-${state}`)!)).toBeGreaterThanOrEqual(4.5);
  });
});

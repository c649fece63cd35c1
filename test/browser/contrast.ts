import type { Page } from 'playwright-core';

/** Texts whose contrast against what is painted behind them is below WCAG AA (4.5, or 3 for large text). */
export function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = [number, number, number, number];
    const parse = (text: string): Colour => {
      const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
      return [r ?? 0, g ?? 0, b ?? 0, a];
    };
    const over = (top: Colour, under: Colour): Colour => {
      const mix = (k: number) => top[k] * top[3] + under[k] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const luminance = (colour: Colour): number => {
      const [r, g, b] = colour.slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ancestors = (element: Element): Element[] =>
      element.parentElement ? [element, ...ancestors(element.parentElement)] : [element];
    const ground = (element: Element): Colour =>
      ancestors(element)
        .reverse()
        .reduce<Colour>(
          (under, each) => over(parse(getComputedStyle(each).backgroundColor), under),
          [255, 255, 255, 1],
        );
    const opacity = (element: Element): number =>
      ancestors(element).reduce((product, each) => product * Number(getComputedStyle(each).opacity), 1);

    const failures: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim();
      if (
        !text ||
        !element?.checkVisibility({ visibilityProperty: true }) ||
        element.closest('.unseen, noscript, :disabled')
      )
        continue;
      const style = getComputedStyle(element);
      const behind = ground(element);
      const ink = parse(style.color);
      const painted = over([ink[0], ink[1], ink[2], ink[3] * opacity(element)], behind);
      const [bright, dark] = [luminance(painted), luminance(behind)].sort((a, b) => b - a);
      const ratio = (bright + 0.05) / (dark + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (isLarge ? 3 : 4.5))
        failures.push(`${ratio.toFixed(2)} "${text.slice(0, 40)}" ${style.color} on ${behind.slice(0, 3).join(',')}`);
    }
    return [...new Set(failures)];
  });
}

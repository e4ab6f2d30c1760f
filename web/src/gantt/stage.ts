/** The elements of a Gantt. */
export interface Stage {
  root: HTMLElement;
  corner: HTMLElement;
  headCanvas: HTMLCanvasElement;
  scroll: HTMLElement;
  space: HTMLElement;
  view: HTMLElement;
  names: HTMLElement;
  canvas: HTMLCanvasElement;
  divider: HTMLElement;
}

/** The narrowest column of names. */
export const leastNames = 140;

/** Builds them into an element; the names are a tree for those who do not see it. */
export function makeStage(host: HTMLElement): Stage {
  const root = child(host, 'div', 'gantt');
  const head = child(root, 'div', 'gantt-head');
  const corner = child(head, 'div', 'gantt-corner');
  const headCanvas = child(head, 'canvas', 'gantt-head-canvas');
  const scroll = child(root, 'div', 'gantt-scroll');
  const space = child(scroll, 'div', 'gantt-space');
  const view = child(space, 'div', 'gantt-view');
  const names = child(view, 'div', 'gantt-names');
  const canvas = child(view, 'canvas', 'gantt-canvas');
  const divider = child(root, 'div', 'gantt-divider');
  corner.textContent = 'Object or record';
  scroll.tabIndex = 0;
  scroll.role = 'tree';
  scroll.ariaLabel = 'Objects and their records';
  space.role = view.role = names.role = 'presentation';
  headCanvas.ariaHidden = canvas.ariaHidden = 'true';
  divider.role = 'separator';
  divider.tabIndex = 0;
  divider.ariaOrientation = 'vertical';
  divider.ariaLabel = 'Width of the names';
  divider.ariaValueMin = String(leastNames);
  divider.ariaValueNow = String(leastNames);
  return { root, corner, headCanvas, scroll, space, view, names, canvas, divider };
}

function child<K extends keyof HTMLElementTagNameMap>(host: HTMLElement, tag: K, name: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = name;
  host.append(made);
  return made;
}

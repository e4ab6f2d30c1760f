import { useEffect, useImperativeHandle, useRef, type PointerEvent as ReactPointerEvent, type Ref, type RefObject } from 'react';
import { firstLens, fitting, revealing, zoomedAround, type Lens, type Placed } from '../../layout/place';

/** What keys and buttons do to the picture. */
export interface Picture {
  fit: () => void;
  zoom: (factor: number) => void;
  /** By shares of what is seen. */
  pan: (x: number, y: number) => void;
  reveal: (card: string) => void;
}

/** Which part of the plane is seen: shown as a whole at first, and moved by wheel, keys and buttons. It is no state: nothing is drawn again when it moves. */
export function useLens({ placed, selected, asked, complete, picture }: {
  placed: Placed;
  selected: string | undefined;
  asked: ReadonlySet<string>;
  complete: boolean;
  picture: Ref<Picture | null>;
}) {
  const svg = useRef<SVGSVGElement>(null);
  const plane = useRef<SVGGElement>(null);
  const lens = useRef<Lens>({ x: 0, y: 0, scale: 1 });
  const fitted = useRef(false);
  /** The person moved it: nothing else does then. */
  const touched = useRef(false);
  const show = (next: Lens) => {
    lens.current = next;
    plane.current?.setAttribute('transform', `scale(${next.scale}) translate(${-next.x} ${-next.y})`);
    plane.current?.classList.toggle('is-far', next.scale < 0.5);
  };
  const fit = () => {
    const at = svg.current?.getBoundingClientRect();
    if (at && placed.boxes.size > 0) show(fitting({ x: 0, y: 0, width: placed.width, height: placed.height }, at.width, at.height));
  };
  const begin = () => {
    const at = svg.current?.getBoundingClientRect();
    if (!at || placed.boxes.size === 0) return;
    const around = placed.boxes.get(selected ?? '') ?? [...placed.boxes].find(([id]) => asked.has(id))?.[1] ?? { x: 0, y: placed.height / 2, width: 0, height: 0 };
    show(firstLens({ x: 0, y: 0, width: placed.width, height: placed.height }, at.width, at.height, around));
  };
  useEffect(() => {
    if (fitted.current || touched.current || placed.boxes.size === 0) return;
    // As long as answers come in it grows, and is shown whole each time; never again after that.
    fitted.current = complete;
    begin();
  });
  const move = (next: Lens) => {
    touched.current = true;
    show(next);
  };
  const reveal = (card: string) => {
    const [at, box] = [svg.current?.getBoundingClientRect(), placed.boxes.get(card)];
    if (at && box) show(revealing(lens.current, box, at.width, at.height));
  };
  const resized = useRef<() => void>(undefined);
  useEffect(() => {
    // Nothing moves while one looks, but what is selected does not go out of sight.
    resized.current = () => {
      if (!fitted.current && !touched.current) begin();
      else if (selected) reveal(selected);
    };
  });
  useEffect(() => {
    if (!svg.current) return;
    const sized = new ResizeObserver(() => resized.current?.());
    sized.observe(svg.current);
    return () => sized.disconnect();
  }, []);
  useImperativeHandle(picture, () => ({
    fit,
    zoom: (factor) => {
      const at = svg.current?.getBoundingClientRect();
      if (at) move(zoomedAround(lens.current, at.width / 2, at.height / 2, factor));
    },
    pan: (x, y) => {
      const at = svg.current?.getBoundingClientRect();
      if (at) move({ ...lens.current, x: lens.current.x + (x * at.width) / lens.current.scale, y: lens.current.y + (y * at.height) / lens.current.scale });
    },
    reveal,
  }));
  useWheel(svg, lens, move);
  return { svg, plane, lens, move };
}

/** React hears wheels passively, so that they could not be kept from the page. */
function useWheel(svg: RefObject<SVGSVGElement | null>, lens: RefObject<Lens>, show: (lens: Lens) => void): void {
  const latest = useRef(show);
  useEffect(() => {
    latest.current = show;
  });
  useEffect(() => {
    const target = svg.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const at = (event.currentTarget as Element).getBoundingClientRect();
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey && !event.ctrlKey) return latest.current({ ...lens.current, x: lens.current.x + ((event.deltaX || event.deltaY) * unit) / lens.current.scale });
      const by = Math.max(-300, Math.min(300, event.deltaY * unit));
      const rate = event.ctrlKey && Math.abs(by) < 40 ? 0.012 : 0.0018;
      latest.current(zoomedAround(lens.current, event.clientX - at.left, event.clientY - at.top, Math.exp(-by * rate)));
    };
    target?.addEventListener('wheel', wheel, { passive: false });
    return () => target?.removeEventListener('wheel', wheel);
  }, [svg, lens]);
}

/** Moves the plane with the pointer that is pressed, whatever other fingers do; a press that goes nowhere is a click. */
export function drag(event: ReactPointerEvent<SVGSVGElement>, from: Lens, show: (lens: Lens) => void, clicked: () => void): void {
  if (event.button !== 0 || !event.isPrimary) return;
  const target = event.currentTarget;
  const [x, y] = [event.clientX, event.clientY];
  const own = event.pointerId;
  const stop = new AbortController();
  let far = false;
  const moved = (e: PointerEvent) => {
    if (e.pointerId !== own) return;
    if (!far && Math.hypot(e.clientX - x, e.clientY - y) < 4) return;
    if (!far) target.setPointerCapture(own);
    far = true;
    show({ ...from, x: from.x - (e.clientX - x) / from.scale, y: from.y - (e.clientY - y) / from.scale });
  };
  addEventListener('pointermove', moved, { signal: stop.signal });
  for (const type of ['pointerup', 'pointercancel'] as const)
    addEventListener(type, (e) => {
      if (e.pointerId !== own) return;
      stop.abort();
      if (!far && type === 'pointerup') clicked();
    }, { signal: stop.signal });
}

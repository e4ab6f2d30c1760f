import { useEffect, useState, type RefObject } from 'react';

/** How wide an element is, in whole pixels, as it changes. */
export function useWidth(of: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (!of.current) return;
    const sized = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
    sized.observe(of.current);
    return () => sized.disconnect();
  }, [of]);
  return width;
}

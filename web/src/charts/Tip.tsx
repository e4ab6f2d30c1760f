import type { ReactNode } from 'react';
import './charts.css';

/** A card beside the pointer that stays within the picture's width. */
export function Tip({ x, y, width, children }: { x: number; y: number; width: number; children: ReactNode }) {
  const left = x > width * 0.6;
  return (
    <div className="chart-tip" style={{ top: y, ...(left ? { right: Math.max(0, width - x + 10) } : { left: x + 10 }) }}>
      {children}
    </div>
  );
}

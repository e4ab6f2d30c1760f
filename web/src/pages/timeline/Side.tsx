import { useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { keepNumber, keptNumber } from '../../url/kept';

const key = 'kubewake.side';
const least = 300;

/** The pane at the right, whose width is dragged and kept. */
export function Side({ children }: { children: ReactNode }) {
  const [width, setWidth] = useState(() => keptNumber(key, least) ?? 400);
  const grip = useRef<{ x: number; width: number }>(undefined);
  const most = Math.round(Math.max(least, innerWidth * 0.6));
  const clamp = (wide: number) => Math.min(Math.max(wide, least), most);
  const move = (event: PointerEvent) => {
    if (grip.current) setWidth(clamp(grip.current.width + grip.current.x - event.clientX));
  };
  const drop = () => {
    if (grip.current) keepNumber(key, width);
    grip.current = undefined;
  };
  return (
    <div className="timeline-side" style={{ width: clamp(width) }}>
      <div
        className="timeline-side-grip"
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the details"
        aria-valuenow={Math.round(clamp(width))}
        aria-valuemin={least}
        aria-valuemax={most}
        tabIndex={0}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          grip.current = { x: event.clientX, width: clamp(width) };
        }}
        onPointerMove={move}
        onPointerUp={drop}
        onPointerCancel={drop}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowLeft' ? 20 : event.key === 'ArrowRight' ? -20 : 0;
          if (step === 0) return;
          event.preventDefault();
          const wide = clamp(clamp(width) + step);
          setWidth(wide);
          keepNumber(key, wide);
        }}
      />
      {children}
    </div>
  );
}

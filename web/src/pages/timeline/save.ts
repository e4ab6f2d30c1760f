import { pictureAsPng, pictureAsSvg } from '../../timeline/export';
import type { Timeline } from '../../timeline/timeline';

/** Saves what is in view as a file. */
export async function savePicture(timeline: Timeline, form: 'png' | 'svg'): Promise<void> {
  const blob = form === 'svg' ? new Blob([pictureAsSvg(timeline)], { type: 'image/svg+xml' }) : await pictureAsPng(timeline);
  if (!blob) return;
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = `kubewake-timeline.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

import { fetchOf, urlOf, type Params } from '../../api/client';
import type { Trace } from '../../api/types';

/** Asks for the trace in the form of another program and saves it as a file. Throws ApiError. */
export async function download(form: 'otlp' | 'jaeger', question: Params, trace: Trace): Promise<void> {
  const response = await fetchOf(urlOf('trace', { ...question, format: form }), 'application/json');
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = `${trace.object.name ?? 'trace'}-${trace.traceID}.${form}.json`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

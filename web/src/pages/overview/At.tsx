import { useContext } from 'react';
import { Dated, TimeLabel } from '../../parts';
import type { Moment } from '../../time/moment';

/** When something happened, as short as it is clear. */
export function At({ at }: { at: Moment | string | undefined }) {
  return useContext(Dated) ? <TimeLabel at={at} precision="minute" /> : <TimeLabel at={at} clock />;
}

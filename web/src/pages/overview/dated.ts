import { createContext } from 'react';

/** Whether the window spans days, so that the time of day alone says too little. */
export const Dated = createContext(false);

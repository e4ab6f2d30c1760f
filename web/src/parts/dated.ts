import { createContext } from 'react';

/** Whether what is shown spans days, so that the time of day alone says too little: TimeLabel tells the day as well then. */
export const Dated = createContext(false);

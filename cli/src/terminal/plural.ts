/** @returns such as `1 rule` and `2 rules` */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
